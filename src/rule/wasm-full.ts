/**
 * The code of a node that the core profile has not (spec/rule-wasm.md W-12): a call of a routine that takes and gives
 * slots. Three sorts of routine: one that makes a value writes its slot to a box and its content to the arena's end, and
 * gives the new end; one that finds a value gives its slot's address; both give a negative number for the error. One that
 * tells gives a bool as it stands in a local.
 */
import { FUNCTIONS } from './function.ts';
import type { Node, Op } from './ir.ts';
import type { RoutineName } from './routines.gen.ts';
import { partOf, zoneOf } from './time.ts';
import type { Kind } from './type.ts';
import { type Code, either, get, I32, i32, select, seq, set } from './wasm-assembler.ts';
import { type FoldParts, foldCode } from './wasm-fold.ts';
import type { Tables } from './wasm-layout.ts';
import {
  type Context,
  ERROR,
  failed,
  fill,
  isError,
  isSlot,
  NOWHERE,
  negative,
  newList,
  newMap,
  type Place,
  selection,
  strict,
  type Target,
  target,
  threeValued,
  unpack,
} from './wasm-node.ts';
import { numberOperation } from './wasm-number.ts';

/** Operations whose routine tells. */
const TELLS: ReadonlySet<Op> = new Set<Op>(['eq', 'lt', 'le', 'has', 'member', 'starts', 'ends', 'contains', 'match']);

const ROUTINE: Readonly<Partial<Record<Op, RoutineName>>> = {
  eq: 'equalAny',
  lt: 'less',
  le: 'lessOrEqual',
  add: 'add',
  sub: 'subtract',
  mul: 'multiply',
  div: 'divide',
  rem: 'remainder',
  neg: 'negate',
  size: 'size',
  get: 'getAny',
  has: 'hasAny',
  member: 'memberAny',
  starts: 'startsAny',
  ends: 'endsAny',
  contains: 'containsAny',
  match: 'matchAny',
  toint: 'toInt',
  touint: 'toUint',
  todbl: 'toDouble',
  tostr: 'toText',
  tobytes: 'toBytes',
  tobool: 'toBool',
  tots: 'toTime',
  todur: 'toDuration',
  tsget: 'partOfTime',
  typeof: 'typeOf',
};

/** The routines of a function, by the operands given past the fewest. */
const FUNCTION_ROUTINES: Readonly<Record<string, readonly RoutineName[]>> = {
  charAt: ['charAt'],
  indexOf: ['indexOf', 'indexOfFrom'],
  lastIndexOf: ['lastIndexOf', 'lastIndexOfFrom'],
  join: ['join', 'joinWith'],
  lowerAscii: ['lowerAscii'],
  upperAscii: ['upperAscii'],
  replace: ['replace', 'replaceTimes'],
  split: ['split', 'splitTimes'],
  substring: ['substringFrom', 'substring'],
  trim: ['trim'],
  reverse: ['reverse'],
  'strings.quote': ['quote'],
  format: ['format'],
  'math.greatest': ['greatest'],
  'math.least': ['least'],
  'math.ceil': ['ceil'],
  'math.floor': ['floor'],
  'math.round': ['round'],
  'math.trunc': ['trunc'],
  'math.abs': ['abs'],
  'math.sign': ['sign'],
  'math.isNaN': ['isNaN'],
  'math.isInf': ['isInf'],
  'math.isFinite': ['isFinite'],
  'math.bitAnd': ['bitAnd'],
  'math.bitOr': ['bitOr'],
  'math.bitXor': ['bitXor'],
  'math.bitNot': ['bitNot'],
  'math.bitShiftLeft': ['bitShiftLeft'],
  'math.bitShiftRight': ['bitShiftRight'],
  'math.sqrt': ['sqrt'],
  merge: ['merge'],
  'base64.encode': ['base64Encode'],
  'base64.decode': ['base64Decode'],
};

function routineOf({ op, imm, operands }: Node): RoutineName {
  if (op !== 'call') return ROUTINE[op] as RoutineName;
  const { name, least } = FUNCTIONS[imm];
  return FUNCTION_ROUTINES[name][operands.length - least];
}

/** A place, and the code that must run before it is read. */
interface Prepared {
  readonly code: Code;
  readonly place: Place;
}

/** The value in a slot: of a number or a bool in a box. Of the error the box holds anything. */
function boxed({ box }: Context, place: Place): { readonly code: Code; readonly slot: Code } {
  if (isSlot(place.kind)) return { code: [], slot: place.value };
  const slot = i32.const(box());
  return { code: fill(slot, 0, place), slot };
}

