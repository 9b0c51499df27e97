/**
 * Random programs of the full profile, for tests and benches: every operation and function, mostly with operands that it
 * takes and now and then with others, over inputs of every type; folds nest and use the items of outer ones. The same seed
 * gives the same programs.
 */
import { Fault } from '../base/fault.ts';
import { analyse } from './analysis.ts';
import { canonical } from './canonical.ts';
import type { Const } from './constant.ts';
import { makeConstant } from './full-values.ts';
import { FUNCTIONS, type RuleFunction } from './function.ts';
import type { Input } from './ir.ts';
import type { Made, Random } from './program-generator.ts';
import { apply, applyMarked, type Binder, constant, type FoldOp, fold, type ItemOp, input, item, type PlainOp, present, type Term } from './term.ts';
import { partNumber } from './time.ts';
import { BOOL, DOUBLE, DURATION, dyn, INT, type Kind, list, map, plainBytes, str, TIMESTAMP, type Type, UINT } from './type.ts';

const INPUT_TYPES: readonly Type[] = [
  BOOL,
  INT,
  UINT,
  DOUBLE,
  TIMESTAMP,
  DURATION,
  str(8),
  str(24),
  plainBytes(6),
  dyn(0),
  dyn(16),
  dyn(96),
  list(INT, 3),
  list(str(6), 3),
  list(DOUBLE, 2),
  list(dyn(24), 3),
  list(list(UINT, 2), 2),
  map(str(4), INT, 3),
  map(str(4), dyn(16), 2),
  map(str(2), list(plainBytes(3), 2), 2),
];

/** Of each kind the operations that give it, with the kinds of their operands; `any` is of any kind. */
type Want = Kind | 'any' | 'number' | 'time';
interface Way {
  readonly op: PlainOp;
  readonly operands: readonly Want[];
}
const way = (op: PlainOp, ...operands: readonly Want[]): Way => ({ op, operands });

const WAYS: Readonly<Partial<Record<Kind, readonly Way[]>>> = {
  bool: [
    way('not', 'bool'),
    way('and', 'bool', 'bool'),
    way('or', 'bool', 'bool', 'bool'),
    way('eq', 'any', 'any'),
    way('eq', 'number', 'number'),
    way('lt', 'number', 'number'),
    way('le', 'number', 'number'),
    way('lt', 'str', 'str'),
    way('le', 'bytes', 'bytes'),
    way('lt', 'ts', 'ts'),
    way('le', 'dur', 'dur'),
    way('has', 'map', 'str'),
    way('has', 'map', 'number'),
    way('member', 'number', 'list'),
    way('member', 'any', 'list'),
    way('member', 'str', 'map'),
    way('starts', 'str', 'str'),
    way('ends', 'str', 'str'),
    way('contains', 'str', 'str'),
    way('tobool', 'str'),
    way('tobool', 'bool'),
  ],
  int: [
    way('add', 'int', 'int'),
    way('sub', 'int', 'int'),
    way('mul', 'int', 'int'),
    way('div', 'int', 'int'),
    way('rem', 'int', 'int'),
    way('neg', 'int'),
    way('size', 'str'),
    way('size', 'bytes'),
    way('size', 'list'),
    way('size', 'map'),
    way('toint', 'number'),
    way('toint', 'str'),
    way('toint', 'ts'),
  ],
  uint: [
    way('add', 'uint', 'uint'),
    way('sub', 'uint', 'uint'),
    way('mul', 'uint', 'uint'),
    way('div', 'uint', 'uint'),
    way('rem', 'uint', 'uint'),
    way('touint', 'number'),
    way('touint', 'str'),
  ],
  dbl: [
    way('add', 'dbl', 'dbl'),
    way('sub', 'dbl', 'dbl'),
    way('mul', 'dbl', 'dbl'),
    way('div', 'dbl', 'dbl'),
    way('neg', 'dbl'),
    way('todbl', 'number'),
    way('todbl', 'str'),
  ],
  str: [way('add', 'str', 'str'), way('tostr', 'any'), way('tostr', 'number'), way('tostr', 'time'), way('tostr', 'bytes')],
  bytes: [way('add', 'bytes', 'bytes'), way('tobytes', 'str')],
  ts: [way('add', 'ts', 'dur'), way('add', 'dur', 'ts'), way('sub', 'ts', 'dur'), way('tots', 'int'), way('tots', 'str')],
  dur: [way('add', 'dur', 'dur'), way('sub', 'dur', 'dur'), way('sub', 'ts', 'ts'), way('todur', 'str')],
  list: [way('add', 'list', 'list'), way('list', 'number', 'number', 'number'), way('list', 'str', 'str'), way('list', 'any', 'any'), way('list')],
  map: [way('map', 'str', 'any', 'str', 'any'), way('map', 'number', 'number', 'number', 'number'), way('map')],
  type: [way('typeof', 'any')],
};
/** Reading a text that is mostly no such text, and whole numbers that overflow. */
const isRisky = ({ op, operands }: Way): boolean =>
  (op.startsWith('to') && operands[0] === 'str') || op === 'mul' || op === 'div' || op === 'rem' || operands[0] === 'ts';
