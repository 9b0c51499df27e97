# Limits are at most so many times the requests: `ratio`, and for cpu `cpuRatio` where it is given.
package container_ratios

parameters := object.get(input, ["context", "container_ratios"], {})

default spec := {}

spec := input.args.object.spec if input.args.object.kind == "Pod"

containers contains container if some container in object.get(spec, "containers", [])

containers contains container if some container in object.get(spec, "initContainers", [])

most("memory") := to_number(parameters.ratio)

most("cpu") := to_number(object.get(parameters, "cpuRatio", parameters.ratio))

deny contains {"problem": "limits more than its requests allow, or does not say", "resource": resource, "container": container} if {
	some container in containers
	some resource in ["cpu", "memory"]
	not within(container, resource)
}

within(container, resource) if {
	resources := container.resources
	quantity(resources.limits[resource]) <= most(resource) * quantity(resources.requests[resource])
}

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
