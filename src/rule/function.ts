/**
 * The functions of `call` (spec/rule-ir.md R-23): a table by number, append-only. What a function does is in the
 * interpreter (interpret-text.ts, interpret-number.ts); here is what types, gas and printing need.
 *
 * A function is strict and total: an operand of a kind that it does not take gives the error.
 */
import { BOOL, DOUBLE, dyn, INT, type Kind, lengthOf, list, map, NONE, plainBytes, str, type Type } from './type.ts';

export interface RuleFunction {
  /** As people write it: `charAt` is a method of its first operand, `math.abs` and `strings.quote` are not. */
  readonly name: string;
  /** Kinds that each operand may have; the last ones may be left out, down to `least` operands. */
  readonly operands: readonly (readonly Kind[])[];
  readonly least: number;
  /** The result from the operands' types; `none` when no value can come of them. */
  readonly result: (types: readonly Type[]) => Type;
  /** gas for each 8 bytes of the operands and of what the result adds to memory. */
  readonly work: number;
}

const TEXT: readonly Kind[] = ['str'];
const WHOLE: readonly Kind[] = ['int'];
const REAL: readonly Kind[] = ['dbl'];
const BITS: readonly Kind[] = ['int', 'uint'];
const NUMBER: readonly Kind[] = ['int', 'uint', 'dbl'];
const LIST: readonly Kind[] = ['list'];

const ANY_NUMBER: Type = dyn(0);

/** Most bytes of a text or of plain bytes; a dyn's may all be one text. */
const bytesOf = (type: Type | undefined): number => (type !== undefined && 'bytes' in type ? type.bytes : 0);

/** The number itself, as it is of the first operand; of a list the type of its items. */
const likeFirst =
  (kinds: readonly Kind[]) =>
  ([a]: readonly Type[]): Type =>
    kinds.includes(a.kind) ? a : a.kind === 'dyn' ? ANY_NUMBER : NONE;
const extreme = ([a]: readonly Type[]): Type => likeFirst(NUMBER)([a.kind === 'list' ? a.item : a]);
const sameText = ([a]: readonly Type[]): Type => str(bytesOf(a));

function joined([a, separator]: readonly Type[]): Type {
  const between = lengthOf(a) * bytesOf(separator);
  if (a.kind === 'list') return str(a.length * bytesOf(a.item) + between);
  return str(bytesOf(a) + between);
}

/** Where nothing is looked for, the replacement stands before every code point and at the end. */
const replaced = ([a, , to]: readonly Type[]): Type => str(bytesOf(a) + (bytesOf(a) + 1) * bytesOf(to));
const pieces = ([a]: readonly Type[]): Type => list(str(bytesOf(a)), bytesOf(a) + 1);

/** The longest number is 411 characters: a sign, 309 digits, a point and 100 digits. */
const NUMBER_TEXT_MAX = 411;
function formatted([format, args]: readonly Type[]): Type {
  const slots = args.kind === 'list' ? args.length * (NUMBER_TEXT_MAX + 4 * heap(args.item)) : lengthOf(args) * NUMBER_TEXT_MAX + 4 * bytesOf(args);
  return str(bytesOf(format) + slots);
}

/** R-6 without its bound. */
function heap(type: Type): number {
  if (type.kind === 'list') return type.length * (16 + heap(type.item));
  if (type.kind === 'map') return type.length * (32 + heap(type.key) + heap(type.value));
  return bytesOf(type);
}

function merged([a]: readonly Type[]): Type {
  if (a.kind === 'dyn') return a;
  if (a.kind !== 'list') return NONE;
  const { item, length } = a;
  if (item.kind === 'map') return map(item.key, item.value, item.length * length);
  if (item.kind === 'none') return map(NONE, NONE, 0);
  return item.kind === 'dyn' ? dyn(item.bytes * length) : NONE;
}

const method = (
  name: string,
  operands: RuleFunction['operands'],
  result: RuleFunction['result'],
  { least = operands.length, work = 1 } = {},
): RuleFunction => ({
  name,
  operands,
  least,
  result,
  work,
});
const always =
  (type: Type): RuleFunction['result'] =>
  () =>
    type;