const REGEXES = ['a', '^a+b?$', '[^a-c]', '(ab|ba){1,2}', '(?i)PAY', '\\d{2}', '^$', '.', '(?m)^b$', 'é|😀', '[à-ÿ\\x{1F600}]', ''];
const KINDS: readonly Kind[] = ['bool', 'int', 'uint', 'dbl', 'str', 'bytes', 'ts', 'dur', 'list', 'map', 'type', 'null'];

export interface FullWish {
  readonly depth: number;
  readonly gas_max: number;
  readonly arena_bytes_max: number;
  /** Percent of operands that are of any kind whatever. */
  readonly wild: number;
  readonly kind: Kind;
}

const WISH: FullWish = { depth: 5, gas_max: 1_000_000, arena_bytes_max: 1_000_000, wild: 2, kind: 'bool' };

/** A random program whose gas and arena are within the wish. */
export function makeFullProgram(random: Random, wish: Partial<FullWish> = {}): Made {
  const full = { ...WISH, ...wish };
  for (;;) {
    const groups = ['args', 'context', 'args.deep'];
    const inputs = Array.from({ length: 4 + random.below(6) }, (_, i) => ({ path: `${random.pick(groups)}.i${i}`, type: random.pick(INPUT_TYPES) }));
    try {
      const term = new Maker(random, inputs, full).term(full.kind, full.depth);
      const program = canonical(term);
      const { gas, arena_bytes } = analyse(program);
      if (gas <= full.gas_max && arena_bytes <= full.arena_bytes_max) return { term, program, inputs };
    } catch (fault) {
      if (!(fault instanceof Fault) || fault.slug !== 'rule_bound') throw fault;
    }
  }
}

class Maker {
  private readonly random: Random;
  private readonly inputs: readonly Input[];
  private readonly wish: FullWish;
  /** The folds around, the innermost last. */
  private readonly binders: Binder[] = [];
  /** Terms made so far that use no item out of sight: sharing takes from here. */
  private readonly made: Term[] = [];

  constructor(random: Random, inputs: readonly Input[], wish: FullWish) {
    this.random = random;
    this.inputs = inputs;
    this.wish = wish;
  }

  term(want: Want, depth: number): Term {
    const term = this.build(this.kind(want), depth);
    this.made.push(term);
    return term;
  }

  private kind(want: Want): Kind {
    const { random } = this;
    if (want === 'any' || random.chance(this.wish.wild)) return random.pick(KINDS);
    if (want === 'number') return random.pick(['int', 'uint', 'dbl'] as const);
    return want === 'time' ? random.pick(['ts', 'dur'] as const) : want;
  }