/** as a bool; what is none is the error. */
export function booled({ locals, link }: Context, place: Place): Prepared {
  if (place.kind === 'bool') return { code: [], place };
  if (place.kind !== 'dyn') return { code: [], place: { kind: 'bool', value: ERROR, fails: i32.const(1) } };
  const local = locals.local(I32);
  const value = get(local);
  return { code: set(local, strict([place], ERROR, link('boolOf', place.value))), place: { kind: 'bool', value, fails: isError(value) } };
}

/** As a value of another kind: of a dyn, or the error that a value of no kind is. */
function coerced(context: Context, place: Place, kind: Kind): Prepared {
  if (place.kind === kind || (isSlot(place.kind) && isSlot(kind))) return { code: [], place: { ...place, kind } };
  const { locals } = context;
  if (place.kind === 'none') {
    const none = target(locals, kind, false);
    return { code: failed(kind, none), place: { kind, value: get(none.value), fails: i32.const(1) } };
  }
  const { code, slot } = boxed(context, place);
  if (place.fails === null) return { code, place: { kind, value: slot, fails: null } };
  const local = locals.local(I32);
  const value = get(local);
  return { code: seq(code, set(local, select(place.fails, NOWHERE, slot))), place: { kind, value, fails: negative(value) } };
}

/** What a routine is given beside its operands. */
function extras({ op, imm }: Node, tables: Tables | undefined): readonly Code[] {
  if (op === 'tsget') return [i32.const(partOf(imm)), i32.const(zoneOf(imm))];
  return tables === undefined ? [] : [tables.classes, tables.next, tables.accepts, tables.classCount].map(i32.const);
}

/** Code that sets `to` to the value of a node that is no leaf and no fold. `tables`: those of a `match`. */
export function fullOperation(context: Context, node: Node, kind: Kind, to: Target, operands: readonly Place[], tables?: Tables): Code {
  const { link, top, scratch } = context;
  const { op } = node;
  switch (op) {
    case 'not':
    case 'and':
    case 'or': {
      const bools = operands.map((operand) => booled(context, operand));
      return seq(
        ...bools.map(({ code }) => code),
        threeValued(
          op,
          to,
          bools.map(({ place }) => place),
        ),
      );
    }
    case 'sel': {
      const condition = booled(context, operands[0]);
      const [t, f] = operands.slice(1).map((operand) => coerced(context, operand, kind));
      return seq(condition.code, t.code, f.code, selection(to, condition.place, t.place, f.place));
    }
    case 'list':
      return newList(context, to, operands);
    case 'map':
      return newMap(context, to, operands, false);
    default: {
      const direct = numberOperation(context, node, to, operands);
      if (direct !== undefined) return direct;
      const boxes = operands.map((operand) => boxed(context, operand));
      const slots = [...boxes.map(({ slot }) => slot), ...extras(node, tables)];
      const before = seq(...boxes.map(({ code }) => code));
      const routine = routineOf(node);
      if (TELLS.has(op)) return seq(before, set(to.value, strict(operands, ERROR, link(routine, ...slots))));
      if (op === 'get') {
        const found = strict(operands, NOWHERE, link(routine, ...slots));
        return seq(before, set(scratch, found), unpack(kind, to, get(scratch), negative(get(scratch))));
      }
      const out = i32.const(context.box());
      const made = strict(operands, NOWHERE, link(routine, out, get(top), ...slots));
      const good = seq(set(top, get(scratch)), unpack(kind, to, out, null), to.fails < 0 ? [] : set(to.fails, i32.const(0)));
      return seq(before, set(scratch, made), either(negative(get(scratch)), failed(kind, to), good));
    }
  }
}

/** Code that sets `to` to the value of a fold that the core profile has not: over a dyn, with a predicate or a body of any kind. */
export function fullFold(context: Context, op: Op, to: Target, parts: FoldParts): Code {
  const { locals, link } = context;
  const { round, range, owned, predicate, body } = parts;
  const condition = predicate === null ? null : booled(context, predicate);
  const answer = op === 'collect' || op === 'collectmap' ? { code: [], place: body } : booled(context, body);
  const found = locals.local(I32);
  const value = get(found);
  const whole = foldCode(context, op, to, {
    round,
    range: round.over === 'dyn' ? { kind: 'dyn', value, fails: negative(value) } : range,
    owned: seq(owned, condition?.code ?? [], answer.code),
    predicate: condition === null ? null : condition.place,
    body: answer.place,
  });
  return round.over === 'dyn' ? seq(set(found, strict([range], NOWHERE, link('rangeOf', range.value))), whole) : whole;
}
