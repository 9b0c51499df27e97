import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../base/fault.ts';
import { lower } from './lower.ts';
import { parse } from './parse.ts';
import { scopeOf } from './scope.ts';
import { typeText } from './type.ts';
import { parseType } from './type-text.ts';

const scope = scopeOf(
  new Map(
    Object.entries({
      'money.amount': 'int',
      'money.payee': 'string(64)',
      'mail.to': 'list(string(32), 4)',
      'args.rows': 'list(map(string(8), int, 4), 3)',
      'args.tags': 'map(string(8), string(16), 4)',
      'args.ok': 'bool',
      'args.user-id': 'int',
      'params.limit': 'int',
      effect: 'string(16)',
      now_ms: 'int',
    }).map(([path, type]) => [path, parseType(type)]),
  ),
  new Set(['money.amount']),
);

const TYPES: readonly (readonly [source: string, type: string])[] = [
  ['1', 'int'],
  ['"äb"', 'string(3)'],
  ['money.payee + "!"', 'string(65)'],
  ['money.amount + 1 <= params.limit', 'bool'],
  ['args["user-id"] > 0', 'bool'],
  ['mail.to + ["a"]', 'list(string(32), 5)'],
  ['mail.to[0]', 'string(32)'],
  ['args.rows[0].x', 'int'],
  ['args.rows[0]["x"]', 'int'],
  ['args.rows.map(r, r.x)', 'list(int, 3)'],
  ['args.rows.filter(r, has(r.x))', 'list(map(string(8), int, 4), 3)'],
  ['args.tags.exists(k, k.startsWith("a"))', 'bool'],
  ['args.tags.map(k, args.tags[k])', 'list(string(16), 4)'],
  ['args.ok ? "a" : money.payee', 'string(64)'],
  ['[[], [1]]', 'list(list(int, 1), 2)'],
  ['{}', 'map(none, none, 0)'],
  ['{"a": [1], "bcd": [1, 2]}', 'map(string(3), list(int, 2), 2)'],
  ['{true: 1}[false]', 'int'],
  ['cel.bind(x, money.payee, x + x)', 'string(128)'],
  ['cel.bind(mail, 7, mail + 1)', 'int'],
  ['mail.to.all(money, money == "a")', 'bool'],
  ['mail.to.all(money, .money.amount > 1)', 'bool'],
  ['size("é")', 'int'],
  ['mail.to.size()', 'int'],
  ['has(money.amount) && has(args.tags.a)', 'bool'],
  ['agent.sum("money.amount", "1d12h")', 'int'],
  ['"a" in args.tags', 'bool'],
  ['[] == mail.to', 'bool'],
  // what the core profile has not
  ['1u + 2u', 'uint'],
  ['0.5 * 2.0', 'double'],
  ['b"ab" + b"c"', 'bytes(3)'],
  ['null', 'null_type'],
  ['type(1) == int', 'bool'],
  ['int', 'type'],
  ['google.protobuf.Timestamp', 'type'],
  ['[1, "a"]', 'list(dyn(8), 2)'],
  ['{"a": 1, 2: 3}', 'map(dyn(8), int, 2)'],
  ['[].exists(x, x > 1)', 'bool'],
  ['[][0]', 'none'],
  ['dyn(1) == "a"', 'bool'],
  ['dyn(mail.to)[0] + 1', 'none'],
  ['string(money.amount)', 'string(20)'],
  ['string(money.payee)', 'string(64)'],
  ['int(money.payee) + 1', 'int'],
  ['timestamp("2026-01-01T00:00:00Z") - duration("1h")', 'timestamp'],
  ['timestamp("2026-01-01T00:00:00Z").getHours("+02:00")', 'int'],
  ['money.payee.matches("^[a-z]+$")', 'bool'],
  ['matches(money.payee, "a")', 'bool'],
  ['money.payee.replace("a", "bc")', 'string(194)'],
  ['money.payee.split(",")', 'list(string(64), 65)'],
  ['mail.to.join(", ")', 'string(136)'],
  ['"%s is %d".format([money.payee, money.amount])', 'string(1342)'],
  ['math.greatest(money.amount, 5)', 'int'],
  ['math.greatest(1, 2.5)', 'dyn(0)'],
  ['math.sqrt(money.amount)', 'double'],
  ['base64.encode(b"abc")', 'string(10)'],
  ['mail.to.exists(i, m, i > 0 && m == "a")', 'bool'],
  ['args.tags.transformMap(k, v, size(v))', 'map(string(8), int, 4)'],
  ['args.tags.transformMapEntry(k, v, {v: k})', 'map(string(16), string(8), 4)'],
  ['mail.to.transformList(i, m, i > 0, m)', 'list(string(32), 4)'],
  ['args.tags.`a-b`', 'string(16)'],
  ['cel.block([money.amount, cel.index(0) + 1], cel.index(1) * 2)', 'int'],
];

