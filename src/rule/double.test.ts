/** Doubles exactly: square roots, texts, correct rounding. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doubleBits, doubleOfBits, doubleText, fixedText, parseDouble, roundHalfAway, scientificText, squareRoot } from './double.ts';
import { Random } from './program-generator.ts';

const SEED = Number(process.env.AVA_SEED ?? 20261124);

function randomDouble(random: Random): number {
  for (;;) {
    const x = doubleOfBits((BigInt(random.below(2 ** 31)) << 33n) | (BigInt(random.below(2 ** 31)) << 2n) | BigInt(random.below(4)));
    if (Number.isFinite(x)) return random.chance(50) ? x : (random.below(2 ** 31) - 2 ** 30) * 2 ** -random.below(40);
  }
}

test('square roots are those of the hardware, which rounds them correctly', () => {
  console.log(`seed ${SEED}`);
  const random = new Random(SEED);
  for (const x of [0, -0, 1, 2, 4, 5e-324, 2.2250738585072014e-308, Number.MAX_VALUE, Number.NaN, Infinity, -Infinity, -1]) {
    assert.ok(Object.is(squareRoot(x), Math.sqrt(x)), String(x));
  }
  for (let k = 0; k < 5_000; k++) {
    const x = Math.abs(randomDouble(random));
    assert.ok(Object.is(squareRoot(x), Math.sqrt(x)), `seed ${SEED}: ${x}`);
  }
});

test('f and e agree with toFixed and toExponential, but for ties, which go to even', () => {
  const random = new Random(SEED + 1);
  for (let k = 0; k < 3_000; k++) {
    const x = randomDouble(random);
    const places = random.below(20);
    const tie = fixedText(x, places + 40).slice(-40) === `5${'0'.repeat(39)}`;
    if (Math.abs(x) < 1e21 && !tie) assert.equal(fixedText(x, places), x === 0 ? fixedText(0, places) : x.toFixed(places), `seed ${SEED}: ${x}`);
    const [long] = scientificText(x, 60).split('e');
    if (/^50*$/.test(long.slice(long.indexOf('.') + 21))) continue;
    const [digits, exponent] = scientificText(x, 20).split('e');
    const [expected, power] = x.toExponential(20).split('e');
    assert.deepEqual([digits, Number(exponent)], [expected, Number(power)], `seed ${SEED}: ${x}`);
  }
  assert.deepEqual(
    [0.5, 1.5, 2.5, -0.5].map((x) => fixedText(x, 0)),
    ['0', '2', '2', '-0'],
  );
  assert.equal(fixedText(2 ** -1074, 100), `0.${'0'.repeat(100)}`);
  assert.equal(scientificText(9.5, 0), '1e+01');
  assert.equal(scientificText(9.4999, 0), '9e+00');
});

test('a text reads back as its double', () => {
  const random = new Random(SEED + 2);
  for (let k = 0; k < 3_000; k++) {
    const x = randomDouble(random);
    assert.ok(Object.is(parseDouble(doubleText(x)), x), `seed ${SEED}: ${x}`);
    assert.ok(Object.is(doubleOfBits(doubleBits(x)), x));
  }
  for (const text of ['', '.', '1e', '1e+', '+', 'nan', 'infinity', '0x1', '1_0', ' 1', '1e309', '1'.repeat(129)])
    assert.equal(parseDouble(text), undefined, text);
  assert.equal(parseDouble(`0.${'0'.repeat(100)}1e101`), 1);
  assert.equal(parseDouble('1e-400'), 0);
  assert.ok(Object.is(parseDouble('-0'), -0));
});

test('halves go away from zero', () => {
  for (const [x, rounded] of [
    [0.5, 1],
    [-0.5, -1],
    [0.49999999999999994, 0],
    [2 ** 52 + 0.5, 2 ** 52],
    [4503599627370495.5, 4503599627370496],
    [Infinity, Infinity],
  ] as const) {
    assert.ok(Object.is(roundHalfAway(x), rounded), String(x));
  }
});