  private build(kind: Kind, depth: number): Term {
    const { random } = this;
    const items = this.items(kind);
    if (items.length > 0 && random.chance(depth <= 1 ? 80 : 35)) return random.pick(items);
    if (depth <= 1) return this.leaf(kind);
    const below = depth - 1;
    if (random.chance(8)) {
      const shared = this.made.filter((term) => this.holds(term.type, kind));
      if (shared.length > 0) return random.pick(shared);
    }
    if (random.chance(6)) return apply('sel', this.term('bool', below), this.term(kind, below), this.term(random.chance(80) ? kind : 'any', below));
    if (random.chance(4)) return this.got(kind, depth);
    if (random.chance(30)) {
      const call = this.called(kind, depth);
      if (call !== undefined) return call;
    }
    const folds = FOLDS[kind];
    if (folds !== undefined && random.chance(this.binders.length > 0 && this.binders.length < 3 ? 45 : 20)) return this.fold(random.pick(folds), depth);
    if (kind === 'bool' && random.chance(8)) return applyMarked('match', random.pick(REGEXES), this.term('str', below));
    if (kind === 'int' && random.chance(12)) return this.part(below);
    const ways = WAYS[kind];
    if (ways === undefined) return this.leaf(kind);
    const first = random.pick(ways);
    // What mostly fails is taken less often: an error hides what stands around it.
    const { op, operands } = isRisky(first) && random.chance(85) ? random.pick(ways) : first;
    return apply(op, ...operands.map((want) => this.term(want, below)));
  }

  /** A dyn may be of the kind: mostly it is not. */
  private holds(type: Type, kind: Kind): boolean {
    return type.kind === kind || (type.kind === 'dyn' && this.random.chance(15));
  }

  private part(below: number): Term {
    const { random } = this;
    const zone = random.chance(50) ? 0 : random.below(2_879) - 1_439;
    return applyMarked('tsget', partNumber(random.below(10), zone), this.term('time', below));
  }

  private items(kind: Kind): readonly Term[] {
    return this.binders.flatMap((binder) => {
      const ops: readonly ItemOp[] = ['elem', 'key', 'iter'];
      return ops.map((op) => item(op, binder)).filter((term) => this.holds(term.type, kind));
    });
  }

  private leaf(kind: Kind): Term {
    const { random } = this;
    const inputs = this.inputs.filter((one) => this.holds(one.type, kind));
    if (inputs.length > 0 && random.chance(60)) return input(random.pick(inputs));
    if (kind === 'bool' && random.chance(30)) return present(random.pick(this.inputs));
    if (kind === 'ts')
      return apply(
        'tots',
        constant(random.pick(['2026-11-24T10:00:00Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999999Z', '1969-12-31T23:59:59.5+01:30'])),
      );
    if (kind === 'dur') return apply('todur', constant(random.pick(['1h30m', '-1.5s', '0', '9223372036.854775807s', '1us1ns', '-9223372036.854775808s'])));
    if (kind === 'list') return apply('list', ...Array.from({ length: random.below(4) }, () => this.leaf(random.pick(KINDS.slice(0, 6)))));
    if (kind === 'map')
      return apply(
        'map',
        ...Array.from({ length: random.below(3) }, () => [this.leaf(random.pick(['str', 'int', 'uint', 'bool'] as const)), this.leaf('int')]).flat(),
      );
    return constant(makeConstant(random, kind) as Const);
  }

  private got(kind: Kind, depth: number): Term {
    const below = depth - 1;
    if (this.random.chance(30)) {
      // what stands under a key that is there
      const key = this.leaf(this.random.pick(['str', 'int', 'uint', 'bool'] as const));
      return apply('get', apply('map', key, this.term(kind, below), constant('zz'), this.term('any', below)), key);
    }
    const container = this.random.chance(50)
      ? apply('list', this.term(kind, below), this.term(kind, below))
      : this.term(this.random.chance(50) ? 'list' : 'map', below);
    const key =
      container.type.kind === 'map'
        ? this.term(this.random.chance(60) ? 'str' : 'number', below)
        : this.random.chance(60)
          ? constant(BigInt(this.random.below(3)))
          : this.term('number', below);
    return apply('get', container, key);
  }