test('types with their bounds', () => {
  for (const [source, type] of TYPES) assert.equal(typeText(lower(parse(source), scope).type), type, source);
});

const REFUSED: readonly (readonly [source: string, slug: string, message: string])[] = [
  // names
  ['money.amout > 1', 'rule_name', '1:7 `money.amout` is not declared; `money.amount`?'],
  ['mony.amount > 1', 'rule_name', '1:1 `mony.amount` is not declared; `money.amount`?'],
  ['true &&\n  parms.limit > 1', 'rule_name', '2:3 `parms.limit` is not declared; `params.limit`?'],
  ['efect == "read"', 'rule_name', '1:1 `efect` is not declared; `effect`?'],
  ['zebra', 'rule_name', '1:1 `zebra` is not declared; inputs are args.… and context.…, declared with their types'],
  ['args.subject == "a"', 'rule_name', '1:6 `args.subject` is not declared; declare it under `inputs` with its type'],
  ['mail == "a"', 'rule_name', '1:1 `mail` is a group of inputs; name one of them, such as `mail.to`'],
  ['has(money.amont)', 'rule_name', '1:11 `money.amont` is not declared; `money.amount`?'],
  ['mail.to.all(item, itm == "a")', 'rule_name', '1:19 `itm` is not declared; `item`?'],
  ['mail.to.all(x, true) && x == "a"', 'rule_name', '1:25 `x` is not declared; inputs are args.… and context.…, declared with their types'],
  ['money.amount.cents == 1', 'rule_type', '1:14 an int has no field `cents`'],
  // operators
  ['1 + "a"', 'rule_type', '1:3 `+` does not join int and string'],
  ['true + true', 'rule_type', '1:6 `+` does not join bool and bool'],
  ['[1] + ["a"]', 'rule_type', '1:5 `+` does not join list(int) and list(string)'],
  ['"a" - "b"', 'rule_type', '1:5 `-` takes two numbers of one type, not string and string'],
  ['money.amount == "5"', 'rule_type', '1:14 `==` compares int and string, which are never equal'],
  ['mail.to != [1]', 'rule_type', '1:9 `!=` compares list(string) and list(int), which are never equal'],
  ['1 < "a"', 'rule_type', '1:3 `<` does not order int and string'],
  ['[1] < [2]', 'rule_type', '1:5 `<` does not order list(int) and list(int)'],
  ['1 in "abc"', 'rule_type', '1:3 `in` looks into a list or map, not into a string'],
  ['1 in mail.to', 'rule_type', '1:3 `in` looks for an int in a list(string)'],
  ['1 in args.tags', 'rule_type', '1:3 a map(string, string) has no key of type int'],
  ['!money.amount', 'rule_type', '1:1 the operand of `!` is an int, not a bool'],
  ['-"a"', 'rule_type', '1:1 `-` takes an int or double, not a string'],
  ['args.ok && 1', 'rule_type', '1:12 an operand of `&&` is an int, not a bool'],
  ['1 ? 2 : 3', 'rule_type', '1:3 the condition of `?` is an int, not a bool'],
  ['args.ok ? 1 : "a"', 'rule_type', '1:9 `?` gives int or string; both must be of one type, or one dyn()'],
  ['mail.to["a"]', 'rule_type', '1:9 the index of a list is an int, not a string'],
  ['money.amount[0]', 'rule_type', '1:14 an int has no items'],
  ['{[1]: 1}', 'rule_type', '1:2 a key is a bool, int, uint or string, not a list(int)'],
  // macros and functions
  ['1.all(x, true)', 'rule_type', '1:3 `all` goes over a list or map, not over an int'],
  ['mail.to.all(x, x)', 'rule_type', '1:16 the condition of `all` is a string, not a bool'],
  ['has(money.payee.x)', 'rule_type', '1:17 a string has no field `x`'],
  ['size(1)', 'rule_type', '1:6 `size` takes a string, bytes, list or map, not an int'],
  ['startsWith("a", "b")', 'rule_type', '1:1 `startsWith` is written text.startsWith(part)'],
  ['"a".contains(1)', 'rule_type', '1:14 `contains` takes a string, not an int'],
  ['f_unknown(17) || true', 'rule_unsupported', '1:1 `f_unknown` is not a function; docs/cel.md lists those that are'],
  ['"a".startWith("b")', 'rule_unsupported', '1:5 `startWith` is not a function; `startsWith`?'],
  ['cel.block(1, 2)', 'rule_unsupported', '1:5 `cel.block` is not available; cel.bind(name, value, expression)'],
  [
    '"a".matches(money.payee)',
    'rule_unsupported',
    '1:13 `matches` takes a constant regular expression; use startsWith, endsWith or contains for a text that varies',
  ],
  ['"a".matches("(b")', 'rule_syntax', '1:13 the regular expression `(b`: `)` expected at 3'],
  ['"a".matches("^(a|b)*a(a|b){10}$")', 'rule_bound', '1:13 the regular expression is too large: more than 1024 states'],
  ['"abc".substring("a")', 'rule_type', '1:17 `substring` takes an int, not a string'],
  ['"abc".substring()', 'rule_type', '1:7 `substring` takes two or three operands; it is written text.substring(…)'],
  ['"abc".substrin(1)', 'rule_unsupported', '1:7 `substrin` is not a function; `substring`?'],
  ['math.bitAnd(1u, 2)', 'rule_type', '1:17 `math.bitAnd` takes a uint, not an int'],
  ['math.ceil(1)', 'rule_type', '1:11 `math.ceil` takes a double, not an int'],
  ['math.cei(1.0)', 'rule_unsupported', '1:6 `math.cei` is not a function; `math.ceil`?'],
  ['math.greatest(1, "a")', 'rule_type', '1:18 `math.greatest` takes numbers, not a string'],
  ['"%d".format(["a"])', 'rule_type', '1:1 `%d` does not show a string'],
  ['"%d %q".format([1, 2])', 'rule_type', '1:1 `%q` is no clause of a format; there are %s %d %b %o %x %X %f %e, and %% for a percent sign'],
  ['"%d %d".format([1])', 'rule_type', '1:1 `%d` has no item 2 to show'],
  ['timestamp("2026-01-01T00:00:00Z") < now_ms', 'rule_type', '1:35 `<` does not order timestamp and int'],
  [
    'timestamp("2026-01-01T00:00:00Z").getHours("Europe/Paris")',
    'rule_unsupported',
    '1:44 the time zone `Europe/Paris` is not available; write UTC, or an offset such as "+05:30"',
  ],
  ['args.rows[0].transformMapEntry(k, v, v)', 'rule_type', '1:38 `transformMapEntry` makes maps, for example {key: value}, not an int'],
  ['mail.to.filter(i, m, true)', 'rule_unsupported', '1:9 `filter` is written list.filter(x, condition on x)'],
  ['filter()', 'rule_unsupported', '1:1 `filter` is written list.filter(x, condition on x)'],
  ['optional.of(1)', 'rule_unsupported', '1:10 optional values are not available; write `has(x) ? x : y`'],
  // literals
  ['money.amount == 1u', 'rule_type', '1:14 `==` compares int and uint, which are never equal; write int(x), or dyn(x) to compare by value'],
  ['money.amount < 0.5', 'rule_type', '1:14 `<` does not order int and double; write double(x), or dyn(x) to compare by value'],
  ['money.payee == null', 'rule_type', '1:13 `==` compares string and null_type, which are never equal; has(x) tells whether x is there'],
  // sums
  ['agent.sum("money.amount")', 'rule_type', '1:7 `agent.sum` takes two texts, for example agent.sum("money.amount", "24h")'],
  ['agent.sum("money.amonut", "24h")', 'rule_name', '1:11 `money.amonut` cannot be summed; `money.amount`?'],
  ['agent.sum("money.amount", "1 day")', 'rule_type', '1:27 `1 day` is not a window; write for example 30m, 24h or 7d'],
];

test('what is refused, with its place and advice', () => {
  for (const [source, slug, message] of REFUSED) {
    assert.throws(
      () => lower(parse(source), scope),
      (fault) => {
        assert.ok(fault instanceof Fault, String(fault));
        assert.deepEqual([fault.slug, fault.message], [slug, message], source);
        return true;
      },
      source,
    );
  }
});

test('a value that doubles again and again is refused where it grows too large', () => {
  const nested = (n: number): string => (n === 0 ? 'size(x)' : `cel.bind(x, x + x, ${nested(n - 1)})`);
  assert.equal(lower(parse(`cel.bind(x, money.payee, ${nested(20)})`), scope).type.kind, 'int');
  assert.throws(
    () => lower(parse(`cel.bind(x, money.payee, ${nested(30)})`), scope),
    (fault) =>
      fault instanceof Fault && fault.slug === 'rule_bound' && fault.message === '1:534 a value of type string(8589934592) may take more than 4294967296 bytes',
  );
});
