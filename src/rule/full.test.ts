/** Random programs of the full profile: what analysis says of them holds, and each form of them is the others' inverse. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hex } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { admit } from './admit.ts';
import { analyse } from './analysis.ts';
import { canonical } from './canonical.ts';
import { heapSize } from './fit.ts';
import { makeFullProgram } from './full-generator.ts';
import { makeFullSource } from './full-values.ts';
import { FUNCTIONS } from './function.ts';
import { encodeInputs, find, readInputs } from './input.ts';
import { answerOf, evaluate, trace } from './interpret.ts';
import { encodeProgram, OPS } from './ir.ts';
import { lower } from './lower.ts';
import { parse } from './parse.ts';
import { printProgram } from './print.ts';
import { Random } from './program-generator.ts';
import { scopeOf } from './scope.ts';
import { apply, applyMarked, constant, type Term } from './term.ts';
import { heapBytes, type Type } from './type.ts';
import { ERROR, isList, isMap, kindOf, type Value } from './value.ts';

const SEED = Number(process.env.AVA_SEED ?? 20261124);
const COUNT = Number(process.env.AVA_FUZZ_COUNT ?? 1500);
const LIMITS = { gas: 1_000_000_000, memory_pages: 256 };
const SOURCES = 4;

/** The value is of the kind and within the bounds of its type, at every depth. */
function within(value: Value, type: Type): boolean {
  if (heapSize(value) > heapBytes(type)) return false;
  if (type.kind === 'dyn') return true;
  if (type.kind !== kindOf(value)) return false;
  if (type.kind === 'list') return isList(value) && value.length <= type.length && value.every((item) => within(item, type.item));
  if (type.kind !== 'map') return true;
  return (
    isMap(value) &&
    value.keys.length <= type.length &&
    value.keys.every((key) => within(key, type.key)) &&
    value.values.every((item) => within(item, type.value))
  );
}

test('types, bounds and what can fail; buffers and bytes are read back; every operation and function gives values and errors', () => {
  console.log(`seed ${SEED}, ${COUNT} programs`);
  const random = new Random(SEED);
  const values = new Map<string, number>();
  const errors = new Map<string, number>();
  const count = (of: Map<string, number>, name: string): void => void of.set(name, (of.get(name) ?? 0) + 1);
  const answers = [0, 0, 0];
  for (let k = 0; k < COUNT; k++) {
    const { program, inputs } = makeFullProgram(random, { depth: 3 + random.below(4) });
    const where = `seed ${SEED}, program ${k}`;
    const bytes = encodeProgram(program);
    let admitted: ReturnType<typeof admit>;
    try {
      admitted = admit(bytes, LIMITS);
    } catch (fault) {
      // too large; or an answer that can be no bool
      assert.ok(fault instanceof Fault && (fault.slug === 'rule_bound' || fault.slug === 'rule_type'), `${where}: ${fault}`);
      continue;
    }
    const { types, canFail } = admitted.analysis;
    for (let s = 0; s < SOURCES; s++) {
      const source = makeFullSource(random, inputs);
      const found = program.inputs.map((input) => find(input, source));
      assert.deepEqual(readInputs(program.inputs, encodeInputs(found)), found, where);
      const results = trace(program, found);
      answers[answerOf(results[program.out])] += 1;
      results.forEach((result, i) => {
        if (result === undefined) return;
        const { op, imm } = program.nodes[i];
        const name = op === 'call' ? FUNCTIONS[imm].name : op;
        count(result === ERROR ? errors : values, name);
        if (result === ERROR) assert.ok(canFail[i], `${where}, node ${i}: ${name} failed`);
        else assert.ok(within(result, types[i]), `${where}, node ${i}: ${name} is past its type`);
      });
    }
  }
  console.log(`answers false, error, true: ${answers.join(', ')}`);
  const names = [...OPS.filter((op) => op !== 'call'), ...FUNCTIONS.map(({ name }) => name)];
  if (COUNT >= 1500) {
    assert.deepEqual(
      names.filter((name) => !values.has(name)),
      [],
      'never a value',
    );
    const safe = ['const', 'elem', 'key', 'iter'];
    assert.deepEqual(
      names.filter((name) => !errors.has(name) && !safe.includes(name)),
      [],
      'never an error',
    );
  }
});