  /** A function that gives such a kind, or one of those that give whatever they take. */
  private called(kind: Kind, depth: number): Term | undefined {
    const { random } = this;
    const fitting = FUNCTIONS.flatMap((entry, number) => (gives(entry, kind) ? [number] : []));
    if (fitting.length === 0) return undefined;
    const number = random.pick(fitting.filter((one) => FUNCTIONS[one].name !== 'base64.decode' || random.chance(20)).concat(fitting.slice(0, 1)));
    const { operands, least, name } = FUNCTIONS[number];
    const count = least + random.below(operands.length - least + 1);
    const terms = operands.slice(0, count).map((kinds, i) => {
      if (kinds.includes('list')) return this.listFor(name, kind, depth - 1);
      if (name === 'format') return constant(random.pick(FORMATS));
      // A place: mostly one that is there.
      if (i > 0 && kinds.includes('int') && random.chance(70)) return constant(BigInt(random.below(4)));
      return this.term(i === 0 && kinds.includes(kind) ? kind : random.pick(kinds), depth - 1);
    });
    return applyMarked('call', number, ...terms);
  }

  private listFor(name: string, kind: Kind, depth: number): Term {
    const { random } = this;
    if (name === 'merge') return apply('list', this.term('map', depth), this.term('map', depth));
    if (name === 'join')
      return random.chance(50) ? apply('list', this.term('str', depth), this.term('str', depth)) : this.fold('collect', Math.max(depth, 2), 'str');
    if (name === 'format') return apply('list', this.term('any', depth), this.term('number', depth), this.term('any', depth));
    return random.chance(30) ? this.term(kind, depth) : apply('list', this.term('number', depth), this.term(kind, depth));
  }

  private fold(op: FoldOp, depth: number, kind: Want = op === 'collect' || op === 'collectmap' ? 'any' : 'bool'): Term {
    const { random } = this;
    const ranges = [...this.items('list'), ...this.items('map')];
    const inputs = this.inputs.filter((one) => one.type.kind === 'list' || one.type.kind === 'map' || one.type.kind === 'dyn');
    const range =
      ranges.length > 0 && random.chance(50)
        ? random.pick(ranges)
        : inputs.length > 0 && random.chance(50)
          ? input(random.pick(inputs))
          : this.term(random.chance(70) ? 'list' : 'map', depth - 1);
    const binder: Binder = { name: `x${this.binders.length + 1}`, range: range.type };
    const mark = this.made.length;
    this.binders.push(binder);
    const collects = op === 'collect' || op === 'collectmap';
    const predicate = collects && random.chance(50) ? this.term('bool', depth - 1) : undefined;
    const body = this.meeting(depth - 1) ?? this.term(kind, depth - 1);
    this.binders.pop();
    // What was made inside may use the item.
    this.made.length = mark;
    return fold(op, binder, range, predicate, body);
  }

  /** Where folds nest, a comparison of an inner item with an outer one. */
  private meeting(depth: number): Term | undefined {
    const { random, binders } = this;
    if (binders.length < 2 || random.chance(60)) return undefined;
    const inner = item('iter', binders[binders.length - 1]);
    const outer = item(random.pick(['elem', 'key', 'iter'] as const), binders[random.below(binders.length - 1)]);
    const meet = apply(random.pick(['eq', 'lt', 'le', 'member'] as const), inner, outer);
    return random.chance(50) ? meet : apply('or', meet, this.term('bool', depth));
  }
}

const FOLDS: Readonly<Partial<Record<Kind, readonly FoldOp[]>>> = { bool: ['all', 'any', 'one'], list: ['collect'], map: ['collectmap'] };
const FORMATS = ['%s', '%d|%s', '%s %x %X', '%b %o', '%.2f %e', '%%%s', '%.0f', 'a%.3eb', '%s%s%s', '%q', '%s %s %s %s'];

/** Whether a function may give a kind: it always does, or it gives what it takes. */
function gives({ name, operands, result }: RuleFunction, kind: Kind): boolean {
  const types = operands.map((kinds): Type => {
    const taken = kinds.includes(kind) ? kind : kinds[0];
    if (taken === 'list') return list(name === 'merge' ? map(str(0), INT, 1) : str(0), 1);
    return { kind: taken, bytes: 0 } as Type;
  });
  return result(types).kind === kind;
}
