/**
 * The rule IR (spec/rule-ir.md): a program is a list of nodes, each a value or one error, none lazy, none with an
 * effect. People read CEL; the canonical bytes of this form are the rule's identity, and every backend starts from it.
 *
 * A node's operands are indices of earlier nodes. A fold owns the `count` nodes right after it and runs them once an
 * item of its range; its predicate and body are among these, or earlier nodes that do not depend on the item. Nodes that
 * no fold owns are level 0; the nodes of a fold at region depth d are level d + 1, and its item is `elem d+1`.
 * What analysis computes of each node stands in analysis.ts.
 */

import type { Octets } from '../base/bytes.ts';
import { Reader, Writer } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { tagged } from '../crypto/hash.ts';
import { type Const, readConst, writeConst } from './constant.ts';
import { FUNCTIONS } from './function.ts';
import { isPartNumber } from './time.ts';
import { readType, type Type, writeType } from './type.ts';

export { CONST_BYTES_MAX, type Const, fitsI64, I64_MAX, I64_MIN } from './constant.ts';

export const IR_VERSION = 2;
/** The core profile: bool, int, str, lists and maps of them. */
export const PROFILE_CORE = 0;
/** All of CEL's values: null, uint, double, bytes, times, types, dyn, and its functions. */
export const PROFILE_FULL = 1;

/** operations by number. Numbers never change; those of later profiles are reserved here. */
export const OPS = [
  'const',
  'in',
  'present',
  'elem',
  'key',
  'iter',
  'not',
  'and',
  'or',
  'sel',
  'eq',
  'lt',
  'le',
  'add',
  'sub',
  'mul',
  'div',
  'rem',
  'neg',
  'size',
  'get',
  'has',
  'member',
  'list',
  'map',
  'starts',
  'ends',
  'contains',
  'match',
  'toint',
  'touint',
  'todbl',
  'tostr',
  'tobytes',
  'tobool',
  'tots',
  'todur',
  'tsget',
  'all',
  'any',
  'one',
  'collect',
  'collectmap',
  'call',
  'typeof',
] as const;

export type Op = (typeof OPS)[number];

/** Operations that no program of the core profile may use. */
const RESERVED: ReadonlySet<Op> = new Set<Op>([
  'iter',
  'match',
  'toint',
  'touint',
  'todbl',
  'tostr',
  'tobytes',
  'tobool',
  'tots',
  'todur',
  'tsget',
  'collectmap',
  'call',
  'typeof',
]);
const WITH_IMMEDIATE: ReadonlySet<Op> = new Set<Op>(['const', 'in', 'present', 'elem', 'key', 'iter', 'match', 'tsget', 'call']);
const FOLDS: ReadonlySet<Op> = new Set<Op>(['all', 'any', 'one', 'collect', 'collectmap']);

export const hasImmediate = (op: Op): boolean => WITH_IMMEDIATE.has(op);
export const isFold = (op: Op): boolean => FOLDS.has(op);

/** Operands that an operation takes; −1 any number, −2 an even number, −3 two or more. Folds: range, predicate, body. */
export const ARITY: Readonly<Record<Op, number>> = {
  const: 0,
  in: 0,
  present: 0,
  elem: 0,
  key: 0,
  iter: 0,
  not: 1,
  and: -3,
  or: -3,
  sel: 3,
  eq: 2,
  lt: 2,
  le: 2,
  add: 2,
  sub: 2,
  mul: 2,
  div: 2,
  rem: 2,
  neg: 1,
  size: 1,
  get: 2,
  has: 2,
  member: 2,
  list: -1,
  map: -2,
  starts: 2,
  ends: 2,
  contains: 2,
  match: 1,
  toint: 1,
  touint: 1,
  todbl: 1,
  tostr: 1,
  tobytes: 1,
  tobool: 1,
  tots: 1,
  todur: 1,
  tsget: 1,
  all: 3,
  any: 3,
  one: 3,
  collect: 3,
  collectmap: 3,
  /** As its function has it (function.ts). */
  call: -1,
  typeof: 1,
};

/** A path that the machine writes into the input buffer, such as `args.to`, `agent.sum(money.amount,86400000)`. */
export interface Input {
  readonly path: string;
  readonly type: Type;
}

/** A fold's predicate where there is none. */
export const NO_PREDICATE = -1;

export interface Node {
  readonly op: Op;
  /**
   * const, match, in, present: an index into the program's tables. elem, key, iter: the level of the fold whose item it is.
   * tsget: a part. call: a function. Else 0.
   */
  readonly imm: number;
  /** Indices of nodes. A fold has three: range, predicate or NO_PREDICATE, body. */
  readonly operands: readonly number[];
  /** How many nodes right after it a fold owns; 0 for all others. */
  readonly count: number;
}

export interface Program {
  readonly profile: number;
  readonly inputs: readonly Input[];
  readonly consts: readonly Const[];
  readonly nodes: readonly Node[];
  /** The node whose value is the answer. */
  readonly out: number;
}

// bounds of a program.
export const NODES_MAX = 4_096;
export const CONSTS_MAX = 1_024;
export const INPUTS_MAX = 128;
export const PATH_BYTES_MAX = 256;
export const PROGRAM_BYTES_MAX = 65_536;
/** Operands of one node. */
export const OPERANDS_MAX = 1_024;
/** The longest way from a node down to a leaf: backends and proofs may recurse so far. */
export const TREE_DEPTH_MAX = 512;

const ruleHash = tagged('rule');

/** a program's identity, `H("rule", bytes)`. */
export const programId = (bytes: Uint8Array): Octets => ruleHash(bytes);

