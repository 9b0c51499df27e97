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

# What no reason holds against: hosts' builtins besides, by what OPA itself says of them.
deny contains "builtins" if not known

known if {
	crypto.sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	hex.encode("é") == "c3a9"
	strings.any_prefix_match(["a@example.org"], {"x", "a@"})
	strings.any_suffix_match("b.example", ["org", ".example"])
	not strings.any_prefix_match({"b"}, set())
	not strings.any_prefix_match("", ["a"])
	sprintf("%v %v %v %s", [{1, "a"}, set(), true, null]) == "{1, \"a\"} set() true null"
	sprintf("%v %v %v %v", [0.0000001, 0.00002, 1.5, [{"b": []}]]) == "1e-07 2e-05 1.5 [{\"b\": []}]"
	trace("seen")
}

# Always the object that an admission review has.
main := {"apiVersion": "admission.k8s.io/v1", "response": {"allowed": allow}}
