import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, hex } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import {
  ABSENT,
  encodeInputs,
  type Found,
  find,
  inputBytesMax,
  PARENT_MISSING,
  readInputs,
  type Source,
  type SourceValue,
  segments,
  UNFIT,
  writeInputs,
} from './input.ts';
import { I64_MAX, type Input } from './ir.ts';
import { makeProgram, makeSource, Random } from './program-generator.ts';
import { parseType } from './type-text.ts';

const SEED = Number(process.env.AVA_SEED ?? 3);

const input = (path: string, type: string): Input => ({ path, type: parseType(type) });
const value = (of: Found): unknown => ('value' in of ? of.value : ['absent', 'parent missing', 'unfit'][of.missing]);

test('paths are split at the dots that no parenthesis holds', () => {
  assert.deepEqual(segments('now_ms'), ['now_ms']);
  assert.deepEqual(segments('args.a.b-c'), ['args', 'a', 'b-c']);
  assert.deepEqual(segments('agent.sum(money.amount,86400000)'), ['agent', 'sum(money.amount,86400000)']);
});

const MAP = { keys: ['A', 'a', 'é', '\uffff', '😀'], values: [1n, 2n, 3n, 4n, 5n] };

const FITS: readonly (readonly [type: string, given: SourceValue, found: unknown])[] = [
  ['int', 5, 5n],
  ['int', -0, 0n],
  ['int', 2 ** 53 - 1, 9007199254740991n],
  ['int', 2 ** 53, 'unfit'],
  ['int', 0.5, 'unfit'],
  ['int', I64_MAX, I64_MAX],
  ['int', I64_MAX + 1n, 'unfit'],
  ['int', '5', 'unfit'],
  ['int', true, 'unfit'],
  ['int', null, 'absent'],
  ['int', undefined, 'absent'],
  ['bool', false, false],
  ['bool', 0, 'unfit'],
  ['string(3)', 'abc', 'abc'],
  ['string(3)', 'é€', 'unfit'],
  ['string(4)', '😀', '😀'],
  ['string(3)', '😀', 'unfit'],
  ['string(9)', 'a\ud800', 'unfit'],
  ['list(int, 2)', [1, 2], [1n, 2n]],
  ['list(int, 2)', [1, 2, 3], 'unfit'],
  ['list(int, 2)', [1, null], 'unfit'],
  ['list(int, 2)', { 0: 1 }, 'unfit'],
  ['list(list(string(1), 1), 2)', [['a'], []], [['a'], []]],
  ['map(string(4), int, 5)', { a: 2, '😀': 5, '\uffff': 4, A: 1, é: 3 }, MAP],
  ['map(string(1), int, 5)', { ab: 1 }, 'unfit'],
  ['map(string(1), int, 1)', { a: 1, b: 1 }, 'unfit'],
  ['map(string(1), int, 1)', [], 'unfit'],
];

test('what fits a type', () => {
  for (const [type, given, expected] of FITS)
    assert.deepEqual(value(find(input('args.x', type), { args: { x: given } })), expected, `${type} ${String(given)}`);
});

test('where nothing is found', () => {
  const rows: readonly (readonly [string, Source, unknown])[] = [
    ['now_ms', {}, ABSENT],
    ['money.amount', {}, PARENT_MISSING],
    ['money.amount', { money: null }, PARENT_MISSING],
    ['money.amount', { money: 7 }, PARENT_MISSING],
    ['money.amount', { money: [1] }, PARENT_MISSING],
    ['money.amount', { money: {} }, ABSENT],
    ['money.toString', { money: {} }, ABSENT],
    ['money.amount', { money: { amount: 'x' } }, UNFIT],
    ['a.b.c', { a: {} }, PARENT_MISSING],
  ];
  for (const [path, source, missing] of rows) assert.deepEqual(find(input(path, 'int'), source), { missing }, path);
});

test('the buffer, byte for byte', () => {
  const inputs = [
    input('a', 'int'),
    input('b', 'bool'),
    input('c', 'string(8)'),
    input('d', 'list(string(4), 2)'),
    input('e', 'map(string(4), int, 2)'),
    input('f', 'int'),
    input('g.h', 'int'),
    input('i', 'int'),
    input('j', 'string(1)'),
  ];
  const buffer = writeInputs(inputs, { a: -2, b: true, c: 'héllo', d: ['x', ''], e: { z: 1, y: 2 }, i: 'no', j: '' });
  const slot = (tag: string, length: string, payload: string): string => `${tag}000000${length}000000${payload}`;
  const word = (n: number): string => `${n.toString(16).padStart(4, '0').slice(2)}${n.toString(16).padStart(4, '0').slice(0, 2)}000000000000`;
  assert.equal(
    hex(buffer),
    [
      slot('03', '00', 'feffffffffffffff'),
      slot('02', '00', word(1)),
      slot('08', '06', word(144)),
      slot('0a', '02', word(152)),
      slot('0b', '02', word(192)),
      slot('00', '00', word(0)),
      slot('00', '00', word(1)),
      slot('00', '00', word(2)),
      slot('08', '00', word(272)),
      '68c3a96c6c6f0000',
      slot('08', '01', word(184)),
      slot('08', '00', word(192)),
      '7800000000000000',
      slot('08', '01', word(256)),
      slot('03', '00', word(2)),
      slot('08', '01', word(264)),
      slot('03', '00', word(1)),
      '7900000000000000',
      '7a00000000000000',
    ].join(''),
  );
});

test(`buffers are read back as they were written, and within their bound (seed ${SEED})`, () => {
  const random = new Random(SEED);
  for (let i = 0; i < 1_000; i++) {
    const { inputs } = makeProgram(random, { depth: 1 });
    const found = inputs.map(
      (
        (source) => (one: Input) =>
          find(one, source)
      )(makeSource(random, inputs)),
    );
    const buffer = encodeInputs(found);
    assert.deepEqual(readInputs(inputs, buffer), found);
    assert.ok(buffer.length <= inputBytesMax(inputs) && buffer.length % 8 === 0);
    const changed = buffer.slice();
    changed[random.below(buffer.length)] ^= 1 << random.below(8);
    try {
      assert.equal(compare(encodeInputs(readInputs(inputs, changed)), changed), 0);
    } catch (fault) {
      assert.ok(fault instanceof Fault && fault.slug === 'rule_inputs', String(fault));
    }
  }
});

test('a buffer that no writer writes is refused', () => {
  const inputs = [input('a', 'list(bool, 2)')];
  const good = writeInputs(inputs, { a: [true] });
  const changes: readonly (readonly [number, number, string])[] = [
    [0, 11, 'a tag of another type'],
    [1, 1, 'a tag of another type'],
    [4, 3, 'a length over the declared bound'],
    [8, 17, 'an offset that is not the end of the heap'],
    [24, 2, 'a bool that is neither 0 nor 1'],
    [20, 1, 'a length over the declared bound'],
  ];
  for (const [at, byte, problem] of changes) {
    const bad = good.slice();
    bad[at] = byte;
    assert.throws(() => readInputs(inputs, bad), { slug: 'rule_inputs', message: `input buffer, a: ${problem}` });
  }
  assert.throws(() => readInputs(inputs, good.subarray(0, 24)), { message: 'input buffer, a: a block past the end' });
  assert.throws(() => readInputs(inputs, new Uint8Array([...good, ...new Uint8Array(8)])), { message: 'input buffer, end: bytes after the heap' });
  assert.throws(() => readInputs(inputs, new Uint8Array(8)), { message: 'input buffer: fewer slots than inputs' });
});
