/**
 * The canonical program of a term (spec/rule-ir.md ): one program for all ways of writing it. First every term
 * gets its canonical tree, shared where equal; then the trees are laid out in regions and in order.
 */
import { concat, type Octets } from '../base/bytes.ts';
import { Writer } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { tagged } from '../crypto/hash.ts';
import { analyse } from './analysis.ts';
import { constBytesOf, constKey } from './constant.ts';
import {
  CONSTS_MAX,
  type Const,
  INPUTS_MAX,
  type Input,
  NO_PREDICATE,
  NODES_MAX,
  type Node,
  OPERANDS_MAX,
  OPS,
  type Op,
  PROFILE_FULL,
  type Program,
} from './ir.ts';
import { type Binder, isFoldTerm, type Term } from './term.ts';

/** A constant (of `match`: the expression), an input, or a number: the level of an item, the part of a time, a function. */
type Immediate = { readonly value: Const } | Input | number | undefined;

/** A canonical subtree: two that are equal are one object. */
interface Tree {
  readonly op: Op;
  readonly imm: Immediate;
  /** A fold's are range, predicate (undefined where there is none), body. */
  readonly operands: readonly (Tree | undefined)[];
  readonly fold: boolean;
  /** Whether it can be nothing but a bool or the error. */
  readonly bool: boolean;
  /** The highest level of an item that is free in it: the region it lives in. */
  readonly level: number;
  /** Number of the tree among those of this run. */
  readonly id: number;
  hash: Octets | undefined;
}

/** @throws Fault rule_bound when the laid-out program is too large */
export function canonical(out: Term): Program {
  const program = layOut(new Forest().tree(out));
  // the least profile that has it
  return { ...program, profile: analyse(program).profile };
}

const treeHash = tagged('rule.tree');
const NOTHING: ReadonlySet<Binder> = new Set();

class Forest {
  private readonly trees = new Map<string, Tree>();
  private readonly done = new Map<Term, Tree>();
  private readonly levels = new Map<Binder, number>();
  private readonly free = new Map<Term, ReadonlySet<Binder>>();

  tree(term: Term): Tree {
    const known = this.done.get(term);
    if (known !== undefined) return known;
    const tree = this.build(term);
    this.done.set(term, tree);
    return tree;
  }

  private build(term: Term): Tree {
    const bool = term.type.kind === 'bool';
    if ('value' in term) return this.intern(term.op, { value: term.value }, [], 0, bool);
    if ('input' in term) return this.intern(term.op, term.input, [], 0, bool);
    if (isFoldTerm(term)) {
      let outside = 0;
      for (const binder of this.freeIn(term)) outside = Math.max(outside, this.levels.get(binder) ?? 0);
      this.levels.set(term.binder, outside + 1);
      const operands = [this.tree(term.range), term.predicate === undefined ? undefined : this.tree(term.predicate), this.tree(term.body)];
      return this.intern(term.op, undefined, operands, outside, bool, true);
    }
    if ('binder' in term) {
      const level = this.levels.get(term.binder);
      if (level === undefined) throw new Fault('rule_program', `\`${term.binder.name}\` is used outside its fold`);
      return this.intern(term.op, level, [], level, bool);
    }
    const operands = term.operands.map((operand) => this.tree(operand));
    if (term.op === 'and' || term.op === 'or') return this.logic(term.op, operands);
    if (term.op === 'eq') operands.sort((a, b) => this.order(a, b));
    const mark = 'mark' in term ? (typeof term.mark === 'string' ? { value: term.mark } : term.mark) : undefined;
    return this.intern(term.op, mark, operands, highest(operands), bool);
  }

  /** Flattened, sorted by hash, each once; one operand alone stands for itself, as a bool. */
  private logic(op: 'and' | 'or', operands: readonly Tree[]): Tree {
    const parts = new Set<Tree>();
    for (const operand of operands) {
      if (operand.op !== op) parts.add(operand);
      else for (const part of operand.operands) parts.add(part as Tree);
    }
    const sorted = [...parts].sort((a, b) => this.order(a, b));
    if (sorted.length > 1) return this.intern(op, undefined, sorted, highest(sorted), true);
    const [one] = sorted;
    return one.bool ? one : this.not(this.not(one));
  }

  private not(tree: Tree): Tree {
    return this.intern('not', undefined, [tree], tree.level, true);
  }

  /** The binders that a term uses and does not bind. */
  private freeIn(term: Term): ReadonlySet<Binder> {
    const known = this.free.get(term);
    if (known !== undefined) return known;
    let found = NOTHING;
    if ('binder' in term && !isFoldTerm(term)) found = new Set([term.binder]);
    else if (isFoldTerm(term)) {
      const inside = this.union(term.predicate === undefined ? [term.body] : [term.predicate, term.body]);
      found = new Set([...this.freeIn(term.range), ...[...inside].filter((binder) => binder !== term.binder)]);
    } else if ('operands' in term) found = this.union(term.operands);
    this.free.set(term, found);
    return found;
  }

