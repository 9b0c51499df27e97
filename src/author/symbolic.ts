/**
 * A program of the rule IR as terms of a solver: the meaning of spec/rule-ir.md R-5 once more, for all inputs at once. Folds
 * are unrolled over the room of their range. What is outside the core profile is refused by name.
 */

import { type Const, isFold, NO_PREDICATE, type Node, type Program } from '../rule/ir.ts';
import { automatonOf, FUNCTIONS } from '../rule/judge.ts';
import { FALSE, NotLowered, type Term, TRUE } from './script.ts';
import {
  type BoolSymbol,
  INT_BITS,
  intTerm,
  isTextual,
  LENGTH_BITS,
  type ListSymbol,
  lengthTerm,
  type MapSymbol,
  type Symbol,
  type Symbols,
  sizeTerm,
} from './symbol.ts';
import { arithmetic, converted, doubleConstant, mathFunction, negated } from './symbol-number.ts';
import { accepts, constantBytes, constantText, contains, endsWith, inCase, joined, startsWith } from './symbol-text.ts';

/** What a program finds at an input. */
export interface InputSymbol {
  readonly value: Symbol;
  readonly present: BoolSymbol;
}

/** Runs of nodes while unrolling: more is refused. */
const RUNS_MAX = 60_000;
/** Operations that are refused, as an author writes them. */
const CEL_NAMES: ReadonlyMap<string, string> = new Map([
  ['tostr', 'string(…)'],
  ['tobytes', 'bytes(…)'],
  ['tots', 'timestamp(…)'],
  ['todur', 'duration(…)'],
  ['tsget', 'a part of a timestamp'],
  ['typeof', 'type(…)'],
  ['collectmap', 'transformMap'],
]);
/** Items of a list that is made of others. */
const ITEMS_MAX = 64;

/** The program's answer. @throws NotLowered naming what it uses that no solver is asked about */
export function symbolic(symbols: Symbols, program: Program, inputs: readonly InputSymbol[]): BoolSymbol {
  const answer = new Unrolling(symbols, program, inputs).answer();
  if (answer.kind !== 'bool') throw new NotLowered('its answer is no bool');
  return answer;
}

class Unrolling {
  private readonly symbols: Symbols;
  private readonly program: Program;
  private readonly inputs: readonly InputSymbol[];
  private readonly results: Symbol[] = [];
  private readonly items: { readonly key: Symbol; readonly elem: Symbol; readonly iter: Symbol }[] = [];
  private runs = 0;

  constructor(symbols: Symbols, program: Program, inputs: readonly InputSymbol[]) {
    this.symbols = symbols;
    this.program = program;
    this.inputs = inputs;
  }

  answer(): Symbol {
    this.run(0, this.program.nodes.length);
    return this.results[this.program.out];
  }

  private run(from: number, to: number): void {
    const { nodes } = this.program;
    for (let i = from; i < to; i += 1 + nodes[i].count) {
      this.runs += 1;
      if (this.runs > RUNS_MAX) throw new NotLowered('its folds unroll to more than a solver can look through');
      this.results[i] = isFold(nodes[i].op) ? this.fold(nodes[i], i) : this.step(nodes[i]);
    }
  }

  private bool(j: number): BoolSymbol {
    const symbol = this.results[j];
    if (symbol.kind !== 'bool') throw new NotLowered('it treats another type as a bool');
    return symbol;
  }

  private step(node: Node): Symbol {
    const { symbols, results } = this;
    const { script } = symbols;
    switch (node.op) {
      case 'const':
        return this.constant(this.program.consts[node.imm]);
      case 'in':
        return this.inputs[node.imm].value;
      case 'present':
        return this.inputs[node.imm].present;
      case 'elem':
        return this.items[node.imm - 1].elem;
      case 'key':
        return this.items[node.imm - 1].key;
      case 'iter':
        return this.items[node.imm - 1].iter;
      case 'not': {
        const { t, f } = this.bool(node.operands[0]);
        return { kind: 'bool', t: f, f: t };
      }
      case 'and':
      case 'or': {
        const operands = node.operands.map((j) => this.bool(j));
        const t = operands.map((one) => one.t);
        const f = operands.map((one) => one.f);
        return node.op === 'and' ? { kind: 'bool', t: script.and(...t), f: script.or(...f) } : { kind: 'bool', t: script.or(...t), f: script.and(...f) };
      }
      case 'sel': {
        const condition = this.bool(node.operands[0]);
        const chosen = symbols.choose(condition.t, results[node.operands[1]], results[node.operands[2]]);
        return symbols.where(script.and(symbols.ok(condition), symbols.ok(chosen)), chosen);
      }
      default: {
        const operands = node.operands.map((j) => results[j]);
        return this.strict(node, operands, script.and(...operands.map((one) => symbols.ok(one))));
      }
    }
  }