test('programs printed and compiled again are the same, or answer the same', () => {
  const random = new Random(SEED + 1);
  let same = 0;
  let other = 0;
  for (let k = 0; k < COUNT; k++) {
    const { program, inputs } = makeFullProgram(random, { depth: 3 + random.below(3), wild: 0 });
    const { text } = printProgram(program);
    let again: typeof program;
    try {
      again = canonical(lower(parse(text), scopeOf(new Map(inputs.map((input) => [input.path, input.type])))));
    } catch (fault) {
      // the generator mixes types that no text can
      assert.ok(fault instanceof Fault, `seed ${SEED}: ${text}: ${fault}`);
      continue;
    }
    if (hex(encodeProgram(again)) === hex(encodeProgram(program))) same += 1;
    else {
      other += 1;
      const source = makeFullSource(random, inputs);
      const value = (one: typeof program) =>
        evaluate(
          one,
          one.inputs.map((input) => find(input, source)),
        );
      assert.deepEqual(value(again), value(program), `seed ${SEED}: ${text}`);
    }
  }
  console.log(`${same} the same, ${other} written otherwise, of ${COUNT}`);
  assert.ok(same > COUNT / 2 && other < COUNT / 20);
});

test('bytes of programs, changed anywhere, are refused with a fault or are programs', () => {
  const random = new Random(SEED + 2);
  let admitted = 0;
  for (let k = 0; k < COUNT; k++) {
    const bytes = encodeProgram(makeFullProgram(random, { depth: 3 + random.below(3) }).program);
    for (let m = 0; m < 4; m++) {
      const changed = Uint8Array.from(bytes);
      for (let i = 0; i <= random.below(3); i++) changed[random.below(changed.length)] = random.chance(50) ? random.below(256) : random.below(48);
      try {
        const { program } = admit(changed, LIMITS);
        evaluate(
          program,
          program.inputs.map((input) => find(input, {})),
        );
        admitted += 1;
      } catch (fault) {
        assert.ok(fault instanceof Fault && fault.slug !== 'internal', `seed ${SEED}, program ${k}: ${fault}`);
      }
    }
  }
  console.log(`${admitted} of ${4 * COUNT} admitted`);
  assert.ok(admitted > COUNT / 20);
});

test('what grows without end is refused, and soon', () => {
  const grown: readonly (readonly [name: string, step: (term: Term) => Term])[] = [
    ['keys that are none', (term) => apply('map', term, term)],
    ['lists of two', (term) => apply('list', term, term)],
    ['values of two', (term) => apply('map', constant(1n), term, constant(2n), term)],
    ['joined texts', (term) => apply('add', term, term)],
    ['replaced', (term) => applyMarked('call', 6, apply('tostr', term), constant(''), apply('tostr', term))],
    ['split', (term) => applyMarked('call', 7, apply('tostr', term), constant(''))],
    ['formatted', (term) => applyMarked('call', 12, constant('%s'), apply('list', term, term))],
    ['merged', (term) => applyMarked('call', 31, apply('list', term, term))],
  ];
  for (const [name, step] of grown) {
    let term: Term = constant('abc');
    const start = process.hrtime.bigint();
    try {
      for (let i = 0; i < 300; i++) term = step(term);
      analyse(canonical(apply('eq', term, term)));
    } catch (fault) {
      assert.ok(fault instanceof Fault && fault.slug === 'rule_bound', `${name}: ${fault}`);
    }
    assert.ok(process.hrtime.bigint() - start < 5_000_000_000n, name);
  }
});
