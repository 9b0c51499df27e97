/**
 * Numbers of the reference, by the specification's chapter on numerics: every value is its bits as an unsigned bigint.
 * A NaN that an operation makes is the canonical one.
 */
import type { NumberType } from './binary.ts';
import type { Operation } from './operation.ts';

export class ReferenceTrap extends Error {
  readonly trap: string;
  constructor(trap: string) {
    super(trap);
    this.trap = trap;
  }
}

const view = new DataView(new ArrayBuffer(8));
export const WIDTH: Readonly<Record<NumberType, number>> = { i32: 32, i64: 64, f32: 32, f64: 64 };

function toFloat(type: NumberType, bits: bigint): number {
  if (type === 'f32') {
    view.setUint32(0, Number(bits));
    return view.getFloat32(0);
  }
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}
function fromFloat(type: NumberType, value: number): bigint {
  if (Number.isNaN(value)) return type === 'f32' ? 0x7fc0_0000n : 0x7ff8_0000_0000_0000n;
  if (type === 'f32') {
    view.setFloat32(0, value);
    return BigInt(view.getUint32(0));
  }
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

/** Halves go to the even neighbour. */
function nearest(x: number): number {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 52) return x;
  const low = Math.floor(x);
  const above = x - low;
  const to = above < 0.5 || (above === 0.5 && low % 2 === 0) ? low : low + 1;
  return to === 0 && (x < 0 || Object.is(x, -0)) ? -0 : to;
}

/** To f32 by way of f64, rounded once: what f64 cannot hold is kept as a sticky bit. */
function integerToFloat(value: bigint, type: NumberType): number {
  const magnitude = value < 0n ? -value : value;
  if (type === 'f64' || magnitude < 1n << 53n) return Number(value);
  const sticky = ((magnitude >> 11n) << 11n) | ((magnitude & 2047n) === 0n ? 0n : 1n << 11n);
  return Number(value < 0n ? -sticky : sticky);
}

function floatUnary(name: string, x: number): number {
  switch (name) {
    case 'ceil':
      return Math.ceil(x);
    case 'floor':
      return Math.floor(x);
    case 'trunc':
      return Math.trunc(x);
    case 'nearest':
      return nearest(x);
    default:
      return Math.sqrt(x);
  }
}

function floatBinary(name: string, x: number, y: number): number {
  switch (name) {
    case 'add':
      return x + y;
    case 'sub':
      return x - y;
    case 'mul':
      return x * y;
    case 'div':
      return x / y;
    case 'min':
      return Math.min(x, y);
    default:
      return Math.max(x, y);
  }
}

function floatOperation(name: string, type: NumberType, args: readonly bigint[]): bigint {
  const sign = 1n << BigInt(WIDTH[type] - 1);
  if (name === 'abs') return args[0] & (sign - 1n);
  if (name === 'neg') return args[0] ^ sign;
  if (name === 'copysign') return (args[0] & (sign - 1n)) | (args[1] & sign);
  const x = toFloat(type, args[0]);
  return fromFloat(type, args.length === 1 ? floatUnary(name, x) : floatBinary(name, x, toFloat(type, args[1])));
}

function truncate(x: number, to: NumberType, signed: boolean, saturate: boolean): bigint {
  const width = BigInt(WIDTH[to]);
  const least = signed ? -(1n << (width - 1n)) : 0n;
  const most = signed ? (1n << (width - 1n)) - 1n : (1n << width) - 1n;
  if (Number.isNaN(x)) {
    if (saturate) return 0n;
    throw new ReferenceTrap('trap');
  }
  const whole = Number.isFinite(x) ? BigInt(Math.trunc(x)) : x > 0 ? most + 1n : least - 1n;
  if (!saturate && (whole < least || whole > most)) throw new ReferenceTrap('trap');
  return BigInt.asUintN(Number(width), whole < least ? least : whole > most ? most : whole);
}

