/**
 * Valid modules by a seed: every instruction of the profiles, structured control flow, branches out of half-built
 * operands, dead code, calls, tables, globals, memory. Each program ends: function entries and loop heads take from a
 * global (`FUEL_GLOBAL`) and give up when it is 0.
 */
import type { Random } from '../../sim/random.ts';
import type { NumberType } from './binary.ts';
import { hasFloat, LOAD_OPERATIONS, NUMBER_OPERATIONS, type Operation, STORE_OPERATIONS } from './operation.ts';
import type { BlockType, FunctionType, Instruction, Program, ProgramFunction } from './program.ts';

export const FUEL_GLOBAL = 0;
export const PAGE_BYTES = 65_536;

/** What all functions of a program can refer to. */
export interface Surroundings {
  readonly types: readonly FunctionType[];
  readonly imports: readonly number[];
  /** Types of the program's own functions. */
  readonly functions: readonly number[];
  readonly globals: Program['globals'];
  readonly memory: Program['memory'];
  readonly table: Program['table'];
  readonly floats: boolean;
}

const INTEGERS = [0n, 1n, 2n, 3n, 7n, 8n, 31n, 32n, 63n, 64n, 127n, 128n, 255n, 256n, 32_767n, 32_768n, 65_535n, 65_536n];
const SPECIAL_32 = [0x8000_0000n, 0x7fff_ffffn, 0xffff_ffffn, 0xffff_fffen, 0xff80n, 0x8080_8080n];
const SPECIAL_64 = [0x8000_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn, 0xffff_ffff_ffff_ffffn, 0x8000_0000n, 0x1_0000_0000n, 0x20_0000_0000_0001n];
/** Zeroes, ones, infinities, quiet and signalling NaNs with payloads, the least numbers, and where integers end. */
const FLOATS_32 = [
  0n,
  0x8000_0000n,
  0x3f80_0000n,
  0xbf80_0000n,
  0x7f80_0000n,
  0xff80_0000n,
  0x7fc0_0000n,
  0xffc0_0000n,
  0x7fa0_0001n,
  0xffff_ffffn,
  1n,
  0x8000_0001n,
  0x4f00_0000n,
  0xcf00_0000n,
  0x5f00_0000n,
  0x3f00_0000n,
  0x4020_0000n,
  0x7f7f_ffffn,
];
const FLOATS_64 = [
  0n,
  1n << 63n,
  0x3ff0n << 48n,
  0xbff0n << 48n,
  0x7ff0n << 48n,
  0xfff0n << 48n,
  0x7ff8n << 48n,
  0xfff8n << 48n,
  (0x7ff4n << 48n) | 5n,
  (1n << 64n) - 1n,
  1n,
  (1n << 63n) | 1n,
  0x41e0n << 48n,
  0x43e0n << 48n,
  0xc3e0n << 48n,
  0x3fe0n << 48n,
  0x4004n << 48n,
  0x7fef_ffff_ffff_ffffn,
];

export function randomBits(random: Random, type: NumberType): bigint {
  const wide = (BigInt(random.next()) << 32n) | BigInt(random.next());
  switch (type) {
    case 'i32':
      return random.chance(0.6) ? random.pick(INTEGERS) : random.chance(0.6) ? random.pick(SPECIAL_32) : wide & 0xffff_ffffn;
    case 'i64':
      return random.chance(0.6) ? random.pick(INTEGERS) : random.chance(0.6) ? random.pick(SPECIAL_64) : wide;
    case 'f32':
      return random.chance(0.8) ? random.pick(FLOATS_32) : wide & 0xffff_ffffn;
    default:
      return random.chance(0.8) ? random.pick(FLOATS_64) : wide;
  }
}

const byResult = (operations: readonly Operation[], floats: boolean): Record<NumberType, readonly Operation[]> => {
  const of = (type: NumberType): readonly Operation[] => operations.filter((operation) => operation.result === type && (floats || !hasFloat(operation)));
  return { i32: of('i32'), i64: of('i64'), f32: of('f32'), f64: of('f64') };
};
const NUMBERS = [byResult(NUMBER_OPERATIONS, false), byResult(NUMBER_OPERATIONS, true)];
const LOADS = [byResult(LOAD_OPERATIONS, false), byResult(LOAD_OPERATIONS, true)];
const STORES = [STORE_OPERATIONS.filter((operation) => !hasFloat(operation)), STORE_OPERATIONS];

