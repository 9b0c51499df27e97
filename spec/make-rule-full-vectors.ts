/**
 * Writes spec/vectors/rule-full.json, programs and input buffers of profile 1: `node spec/make-rule-full-vectors.ts`. A
 * test compares them.
 */
import { writeFileSync } from 'node:fs';
import { hex } from '../src/base/bytes.ts';
import { Writer } from '../src/base/cbor.ts';
import { admit } from '../src/rule/admit.ts';
import { canonical } from '../src/rule/canonical.ts';
import { find, type Source, writeInputs } from '../src/rule/input.ts';
import { judge } from '../src/rule/interpret.ts';
import { encodeProgram } from '../src/rule/ir.ts';
import { lower } from '../src/rule/lower.ts';
import { parse } from '../src/rule/parse.ts';
import { scopeOf } from '../src/rule/scope.ts';
import { parseType } from '../src/rule/type-text.ts';
import { LIMITS } from './make-rule-vectors.ts';

const DECLARED: Readonly<Record<string, string>> = {
  'args.n': 'int',
  'args.u': 'uint',
  'args.d': 'double',
  'args.s': 'string(16)',
  'args.b': 'bytes(8)',
  'args.at': 'timestamp',
  'args.span': 'duration',
  'args.any': 'dyn(256)',
  'args.xs': 'list(double, 3)',
  'args.words': 'list(string(8), 3)',
  'args.m': 'map(string(4), dyn(32), 3)',
};
const FULL: Source = {
  args: {
    n: -3,
    u: 7,
    d: 2.5,
    s: 'héllo, 😀',
    b: '/wBo',
    at: '2024-02-29T23:59:59.5+01:00',
    span: '-1h30m0.5s',
    any: { list: [1, 2.5, 'x', null, true, [1]], id: 12, text: 'a,b' },
    xs: [1, 0.25, -2.5],
    words: ['a', 'B', ''],
    m: { k: 1, l: 'x', m: [2] },
  },
};
/** Other kinds at the same places: what is a dyn's differs, what is typed does not fit. */
const OTHER: Source = {
  args: { n: 0, u: 0, d: 0, s: '', b: '', at: '0001-01-01T00:00:00Z', span: '0', any: [5, 0.5], xs: [], words: [], m: {} },
};
const WRONG: Source = {
  args: { n: 0.5, u: -1, d: '1', s: 5, b: 'AB', at: '2024-02-30T00:00:00Z', span: '1', any: 'x'.repeat(257), xs: [true], words: [1], m: { toolong: 1 } },
};

