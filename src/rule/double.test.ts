/** Doubles exactly: square roots, texts, correct rounding. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decimalValue, doubleBits, doubleOfBits, doubleText, fixedText, parseDouble, roundHalfAway, scientificText, squareRoot } from './double.ts';
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

test('decimal texts are the nearest doubles, as this engine has them too', () => {
  const random = new Random(SEED + 3);
  const digits = (count: number): string => Array.from({ length: count }, () => random.below(10)).join('');
  for (let k = 0; k < 2_000; k++) {
    // halfway between two doubles, and a digit beside it
    const x = Math.abs(randomDouble(random));
    const half =
      fixedText(x, 0).length < 20
        ? `${BigInt(Math.trunc(x)) * 2n ** 60n + 2n ** BigInt(random.below(62))}${random.pick(['', '.0', '.00000000000000000000000001', '.5'])}`
        : String(x);
    assert.ok(Object.is(decimalValue(half), Number(half)), `seed ${SEED}: ${half}`);
  }
  for (let k = 0; k < 5_000; k++) {
    const text = `${random.pick(['', '-', '+'])}${digits(1 + random.below(20))}.${digits(random.below(30))}${random.chance(50) ? `e${random.below(680) - 350}` : ''}`;
    assert.ok(Object.is(decimalValue(text), Number(text)), `seed ${SEED}: ${text}`);
  }
  // between two doubles, or at an edge
  for (const text of [
    '9223372036854774784.0',
    '2.2250738585072011e-308',
    '2.4703282292062327e-324',
    '2.4703282292062328e-324',
    '4.9e-324',
    '9007199254740993',
    '9007199254740992.999999999999999999999',
    '1.7976931348623158e308',
    '1.7976931348623159e308',
    '179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880',
    '0.000',
    '1e99999999999',
    '1e-99999999999',
    '.5',
    '5.',
  ]) {
    assert.ok(Object.is(decimalValue(text), Number(text)), text);
  }
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