/** `[2, profile, [*[path, Type]], [*Const], [*Node], out]`. The bytes are canonical only if the program is. */
export function encodeProgram(program: Program): Uint8Array {
  const writer = new Writer(512);
  writer.array(6);
  writer.uint(IR_VERSION);
  writer.uint(program.profile);
  writer.array(program.inputs.length);
  for (const input of program.inputs) {
    writer.array(2);
    writer.text(input.path);
    writeType(writer, input.type);
  }
  writer.array(program.consts.length);
  for (const value of program.consts) writeConst(writer, value);
  writer.array(program.nodes.length);
  for (const node of program.nodes) writeNode(writer, node);
  writer.uint(program.out);
  return writer.done();
}

/** `[op, imm?, *operand]`, a fold `[op, range, pred | null, body, count]`. */
function writeNode(writer: Writer, node: Node): void {
  const fold = isFold(node.op);
  const immediate = hasImmediate(node.op);
  writer.array(1 + node.operands.length + (fold || immediate ? 1 : 0));
  writer.uint(OPS.indexOf(node.op));
  if (immediate) writer.uint(node.imm);
  for (const operand of node.operands) {
    if (operand === NO_PREDICATE) writer.null();
    else writer.uint(operand);
  }
  if (fold) writer.uint(node.count);
}

/**
 * Reads a program's form: known operations, arities, tables and operands in range. Whether regions and types fit is
 * `analyse`'s, whether it is canonical `admit`'s question.
 * @throws Fault cbor_*, rule_program
 */
export function decodeProgram(bytes: Uint8Array): Program {
  if (bytes.length > PROGRAM_BYTES_MAX) throw new Fault('rule_bound', `a program of more than ${PROGRAM_BYTES_MAX} bytes`);
  const reader = new Reader(bytes);
  reader.fields(6, 'a program');
  if (reader.uint() !== IR_VERSION) reader.fail('rule_program', `IR version ${IR_VERSION} expected`);
  const profile = reader.uint();
  if (profile !== PROFILE_CORE && profile !== PROFILE_FULL) reader.fail('rule_program', `profile ${profile} is not available in this version`);
  const core = profile === PROFILE_CORE;
  const inputs: Input[] = [];
  for (let left = bounded(reader, INPUTS_MAX, 'inputs'); left > 0; left--) {
    reader.fields(2, 'an input');
    inputs.push({ path: reader.text(PATH_BYTES_MAX), type: readType(reader, core) });
  }
  const consts: Const[] = [];
  for (let left = bounded(reader, CONSTS_MAX, 'constants'); left > 0; left--) consts.push(readConst(reader, core));
  const nodes: Node[] = [];
  const count = bounded(reader, NODES_MAX, 'nodes');
  for (let i = 0; i < count; i++) nodes.push(readNode(reader, i, count, core, { inputs, consts }));
  const out = reader.uint();
  if (out >= count) reader.fail('rule_program', 'the answer is no node');
  reader.end();
  return { profile, inputs, consts, nodes, out };
}

function bounded(reader: Reader, max: number, what: string): number {
  const length = reader.array();
  if (length > max) reader.fail('rule_bound', `more than ${max} ${what}`);
  return length;
}

/** Whether the immediate of an operation is one that it may have. */
function isImmediate(op: Op, imm: number, count: number, { inputs, consts }: Pick<Program, 'inputs' | 'consts'>): boolean {
  switch (op) {
    case 'const':
      return imm < consts.length;
    case 'match':
      return typeof consts[imm] === 'string';
    case 'in':
    case 'present':
      return imm < inputs.length;
    case 'tsget':
      return isPartNumber(imm);
    case 'call':
      return imm < FUNCTIONS.length;
    default:
      return imm <= count;
  }
}

/** How many operands an operation may have. */
function takes(op: Op, imm: number, arity: number): boolean {
  if (op === 'call') return arity >= FUNCTIONS[imm].least && arity <= FUNCTIONS[imm].operands.length;
  const wanted = ARITY[op];
  return wanted >= 0 ? arity === wanted : wanted === -2 ? arity % 2 === 0 : wanted === -1 || arity >= 2;
}

function readNode(reader: Reader, index: number, count: number, core: boolean, tables: Pick<Program, 'inputs' | 'consts'>): Node {
  const fields = reader.array();
  if (fields === 0) reader.fail('rule_program', 'an empty node');
  if (fields > OPERANDS_MAX + 1) reader.fail('rule_bound', `more than ${OPERANDS_MAX} operands`);
  const op = OPS[reader.uint()];
  if (op === undefined || (core && RESERVED.has(op))) reader.fail('rule_program', 'not an operation of this profile');
  const fold = isFold(op);
  const immediate = hasImmediate(op);
  const arity = fields - 1 - (fold || immediate ? 1 : 0);
  // An immediate comes before it is known whether the operands are as many as they should be.
  const imm = immediate ? reader.uint() : 0;
  if (immediate && !isImmediate(op, imm, count, tables)) reader.fail('rule_program', `\`${op} ${imm}\` is out of range`);
  if (!takes(op, imm, arity)) reader.fail('rule_program', `\`${op}\` with ${arity} operands`);
  const operands: number[] = [];
  for (let j = 0; j < arity; j++) {
    if (fold && j === 1 && reader.null()) operands.push(NO_PREDICATE);
    else operands.push(reader.uint());
  }
  const owned = fold ? reader.uint() : 0;
  if (owned > count - index - 1) reader.fail('rule_program', 'a fold owns nodes past the end');
  for (let j = 0; j < arity; j++) {
    const own = fold && j > 0 && operands[j] > index && operands[j] <= index + owned;
    if (operands[j] >= index && !own) reader.fail('rule_program', 'an operand that is not an earlier node');
  }
  return { op, imm, operands, count: owned };
}