const RULES: readonly string[] = [
  //
  'args.u + 1u > 7u && args.u - 8u < 1u',
  'args.u * 3u / 2u == 10u && args.u % 4u == 3u',
  'args.d + 0.5 == 3.0 && args.d * -2.0 <= -5.0 && args.d - 1.0 > 1.0',
  'args.d / 0.0 > 1.0e308 || 0.0 / args.d == 0.0',
  '-args.d < -0.0 && args.xs[1] != args.d',
  'dyn(args.n) < args.u && dyn(args.u) > args.d && dyn(args.d) >= args.n',
  'dyn(args.u) == 7 && dyn(7.0) == args.u',
  'dyn(9007199254740993) == 9007199254740992.0',
  'args.b + b"\\x00" > args.b && args.b < b"\\xff\\x01" && size(args.b) == 3',
  'args.at + args.span < args.at && args.at - args.span >= args.at + duration("1h")',
  'args.at - timestamp("2024-01-01T00:00:00Z") == duration("1438h59m59.5s")',
  'args.span + args.span - duration("1ns") < args.span',
  'args.at + duration("9000h") > args.at',
  'null == null && type(args.any) != null_type',
  '[0.0 / 0.0] == [0.0 / 0.0]',
  '{1: args.d, "a": [args.u]} == dyn({1u: 2.5, "a": [7.0]})',
  '{args.u: 1, 7: 2} == {}',
  '{1u: "a", 2: "b", "k": "c"}[dyn(args.d - 1.5)] == "a"',
  'dyn(args.d) in {2: 1} || dyn(args.u) in {7: true}',
  'args.n in [1, -3.0, "x"]',
  '[7, 8][dyn(args.d - 1.5)] == 8',
  'args.any.id == 12 && args.any["text"].size() == 3',
  'has(args.any.id) && !has(args.any.nothing)',
  'args.any.list[1] + 0.5 == 3.0',
  'args.any.all(k, k != "z") || args.any.exists(k, k == 5)',
  'args.any.exists(k, v, k == "id" && v == 12)',
  'args.m.exists(k, v, type(v) == list && v[0] == 2)',
  'args.m.all(k, k < "z") && args.m.k + 1 == 2',
  'args.any && true',
  '(dyn(args.n) && dyn(args.n)) == false || args.n < 5',
  'args.n < 0 ? args.any.id == 12 : args.any[0] == 5',
  // folds
  'args.xs.transformList(i, x, double(i) * x) == [0.0, 0.25, -5.0]',
  'args.words.transformMap(i, w, w != "", w + string(i)) == {0: "a0", 1: "B1"}',
  'args.words.transformMapEntry(i, w, {w: i}) == {"": 2, "B": 1, "a": 0}',
  'args.words.transformMapEntry(i, w, {size(w): i}).size() == 2',
  'args.xs.existsOne(i, x, x < double(i)) && args.xs.exists_one(x, x > 0.5)',
  'args.xs.all(i, x, args.words.exists(j, w, i == j && double(size(w)) >= x))',
  '[].all(x, x / 0 > 1) && [].map(x, x) == []',
  //
  'int(args.d) == 2 && int(-args.d) == -2 && int(args.u) + int(" 1") == 8',
  'uint(args.d) == 2u && uint("18446744073709551615") > args.u && uint(args.n) > 0u',
  'double(args.n) + double(args.u) == 4.0 && double(".5e1") == 5.0',
  'double("2.2250738585072011e-308") < 2.2250738585072014e-308',
  'string(args.d) + string(args.n) + string(args.u) == "2.5-37"',
  'string(1e21) == "1e+21" && string(0.000001) == "0.000001" && string(1e-7) == "1e-7" && string(-0.0) == "-0"',
  'string(5e-324) == "5e-324" && string(1.7976931348623157e308) == "1.7976931348623157e+308" && string(0.1 + 0.2) == "0.30000000000000004"',
  'string(123456789012345680000.0) == "123456789012345680000"',
  'string(args.b) == "x" || string(b"h\\xc3\\xa9") == "hé"',
  'bytes(args.s).size() == 12 && bytes("é") == b"\\xc3\\xa9"',
  'bool("T") && !bool("false") && bool(args.s)',
  'type(args.n) == int && type(args.d) == double && type(args.at) == google.protobuf.Timestamp && type(type(1)) == type',
  'timestamp(args.n) < args.at && int(args.at) == 1709247599',
  //
  'string(args.at) == "2024-02-29T22:59:59.5Z" && string(args.span) == "-5400.5s"',
  'args.at.getFullYear() == 2024 && args.at.getMonth() == 1 && args.at.getDate() == 29 && args.at.getDayOfMonth() == 28',
  'args.at.getDayOfWeek() == 4 && args.at.getDayOfYear("+01:01") == 60 && args.at.getHours("+05:30") == 4 && args.at.getMinutes("-00:30") == 29',
  'args.at.getSeconds() == 59 && args.at.getMilliseconds() == 500 && args.span.getHours() == -1 && args.span.getMilliseconds() == -500',
  'duration("1h2m3s4ms5us6ns") == duration("3723.004005006s") && duration(".5m") == duration("30s")',
  'timestamp("1900-02-29T00:00:00Z") < args.at',
  //
  'args.s.charAt(1) == "é" && args.s.charAt(8) == ""',
  'args.s.indexOf("l") == 2 && args.s.indexOf("l", 3) == 3 && args.s.indexOf("z") == -1 && args.s.lastIndexOf("l", 2) == 2 && args.s.lastIndexOf("") == 8',
  'args.words.join("-") == "a-B-" && args.words.join() == "aB"',
  'args.words[1].lowerAscii() == "b" && args.s.upperAscii() == "HéLLO, 😀"',
  'args.s.replace("l", "LL", 1) == "héLLlo, 😀" && args.s.replace("", "-", 2) == "-h-éllo, 😀"',
  'args.s.split(", ") == ["héllo", "😀"] && args.s.split("", 2)[1].size() == 7 && "a,b,c".split(",", 2) == ["a", "b,c"]',
  'args.s.substring(1, 3) == "él" && args.s.substring(7) == "😀" && args.s.substring(9) == ""',
  '("\\u3000" + args.s + "\\n ").trim() == args.s && args.s.reverse().startsWith("😀")',
  'strings.quote(args.s + "\\"\\n") == "\\"héllo, 😀\\\\\\"\\\\n\\""',
  'math.greatest(args.n, args.u, args.d) == 7u && math.least(args.xs) == -2.5 && math.greatest([args.n]) == -3',
  'math.ceil(args.d) == 3.0 && math.floor(-args.d) == -3.0 && math.round(args.d) == 3.0 && math.trunc(-args.d) == -2.0',
  'math.abs(args.n) == 3 && math.sign(-args.d) == -1.0 && math.sqrt(args.u) == 2.6457513110645907',
  'math.isNaN(args.d - args.d) || math.isInf(1.0 / args.d) || math.isFinite(args.d)',
  'math.bitAnd(args.n, 6) == 4 && math.bitOr(args.u, 8u) == 15u && math.bitXor(args.n, 1) == -4 && math.bitNot(args.u) == 18446744073709551608u',
  'math.bitShiftLeft(args.u, 62) == 13835058055282163712u && math.bitShiftRight(args.n, 60) == 15 && math.bitShiftRight(args.n, 64) == 0',
  'base64.encode(args.b) == "/wBo" && base64.decode("/wBo") == args.b && base64.decode("YQ") == b"a"',
  //
  '"%s %s %s".format([args.n, args.xs, args.at]) == "-3 [1, 0.25, -2.5] 2024-02-29T22:59:59.5Z"',
  '"%s".format([{"b": args.u, "a": null, 10: true, 9: type(1)}]) == "{10: true, 9: int, a: null, b: 7}"',
  '"%d|%b|%o|%x|%X".format([args.n, args.n, args.u, args.s.charAt(1), 255]) == "-3|-11|7|c3a9|FF"',
  '"%.0f %.2f %.3e %e".format([args.d, 1.005, args.d, 9.9999999]) == "2 1.00 2.500e+00 1.000000e+01"',
  '"%s".format([args.any]).startsWith("{") || "%%%s".format([args.any]) == "%[5, 0.5]"',
  //
  'args.s.matches("^h.llo") && args.s.matches("[😀-😂]$") && !args.s.matches("^[a-z]*$")',
  'args.words.all(w, w.matches("(?i)^[ab]?$")) && matches(args.s, "l{2}o|x")',
];