function convert(name: string, to: NumberType, from: NumberType, bits: bigint): bigint {
  const signed = name.endsWith('_s');
  if (name.startsWith('reinterpret')) return bits;
  if (name.startsWith('trunc')) return truncate(toFloat(from, bits), to, signed, name.startsWith('trunc_sat'));
  if (name.startsWith('convert')) return fromFloat(to, integerToFloat(signed ? BigInt.asIntN(WIDTH[from], bits) : bits, to));
  if (name === 'demote_f64' || name === 'promote_f32') return fromFloat(to, toFloat(from, bits));
  if (name === 'wrap_i64') return BigInt.asUintN(32, bits);
  if (name === 'extend_i32_u') return bits;
  const width = name === 'extend8_s' ? 8 : name === 'extend16_s' ? 16 : 32;
  return BigInt.asUintN(WIDTH[to], BigInt.asIntN(width, bits));
}

const truth = (yes: boolean): bigint => (yes ? 1n : 0n);

function compare(name: string, x: number | bigint, y: number | bigint): bigint {
  switch (name.slice(0, 2)) {
    case 'eq':
      return truth(x === y);
    case 'ne':
      return truth(x !== y);
    case 'lt':
      return truth(x < y);
    case 'gt':
      return truth(x > y);
    case 'le':
      return truth(x <= y);
    default:
      return truth(x >= y);
  }
}

const ones = (bits: bigint): string => bits.toString(2);

function integerOperation(name: string, type: NumberType, [a, b]: readonly bigint[]): bigint {
  const width = WIDTH[type];
  const signed = (bits: bigint): bigint => BigInt.asIntN(width, bits);
  const unsigned = (value: bigint): bigint => BigInt.asUintN(width, value);
  switch (name) {
    case 'clz':
      return a === 0n ? BigInt(width) : BigInt(width - ones(a).length);
    case 'ctz':
      return a === 0n ? BigInt(width) : BigInt(ones(a & -a).length - 1);
    case 'popcnt':
      return BigInt(ones(a).replaceAll('0', '').length);
    case 'add':
      return unsigned(a + b);
    case 'sub':
      return unsigned(a - b);
    case 'mul':
      return unsigned(a * b);
    case 'and':
      return a & b;
    case 'or':
      return a | b;
    case 'xor':
      return a ^ b;
    default:
  }
  if (name.startsWith('div') || name.startsWith('rem')) {
    if (b === 0n) throw new ReferenceTrap('trap');
    const [x, y] = name.endsWith('_s') ? [signed(a), signed(b)] : [a, b];
    if (name.startsWith('rem')) return unsigned(x % y);
    // only the least integer by minus one: its negative is one too many
    if (name === 'div_s' && x / y === 1n << BigInt(width - 1)) throw new ReferenceTrap('trap');
    return unsigned(x / y);
  }
  const by = b % BigInt(width);
  switch (name) {
    case 'shl':
      return unsigned(a << by);
    case 'shr_s':
      return unsigned(signed(a) >> by);
    case 'shr_u':
      return a >> by;
    case 'rotl':
      return unsigned((a << by) | (a >> (BigInt(width) - by)));
    default:
      return unsigned((a >> by) | (a << (BigInt(width) - by)));
  }
}

/** The result's bits. @throws ReferenceTrap */
export function compute(operation: Operation, args: readonly bigint[]): bigint {
  const [type, name] = operation.name.split('.') as [NumberType, string];
  const { params, result } = operation;
  const floats = params[0] === 'f32' || params[0] === 'f64';
  if (result !== type || (result === 'i32' && /^(?:eqz?|ne|[lg][te])(?:_|$)/.test(name))) {
    if (name === 'eqz') return truth(args[0] === 0n);
    const [x, y] = floats ? args.map((bits) => toFloat(type, bits)) : name.endsWith('_s') ? args.map((bits) => BigInt.asIntN(WIDTH[type], bits)) : args;
    return compare(name, x, y);
  }
  if (params[0] !== result || name.startsWith('extend')) return convert(name, result, params[0], args[0]);
  return floats ? floatOperation(name, type, args) : integerOperation(name, type, args);
}
