# Every label of `labels` is there, and its value matches `allowedRegex` where one is given.
package required_labels

parameters := object.get(input, ["context", "required_labels"], {})

labels := object.get(input.args.object, ["metadata", "labels"], {})

deny contains {"problem": "the label is missing", "label": required} if {
	some required in parameters.labels
	not is_there(required)
}

deny contains {"problem": "the label does not match", "label": required} if {
	some required in parameters.labels
	object.get(required, "allowedRegex", "") != ""
	not is_right(required)
}

is_there(required) if is_string(labels[required.key])

is_right(required) if regex.match(required.allowedRegex, labels[required.key])

# Without a list nothing is as it should be.
deny contains "no labels are named" if not parameters.labels

# What is absent, or larger than its type, is undefined here; and undefined may not be allowed.
deny contains "there is no object to look at" if not input.args.object.kind