function ruleVector(source: string): object {
  const scope = scopeOf(new Map(Object.entries(DECLARED).map(([path, type]) => [path, parseType(type)])));
  const { program, analysis, bytes, id } = admit(encodeProgram(canonical(lower(parse(source), scope))), LIMITS);
  const { inputs } = program;
  const cases = [FULL, OTHER, WRONG].map((given) => ({
    buffer: hex(writeInputs(inputs, given)),
    answer: judge(
      program,
      inputs.map((input) => find(input, given)),
    ),
  }));
  const { gas, input_bytes, const_bytes, arena_bytes } = analysis;
  return { source, bytes: hex(bytes), id: hex(id), gas, input_bytes, const_bytes, arena_bytes, cases };
}

/** Programs that are refused, each with its fault. */
function refused(): object[] {
  type Item = number | string | null | boolean | bigint | Uint8Array | readonly Item[];
  const made = (inputs: Item, consts: Item, nodes: Item, out: number): string => {
    const writer = new Writer(256);
    writer.value([2, 1, inputs, consts, nodes, out] as never);
    return hex(writer.done());
  };
  const double: Item = ['args.a', 5];
  const dyn: Item = ['args.a', [12, 16]];
  return (
    [
      ['a program that profile 0 has', made([['args.a', 2]], [], [[1, 0]], 0), 'rule_program'],
      [
        'an input of type null',
        made(
          [['args.a', 1]],
          [],
          [
            [1, 0],
            [44, 0],
            [10, 1, 1],
          ],
          2,
        ),
        'rule_program',
      ],
      [
        'an input of type type',
        made(
          [['args.a', 13]],
          [],
          [
            [1, 0],
            [10, 0, 0],
          ],
          1,
        ),
        'rule_program',
      ],
      [
        'a double that is not finite',
        made(
          [double],
          [[5, 0x7ff0000000000000n]],
          [
            [1, 0],
            [0, 0],
            [11, 0, 1],
          ],
          2,
        ),
        'rule_program',
      ],
      [
        'a type that is none',
        made(
          [double],
          [[13, 12]],
          [
            [1, 0],
            [44, 0],
            [0, 0],
            [10, 1, 2],
          ],
          3,
        ),
        'rule_program',
      ],
      [
        'a uint below zero',
        made(
          [double],
          [[4, -1]],
          [
            [1, 0],
            [0, 0],
            [11, 0, 1],
          ],
          2,
        ),
        'rule_program',
      ],
      [
        'an int as the first of a pair',
        made(
          [double],
          [[3, 1]],
          [
            [1, 0],
            [0, 0],
            [11, 0, 1],
          ],
          2,
        ),
        'rule_program',
      ],
      [
        'a function that is none',
        made(
          [double],
          [],
          [
            [1, 0],
            [43, 34, 0],
          ],
          1,
        ),
        'rule_program',
      ],
      [
        'a function with too many operands',
        made(
          [double],
          [],
          [
            [1, 0],
            [43, 21, 0, 0],
          ],
          1,
        ),
        'rule_program',
      ],
      [
        'a part that is none',
        made(
          [['args.a', 6]],
          [3],
          [
            [1, 0],
            [37, 10, 0],
            [0, 0],
            [11, 1, 2],
          ],
          3,
        ),
        'rule_program',
      ],
      [
        'a zone of no minutes',
        made(
          [['args.a', 6]],
          [3],
          [
            [1, 0],
            [37, 16 * 1440, 0],
            [0, 0],
            [11, 1, 2],
          ],
          3,
        ),
        'rule_program',
      ],
      [
        'a regular expression that is no text',
        made(
          [['args.a', [8, 4]]],
          [3],
          [
            [1, 0],
            [28, 0, 0],
          ],
          1,
        ),
        'rule_program',
      ],
      [
        'a regular expression that is none',
        made(
          [['args.a', [8, 4]]],
          ['('],
          [
            [1, 0],
            [28, 0, 0],
          ],
          1,
        ),
        'rule_program',
      ],
      [
        'iter over a list',
        made(
          [['args.a', [10, 2, 5]]],
          [],
          [
            [1, 0],
            [38, 0, null, 2, 2],
            [5, 1],
            [43, 21, 2],
          ],
          1,
        ),
        'rule_not_canonical',
      ],
      [
        'a predicate of any',
        made(
          [dyn],
          [],
          [
            [1, 0],
            [39, 0, 2, 2, 1],
            [5, 1],
          ],
          1,
        ),
        'rule_type',
      ],
      ['an answer that is no bool', made([double], [], [[1, 0]], 0), 'rule_type'],
      [
        'an answer that is never there',
        made(
          [double],
          [],
          [
            [1, 0],
            [17, 0, 0],
          ],
          1,
        ),
        'rule_type',
      ],
      [
        'one operand twice',
        made(
          [dyn],
          [],
          [
            [1, 0],
            [7, 0, 0],
          ],
          1,
        ),
        'rule_not_canonical',
      ],
    ] as const
  ).map(([name, bytes, fault]) => ({ name, bytes, fault }));
}

/** The vectors as they stand in the file. */
export const fullVectors = (): object => ({
  limits: LIMITS,
  declared: DECLARED,
  sources: [FULL, OTHER, WRONG],
  positive: RULES.map(ruleVector),
  negative: refused(),
});

if (import.meta.main) writeFileSync(new URL('vectors/rule-full.json', import.meta.url), `${JSON.stringify(fullVectors(), null, 1)}\n`);
