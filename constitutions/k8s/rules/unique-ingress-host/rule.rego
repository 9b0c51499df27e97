# No host of an Ingress is that of another one, in any namespace, or stands in it twice. `ingresses` are the others that
# there are. Wildcards are compared as they are written.
package unique_ingress_host

ingress := input.args.object

hosts := [host | some rule in ingress.spec.rules; host := rule.host]

same(other) if {
	other.metadata.name == ingress.metadata.name
	namespace(other) == namespace(ingress)
}

namespace(of) := object.get(of, ["metadata", "namespace"], "default")

deny contains {"problem": "another Ingress has this host", "host": host} if {
	some host in hosts
	some other in object.get(input, ["context", "ingresses"], [])
	not same(other)
	some rule in other.spec.rules
	rule.host == host
}

deny contains {"problem": "the host stands here twice", "host": host} if {
	some i, host in hosts
	some j, other in hosts
	i < j
	host == other
}

# What is absent, or larger than its type, is undefined here; and undefined may not be allowed.
deny contains "there is no object to look at" if not input.args.object.kind
