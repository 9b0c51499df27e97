/**
 * Random well-typed programs and inputs for tests and benches: nested folds that use the items of outer ones, shared
 * values, texts at the edges of Unicode, integers at the edges of 64 bits. The same seed gives the same programs.
 */

import { Fault } from '../base/fault.ts';
import { analyse } from './analysis.ts';
import { canonical } from './canonical.ts';
import type { Source, SourceValue } from './input.ts';
import { segments } from './input.ts';
import { I64_MAX, I64_MIN, type Input, type Program } from './ir.ts';
import { apply, type Binder, constant, type FoldOp, fold, input, item, present, type Term } from './term.ts';
import { BOOL, compatible, INT, list, map, str, type Type } from './type.ts';

/** xorshift32: integers below `bound`, the same everywhere. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = Math.imul(seed + 1, 0x9e3779b1) || 1;
    for (let i = 0; i < 8; i++) this.below(1);
  }

  below(bound: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % bound;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
}

export interface Made {
  readonly term: Term;
  readonly program: Program;
  /** All declared inputs; the program may use fewer. */
  readonly inputs: readonly Input[];
}

export interface Wish {
  /** Levels of the term. */
  readonly depth: number;
  /** Programs that may cost more are made again. */
  readonly gas_max: number;
  readonly arena_bytes_max: number;
  /** Also what CEL cannot say: the values of a map and the indices of a list as items. */
  readonly beyondCel: boolean;
  /** The answer's type. */
  readonly type: Type;
}

const WISH: Wish = { depth: 5, gas_max: 200_000, arena_bytes_max: 500_000, beyondCel: false, type: BOOL };

const TEXTS = ['', 'a', 'b', 'ab', 'abc', 'aab', 'payments', 'é', '😀', '\uffff', '\u{10ffff}', 'a\u0000b', 'ß', '日本', 'abababab', 'x@y.com'];
const INTEGERS = [
  0n,
  1n,
  -1n,
  2n,
  3n,
  7n,
  -5n,
  10n,
  100n,
  5000n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n,
  I64_MAX,
  I64_MIN,
  I64_MAX - 1n,
  I64_MIN + 1n,
  3037000500n,
  -3037000500n,
];
const TYPES: readonly Type[] = [
  BOOL,
  INT,
  INT,
  str(8),
  str(24),
  list(INT, 3),
  list(str(6), 4),
  list(BOOL, 2),
  list(list(INT, 2), 3),
  map(str(4), INT, 4),
  map(str(6), str(6), 3),
  list(map(str(4), INT, 2), 2),
  map(str(2), list(str(3), 2), 2),
  list(list(str(4), 2), 2),
];

/** A random program whose gas and arena are within the wish. */
export function makeProgram(random: Random, wish: Partial<Wish> = {}): Made {
  const full = { ...WISH, ...wish };
  for (;;) {
    const inputs = makeInputs(random);
    try {
      const term = new Maker(random, inputs, full).term(full.type, full.depth);
      const program = canonical(term);
      const { gas, arena_bytes } = analyse(program);
      if (gas <= full.gas_max && arena_bytes <= full.arena_bytes_max) return { term, program, inputs };
    } catch (fault) {
      if (!(fault instanceof Fault) || fault.slug !== 'rule_bound') throw fault;
    }
  }
}

function makeInputs(random: Random): readonly Input[] {
  const groups = ['args', 'context', 'args.deep'];
  return Array.from({ length: 4 + random.below(6) }, (_, i) => ({ path: `${random.pick(groups)}.i${i}`, type: random.pick(TYPES) }));
}

class Maker {
  private readonly random: Random;
  private readonly inputs: readonly Input[];
  private readonly wish: Wish;
  /** The folds around, the innermost last. */
  private readonly binders: Binder[] = [];
  /** Terms made so far that use no item out of sight: sharing takes from here. */
  private readonly made: Term[] = [];

  constructor(random: Random, inputs: readonly Input[], wish: Wish) {
    this.random = random;
    this.inputs = inputs;
    this.wish = wish;
  }

  /** A term whose type has the kinds of `type`; bounds are free. */
  term(type: Type, depth: number): Term {
    const term = this.build(type, depth);
    this.made.push(term);
    return term;
  }

