/**
 * The routine library: what is committed is what its source makes, and its algorithms against JavaScript's own.
 * AVA_FUZZ_SEED sets the numbers and texts.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fromUtf8, utf8 } from '../base/bytes.ts';
import { instantiate } from '../vm/run.ts';
import { doubleText, fixedText, scientificText } from './double.ts';
import { LENGTH_AT, PAYLOAD_AT } from './input.ts';
import { Random } from './program-generator.ts';
import { ROUTINES, type RoutineName } from './routines.gen.ts';
import { type Kind, tagOf } from './type.ts';
import { assemble, I32, i32, Locals } from './wasm-assembler.ts';
import { linked } from './wasm-link.ts';
import { isRuntime } from './wasm-runtime.ts';

const SEED = Number(process.env.AVA_FUZZ_SEED ?? 20_262);
const OUT = 0;
const SLOTS = 16;
const CONTENT = 1_024;
const TOP = 131_072;
const PAGES = 16;

type Operand = readonly [kind: Kind, payload: bigint | number | string, length?: number];

/** Calls a routine that makes a value: it gets the operands and gives what its slot holds, undefined for the error. */
function maker(
  name: RoutineName,
  arity: number,
): (...operands: readonly Operand[]) => { kind: number; payload: bigint; double: number; text: string } | undefined {
  const slots = Array.from({ length: arity }, (_, i) => i32.const(SLOTS + 16 * i));
  const functions = linked((link) => ({
    locals: new Locals(),
    result: I32,
    body: link(name, i32.const(OUT), i32.const(TOP), ...slots),
    exported: 'judge',
  }));
  const { memory, view, judge } = instantiate(assemble({ functions, memoryPages: PAGES, data: [] }));
  return (...operands) => {
    let content = CONTENT;
    operands.forEach(([kind, payload, length = 0], i) => {
      const at = SLOTS + 16 * i;
      view.setUint32(at, tagOf(kind), true);
      view.setUint32(at + LENGTH_AT, length, true);
      if (typeof payload === 'number') view.setFloat64(at + PAYLOAD_AT, payload, true);
      else if (typeof payload === 'bigint') view.setBigInt64(at + PAYLOAD_AT, payload, true);
      else {
        const bytes = utf8(payload);
        memory.set(bytes, content);
        view.setUint32(at + LENGTH_AT, bytes.length, true);
        view.setBigInt64(at + PAYLOAD_AT, BigInt(content), true);
        content += bytes.length;
      }
    });
    if (judge() < 0) return undefined;
    const kind = view.getUint32(OUT, true);
    const payload = view.getBigInt64(OUT + PAYLOAD_AT, true);
    const text = kind === tagOf('str') ? fromUtf8(memory.slice(Number(payload), Number(payload) + view.getUint32(OUT + LENGTH_AT, true))) : '';
    return { kind, payload, double: view.getFloat64(OUT + PAYLOAD_AT, true), text };
  };
}

/** Doubles of every size, those that people write, and the neighbours of powers of two and ten. */
function makeDouble(random: Random): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, random.below(2 ** 32));
  view.setUint32(4, random.below(2 ** 32));
  const any = view.getFloat64(0);
  const step = BigInt(random.below(3)) - 1n;
  view.setFloat64(0, random.chance(50) ? 2 ** (random.below(2_098) - 1_074) : Number(`1e${random.below(632) - 323}`));
  view.setBigUint64(0, view.getBigUint64(0) + (view.getBigUint64(0) === 0n ? 0n : step));
  const near = view.getFloat64(0);
  return random.pick([
    any,
    near,
    random.below(2 ** 30) * random.pick([0.1, 0.01, 1e-6, 1e-7]),
    random.below(2 ** 31) / 10 ** random.below(9),
    random.below(2 ** 32) * 2 ** 21,
    -random.below(1_000),
  ]);
}