/** Text is read and built code point by code point: up to 72 ns for 8 bytes on the baseline compiler. */
const TEXT_WORK = 8;
/** The same, more than once. */
const LONG_TEXT_WORK = 16;

/** By number. The order never changes; new ones are appended. */
export const FUNCTIONS: readonly RuleFunction[] = [
  /* 0 */ method('charAt', [TEXT, WHOLE], always(str(4)), { work: TEXT_WORK }),
  /* 1 */ method('indexOf', [TEXT, TEXT, WHOLE], always(INT), { least: 2, work: TEXT_WORK }),
  /* 2 */ method('lastIndexOf', [TEXT, TEXT, WHOLE], always(INT), { least: 2, work: TEXT_WORK }),
  /* 3 */ method('join', [LIST, TEXT], joined, { least: 1, work: TEXT_WORK }),
  /* 4 */ method('lowerAscii', [TEXT], sameText, { work: TEXT_WORK }),
  /* 5 */ method('upperAscii', [TEXT], sameText, { work: TEXT_WORK }),
  /* 6 */ method('replace', [TEXT, TEXT, TEXT, WHOLE], replaced, { least: 3, work: LONG_TEXT_WORK }),
  /* 7 */ method('split', [TEXT, TEXT, WHOLE], pieces, { least: 2, work: TEXT_WORK }),
  /* 8 */ method('substring', [TEXT, WHOLE, WHOLE], sameText, { least: 2, work: TEXT_WORK }),
  /* 9 */ method('trim', [TEXT], sameText, { work: TEXT_WORK }),
  /* 10 */ method('reverse', [TEXT], sameText, { work: TEXT_WORK }),
  /* 11 */ method('strings.quote', [TEXT], ([a]) => str(2 * bytesOf(a) + 2), { work: TEXT_WORK }),
  /* 12 */ method('format', [TEXT, LIST], formatted, { work: LONG_TEXT_WORK }),
  /* 13 */ method('math.greatest', [['int', 'uint', 'dbl', 'list']], extreme),
  /* 14 */ method('math.least', [['int', 'uint', 'dbl', 'list']], extreme),
  /* 15 */ method('math.ceil', [REAL], always(DOUBLE)),
  /* 16 */ method('math.floor', [REAL], always(DOUBLE)),
  /* 17 */ method('math.round', [REAL], always(DOUBLE)),
  /* 18 */ method('math.trunc', [REAL], always(DOUBLE)),
  /* 19 */ method('math.abs', [NUMBER], likeFirst(NUMBER)),
  /* 20 */ method('math.sign', [NUMBER], likeFirst(NUMBER)),
  /* 21 */ method('math.isNaN', [REAL], always(BOOL)),
  /* 22 */ method('math.isInf', [REAL], always(BOOL)),
  /* 23 */ method('math.isFinite', [REAL], always(BOOL)),
  /* 24 */ method('math.bitAnd', [BITS, BITS], likeFirst(BITS)),
  /* 25 */ method('math.bitOr', [BITS, BITS], likeFirst(BITS)),
  /* 26 */ method('math.bitXor', [BITS, BITS], likeFirst(BITS)),
  /* 27 */ method('math.bitNot', [BITS], likeFirst(BITS)),
  /* 28 */ method('math.bitShiftLeft', [BITS, WHOLE], likeFirst(BITS)),
  /* 29 */ method('math.bitShiftRight', [BITS, WHOLE], likeFirst(BITS)),
  /* 30 */ method('math.sqrt', [NUMBER], always(DOUBLE)),
  /* 31 */ method('merge', [LIST], merged, { work: LONG_TEXT_WORK }),
  /* 32 */ method('base64.encode', [['bytes']], ([a]) => str(2 * bytesOf(a) + 4), { work: TEXT_WORK }),
  /* 33 */ method('base64.decode', [TEXT], ([a]) => plainBytes(bytesOf(a)), { work: TEXT_WORK }),
];