  private union(terms: readonly Term[]): ReadonlySet<Binder> {
    const sets = terms.map((term) => this.freeIn(term)).filter((set) => set.size > 0);
    return sets.length <= 1 ? (sets[0] ?? NOTHING) : new Set(sets.flatMap((set) => [...set]));
  }

  private intern(op: Op, imm: Immediate, operands: Tree['operands'], level: number, bool: boolean, fold = false): Tree {
    const what = typeof imm === 'object' ? ('value' in imm ? constKey(imm.value) : imm.path) : String(imm);
    const key = `${op} ${operands.map((operand) => operand?.id ?? '-').join(' ')} ${what}`;
    let tree = this.trees.get(key);
    if (tree === undefined) {
      tree = { op, imm, operands, fold, bool, level, id: this.trees.size, hash: undefined };
      this.trees.set(key, tree);
    }
    return tree;
  }

  private order(a: Tree, b: Tree): number {
    const x = this.hash(a);
    const y = this.hash(b);
    return x < y ? -1 : x > y ? 1 : 0;
  }

  /** `H("rule.tree", u8 op ‖ CBOR of the constant, the path or the number, else nothing ‖ hashes of the operands)`. */
  private hash(tree: Tree): Octets {
    if (tree.hash === undefined) {
      const parts = tree.operands.map((operand) => (operand === undefined ? NO_OPERAND : this.hash(operand)));
      tree.hash = treeHash(concat(new Uint8Array([OPS.indexOf(tree.op)]), immediateBytes(tree.imm)), ...parts);
    }
    return tree.hash;
  }
}

/** Stands for the hash of a predicate that is not there. */
const NO_OPERAND: Octets = '\0'.repeat(32);

function immediateBytes(imm: Immediate): Uint8Array {
  if (imm === undefined) return new Uint8Array(0);
  if (typeof imm === 'object' && 'value' in imm) return constBytesOf(imm.value);
  const writer = new Writer(64);
  writer.value(typeof imm === 'object' ? imm.path : imm);
  return writer.done();
}

const highest = (trees: readonly Tree[]): number => trees.reduce((most, tree) => Math.max(most, tree.level), 0);

/** depth-first post-order from the answer, each node in the region of its level. */
function layOut(out: Tree): Program {
  const inputs: Input[] = [];
  const consts: Const[] = [];
  const nodes: Node[] = [];
  const tables = new Map<string, number>();
  /** Where each tree stands, by region; the last region is the one being filled. */
  const regions: Map<Tree, number>[] = [new Map()];

  const index = <T>(table: T[], key: string, value: T, max: number, what: string): number => {
    const known = tables.get(key);
    if (known !== undefined) return known;
    if (table.length === max) throw new Fault('rule_bound', `the rule has more than ${max} ${what}`);
    tables.set(key, table.length);
    return table.push(value) - 1;
  };
  const immediate = (imm: Immediate): number => {
    if (imm === undefined) return 0;
    if (typeof imm === 'number') return imm;
    if ('value' in imm) return index(consts, `const ${constKey(imm.value)}`, imm.value, CONSTS_MAX, 'constants');
    return index(inputs, `input ${imm.path}`, imm, INPUTS_MAX, 'inputs');
  };
  const push = (node: Node): number => {
    if (nodes.length === NODES_MAX) throw new Fault('rule_bound', `the rule has more than ${NODES_MAX} nodes`);
    if (node.operands.length > OPERANDS_MAX) throw new Fault('rule_bound', `more than ${OPERANDS_MAX} operands`);
    return nodes.push(node) - 1;
  };
  const place = (tree: Tree): number => {
    const region = regions[tree.level];
    const known = region?.get(tree);
    if (known !== undefined) return known;
    if (regions.length - 1 !== tree.level) throw new Fault('internal', 'a node outside its region');
    const at = tree.fold ? placeFold(tree) : placePlain(tree);
    region.set(tree, at);
    return at;
  };
  const placePlain = (tree: Tree): number => {
    const operands = tree.operands.map((operand) => place(operand as Tree));
    return push({ op: tree.op, imm: immediate(tree.imm), operands, count: 0 });
  };
  const placeFold = (tree: Tree): number => {
    const [range, predicate, body] = tree.operands;
    const start = place(range as Tree);
    const seen = new Set<Tree>();
    placeInvariants(predicate, tree.level, seen);
    placeInvariants(body, tree.level, seen);
    const at = push({ op: tree.op, imm: 0, operands: [], count: 0 });
    regions.push(new Map());
    const operands = [start, predicate === undefined ? NO_PREDICATE : place(predicate), place(body as Tree)];
    regions.pop();
    nodes[at] = { op: tree.op, imm: 0, operands, count: nodes.length - 1 - at };
    return at;
  };
  /** What does not depend on a fold's item goes before it. */
  const placeInvariants = (tree: Tree | undefined, level: number, seen: Set<Tree>): void => {
    if (tree === undefined || seen.has(tree)) return;
    seen.add(tree);
    if (tree.level <= level) place(tree);
    else for (const operand of tree.operands) placeInvariants(operand, level, seen);
  };

  const last = place(out);
  return { profile: PROFILE_FULL, inputs, consts, nodes, out: last };
}
