/**
 * Programs of the full profile: the emitted module, the planned writer and the interpreter agree, and nothing leaves its
 * place. AVA_FUZZ_COUNT sets how many programs, AVA_FUZZ_SEED which.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { equal } from '../base/bytes.ts';
import { instantiate } from '../vm/run.ts';
import { analyse } from './analysis.ts';
import { canonical } from './canonical.ts';
import { WORKSPACE_BYTES } from './cost.ts';
import { format } from './format.ts';
import { makeFullProgram } from './full-generator.ts';
import { makeFullSource } from './full-values.ts';
import { FUNCTIONS } from './function.ts';
import { encodeInputs, find } from './input.ts';
import { answerOf, evaluate } from './interpret.ts';
import { type Const, type Node, OPS, PROFILE_FULL, type Program } from './ir.ts';
import { lower } from './lower.ts';
import { parse } from './parse.ts';
import { Random } from './program-generator.ts';
import { scopeOf } from './scope.ts';
import { durationText, timestampText } from './time.ts';
import { DOUBLE, KINDS, type Kind } from './type.ts';
import { ERROR, isDuration, isList, isMap, isTimestamp, kindOf, typeValue, type Value } from './value.ts';
import { emitWasm } from './wasm.ts';
import { layOut } from './wasm-layout.ts';
import { planWriter } from './writer.ts';

const COUNT = Number(process.env.AVA_FUZZ_COUNT ?? 2_000);
const SEED = Number(process.env.AVA_FUZZ_SEED ?? 20_261);
const SOURCES = 5;
const SPAWNED = 'AVA_FUZZ_SPAWNED';
/** W-14: a routine may use so much past what it takes. */
const SCRATCH_BYTES = 2_048;
const ANSWERS: readonly Kind[] = ['bool', 'bool', 'int', 'uint', 'dbl', 'str', 'str', 'bytes', 'ts', 'dur', 'list', 'map', 'type', 'null'];

const untouched = new Uint8Array(WORKSPACE_BYTES - SCRATCH_BYTES).fill(0x5a);

const hasNaN = (value: Value): boolean =>
  typeof value === 'number' ? Number.isNaN(value) : isList(value) ? value.some(hasNaN) : isMap(value) ? value.values.some(hasNaN) : false;

/** The program that asks whether `program` answers `value`: of its kind, in its words and, unless NaN is in it, equal. */
function asking(program: Program, value: Value): Program {
  const nodes: Node[] = [...program.nodes];
  const consts: Const[] = [...program.consts];
  const node = (op: Node['op'], operands: readonly number[], imm = 0): number => nodes.push({ op, imm, operands, count: 0 }) - 1;
  const constant = (part: Const): number => node('const', [], consts.push(part) - 1);
  const literal = (part: Value): number => {
    if (isList(part)) return node('list', part.map(literal));
    if (isMap(part))
      return node(
        'map',
        part.keys.flatMap((key, i) => [literal(key), literal(part.values[i])]),
      );
    if (isTimestamp(part)) return node('tots', [constant(timestampText(part))]);
    if (isDuration(part)) return node('todur', [constant(durationText(part))]);
    return typeof part === 'number' && !Number.isFinite(part) ? node('todbl', [constant(String(part))]) : constant(part as Const);
  };
  const asked = [node('eq', [node('typeof', [program.out]), constant(typeValue(kindOf(value)))])];
  const words = format('%s', [value]);
  if (typeof words === 'string') {
    const format = FUNCTIONS.findIndex(({ name }) => name === 'format');
    asked.push(node('eq', [node('call', [constant('%s'), node('list', [program.out])], format), constant(words)]));
  }
  if (!hasNaN(value)) asked.push(node('eq', [program.out, literal(value)]));
  return { ...program, profile: PROFILE_FULL, nodes, consts, out: node('and', asked) };
}