test('the committed library is what its source makes', () => {
  const script = fileURLToPath(new URL('../../guest/build-routines.mjs', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});

test('no name stands for two functions, and every call has its target', () => {
  for (const [name, { links }] of Object.entries(ROUTINES)) {
    assert.ok(!isRuntime(name), name);
    for (const [, target] of links) assert.ok(ROUTINES[target] !== undefined, `${name} calls ${target}`);
  }
});

test('doubles are written as JavaScript writes them, and read back', () => {
  const random = new Random(SEED);
  const toText = maker('toText', 1);
  const toDouble = maker('toDouble', 1);
  for (let k = 0; k < 20_000; k++) {
    const value = makeDouble(random);
    const text = toText(['dbl', value])?.text;
    assert.equal(text, doubleText(value), `seed ${SEED}, ${k}`);
    if (Number.isFinite(value)) assert.ok(Object.is(toDouble(['str', text ?? ''])?.double, value), text);
  }
});

test('decimals are read as JavaScript reads them, midway between two doubles too', () => {
  const random = new Random(SEED + 1);
  const toDouble = maker('toDouble', 1);
  const digits = (count: number): string => Array.from({ length: count }, () => random.below(10)).join('');
  const check = (text: string): void => {
    const expected = text.length > 128 || !Number.isFinite(Number(text)) ? undefined : Number(text);
    const found = toDouble(['str', text])?.double;
    assert.ok(Object.is(found, expected), `seed ${SEED}, ${text}: ${found}`);
  };
  for (let k = 0; k < 20_000; k++) {
    check(
      `${random.pick(['', '-', '+'])}${digits(1 + random.below(40))}${random.chance(50) ? `.${digits(random.below(30))}` : ''}${random.chance(50) ? `e${random.below(700) - 350}` : ''}`,
    );
    // a double and half a unit of its last place, exactly, and the decimals next to it
    const mantissa = 2n ** 53n - BigInt(random.below(2 ** 32));
    const middle = (2n * mantissa + 1n) << BigInt(random.below(200));
    for (const near of [middle, middle + 1n, middle - 1n]) check(`${near}`);
  }
  for (const text of [
    '',
    '.',
    '1.',
    '.5',
    '1e',
    '1e+',
    'e5',
    '--1',
    '1_0',
    ' 1',
    '1 ',
    '0x1',
    '1.5.5',
    'nan',
    'inf',
    '1e99999999999999999999',
    '0e99999999',
    '1e400',
    '1e-400',
    '-0',
  ])
    if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/.test(text)) check(text);
    else assert.equal(toDouble(['str', text]), undefined, text);
});

test('places after the point, half to even', () => {
  const random = new Random(SEED + 2);
  const format = maker('format', 2);
  const places = (letter: string, count: number, value: number): string | undefined => {
    // the list's one slot stands where no operand is written
    return withList(format, `%.${count}${letter}`, value);
  };
  for (let k = 0; k < 6_000; k++) {
    const value = random.chance(30) ? (random.below(4_000) - 2_000) * 0.125 : makeDouble(random);
    const count = random.chance(70) ? random.below(8) : random.below(101);
    assert.equal(places('f', count, value), fixedText(value, count), `seed ${SEED}, ${value} to ${count} places`);
    assert.equal(places('e', count, value), scientificText(value, count), `seed ${SEED}, ${value} to ${count} places`);
  }
});

/** `format` of one double: the list's slot is the third operand's, whose address is known. */
function withList(format: ReturnType<typeof maker>, clause: string, value: number): string | undefined {
  return format(['str', clause], ['list', BigInt(SLOTS + 32), 1], ['dbl', value])?.text;
}

test('whole numbers against exact ones', () => {
  const random = new Random(SEED + 3);
  const wide = (): bigint =>
    BigInt.asIntN(
      64,
      random.pick([0n, 1n, -1n, 2n ** 63n, 2n ** 32n, 2n ** 31n, BigInt(random.below(2 ** 32)) << BigInt(random.below(40))]) + BigInt(random.below(5)) - 2n,
    );
  const names = ['add', 'subtract', 'multiply', 'divide', 'remainder'] as const;
  const exact = (name: (typeof names)[number], a: bigint, b: bigint): bigint | undefined => {
    if (name === 'add') return a + b;
    if (name === 'subtract') return a - b;
    if (name === 'multiply') return a * b;
    if (b === 0n) return undefined;
    const whole = a / b;
    // what the quotient cannot hold has no remainder either
    return name === 'divide' || (whole === 2n ** 63n && b === -1n) ? whole : a % b;
  };
  for (const name of names) {
    const routine = maker(name, 2);
    for (let k = 0; k < 8_000; k++) {
      const [a, b] = [wide(), wide()];
      for (const kind of ['int', 'uint'] as const) {
        const fits = (value: bigint): bigint => (kind === 'int' ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value));
        const expected = exact(name, fits(a), fits(b));
        const found = routine([kind, a], [kind, b]);
        assert.equal(
          found === undefined ? undefined : fits(found.payload),
          expected !== undefined && fits(expected) === expected ? expected : undefined,
          `${kind} ${name} ${a} ${b}`,
        );
      }
    }
  }
});

