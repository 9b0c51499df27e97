/**
 * Doubles exactly (spec/rule-ir.md ): what must be the same everywhere is done in integers, or is an
 * operation that IEEE 754 defines to the last bit.
 */

/** `div` of doubles: IEEE 754, ties to even, infinities and NaN as they come. */
export const divideDoubles = (a: number, b: number): number => a / b;

/** Half away from zero. */
export function roundHalfAway(x: number): number {
  const whole = Math.trunc(x);
  // x − whole is exact; a double of no fraction, an infinity or NaN gives back itself
  return Math.abs(x - whole) >= 0.5 ? whole + Math.sign(x) : whole;
}

/** The nearest double, ties to even: engines may differ in the last bit of their own. */
export function squareRoot(x: number): number {
  if (!(x > 0) || x === Number.POSITIVE_INFINITY) return x < 0 ? Number.NaN : x;
  const [numerator, denominator] = fraction(x);
  // numerator / denominator = square / 4^half with at least 128 bits, so that the root has 64
  const half = BigInt(Math.max(0, (132 - bitLength(numerator) + bitLength(denominator)) >> 1));
  const square = (numerator << (2n * half)) / denominator;
  const root = wholeRoot(square);
  // A last bit for what is left, so that rounding sees it; `denominator` is a power of two and divides without a rest.
  const sticky = (root << 1n) | (root * root === square ? 0n : 1n);
  return Number(sticky) * 2 ** -Number(half + 1n);
}

const bitLength = (n: bigint): number => n.toString(2).length;

/** The largest integer whose square is at most `n` (Newton's method from above). */
function wholeRoot(n: bigint): bigint {
  let root = 1n << BigInt((bitLength(n) + 1) >> 1);
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** ECMAScript's Number::toString, with the sign of zero. */
export const doubleText = (x: number): string => (Object.is(x, -0) ? '-0' : String(x));

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['Inf', Number.POSITIVE_INFINITY],
]);
/** Bytes of a text that may be read as a double. */
export const DOUBLE_TEXT_MAX = 128;

/** Powers of ten beyond which every text is zero or an infinity. */
const POWER_MAX = 400;

/**
 * The nearest double of `[+-]digits.digits[e[+-]digits]`, ties to even; an infinity for one that is too large. In
 * integers: ECMAScript lets engines stop at the 20th digit.
 */
export function decimalValue(text: string): number {
  const [, sign, whole, places = '', power = '0'] = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? ['', '', '0'];
  const digits = BigInt(whole + places);
  const point = BigInt(power) - BigInt(places.length);
  const size = point + BigInt(digits.toString().length);
  let value: number;
  if (digits === 0n || size < -BigInt(POWER_MAX)) value = 0;
  else if (size > BigInt(POWER_MAX)) value = Number.POSITIVE_INFINITY;
  else value = point < 0n ? ratioValue(digits, 10n ** -point) : ratioValue(digits * 10n ** point, 1n);
  return sign === '-' ? -value : value;
}

/** e for a fraction from 2^e to below 2^(e + 1). */
function binaryExponent(numerator: bigint, denominator: bigint): number {
  const e = bitLength(numerator) - bitLength(denominator);
  const below = e >= 0 ? numerator < denominator << BigInt(e) : numerator << BigInt(-e) < denominator;
  return below ? e - 1 : e;
}

/** The nearest double of a positive fraction. */
function ratioValue(numerator: bigint, denominator: bigint): number {
  // so that the quotient has 53 bits, or as many as a subnormal has
  const shift = Math.min(52 - binaryExponent(numerator, denominator), 1074);
  const mantissa = shift > 0 ? nearest(numerator << BigInt(shift), denominator) : nearest(numerator, denominator << BigInt(-shift));
  // Two steps where one power of two would be past the largest double.
  return shift < -1_000 ? Number(mantissa) * 2 ** 1_000 * 2 ** -(shift + 1_000) : Number(mantissa) * 2 ** -shift;
}

/** R-19, todbl of a string: nearest, ties to even; undefined when it is none or too large. */
export function parseDouble(text: string): number | undefined {
  if (text.length > DOUBLE_TEXT_MAX) return undefined;
  if (DECIMAL.test(text)) {
    const value = decimalValue(text);
    return Number.isFinite(value) ? value : undefined;
  }
  const signed = /^[+-]/.test(text);
  const special = SPECIAL.get(signed ? text.slice(1) : text);
  return special === undefined ? undefined : text.startsWith('-') ? -special : special;
}

/** The 64 bits of a double; every NaN is one. */
export function doubleBits(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  return view.getBigUint64(0);
}

export function doubleOfBits(bits: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}

/** The magnitude of a finite double as numerator and denominator. */
function fraction(x: number): readonly [bigint, bigint] {
  const bits = doubleBits(x);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const low = bits & 0xfffffffffffffn;
  const mantissa = exponent === 0 ? low : low | (1n << 52n);
  const scale = (exponent === 0 ? 1 : exponent) - 1075;
  return scale < 0 ? [mantissa, 1n << BigInt(-scale)] : [mantissa << BigInt(scale), 1n];
}

/** `numerator / denominator`, half to even. */
function nearest(numerator: bigint, denominator: bigint): bigint {
  const whole = numerator / denominator;
  const twice = (numerator - whole * denominator) * 2n;
  return twice > denominator || (twice === denominator && (whole & 1n) === 1n) ? whole + 1n : whole;
}

const sign = (x: number): string => (x < 0 || Object.is(x, -0) ? '-' : '');
const pointed = (digits: string, places: number): string =>
  places === 0 ? digits : `${digits.slice(0, digits.length - places)}.${digits.slice(digits.length - places)}`;

/** R-24 f: so many digits after the point, correctly rounded from the exact value. */
export function fixedText(x: number, places: number): string {
  if (!Number.isFinite(x)) return doubleText(x);
  const [numerator, denominator] = fraction(x);
  const digits = nearest(numerator * 10n ** BigInt(places), denominator).toString();
  return sign(x) + pointed(digits.padStart(places + 1, '0'), places);
}

/** R-24 e: one digit before the point and so many after it. */
export function scientificText(x: number, places: number): string {
  if (!Number.isFinite(x)) return doubleText(x);
  const [numerator, denominator] = fraction(x);
  if (numerator === 0n) return `${sign(x)}${pointed('0'.repeat(places + 1), places)}e+00`;
  /** The decimal exponent: 10^power <= the value < 10^(power + 1). */
  let power = numerator.toString().length - denominator.toString().length;
  if (scaled(numerator, -power) < scaled(denominator, power)) power -= 1;
  const shift = places - power;
  let digits = nearest(scaled(numerator, shift), scaled(denominator, -shift)).toString();
  if (digits.length > places + 1) {
    // 9.99… became 10
    digits = digits.slice(0, -1);
    power += 1;
  }
  const exponent = `${power < 0 ? -power : power}`.padStart(2, '0');
  return `${sign(x)}${pointed(digits, places)}e${power < 0 ? '-' : '+'}${exponent}`;
}

/** `n · 10^power`, n itself for a power below 0. */
const scaled = (n: bigint, power: number): bigint => (power > 0 ? n * 10n ** BigInt(power) : n);