test('interpreter and wasm agree on random programs, and nothing leaves its place', () => {
  console.log(`seed ${SEED}, ${COUNT} programs`);
  const random = new Random(SEED);
  const answers = [0, 0, 0];
  const ops = new Set<string>();
  const kinds = new Set<Kind>();
  for (let k = 0; k < COUNT; k++) {
    const { program, inputs } = makeFullProgram(random, { depth: 2 + random.below(4), wild: random.pick([0, 2, 8]), kind: random.pick(ANSWERS) });
    const sources = Array.from({ length: SOURCES }, () => makeFullSource(random, inputs));
    const found = sources.map((source) => program.inputs.map((input) => find(input, source)));
    const results = found.map((one) => evaluate(program, one));
    const value = results.find((result) => result !== ERROR);
    // a bool answers for itself; of any other value the module is asked whether it is what the interpreter found
    const asked = value === undefined || typeof value === 'boolean' ? program : asking(program, value);
    for (const { op, imm } of program.nodes) ops.add(op === 'call' ? FUNCTIONS[imm].name : op);
    const analysis = analyse(asked);
    for (const { kind } of analysis.types) kinds.add(kind);
    const { memory, view, judge } = instantiate(emitWasm(asked, analysis));
    const layout = layOut(asked, analysis);
    const write = planWriter(asked.inputs);
    found.forEach((one, s) => {
      const place = `seed ${SEED}, program ${k}, source ${s}`;
      // what a call leaves behind must not matter to the next one
      memory.fill(random.below(256), 0, layout.data.at);
      const buffer = encodeInputs(one);
      const written = write(sources[s], memory, view);
      assert.ok(equal(memory.subarray(0, written), buffer), `${place}: written inputs`);
      memory.fill(random.below(256), layout.arena);
      // a program that turned out to be of the core profile has no workspace
      const guard = analysis.profile === PROFILE_FULL ? memory.subarray(layout.end - untouched.length, layout.end) : new Uint8Array(untouched.length);
      guard.set(untouched);
      const expected = answerOf(asked === program ? results[s] : evaluate(asked, one));
      answers[expected] += 1;
      assert.equal(judge(), expected, place);
      assert.equal(judge(), expected, `${place}, judged again`);
      assert.ok(equal(memory.subarray(0, written), buffer), `${place}: inputs after the judgement`);
      assert.ok(equal(guard, untouched), `${place}: wrote past its arena`);
    });
  }
  console.log(`answers false, error, true: ${answers.join(', ')}; ${ops.size} operations and functions, ${kinds.size} kinds`);
  if (COUNT < 1_000) return;
  assert.deepEqual(
    [...OPS.filter((op) => op !== 'call'), ...FUNCTIONS.map(({ name }) => name)].filter((name) => !ops.has(name)),
    [],
    'operations that no program has',
  );
  assert.deepEqual(
    KINDS.filter((kind) => !kinds.has(kind)),
    [],
    'kinds that no node has',
  );
  assert.ok(answers[0] >= COUNT / 10 && answers[2] >= COUNT, 'answers too uneven to tell anything');
});

