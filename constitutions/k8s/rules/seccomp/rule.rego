# Every container runs under one of `allowedProfiles`: `runtime/default`, `localhost/FILE`, `unconfined`, or `*` for any.
# What is nearest to the container counts: its own profile, its annotation, the pod's profile, the pod's annotation.
# `exemptImages` are left out; one may end in `*`.
package seccomp

parameters := object.get(input, ["context", "seccomp"], {})

default spec := {}

spec := input.args.object.spec if input.args.object.kind == "Pod"

annotations := object.get(input.args.object, ["metadata", "annotations"], {})

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

profile(container) := found if {
	found := named(container.securityContext.seccompProfile)
} else := found if {
	found := annotations[concat("/", ["container.seccomp.security.alpha.kubernetes.io", container.name])]
} else := found if {
	found := named(spec.securityContext.seccompProfile)
} else := annotations["seccomp.security.alpha.kubernetes.io/pod"]

named(profile_) := "runtime/default" if profile_.type == "RuntimeDefault"

named(profile_) := "unconfined" if profile_.type == "Unconfined"

named(profile_) := concat("/", ["localhost", profile_.localhostProfile]) if profile_.type == "Localhost"

allowed(container) if {
	some pattern in object.get(parameters, "allowedProfiles", [])
	matches(profile(container), pattern)
}

deny contains {"problem": "no allowed seccomp profile", "container": container} if {
	some container in containers
	not allowed(container)
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