const named = (name: string): Operation => {
  const found = NUMBER_OPERATIONS.find((operation) => operation.name === name);
  if (found === undefined) throw new Error(`no operation ${name}`);
  return found;
};
const operation = (one: Operation, offset = 0, align = 0): Instruction => ({ kind: 'operation', operation: one, offset, align });
const integer = (value: number): Instruction => ({ kind: 'const', type: 'i32', bits: BigInt(value >>> 0) });

/** Takes one from the fuel, or gives up. */
const fuel = (): Instruction[] => [
  { kind: 'global.get', index: FUEL_GLOBAL },
  operation(named('i32.eqz')),
  { kind: 'if', type: null, body: [{ kind: 'unreachable' }], otherwise: null },
  { kind: 'global.get', index: FUEL_GLOBAL },
  integer(1),
  operation(named('i32.sub')),
  { kind: 'global.set', index: FUEL_GLOBAL },
];

const DEPTH_MAX = 6;

class BodyMaker {
  private readonly random: Random;
  private readonly around: Surroundings;
  private readonly locals: readonly NumberType[];
  private readonly result: BlockType;
  /** What a branch to each label carries, the innermost last. */
  private readonly labels: BlockType[];
  private budget: number;

  constructor(random: Random, around: Surroundings, locals: readonly NumberType[], result: BlockType) {
    this.random = random;
    this.around = around;
    this.locals = locals;
    this.result = result;
    this.labels = [result];
    this.budget = 4 + random.below(60);
  }

  body(): Instruction[] {
    return [...fuel(), ...this.block(this.result, 0)];
  }

  private type(): NumberType {
    return this.random.pick(this.around.floats ? (['i32', 'i64', 'f32', 'f64', 'i32', 'f64'] as const) : (['i32', 'i32', 'i64'] as const));
  }

  /** Statements, then a value of the type or nothing. */
  private block(type: BlockType, depth: number): Instruction[] {
    const out: Instruction[] = [];
    for (let count = this.random.below(5 - Math.min(depth, 3)); count >= 0 && this.budget > 0; count--) out.push(...this.statement(depth));
    if (type !== null) out.push(...this.value(type, depth));
    return out;
  }

  private nested(carried: BlockType, make: () => Instruction[]): Instruction[] {
    this.labels.push(carried);
    const body = make();
    this.labels.pop();
    return body;
  }

  /** Operands from left to right, at times with a statement between them. */
  private operands(types: readonly NumberType[], depth: number): Instruction[] {
    return types.flatMap((type) => [...this.value(type, depth + 1), ...(this.random.chance(0.05) ? this.statement(depth + 1) : [])]);
  }

  private address(depth: number): Instruction[] {
    const size = (this.around.memory?.min ?? 0) * PAGE_BYTES;
    if (this.random.chance(0.04)) return [integer(size - this.random.below(12))];
    if (this.random.chance(0.02)) return this.value('i32', depth + 1);
    return [...this.value('i32', depth + 1), integer(this.random.pick([0xff, 0x7fff, 0x3ff8])), operation(named('i32.and'))];
  }

  private access(one: Operation): Instruction {
    const offset = this.random.chance(0.5) ? this.random.below(64) : this.random.chance(0.01) ? this.random.next() : 0;
    return operation(one, offset, this.random.below(Math.log2(one.bytes) + 1));
  }

  private call(result: BlockType): { readonly target: Instruction; readonly params: readonly NumberType[] } | undefined {
    const { types, imports, functions } = this.around;
    const fits = [...imports, ...functions].map((type, index) => ({ type: types[type], index })).filter(({ type }) => (type.results[0] ?? null) === result);
    if (fits.length === 0) return undefined;
    const { type, index } = this.random.pick(fits);
    return { target: { kind: 'call', index }, params: type.params };
  }

  private indirect(result: BlockType, depth: number): Instruction[] | undefined {
    const { types, table, functions, imports } = this.around;
    const fits = types.map((type, index) => ({ type, index })).filter(({ type }) => (type.results[0] ?? null) === result);
    if (table === null || fits.length === 0) return undefined;
    const { type, index } = this.random.pick(fits);
    const good = table.elements
      .flatMap(({ at, functions: list }) => list.map((target, i) => ({ at: at + i, target })))
      .filter(({ target }) => [...imports, ...functions][target] === index);
    if (good.length === 0 && this.random.chance(0.9)) return undefined;
    const slot =
      good.length > 0 && this.random.chance(0.93)
        ? [integer(this.random.pick(good).at)]
        : this.random.chance(0.7)
          ? [integer(this.random.below(table.min + 2))]
          : this.value('i32', depth + 1);
    return [...this.operands(type.params, depth), ...slot, { kind: 'call_indirect', type: index }];
  }

