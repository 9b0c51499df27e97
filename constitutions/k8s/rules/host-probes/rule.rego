# No probe and no lifecycle hook of a container names a host. Pods keep theirs when updated.
package host_probes

default spec := {}

spec := input.args.object.spec if input.args.object.kind == "Pod"

containers := [container |
	some kind in ["containers", "initContainers", "ephemeralContainers"]
	some container in object.get(spec, kind, [])
]

handlers := [
	["livenessProbe"], ["readinessProbe"], ["startupProbe"],
	["lifecycle", "postStart"], ["lifecycle", "preStop"],
]

deny contains {"problem": "names a host", "at": handler, "container": container} if {
	input.args.operation != "UPDATE"
	some container in containers
	some handler in handlers
	some action in ["httpGet", "tcpSocket"]
	object.get(container, array.concat(handler, [action, "host"]), "") != ""
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
