# Users and groups of containers and volumes: `runAsUser`, `runAsGroup`, `supplementalGroups` and `fsGroup`, each with a
# rule (MustRunAs, MayRunAs, MustRunAsNonRoot, RunAsAny) and ranges. A container's own setting goes before the pod's.
# `exemptImages` are left out; one may end in `*`. Pods keep theirs when updated.
package allowed_users

parameters := object.get(input, ["context", "allowed_users"], {})

default spec := {}

spec := input.args.object.spec if input.args.object.kind == "Pod"

containers := [container |
	some kind in ["containers", "initContainers", "ephemeralContainers"]
	some container in object.get(spec, kind, [])
	not exempt(container)
]

exempt(container) if {
	some pattern in object.get(parameters, "exemptImages", [])
	matches(container.image, pattern)
}

matches(text, pattern) if text == pattern

matches(text, pattern) if {
	endswith(pattern, "*")
	startswith(text, trim_suffix(pattern, "*"))
}

setting(container, field) := value if {
	value := container.securityContext[field]
} else := spec.securityContext[field]

in_range(field, id) if {
	some range in object.get(parameters[field], "ranges", [])
	id >= range.min
	id <= range.max
}

rule(field) := object.get(parameters, [field, "rule"], "RunAsAny")

allowed(_, field) if rule(field) == "RunAsAny"

allowed(container, field) if {
	rule(field) in ["MustRunAs", "MayRunAs"]
	in_range(field, setting(container, field))
}

allowed(container, field) if {
	rule(field) == "MayRunAs"
	not set(container, field)
}

set(container, field) if is_number(setting(container, field))

allowed(container, "runAsUser") if {
	rule("runAsUser") == "MustRunAsNonRoot"
	setting(container, "runAsUser") != 0
}

allowed(container, "runAsUser") if {
	rule("runAsUser") == "MustRunAsNonRoot"
	setting(container, "runAsNonRoot") == true
	not set(container, "runAsUser")
}

deny contains {"problem": "not an allowed user or group", "field": field, "container": container} if {
	input.args.operation != "UPDATE"
	some container in containers
	some field in ["runAsUser", "runAsGroup", "fsGroup"]
	not allowed(container, field)
}

groups := object.get(spec, ["securityContext", "supplementalGroups"], [])

deny contains "the pod's supplemental groups are not allowed" if {
	input.args.operation != "UPDATE"
	rule("supplementalGroups") in ["MustRunAs", "MayRunAs"]
	some group in groups
	not in_range("supplementalGroups", group)
}

deny contains "the pod has no supplemental groups" if {
	input.args.operation != "UPDATE"
	rule("supplementalGroups") == "MustRunAs"
	count(groups) == 0
}

# Nor may what is no list of containers.
deny contains {"problem": "not a list of containers", "at": kind} if {
	some kind in ["containers", "initContainers", "ephemeralContainers"]
	not are_containers(object.get(spec, kind, []))
}

are_containers(list) if {
	is_array(list)
	every container in list {
		is_object(container)
	}
}

# What is absent, or larger than its type, is undefined here; and undefined may not be allowed.
deny contains "there is no object to look at" if not input.args.object.kind
