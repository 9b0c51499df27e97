# Every container has a limit of ephemeral storage, and it is at most the given one. Pods keep theirs when updated.
package ephemeral_storage

parameters := object.get(input, ["context", "ephemeral_storage"], {})

default spec := {}

spec := input.args.object.spec if input.args.object.kind == "Pod"

containers contains container if some container in object.get(spec, "containers", [])

containers contains container if some container in object.get(spec, "initContainers", [])

deny contains {"problem": "no limit of ephemeral storage, or one too high", "container": container} if {
	input.args.operation != "UPDATE"
	some container in containers
	not within(container)
}

within(container) if quantity(container.resources.limits["ephemeral-storage"]) <= quantity(parameters["ephemeral-storage"])

# A Kubernetes quantity in thousandths: `100m`, `1.5`, `2Gi`, 4.
quantity(number) := number * 1000 if is_number(number)

quantity(text) := to_number(trim_suffix(text, unit(text))) * units[unit(text)] if is_string(text)

unit(text) := suffix if {
	suffix := substring(text, count(text) - 2, 2)
	units[suffix]
} else := suffix if {
	suffix := substring(text, count(text) - 1, 1)
	units[suffix]
} else := ""

units := {
	"": 1000, "m": 1,
	"k": 1000000, "M": 1000000000, "G": 1000000000000, "T": 1000000000000000, "P": 1000000000000000000, "E": 1000000000000000000000,
	"Ki": 1024000, "Mi": 1048576000, "Gi": 1073741824000, "Ti": 1099511627776000, "Pi": 1125899906842624000, "Ei": 1152921504606846976000,
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
