# Every container says the limits and requests that `limits` and `requests` name.
package required_resources

parameters := object.get(input, ["context", "required_resources"], {})

default spec := {}

spec := input.args.object.spec if input.args.object.kind == "Pod"

containers contains container if some container in object.get(spec, "containers", [])

containers contains container if some container in object.get(spec, "initContainers", [])

deny contains {"problem": "does not say this", "resource": [kind, resource], "container": container} if {
	some container in containers
	some kind in ["limits", "requests"]
	some resource in object.get(parameters, kind, [])
	object.get(container, ["resources", kind, resource], "") == ""
}

# Nor may what is no list of containers.
deny contains {"problem": "not a list of containers", "at": kind} if {
	some kind in ["containers", "initContainers"]
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