  private constant(value: Const): Symbol {
    if (typeof value === 'boolean') return this.symbols.bool(value);
    if (typeof value === 'bigint') return { kind: 'int', ok: TRUE, bits: intTerm(value) };
    if (typeof value === 'string') return constantText(value);
    if (typeof value === 'number') return doubleConstant(value);
    if (value === null) return { kind: 'null', ok: TRUE };
    if (value instanceof Uint8Array) return constantBytes('bytes', value);
    if (value.kind === 'uint') return { kind: 'uint', ok: TRUE, bits: intTerm(value.value) };
    throw new NotLowered('it has a constant of another type');
  }

  /** Operations that need all their operands. `ok` says that all are there. */
  private strict({ op, imm }: Node, operands: readonly Symbol[], ok: Term): Symbol {
    const { symbols } = this;
    const { script } = symbols;
    const [a, b] = operands;
    switch (op) {
      case 'eq':
        return symbols.truth(symbols.equal(a, b), ok);
      case 'lt':
        return symbols.truth(symbols.less(a, b), ok);
      case 'le':
        return symbols.truth(symbols.atMost(a, b), ok);
      case 'add':
        if (isTextual(a) && isTextual(b) && a.kind === b.kind) return { ...joined(script, a, b), ok };
        if (a.kind === 'list' && b.kind === 'list') return this.append(a, b, ok);
        return arithmetic(script, op, a, b, ok);
      case 'sub':
      case 'mul':
      case 'div':
      case 'rem':
        return arithmetic(script, op, a, b, ok);
      case 'neg':
        return negated(script, a, ok);
      case 'size':
        if (isTextual(a)) return { kind: 'int', ok, bits: sizeTerm(script, a) };
        if (a.kind !== 'list' && a.kind !== 'map') throw new NotLowered(`it asks for the size of ${a.kind}`);
        return { kind: 'int', ok, bits: script.extend(a.length, LENGTH_BITS, INT_BITS) };
      case 'get':
        if (a.kind === 'list') return this.at(a, b, ok);
        return this.first(this.entriesOf(a, b), (a as MapSymbol).values, ok);
      case 'has':
        return symbols.truth(script.or(...this.entriesOf(a, b)), ok);
      case 'member':
        if (b.kind === 'map') return symbols.truth(script.or(...this.entriesOf(b, a)), ok);
        return symbols.truth(
          script.or(...this.itemsOf(b).map((item, i) => script.and(symbols.counts(i, (b as ListSymbol).length), symbols.equal(item, a)))),
          ok,
        );
      case 'list':
        return { kind: 'list', ok, length: lengthTerm(operands.length), items: operands };
      case 'map':
        return this.map(operands, ok);
      case 'starts':
      case 'ends':
      case 'contains': {
        if (a.kind !== 'str' || b.kind !== 'str') throw new NotLowered(`it looks into ${a.kind}`);
        return symbols.truth({ starts: startsWith, ends: endsWith, contains }[op](script, a, b), ok);
      }
      case 'match':
        if (a.kind !== 'str') throw new NotLowered(`it matches ${a.kind}`);
        return symbols.truth(accepts(script, a, automatonOf(this.program.consts[imm] as string)), ok);
      case 'toint':
        return converted(script, 'int', a, ok);
      case 'touint':
        return converted(script, 'uint', a, ok);
      case 'todbl':
        return converted(script, 'dbl', a, ok);
      case 'tobool':
        if (a.kind !== 'bool') throw new NotLowered(`it converts ${a.kind} to bool`);
        return a;
      case 'call': {
        const { name } = FUNCTIONS[imm];
        if (name.startsWith('math.')) return mathFunction(symbols, name, operands, ok);
        if ((name === 'lowerAscii' || name === 'upperAscii') && a.kind === 'str') return { ...inCase(script, a, name === 'upperAscii'), ok };
        throw new NotLowered(`it uses ${name}`);
      }
      default:
        throw new NotLowered(`it uses ${CEL_NAMES.get(op) ?? op}`);
    }
  }