  private label(carried: BlockType): number | undefined {
    const fits = this.labels.map((type, index) => ({ type, depth: this.labels.length - 1 - index })).filter(({ type }) => type === carried);
    return fits.length === 0 ? undefined : this.random.pick(fits).depth;
  }

  /** Leaves for good; what follows is dead. */
  private leave(depth: number): Instruction[] {
    const { random } = this;
    const out: Instruction[] = [];
    const way = random.below(10);
    if (way === 0) out.push({ kind: 'unreachable' });
    else if (way < 3) out.push(...(this.result === null ? [] : this.value(this.result, depth + 1)), { kind: 'return' });
    else {
      const carried = random.pick(this.labels);
      const fits = this.labels
        .map((type, index) => ({ type, index }))
        .filter(({ type }) => type === carried)
        .map(({ index }) => this.labels.length - 1 - index);
      if (carried !== null) out.push(...this.value(carried, depth + 1));
      if (way < 6) out.push({ kind: 'br', index: random.pick(fits) });
      else {
        const labels = Array.from({ length: random.below(random.chance(0.1) ? 40 : 5) }, () => random.pick(fits));
        out.push(...this.value('i32', depth + 1), { kind: 'br_table', labels, otherwise: random.pick(fits) });
      }
    }
    return random.chance(0.4) ? [...out, ...this.dead(depth)] : out;
  }

  /** Code that no one reaches: operands of any type, out of nothing. */
  private dead(depth: number): Instruction[] {
    const { random } = this;
    const out: Instruction[] = [];
    for (let count = random.below(3); count >= 0; count--) {
      const way = random.below(5);
      if (way === 0 && this.budget > 0) out.push(...this.statement(depth + 1));
      else if (way === 1) out.push({ kind: 'select' }, { kind: 'drop' });
      else if (way === 2) out.push({ kind: 'block', type: null, body: [{ kind: 'unreachable' }] });
      else if (way === 3 && this.label(null) !== undefined) out.push({ kind: 'br_if', index: this.label(null) ?? 0 });
      else out.push(operation(random.pick(NUMBERS[this.around.floats ? 1 : 0].i32)), { kind: 'drop' });
    }
    return out;
  }

  value(type: NumberType, depth: number): Instruction[] {
    const { random, around } = this;
    this.budget--;
    if (depth >= DEPTH_MAX || this.budget <= 0) return this.leaf(type);
    const floats = around.floats ? 1 : 0;
    switch (random.below(16)) {
      case 0:
      case 1:
        return this.leaf(type);
      case 2: {
        const fit = this.call(type);
        return fit === undefined ? this.leaf(type) : [...this.operands(fit.params, depth), fit.target];
      }
      case 3:
        return this.indirect(type, depth) ?? this.leaf(type);
      case 4:
        return [{ kind: 'block', type, body: this.nested(type, () => this.block(type, depth + 1)) }];
      case 5:
        return [
          ...this.value('i32', depth + 1),
          { kind: 'if', type, body: this.nested(type, () => this.block(type, depth + 1)), otherwise: this.nested(type, () => this.block(type, depth + 1)) },
        ];
      case 6:
        return [{ kind: 'loop', type, body: this.nested(null, () => [...fuel(), ...this.block(type, depth + 1)]) }];
      case 7:
        return [...this.operands([type, type, 'i32'], depth), { kind: 'select' }];
      case 8: {
        const fits = this.locals.map((local, index) => ({ local, index })).filter(({ local }) => local === type);
        return fits.length === 0 ? this.leaf(type) : [...this.value(type, depth + 1), { kind: 'local.tee', index: random.pick(fits).index }];
      }
      case 9:
      case 10:
        if (around.memory === null) return this.leaf(type);
        if (type === 'i32' && random.chance(0.1))
          return random.chance(0.5) ? [{ kind: 'memory.size' }] : [integer(random.pick([0, 0, 1, 1, 2, 65_536, -1])), { kind: 'memory.grow' }];
        return [...this.address(depth), this.access(random.pick(LOADS[floats][type]))];
      case 11: {
        const index = this.label(type);
        return index === undefined || random.chance(0.4)
          ? this.leaf(type)
          : [...this.value(type, depth + 1), ...this.value('i32', depth + 1), { kind: 'br_if', index }];
      }
      case 12:
        if (random.chance(0.2)) return this.leave(depth);
        break;
      default:
    }
    const one = random.pick(NUMBERS[floats][type]);
    return [...this.operands(one.params, depth), operation(one)];
  }