  private build(type: Type, depth: number): Term {
    const { random } = this;
    const items = this.items(type);
    if (items.length > 0 && random.chance(depth <= 1 ? 80 : 35)) return random.pick(items);
    if (depth <= 1) return this.leaf(type);
    if (random.chance(8)) {
      const shared = this.made.filter((term) => same(term.type, type));
      if (shared.length > 0) return random.pick(shared);
    }
    if (random.chance(8)) return apply('sel', this.term(BOOL, depth - 1), this.term(type, depth - 1), this.term(type, depth - 1));
    if (random.chance(8)) return this.get(type, depth);
    // Inside a fold another fold is likely: how levels nest is what goes wrong.
    const nest = this.binders.length > 0 && this.binders.length < 3 && random.chance(40);
    switch (type.kind) {
      case 'bool':
        return nest ? this.fold(random.pick(['all', 'any', 'one'] as const), BOOL, depth) : this.bool(depth);
      case 'int':
        return this.int(depth);
      case 'str':
        return random.chance(60) ? apply('add', this.term(type, depth - 1), this.term(type, depth - 1)) : this.leaf(type);
      case 'list':
        return nest ? this.fold('collect', type.item, depth) : this.list(type.item, depth);
      default:
        return this.map(type as Extract<Type, { kind: 'map' }>, depth);
    }
  }

  /** The items of the folds around that have this type. */
  private items(type: Type): readonly Term[] {
    return this.binders.flatMap((binder) => {
      const usual = binder.range.kind === 'map' ? 'key' : 'elem';
      const terms = [item(usual, binder)];
      if (this.wish.beyondCel) terms.push(item(usual === 'key' ? 'elem' : 'key', binder));
      return terms.filter((term) => same(term.type, type));
    });
  }

  private leaf(type: Type): Term {
    const { random } = this;
    const inputs = this.inputs.filter((one) => same(one.type, type));
    if (inputs.length > 0 && random.chance(60)) return input(random.pick(inputs));
    switch (type.kind) {
      case 'bool':
        return random.chance(50) ? constant(random.chance(50)) : present(random.pick(this.inputs));
      case 'int':
        return constant(makeInteger(random));
      case 'str':
        return constant(random.pick(TEXTS));
      case 'list':
        return apply('list', ...Array.from({ length: 1 + random.below(3) }, () => this.leaf(type.item)));
      default:
        return this.map(type as Extract<Type, { kind: 'map' }>, 1);
    }
  }

  private scalar(): Type {
    return this.random.pick([INT, str(0), BOOL]);
  }

  private any(): Type {
    return this.random.pick([INT, str(0), BOOL, list(INT, 0), list(str(0), 0), map(str(0), INT, 0), list(list(INT, 0), 0), map(INT, str(0), 0)]);
  }

  private bool(depth: number): Term {
    const { random } = this;
    const below = depth - 1;
    switch (random.below(11)) {
      case 0:
        return apply('not', this.term(BOOL, below));
      case 1:
      case 2:
        return apply(random.chance(50) ? 'and' : 'or', ...Array.from({ length: 2 + random.below(3) }, () => this.term(BOOL, below)));
      case 3: {
        const type = this.any();
        return apply('eq', this.term(type, below), this.term(type, below));
      }
      case 4: {
        const type = this.scalar();
        return apply(random.chance(50) ? 'lt' : 'le', this.term(type, below), this.term(type, below));
      }
      case 5: {
        const map = this.term(random.chance(50) ? this.textMap() : this.textMap(str(0)), below);
        return apply('has', map, constant(random.pick(TEXTS)));
      }
      case 6: {
        const type = this.scalar();
        const into = random.chance(70) ? list(type, 0) : map(type, INT, 0);
        return apply('member', this.term(type, below), this.term(into, below));
      }
      case 7:
        return apply(random.pick(['starts', 'ends', 'contains'] as const), this.term(str(0), below), this.term(str(0), below));
      default:
        return this.fold(random.pick(['all', 'any', 'one'] as const), BOOL, depth);
    }
  }

  private textMap(value: Type = INT): Type {
    return map(str(0), value, 0);
  }

  private int(depth: number): Term {
    const { random } = this;
    const below = depth - 1;
    if (random.chance(15)) return apply('neg', this.term(INT, below));
    if (random.chance(25)) return apply('size', this.term(random.pick([str(0), list(INT, 0), list(str(0), 0), this.textMap()]), below));
    return apply(random.pick(['add', 'sub', 'mul', 'div', 'rem'] as const), this.term(INT, below), this.term(INT, below));
  }

  private list(of: Type, depth: number): Term {
    const { random } = this;
    const below = depth - 1;
    if (random.chance(25)) return apply('list', ...Array.from({ length: 1 + random.below(3) }, () => this.term(of, below)));
    if (random.chance(25)) return apply('add', this.term(list(of, 0), below), random.chance(20) ? apply('list') : this.term(list(of, 0), below));
    return this.fold('collect', of, depth);
  }

  private map({ key, value }: Extract<Type, { kind: 'map' }>, depth: number): Term {
    const entries = Array.from({ length: 1 + this.random.below(3) }, () => [this.term(key, depth - 1), this.term(value, depth - 1)]);
    return apply('map', ...entries.flat());
  }

