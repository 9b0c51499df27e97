package rule

default allow := false

allow if input.money.amount <= input.params.limit
