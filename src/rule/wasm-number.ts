/**
 * Numbers of the full profile without a routine (spec/rule-wasm.md W-15): where the kinds of the operands are known, their
 * values stand in locals and an instruction or two do what a routine would.
 */
import type { Node } from './ir.ts';
import type { Kind } from './type.ts';
import { type Code, f64, i32, i64, select, seq, set } from './wasm-assembler.ts';
import { anyFails, arithmetic, type Context, ERROR, type Place, strict, type Target, twice, ZERO64 } from './wasm-node.ts';

const ONE64 = i64.const(1n);
const TWO_63 = 2 ** 63;
const TWO_64 = 2 ** 64;

const isKind = (kind: Kind, places: readonly Place[]): boolean => places.every((place) => place.kind === kind);

/** A number as the double that it is compared as. */
const asDouble = ({ kind, value }: Place): Code => (kind === 'dbl' ? value : kind === 'int' ? f64.ofI64(value) : f64.ofU64(value));

/** Code that sets `to` to the value, the error where an operand is the error or `fails` is not 0. */
function result(to: Target, operands: readonly Place[], value: Code, fails: Code | null = null): Code {
  const before = anyFails(operands);
  const all = before === null ? fails : fails === null ? before : i32.or(before, fails);
  return seq(to.fails < 0 ? [] : set(to.fails, all ?? i32.const(0)), set(to.value, value));
}

/** 1 or 0, of two numbers whose kinds an instruction compares; undefined for others. */
function compared(op: Node['op'], operands: readonly Place[]): Code | undefined {
  const [a, b] = operands;
  const number = (kind: Kind): boolean => kind === 'int' || kind === 'uint' || kind === 'dbl';
  if ((a.kind === 'dbl' || b.kind === 'dbl') && number(a.kind) && number(b.kind)) {
    return (op === 'eq' ? f64.eq : op === 'lt' ? f64.lt : f64.le)(asDouble(a), asDouble(b));
  }
  if (isKind('uint', operands)) return (op === 'eq' ? i64.eq : op === 'lt' ? i64.ltU : i64.leU)(a.value, b.value);
  if (isKind('dur', operands)) return (op === 'eq' ? i64.eq : op === 'lt' ? i64.ltS : i64.leS)(a.value, b.value);
  return undefined;
}

function unsigned(op: Node['op'], to: Target, operands: readonly Place[]): Code | undefined {
  const [a, b] = operands;
  const divisor = select(i64.eqz(b.value), ONE64, b.value);
  switch (op) {
    case 'add':
      return result(to, operands, i64.add(a.value, b.value), i64.ltU(i64.add(a.value, b.value), a.value));
    case 'sub':
      return result(to, operands, i64.sub(a.value, b.value), i64.ltU(a.value, b.value));
    case 'div':
      return result(to, operands, i64.divU(a.value, divisor), i64.eqz(b.value));
    case 'rem':
      return result(to, operands, i64.remU(a.value, divisor), i64.eqz(b.value));
    default:
      return undefined;
  }
}

const REAL = { add: f64.add, sub: f64.sub, mul: f64.mul, div: f64.div } as const;

/** To another kind of number, where the value fits. */
function converted(op: 'toint' | 'touint' | 'todbl', to: Target, operands: readonly Place[]): Code | undefined {
  const [a] = operands;
  const { kind, value } = a;
  if (kind !== 'int' && kind !== 'uint' && kind !== 'dbl') return undefined;
  if (op === 'todbl') return result(to, operands, asDouble(a));
  if (kind !== 'dbl') return result(to, operands, value, (op === 'toint') === (kind === 'int') ? null : i64.ltS(value, ZERO64));
  // what does not fit would trap
  const fits =
    op === 'toint'
      ? i32.and(f64.lt(f64.const(-TWO_63), value), f64.lt(value, f64.const(TWO_63)))
      : i32.and(f64.le(f64.const(0), value), f64.lt(value, f64.const(TWO_64)));
  const safe = select(fits, value, f64.const(0));
  return result(to, operands, op === 'toint' ? f64.toI64(safe) : f64.toU64(safe), i32.eqz(fits));
}

/** Code that sets `to` to the value of a node of numbers; undefined where it takes a routine. */
export function numberOperation(context: Context, { op }: Node, to: Target, operands: readonly Place[]): Code | undefined {
  switch (op) {
    case 'eq':
    case 'lt':
    case 'le': {
      const bit = compared(op, operands);
      return bit === undefined ? undefined : set(to.value, strict(operands, ERROR, twice(bit)));
    }
    case 'add':
    case 'sub':
    case 'mul':
    case 'div':
    case 'rem':
      if (isKind('uint', operands)) return unsigned(op, to, operands);
      if (isKind('dbl', operands) && op !== 'rem') return result(to, operands, REAL[op](operands[0].value, operands[1].value));
      return isKind('dur', operands) && (op === 'add' || op === 'sub') ? arithmetic(context, op, to, operands) : undefined;
    case 'neg':
      return isKind('dbl', operands) ? result(to, operands, f64.neg(operands[0].value)) : undefined;
    case 'toint':
    case 'touint':
    case 'todbl':
      return converted(op, to, operands);
    default:
      return undefined;
  }
}