/** What chance seldom makes; in each the interpreter answers true or, after `!`, the error. */
const EDGES: readonly string[] = [
  // NaN at any depth, whatever bits the engine gives it
  'dyn(0.0/0.0) != dyn(0.0/0.0)',
  '[0.0/0.0] != [0.0/0.0]',
  '{1: 0.0/0.0} != {1: 0.0/0.0}',
  '!(dyn(0.0/0.0) in [dyn(0.0/0.0), 1])',
  'string(0.0/0.0) == "NaN" && string(-(0.0/0.0)) == "NaN"',
  'math.greatest([0.0/0.0, 1.0]) != 1.0 && math.greatest([1.0, 0.0/0.0]) == 1.0',
  '!(dyn(0.0/0.0) < dyn(1)) && !(dyn(0.0/0.0) >= dyn(1))',
  'type(math.greatest([1, 1.0])) == int && type(math.least([1u, 1, 1.0])) == uint && type(math.greatest([1, 2.0, 2u])) == double',
  '[[math.sqrt(-1.0)]].all(x, string(x[0]) == "NaN")',
  // numbers of one value and several kinds
  'dyn(1) == dyn(1u) && dyn(1u) == dyn(1.0) && {1: 2}[dyn(1.0)] == 2 && dyn([1, 2u, 3.0]) == dyn([1.0, 2, 3u])',
  'dyn(9223372036854775807) == dyn(9223372036854775808.0) && !(dyn(-1) == dyn(18446744073709551615u))',
  '! dyn(1) + dyn(1u) == dyn(2)',
  '! {dyn(1): 1, dyn(1u): 2} == {}',
  '!{1u: 1}.exists(k, k == 2u) && 18446744073709551615u in {18446744073709551615u: 1}',
  '! int(9223372036854775808.0) == 0',
  '! int(-9223372036854775808.0) == 0',
  'int(-9223372036854774784.0) == -9223372036854774784',
  'uint(18446744073709549568.0) == 18446744073709549568u',
  '! [1][dyn(1u)] == 1',
  '! [1][dyn(1.0)] == 1',
  '! [1][dyn(-1)] == 1',
  '! [1][dyn(0.5)] == 1',
  '[1][dyn(-0.0)] == 1 && string(-0.0) == "-0" && dyn(-0.0) == dyn(0)',
  // the same of dyns, whose kind is known when they run
  '! int([-9223372036854775808.0, "a"][0]) == 0',
  '! int([9223372036854775808.0, "a"][0]) == 0',
  'int([-9223372036854774784.0, "a"][0]) == -9223372036854774784 && uint([18446744073709549568.0, "a"][0]) == 18446744073709549568u',
  '! uint([18446744073709551616.0, "a"][0]) == 0u',
  '! uint([-1.0, "a"][0]) == 0u',
  '! int([18446744073709551615u, "a"][0]) == 0',
  '! [9223372036854775807, "a"][0] + [1, "a"][0] == 0',
  '! [-9223372036854775807 - 1, "a"][0] * [-1, "a"][0] == 0',
  '! [-1, "a"][0] * [-9223372036854775807 - 1, "a"][0] == 0',
  '! [-9223372036854775807 - 1, "a"][0] / [-1, "a"][0] == 0',
  '! [-9223372036854775807 - 1, "a"][0] % [-1, "a"][0] == 0',
  '! -[-9223372036854775807 - 1, "a"][0] == 0',
  '! [3u, "a"][0] - [4u, "a"][0] == 0u',
  '! [18446744073709551615u, "a"][0] * [2u, "a"][0] == 0u',
  '[3.0, "a"][0] / [0.0, "a"][0] > 1e308 && -[0.0, "a"][0] == [0, "a"][0] && [7u, "a"][0] % [4u, "a"][0] == 3u',
  '! [3.0, "a"][0] % [2.0, "a"][0] == 1.0',
  // folds over dyns
  '[{"a": 1, "b": 2}, 5][0].all(k, v, v == (k == "a" ? 1 : 2))',
  '[{"a": 1, 2: 2}, 5][0].transformMap(k, v, v + 1) == {"a": 2, 2: 3} && [{"a": 1}, 5][0].transformMap(k, v, k)["a"] == "a"',
  '[[7, 8], 5][0].transformMap(i, v, v) == {0: 7, 1: 8} && [[7, 8], 5][0].transformList(i, v, i) == [0, 1]',
  '[[7, 8], 5][0].map(x, x) == [7, 8] && [{"a": 1}, 5][0].map(k, k) == ["a"]',
  '! [[7, 8], 5][1].all(x, true)',
  '! [true, 1][1] && true',
  '!([true, 1][1] && false) && ([true, 1][0] || [true, 1][1])',
  // times at their ends
  '! timestamp("9999-12-31T23:59:59.999999999Z") + duration("1ns") == timestamp(0)',
  '! timestamp("9999-12-31T00:00:00Z") - timestamp("1600-01-01T00:00:00Z") == duration("0")',
  'timestamp("2262-04-11T23:47:16.854775807Z") - timestamp("1970-01-01T00:00:00Z") == duration("9223372036.854775807s")',
  'timestamp("1677-09-21T00:12:43.145224192Z") - timestamp("1970-01-01T00:00:00Z") == duration("-9223372036.854775808s")',
  '! timestamp("1677-09-21T00:12:43.145224191Z") - timestamp("1970-01-01T00:00:00Z") == duration("0")',
  'timestamp(253402300799) - duration("-9223372036.854775808s") < timestamp(253402300799) || true',
  'timestamp("1677-09-21T00:12:43.145224192Z") - duration("-9223372036.854775808s") > timestamp("1969-12-31T23:59:59Z")',
  'timestamp("1969-12-28T00:00:00Z").getDayOfWeek() == 0 && timestamp("1900-02-28T23:00:00Z").getDate("+02:00") == 1',
  'timestamp("2024-01-01T00:30:00Z").getDayOfYear("-01:00") == 364 && timestamp("2024-12-31T12:00:00Z").getDayOfYear() == 365',
  '! duration("9223372036.854775808s") == duration("0")',
  'string(duration("-9223372036.854775808s")) == "-9223372036.854775808s"',
  'timestamp("1969-12-25T00:00:00Z").getDayOfWeek() == 4 && timestamp("0001-01-01T00:00:00Z").getDayOfWeek() == 1',
  'timestamp("2009-02-13T23:31:30.5-08:00") == timestamp("2009-02-14T07:31:30.5Z") && timestamp("2009-02-13T23:31:30+08:00") < timestamp("2009-02-13T23:31:30Z")',
  // texts
  '! base64.decode("A") == b""',
  '! base64.decode("YR") == b"a"',
  'base64.decode("YQ") == b"a" && base64.decode("YQ==") == b"a" && base64.encode(b"ab\\xff\\xfe") == "YWL//g=="',
  '"ab\\u2000".trim() == "ab" && "\\u1680x\\u205f".trim() == "x" && "\\u200bx".trim().size() == 2',
  '! string(b"\\xed\\xa0\\x80") == ""',
  '! string(b"\\xc0\\x80") == ""',
  '! string(b"\\xf4\\x90\\x80\\x80") == ""',
  '"éaé".lastIndexOf("é") == 2 && "éaé".indexOf("é", 1) == 2 && "éé".lastIndexOf("é", 0) == 0',
  '"%s".format([{"b": 1, "a": 2}]) == "{a: 2, b: 1}"',
  '"%s".format([{10: "x", 9: "y", -1: "z", -10: "w"}]) == "{-1: z, -10: w, 10: x, 9: y}"',
  '"%s".format([{"1": "x", 1: "y", "true": 1, true: [{"d": [], "c": null}]}]) == "{1: y, 1: x, true: [{c: null, d: []}], true: 1}"',
  '"%.0f %.0f %.0f".format([0.5, 1.5, 2.5]) == "0 2 2" && "%.0e %.1e".format([2.5, 0.25]) == "2e+00 2.5e-01"',
  '"%.3e|%.1f".format([9999.9999, 0.05]) == "1.000e+04|0.1"',
  '"%X%x%o%b".format([255u, "é", -8, -9223372036854775807 - 1]).startsWith("FFc3a9-10-1000000")',
  '! "%s".format([b"\\xff"]) == ""',
  'size("a,b,,c".split(",", 3)) == 3 && "a,b,,c".split(",", 3)[2] == ",c" && "".split("") == []',
];