  /** Of each entry of a map, whether it has this key. */
  private entriesOf(map: Symbol, key: Symbol): readonly Term[] {
    if (map.kind !== 'map' || !KEYS.has(key.kind)) throw new NotLowered(`it looks for ${key.kind} in ${map.kind}`);
    return this.symbols.matches(map, key);
  }

  private itemsOf(symbol: Symbol): readonly Symbol[] {
    if (symbol.kind !== 'list') throw new NotLowered(`it looks into ${symbol.kind}`);
    return symbol.items;
  }

  /** The value of the one condition that holds; the error where none does. */
  private first(conditions: readonly Term[], values: readonly Symbol[], ok: Term): Symbol {
    const { symbols } = this;
    const { script } = symbols;
    if (values.length === 0) throw new NotLowered('it reads from an empty collection');
    const found = script.and(ok, script.or(...conditions));
    return symbols.where(
      found,
      values.reduceRight((rest, value, i) => (i === values.length - 1 ? value : symbols.choose(conditions[i], value, rest)), values[values.length - 1]),
    );
  }

  private at(list: ListSymbol, index: Symbol, ok: Term): Symbol {
    const { script } = this.symbols;
    if (index.kind !== 'int' && index.kind !== 'uint') throw new NotLowered(`an index of type ${index.kind}`);
    const at = index.bits;
    const conditions = list.items.map((_, i) => script.and(this.symbols.counts(i, list.length), script.equal(at, intTerm(BigInt(i)))));
    return this.first(conditions, list.items, ok);
  }

  private append(a: ListSymbol, b: ListSymbol, ok: Term): ListSymbol {
    const { symbols } = this;
    const { script } = symbols;
    const room = a.items.length + b.items.length;
    if (room > ITEMS_MAX) throw new NotLowered(`it makes lists of more than ${ITEMS_MAX} items`);
    const items = Array.from({ length: room }, (_, i) => {
      // The item is a's, or b's that stands as many places before as a is long.
      let item: Symbol | undefined;
      for (let length = 0; length <= Math.min(i, a.items.length); length++) {
        const from = b.items[i - length];
        if (from !== undefined) item = item === undefined ? from : symbols.choose(script.equal(a.length, lengthTerm(length)), from, item);
      }
      const own = a.items[i];
      if (item === undefined) return own;
      return own === undefined ? item : symbols.choose(symbols.counts(i, a.length), own, item);
    });
    return { kind: 'list', ok, length: script.operation(LENGTH_BITS, 'bvadd', a.length, b.length), items };
  }

  /** Entries in the order of their keys, by exchanging neighbours; a key given twice is the error. */
  private map(operands: readonly Symbol[], ok: Term): MapSymbol {
    const { symbols } = this;
    const { script } = symbols;
    if (operands.some(({ kind }, i) => i % 2 === 0 && !KEYS.has(kind))) throw new NotLowered('it makes a map with other keys');
    const keys = operands.filter((_, i) => i % 2 === 0).map((key) => symbols.where(TRUE, key));
    const values = operands.filter((_, i) => i % 2 === 1);
    const twice = keys.flatMap((a, i) => keys.slice(i + 1).map((b) => symbols.equal(a, b)));
    for (let end = keys.length - 1; end > 0; end--) {
      for (let i = 0; i < end; i++) {
        const swap = symbols.less(keys[i + 1], keys[i]);
        [keys[i], keys[i + 1]] = [symbols.choose(swap, keys[i + 1], keys[i]), symbols.choose(swap, keys[i], keys[i + 1])];
        [values[i], values[i + 1]] = [symbols.choose(swap, values[i + 1], values[i]), symbols.choose(swap, values[i], values[i + 1])];
      }
    }
    return { kind: 'map', ok: script.and(ok, script.not(script.or(...twice))), length: lengthTerm(keys.length), keys, values };
  }