test('timestamps of every year against the calendar', () => {
  const random = new Random(SEED + 4);
  const toTime = maker('toTime', 1);
  const toText = maker('toText', 1);
  for (let k = 0; k < 20_000; k++) {
    const ms = ((random.below(2 ** 32) * 73_457 + random.below(86_400_000)) % 315_537_897_600_000) - 62_135_596_800_000;
    const seconds = Math.floor(ms / 1_000);
    const iso = new Date(seconds * 1_000).toISOString().replace('.000', '');
    assert.equal(toText(['ts', BigInt(seconds)])?.text, iso);
    assert.equal(toTime(['str', iso])?.payload, BigInt(seconds), iso);
    const zone = random.below(24) * 60 + random.below(60);
    const east = random.chance(50);
    const offset = `${east ? '+' : '-'}${`${Math.floor(zone / 60)}`.padStart(2, '0')}:${`${zone % 60}`.padStart(2, '0')}`;
    const utc = seconds + (east ? -60 : 60) * zone;
    const found = toTime(['str', iso.replace('Z', offset)])?.payload;
    assert.equal(found, utc < -62_135_596_800 || utc > 253_402_300_799 ? undefined : BigInt(utc), `${iso} ${offset}`);
  }
});

// W-16
test('texts are found where they stand, in linear time', () => {
  const random = new Random(SEED + 5);
  const indexOf = maker('indexOf', 2);
  const lastIndexOf = maker('lastIndexOf', 2);
  const make = (most: number, letters: string): string => Array.from({ length: random.below(most + 1) }, () => letters[random.below(letters.length)]).join('');
  for (let k = 0; k < 30_000; k++) {
    const letters = random.pick(['ab', 'aab', 'abc']);
    const text = make(40, letters);
    const part = random.chance(50) ? make(8, letters) : text.slice(random.below(20), 20 + random.below(20));
    assert.equal(indexOf(['str', text], ['str', part])?.payload, BigInt(text.indexOf(part)), `${part} in ${text}`);
    assert.equal(lastIndexOf(['str', text], ['str', part])?.payload, BigInt(text.lastIndexOf(part)), `${part} last in ${text}`);
  }
  // what takes a naive search 2^28 steps
  for (const [text, part] of [
    ['a'.repeat(32_768), `${'a'.repeat(16_383)}b`],
    ['a'.repeat(32_768), `b${'a'.repeat(16_383)}`],
    ['ab'.repeat(16_384), `${'ab'.repeat(8_191)}aa`],
    [`${'a'.repeat(128)}b`.repeat(250), `${'a'.repeat(129)}`],
  ]) {
    const start = performance.now();
    for (let k = 0; k < 20; k++) {
      assert.equal(indexOf(['str', text], ['str', part])?.payload, -1n);
      assert.equal(lastIndexOf(['str', text], ['str', part])?.payload, -1n);
    }
    assert.ok(performance.now() - start < 1_000, `${text.length} and ${part.length} bytes took ${performance.now() - start} ms`);
  }
});
