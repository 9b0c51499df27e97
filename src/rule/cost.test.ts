import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyse } from './analysis.ts';
import { canonical } from './canonical.ts';
import { type Found, find } from './input.ts';
import { trace } from './interpret.ts';
import { isFold, type Program } from './ir.ts';
import { lower } from './lower.ts';
import { parse } from './parse.ts';
import { makeProgram, makeSource, Random } from './program-generator.ts';
import { scopeOf } from './scope.ts';
import { align8 } from './type.ts';
import { parseType } from './type-text.ts';
import { ERROR, isList, isMap, type MapValue, type Result, textBytes, type Value } from './value.ts';

const SEED = Number(process.env.AVA_SEED ?? 4);

const scope = scopeOf(
  new Map(
    Object.entries({ n: 'int', s: 'string(16)', t: 'string(30)', xs: 'list(int, 10)', ws: 'list(string(8), 4)', m: 'map(string(8), int, 5)' }).map(
      ([path, type]) => [path, parseType(type)],
    ),
  ),
);

const GAS: readonly (readonly [source: string, gas: number, arena_bytes: number])[] = [
  ['true', 1, 0],
  ['n + 1 > 2', 5, 0],
  ['n == 1 && n == 2 && n == 3', 7 + 4, 0],
  ['s == t', 2 + 1 + 2, 0],
  ['s + t == ""', 2 + 1 + 2 + 4 + 1 + 1, 16 + 48],
  ['size(s) == 0', 1 + 1 + 2 + 1 + 1, 0],
  ['s.contains(t)', 2 + 1 + (16 + 32) / 2, 4 * 32],
  ['s.startsWith(t)', 2 + 1 + 4, 0],
  ['n in xs', 2 + 1 + 10, 0],
  ['s in ws', 2 + 1 + 4 * 3, 0],
  ['s in m', 2 + 1 + 3 * 3, 0],
  ['xs[n] == n', 2 + 1 + 1, 0],
  ['m[s] == n', 3 + 1 + 9 + 1, 0],
  ['[n, n, n] == xs', 2 + 4 + 1 + (3 * 16) / 8, 16 + 48],
  ['{s: n}[s] == n', 2 + 1 + 3 + 1 + 3 + 1, 16 + 32],
  ['xs.all(x, x > 1)', 1 + 1 + 1 + 10 * (1 + 2), 0],
  ['xs.all(x, xs.all(y, x < y))', 1 + 1 + 10 * (1 + 1 + 1 + 10 * (1 + 2)), 0],
  ['xs.filter(x, x > 1) == xs', 1 + 1 + 1 + 10 * (1 + 2 + 1) + 1 + 20, 16 + 160],
  ['ws.map(w, w + w) == ws', 1 + 1 + 4 * (1 + 1 + 3 + 1) + 1 + 12, 16 + 64 + 4 * 32],
];

test('gas and arena of small rules', () => {
  for (const [source, gas, arena_bytes] of GAS) {
    const analysis = analyse(canonical(lower(parse(source), scope)));
    assert.deepEqual([analysis.gas, analysis.arena_bytes], [gas, arena_bytes], source);
  }
});

/** Bytes beside a value's slot: what the declared bounds bound. */
function heap(value: Value): number {
  if (typeof value === 'string') return align8(textBytes(value));
  if (isList(value)) return value.reduce<number>((sum, one) => sum + 16 + heap(one), 0);
  return isMap(value) ? heap(value.keys) + heap(value.values) : 0;
}

/** Work that a run really did, an operation at a time, by the sizes of the values that it met. */
function work(program: Program, found: readonly Found[]): number {
  let steps = 0;
  trace(program, found, (i, results) => {
    steps += 1 + extra(program, i, results);
  });
  return steps;
}

function extra(program: Program, i: number, results: readonly Result[]): number {
  const { op, operands } = program.nodes[i];
  const values = operands.map((j) => results[j]);
  if (isFold(op)) {
    const range = values[0];
    return range === ERROR ? 0 : isList(range) ? range.length : (range as MapValue).keys.length;
  }
  if (op === 'and' || op === 'or') return operands.length;
  if (values.includes(ERROR)) return 0;
  const [a, b] = values as Value[];
  const search = (of: MapValue, key: Value): number => (32 - Math.clz32(of.keys.length)) * (1 + heap(key) / 8);
  switch (op) {
    case 'eq':
    case 'lt':
    case 'le':
      return Math.min(heap(a), heap(b)) / 8;
    case 'add':
      return (heap(a) + heap(b)) / 8;
    case 'size':
      return typeof a === 'string' ? heap(a) / 8 : 0;
    case 'get':
    case 'has':
      return isMap(a) ? search(a, b) : 0;
    case 'member':
      return isList(b) ? b.length * (1 + heap(a) / 8) : search(b as MapValue, a);
    case 'list':
      return operands.length;
    case 'starts':
    case 'ends':
      return heap(b) / 8;
    case 'contains':
      return (heap(a) + heap(b)) / 2;
    default:
      return 0;
  }
}

test(`gas is never below the work that a run does (seed ${SEED})`, () => {
  const random = new Random(SEED);
  let exact = 0;
  for (let i = 0; i < 1_500; i++) {
    const { program, inputs } = makeProgram(random, { depth: 3 + (i % 3), beyondCel: i % 2 === 0 });
    const { gas } = analyse(program);
    for (let j = 0; j < 4; j++) {
      const source = makeSource(random, inputs);
      const done = work(
        program,
        program.inputs.map((input) => find(input, source)),
      );
      assert.ok(done <= gas, `program ${i}: ${done} steps, ${gas} gas`);
      if (done > gas / 2) exact += 1;
    }
  }
  assert.ok(exact > 1_000, `the bound is near the work in ${exact} runs only`);
});