  private fold(node: Node, at: number): Symbol {
    const { symbols } = this;
    const [rangeAt, predicate, body] = node.operands;
    const range = this.results[rangeAt];
    if (range.kind !== 'list' && range.kind !== 'map') throw new NotLowered(`it folds over ${range.kind}`);
    const rounds: Round[] = [];
    const values = range.kind === 'list' ? range.items : range.values;
    for (let i = 0; i < values.length; i++) {
      const counts = symbols.counts(i, range.length);
      if (counts === FALSE) break;
      const key: Symbol = range.kind === 'list' ? { kind: 'int', ok: TRUE, bits: intTerm(BigInt(i)) } : inList(range.keys[i]);
      const elem = inList(values[i]);
      this.items.push({ key, elem, iter: range.kind === 'list' ? elem : key });
      this.run(at + 1, at + 1 + node.count);
      this.items.pop();
      rounds.push({ counts, key, keep: predicate === NO_PREDICATE ? symbols.bool(true) : this.bool(predicate), result: this.results[body] });
    }
    const all = predicate === NO_PREDICATE;
    if (node.op === 'collect') return this.collect(range, rounds, all);
    if (node.op !== 'collectmap') return this.quantify(node.op, range, rounds);
    // Keys stay in order.
    const { ok, length, items } = this.collect(range, rounds, all);
    const keys = this.collect(
      range,
      rounds.map((round) => ({ ...round, result: round.key })),
      all,
    ).items;
    return { kind: 'map', ok, length, keys, values: items };
  }

  private quantify(op: Node['op'], range: ListSymbol | MapSymbol, rounds: readonly Round[]): BoolSymbol {
    const { script } = this.symbols;
    const bodies = rounds.map(({ counts, result }) => {
      if (result.kind !== 'bool') throw new NotLowered('it tests another type');
      return { counts, t: script.and(counts, result.t), f: script.and(counts, result.f) };
    });
    if (op === 'all' || op === 'any') {
      // Some round decides; or every round that counts says the other.
      const some = script.or(...bodies.map(({ t, f }) => (op === 'all' ? f : t)));
      const every = script.and(...bodies.map(({ counts, t, f }) => script.or(script.not(counts), op === 'all' ? t : f)));
      const [t, f] = op === 'all' ? [every, some] : [some, every];
      return { kind: 'bool', t: script.and(range.ok, t), f: script.and(range.ok, f) };
    }
    if (op !== 'one') throw new NotLowered(`it uses ${CEL_NAMES.get(op) ?? op}`);
    const fails = script.or(...bodies.map(({ counts, t, f }) => script.and(counts, script.not(t), script.not(f))));
    let one = FALSE;
    let more = FALSE;
    for (const { t } of bodies) {
      more = script.or(more, script.and(one, t));
      one = script.or(one, t);
    }
    return this.symbols.truth(script.and(one, script.not(more)), script.and(range.ok, script.not(fails)));
  }

  private collect(range: ListSymbol | MapSymbol, rounds: readonly Round[], all: boolean): ListSymbol {
    const { symbols } = this;
    const { script } = symbols;
    const fails = rounds.map(({ counts, keep, result }) =>
      script.and(counts, script.or(script.not(symbols.ok(keep)), script.and(keep.t, script.not(symbols.ok(result))))),
    );
    const ok = script.and(range.ok, script.not(script.or(...fails)));
    if (all) return { kind: 'list', ok, length: range.length, items: rounds.map(({ result }) => result) };
    /** Kept before each round. */
    let length = lengthTerm(0);
    const kept = rounds.map(({ counts, keep, result }) => {
      const taken = script.and(counts, keep.t);
      const place = length;
      length = script.choose(`(_ BitVec ${LENGTH_BITS})`, taken, script.operation(LENGTH_BITS, 'bvadd', length, lengthTerm(1)), length);
      return { taken, place, result };
    });
    const items = rounds.map((_, j) => {
      let item = kept[kept.length - 1].result;
      for (let i = kept.length - 2; i >= j; i--)
        item = symbols.choose(script.and(kept[i].taken, script.equal(kept[i].place, lengthTerm(j))), kept[i].result, item);
      return item;
    });
    return { kind: 'list', ok, length, items };
  }
}

interface Round {
  readonly counts: Term;
  readonly key: Symbol;
  readonly keep: BoolSymbol;
  readonly result: Symbol;
}

/** Kinds of keys. */
const KEYS: ReadonlySet<string> = new Set(['bool', 'int', 'uint', 'str']);

/** An item of a list that is there is never the error. */
const inList = (symbol: Symbol): Symbol => (symbol.kind === 'bool' ? symbol : { ...symbol, ok: TRUE });