  private get(type: Type, depth: number): Term {
    const below = depth - 1;
    if (this.random.chance(60))
      return apply('get', this.term(list(type, 0), below), this.random.chance(60) ? constant(BigInt(this.random.below(4))) : this.term(INT, below));
    const key = this.random.pick([str(0), INT]);
    return apply('get', this.term(map(key, type, 0), below), this.term(key, below));
  }

  /** A bool or int in which the items of two folds meet. */
  private meeting(type: Type, depth: number): Term | undefined {
    const { random, binders } = this;
    if (binders.length < 2 || (type.kind !== 'bool' && type.kind !== 'int') || random.chance(40)) return undefined;
    const inner = this.number(binders[binders.length - 1]);
    const outer = this.number(binders[random.below(binders.length - 1)]);
    if (type.kind === 'int') return apply(random.pick(['add', 'sub', 'mul', 'div', 'rem'] as const), inner, outer);
    const meet = apply(random.pick(['lt', 'le', 'eq'] as const), random.chance(50) ? inner : this.term(INT, depth - 1), outer);
    return random.chance(50) ? meet : apply(random.chance(50) ? 'and' : 'or', meet, this.term(BOOL, depth - 1));
  }

  /** An int made of a fold's item. */
  private number(binder: Binder): Term {
    const one = item(binder.range.kind === 'map' ? 'key' : 'elem', binder);
    if (one.type.kind === 'int') return one;
    return one.type.kind === 'bool' ? apply('sel', one, constant(1n), constant(0n)) : apply('size', one);
  }

  private fold(op: FoldOp, body: Type, depth: number): Term {
    const { random } = this;
    const items = this.binders.flatMap((outer) =>
      this.items(outer.range.kind === 'map' ? outer.range.key : (outer.range as Extract<Type, { kind: 'list' }>).item),
    );
    const ranges = items.filter((term) => term.type.kind === 'list' || term.type.kind === 'map');
    const range =
      ranges.length > 0 && random.chance(50)
        ? random.pick(ranges)
        : this.term(
            random.pick([list(INT, 0), list(str(0), 0), list(INT, 0), list(list(INT, 0), 0), list(list(INT, 0), 0), this.textMap(), list(BOOL, 0)]),
            depth - 1,
          );
    const binder: Binder = { name: `x${this.binders.length + 1}`, range: range.type };
    const mark = this.made.length;
    this.binders.push(binder);
    const predicate = op === 'collect' && random.chance(50) ? this.term(BOOL, depth - 1) : undefined;
    const result = this.meeting(body, depth - 1) ?? this.term(body, depth - 1);
    this.binders.pop();
    // What was made inside may use the item.
    this.made.length = mark;
    return fold(op, binder, range, predicate, result);
  }
}

const same = (a: Type, b: Type): boolean => compatible(a, b);

/** A source for these inputs: fitting values, and now and then none, null, something else or something too large. */
export function makeSource(random: Random, inputs: readonly Input[]): Source {
  const source: Record<string, SourceValue> = {};
  for (const { path, type } of inputs) {
    const kind = random.below(40);
    if (kind === 0) continue;
    const value =
      kind === 1 ? null : kind === 2 ? random.pick<SourceValue>([true, 0.5, 'other', [], {}, -7, [null], 2 ** 60]) : makeValue(random, type, kind === 3);
    const parts = segments(path);
    let at = source;
    for (const part of parts.slice(0, -1)) at = (at[part] ??= {}) as Record<string, SourceValue>;
    at[parts[parts.length - 1]] = value;
  }
  return source;
}

const makeInteger = (random: Random): bigint => (random.chance(30) ? random.pick(INTEGERS) : BigInt(random.below(12)) - 4n);

function makeValue(random: Random, type: Type, large: boolean): SourceValue {
  const length = (bound: number): number => (large && random.chance(50) ? bound + 1 : random.below(bound + 1));
  switch (type.kind) {
    case 'bool':
      return random.chance(50);
    case 'int': {
      const value = makeInteger(random);
      return value > -(2n ** 53n) && value < 2n ** 53n && random.chance(80) ? Number(value) : value;
    }
    case 'str': {
      if (large) return 'é'.repeat((type.bytes >> 1) + 1);
      const fitting = TEXTS.filter((text) => new TextEncoder().encode(text).length <= type.bytes);
      return random.pick(fitting);
    }
    case 'list':
      return Array.from({ length: length(type.length) }, () => makeValue(random, type.item, false));
    case 'map': {
      const keys = Array.from({ length: length(type.length) }, () => makeValue(random, type.key, false) as string);
      return Object.fromEntries(keys.map((key) => [key, makeValue(random, type.value, false)]));
    }
    default:
      return null;
  }
}