test('what chance seldom makes', () => {
  for (const edge of EDGES) {
    const fails = edge.startsWith('! ');
    const program = canonical(lower(parse(fails ? edge.slice(2) : edge), scopeOf(new Map())));
    const answer = instantiate(emitWasm(program)).judge();
    assert.equal(answer, answerOf(evaluate(program, [])), edge);
    assert.equal(answer, fails ? 1 : 2, edge);
  }
});

test('one NaN goes into slots', () => {
  const scope = scopeOf(new Map([['args.x', DOUBLE]]));
  for (const text of ['[args.x / args.x] == []', '[-(args.x / args.x)] == []', '[double("-NaN"), math.sqrt(args.x - 1.0), math.abs(args.x / args.x)] == []']) {
    const { memory, view, judge } = instantiate(emitWasm(canonical(lower(parse(text), scope))));
    memory.set(encodeInputs([{ value: 0 }]));
    assert.equal(judge(), 0);
    const words = Array.from({ length: memory.length >>> 3 }, (_, i) => view.getBigUint64(8 * i, true));
    const found = words.filter((word) => (word & 0x7ff0000000000000n) === 0x7ff0000000000000n && (word & 0xfffffffffffffn) !== 0n);
    assert.ok(found.length > 0 && found.every((word) => word === 0x7ff8000000000000n), `${text}: ${found.map((word) => word.toString(16))}`);
  }
});

test('the same program gives the same bytes', () => {
  const random = new Random(SEED + 1);
  for (let k = 0; k < 100; k++) {
    const { program } = makeFullProgram(random);
    const bytes = emitWasm(program);
    emitWasm(makeFullProgram(random).program);
    assert.deepEqual(emitWasm(structuredClone(program)), bytes);
  }
});

// not again in the processes that this starts
for (const tier of process.env[SPAWNED] === undefined ? ['--liftoff-only', '--no-liftoff'] : []) {
  test(`equal under ${tier}`, () => {
    const env = { ...process.env, [SPAWNED]: '1', AVA_FUZZ_COUNT: String(Math.min(COUNT, 100)), NODE_TEST_CONTEXT: undefined };
    const { status, stdout, stderr } = spawnSync(process.execPath, [tier, fileURLToPath(import.meta.url)], { env, encoding: 'utf8' });
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    assert.match(stdout, /answers false/);
  });
}
