/** Random values and sources for programs of the full profile: edges of every kind. */
import { I64_MAX, I64_MIN, U64_MAX } from './constant.ts';
import { type Source, type SourceValue, segments } from './input.ts';
import type { Input } from './ir.ts';
import type { Random } from './program-generator.ts';
import { encodeBase64 } from './text-function.ts';
import { KINDS, type Kind, type Type } from './type.ts';
import { typeValue, uint, type Value } from './value.ts';

export const TEXTS: readonly string[] = [
  '',
  'a',
  'b',
  'ab',
  'aab',
  'ababab',
  ' a ',
  'é',
  '😀',
  '\uffff',
  '\u{10ffff}a',
  'a\u0000b',
  '日本',
  'x@y.com',
  'PaY',
  '12',
  '-7',
  '+3',
  '1.5e3',
  '0x10',
  '18446744073709551615',
  '9223372036854775808',
  '1e400',
  '2.2250738585072014e-308',
  'NaN',
  '-Infinity',
  'true',
  'F',
  '1h2m3.5s',
  '2026-02-29T00:00:00Z',
  '2024-02-29T23:59:59.123456789+23:59',
  'aGk=',
  'aGk',
  '%s',
  'a,b,,c',
  '"\\\n',
];
const INTEGERS: readonly bigint[] = [0n, 1n, -1n, 2n, 3n, 7n, -5n, 63n, 64n, 100n, 2n ** 31n, 2n ** 53n, 2n ** 53n + 1n, I64_MAX, I64_MIN, I64_MAX - 1n];
const DOUBLES: readonly number[] = [
  0,
  1,
  -1,
  0.5,
  1.5,
  2.5,
  -2.5,
  0.1,
  1e21,
  1e-7,
  123456789.125,
  5e-324,
  2.2250738585072014e-308,
  1.7976931348623157e308,
  2 ** 53,
  2 ** 63,
  -(2 ** 63),
  2 ** 64,
  9.999995,
  3.0000000000000004,
];
const BYTES: readonly (readonly number[])[] = [[], [97], [0, 255], [195, 169], [237, 160, 128], [240, 159, 152, 128], [1, 2, 3, 4, 5, 6]];

const makeWhole = (random: Random): bigint => (random.chance(40) ? random.pick(INTEGERS) : BigInt(random.below(12)) - 4n);
const natural = (whole: bigint): bigint => (whole < 0n ? U64_MAX + whole : whole);
const makeDouble = (random: Random): number => (random.chance(50) ? random.pick(DOUBLES) : (random.below(4_000) - 2_000) * 0.25);

/** A constant of a kind; an int for what has no constants. */
export function makeConstant(random: Random, kind: Kind): Value {
  switch (kind) {
    case 'null':
      return null;
    case 'bool':
      return random.chance(50);
    case 'uint':
      return uint(natural(makeWhole(random)));
    case 'dbl':
      return random.chance(5) ? -0 : makeDouble(random);
    case 'str':
      return random.pick(TEXTS);
    case 'bytes':
      return new Uint8Array(random.pick(BYTES));
    case 'type':
      return typeValue(random.pick(KINDS.filter((one) => one !== 'none' && one !== 'dyn')));
    default:
      return makeWhole(random);
  }
}

/** A source for these inputs: fitting values, and now and then none, null, something else or something too large. */
export function makeFullSource(random: Random, inputs: readonly Input[]): Source {
  const source: Record<string, SourceValue> = {};
  for (const { path, type } of inputs) {
    const chance = random.below(40);
    if (chance === 0) continue;
    const odd: readonly SourceValue[] = [true, 0.5, 'other', [], {}, -7, [null], 2n ** 64n];
    const value = chance === 1 ? null : chance === 2 ? random.pick(odd) : makeValue(random, type, chance === 3);
    const parts = segments(path);
    let at = source;
    for (const part of parts.slice(0, -1)) at = (at[part] ??= {}) as Record<string, SourceValue>;
    at[parts[parts.length - 1]] = value;
  }
  return source;
}

function makeValue(random: Random, type: Type, large: boolean): SourceValue {
  const length = (bound: number): number => (large && random.chance(50) ? bound + 1 : random.below(bound + 1));
  switch (type.kind) {
    case 'bool':
      return random.chance(50);
    case 'int':
    case 'uint': {
      const whole = type.kind === 'int' ? makeWhole(random) : natural(makeWhole(random));
      return whole > -(2n ** 53n) && whole < 2n ** 53n && random.chance(80) ? Number(whole) : whole;
    }
    case 'dbl':
      return random.chance(10) ? makeWhole(random) : makeDouble(random);
    case 'ts':
      return random.pick(['2026-11-24T10:00:00Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999999Z', '1969-12-31T23:59:59.000000001Z', '2026-11-24']);
    case 'dur':
      return random.pick(['90s', '-1.5s', '0', '2562047h47m16.854775807s', '1us', '3']);
    case 'str': {
      if (large) return 'é'.repeat((type.bytes >> 1) + 1);
      return random.pick(TEXTS.filter((text) => new TextEncoder().encode(text).length <= type.bytes));
    }
    case 'bytes':
      return encodeBase64(new Uint8Array(random.pick(BYTES).slice(0, type.bytes + (large ? 1 : 0)))) as string;
    case 'list':
      return Array.from({ length: length(type.length) }, () => makeValue(random, type.item, false));
    case 'map': {
      const keys = Array.from({ length: length(type.length) }, () => makeValue(random, type.key, false) as string);
      return Object.fromEntries(keys.map((key) => [key, makeValue(random, type.value, false)]));
    }
    default:
      return makeAny(random, 3);
  }
}

/** What JSON has, of any kind. */
function makeAny(random: Random, depth: number): SourceValue {
  switch (random.below(depth === 0 ? 5 : 7)) {
    case 0:
      return random.chance(50);
    case 1:
      return makeWhole(random);
    case 2:
      return random.pick(TEXTS.slice(0, 16));
    case 3:
      return random.chance(80) ? (random.below(4_000) - 2_000) * 0.25 : 2n ** 63n + BigInt(random.below(9));
    case 4:
      return depth === 3 ? random.below(9) : null;
    case 5:
      return Array.from({ length: random.below(3) }, () => makeAny(random, depth - 1));
    default:
      return Object.fromEntries(Array.from({ length: random.below(3) }, () => [random.pick(TEXTS.slice(0, 6)), makeAny(random, depth - 1)]));
  }
}