  private leaf(type: NumberType): Instruction[] {
    const { random } = this;
    const places: Instruction[] = [
      ...this.locals
        .map((local, index) => ({ local, index }))
        .filter(({ local }) => local === type)
        .map(({ index }): Instruction => ({ kind: 'local.get', index })),
      ...this.around.globals
        .map((global, index) => ({ global, index }))
        .filter(({ global, index }) => global.type === type && index !== FUEL_GLOBAL)
        .map(({ index }): Instruction => ({ kind: 'global.get', index })),
    ];
    return places.length > 0 && random.chance(0.7) ? [random.pick(places)] : [{ kind: 'const', type, bits: randomBits(random, type) }];
  }

  statement(depth: number): Instruction[] {
    const { random, around } = this;
    this.budget--;
    if (depth >= DEPTH_MAX || this.budget <= 0) return [{ kind: 'nop' }];
    switch (random.below(16)) {
      case 0:
      case 1:
        if (this.locals.length > 0) {
          const index = random.below(this.locals.length);
          return [...this.value(this.locals[index], depth + 1), { kind: 'local.set', index }];
        }
        break;
      case 2: {
        const fits = around.globals.map((global, index) => ({ global, index })).filter(({ global, index }) => global.mutable && index !== FUEL_GLOBAL);
        if (fits.length > 0) {
          const { global, index } = random.pick(fits);
          return [...this.value(global.type, depth + 1), { kind: 'global.set', index }];
        }
        break;
      }
      case 3:
      case 4:
      case 5:
        if (around.memory !== null) {
          if (random.chance(0.15)) {
            const length = random.chance(0.9) ? [integer(random.below(200))] : this.value('i32', depth + 1);
            const fill = random.chance(0.5);
            return [
              ...this.address(depth),
              ...(fill ? this.value('i32', depth + 1) : this.address(depth)),
              ...length,
              { kind: fill ? 'memory.fill' : 'memory.copy' },
            ];
          }
          const one = random.pick(STORES[around.floats ? 1 : 0]);
          return [...this.address(depth), ...this.value(one.params[1], depth + 1), this.access(one)];
        }
        break;
      case 6:
        return [{ kind: 'block', type: null, body: this.nested(null, () => this.block(null, depth + 1)) }];
      case 7:
        return [
          {
            kind: 'loop',
            type: null,
            body: this.nested(null, () => [...fuel(), ...this.block(null, depth + 1), ...this.value('i32', depth + 2), { kind: 'br_if', index: 0 }]),
          },
        ];
      case 8: {
        const otherwise = random.chance(0.5) ? this.nested(null, () => this.block(null, depth + 1)) : null;
        return [...this.value('i32', depth + 1), { kind: 'if', type: null, body: this.nested(null, () => this.block(null, depth + 1)), otherwise }];
      }
      case 9: {
        const index = this.label(null);
        if (index !== undefined) return [...this.value('i32', depth + 1), { kind: 'br_if', index }];
        break;
      }
      case 10: {
        const fit = this.call(null);
        if (fit !== undefined) return [...this.operands(fit.params, depth), fit.target];
        break;
      }
      case 11:
        return this.indirect(null, depth) ?? [{ kind: 'nop' }];
      case 12:
        if (random.chance(0.4)) return this.leave(depth);
        break;
      case 13:
        // nothing to see: what a merging of blocks must see through
        return [{ kind: 'nop' }, { kind: 'block', type: null, body: [] }, { kind: 'nop' }];
      default:
    }
    return [...this.value(this.type(), depth + 1), { kind: 'drop' }];
  }
}

/** The body of one function of a program. */
export function randomFunction(random: Random, around: Surroundings, type: number): ProgramFunction {
  const { params, results } = around.types[type];
  const pool: readonly NumberType[] = around.floats ? ['i32', 'i64', 'f32', 'f64'] : ['i32', 'i64'];
  const locals = Array.from({ length: random.below(4) }, (): [number, NumberType] => [
    random.chance(0.05) ? random.below(200) : random.below(3),
    random.pick(pool),
  ]);
  const all = [...params, ...locals.flatMap(([count, local]) => Array.from({ length: count }, () => local))];
  return { type, locals, body: new BodyMaker(random, around, all, results[0] ?? null).body() };
}
