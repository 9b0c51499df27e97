# Who may be written to is a document of the rule.
package listed

import rego.v1

default allow := false

allow if input.args.to in data.known

allow if {
	some prefix in data.prefixes
	startswith(input.args.to, prefix)
}
