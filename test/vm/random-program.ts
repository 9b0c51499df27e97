/** A whole random program by its seed: what surrounds the functions, then their bodies. */
import { Random } from '../../sim/random.ts';
import type { NumberType } from './binary.ts';
import { PAGE_BYTES, randomBits, randomFunction, type Surroundings } from './generate.ts';
import type { FunctionType, Program } from './program.ts';

const FUEL_AT_START = 100n;

function randomTypes(random: Random, pool: readonly NumberType[]): FunctionType[] {
  const some = Array.from({ length: 1 + random.below(5) }, () => ({
    params: Array.from({ length: random.below(random.chance(0.05) ? 12 : 4) }, () => random.pick(pool)),
    results: random.chance(0.75) ? [random.pick(pool)] : [],
  }));
  return [...some, { params: [], results: [] }];
}

/** The same seed gives the same program. Without `floats` it is one of the integer profile. */
export function randomProgram(seed: number, floats: boolean): Program {
  const random = new Random(seed);
  const pool: readonly NumberType[] = floats ? ['i32', 'i64', 'f32', 'f64'] : ['i32', 'i64'];
  const types = randomTypes(random, pool);
  // host functions are JavaScript's, which keep no payload of a NaN: integers only
  const hostTypes = types
    .map((_, index) => index)
    .filter((index) => [...types[index].params, ...types[index].results].every((type) => type === 'i32' || type === 'i64'));
  const imports = Array.from({ length: random.below(3) }, () => random.pick(hostTypes));
  const functions = Array.from({ length: 1 + random.below(6) }, () => random.below(types.length));
  const all = imports.length + functions.length;
  const min = 1 + random.below(12);
  const table = random.chance(0.7)
    ? {
        min,
        elements: Array.from({ length: random.below(3) }, () => {
          const at = random.below(min);
          return { at, functions: Array.from({ length: random.below(min - at + 1) }, () => random.below(all)) };
        }),
      }
    : null;
  const pages = random.pick([0, 1, 1, 1, 1, 2]);
  const memory = random.chance(0.85)
    ? {
        min: pages,
        max: pages + random.below(3),
        data:
          pages === 0
            ? []
            : Array.from({ length: random.below(3) }, () => ({
                at: random.below(PAGE_BYTES - 64),
                bytes: Array.from({ length: random.below(64) }, () => random.below(256)),
              })),
      }
    : null;
  const globals: Program['globals'] = [
    { type: 'i32', mutable: true, bits: FUEL_AT_START },
    ...Array.from({ length: random.below(6) }, () => {
      const type = random.pick(pool);
      return { type, mutable: random.chance(0.7), bits: randomBits(random, type) };
    }),
  ];
  const around: Surroundings = { types, imports, functions, globals, memory, table, floats };
  const startable = functions.findIndex((type) => type === types.length - 1);
  return {
    floats,
    types,
    imports,
    functions: functions.map((type) => randomFunction(random, around, type)),
    table,
    memory,
    globals,
    start: startable >= 0 && random.chance(0.3) ? imports.length + startable : null,
  };
}
