# A policy over a transfer, two ways: `transfer/allow` says yes or no, `transfer/deny` gives the reasons against it.
package transfer

import rego.v1

default allow := false

allow if {
	count(deny) == 0
	some recipient in input.args.recipients
	endswith(recipient, "@example.org")
}

deny contains reason if {
	input.args.amount > input.params.limit
	reason := sprintf("%d is over %v", [input.args.amount, input.params.limit])
}

deny contains reason if {
	time.now_ns() >= 1800000000000000000
	reason := "too late"
}

deny contains reason if {
	startswith(input.args.to, "evil")
	reason := sprintf("%q is %s: %v", [input.args.to, "evil", {"known": input.args.recipients}])
	reason == concat("", [`"`, input.args.to, `" is evil: {"known": ["a@example.org", "b"]}`])
}

# Always the object that an admission review has.
main := {"apiVersion": "admission.k8s.io/v1", "response": {"allowed": allow}}
