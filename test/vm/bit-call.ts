/**
 * Calls of exported functions with bits in and bits out. JavaScript's numbers do not keep a NaN's payload, so a small
 * module stands between that turns floats into integers of the same bits and back.
 */
import { code, functionType, moduleOf, type NumberType, name, SECTION, section, u, VALUE_TYPE } from './binary.ts';
import { type Module, wasm } from './web-assembly.ts';

const INTEGER = { i32: 'i32', i64: 'i64', f32: 'i32', f64: 'i64' } as const;
/** From the integer of the same width, and to it; nothing where it is one. */
const FROM_BITS: Record<NumberType, readonly number[]> = { i32: [], i64: [], f32: [0xbe], f64: [0xbf] };
const TO_BITS: Record<NumberType, readonly number[]> = { i32: [], i64: [], f32: [0xbc], f64: [0xbd] };

export type BitCall = (args: readonly bigint[]) => bigint[];

const modules = new Map<string, Module>();

function bridge(params: readonly NumberType[], results: readonly NumberType[]): Module {
  const key = `${params.join()}>${results.join()}`;
  const known = modules.get(key);
  if (known !== undefined) return known;
  const body = [
    ...params.flatMap((type, index) => [0x20, ...u(index), ...FROM_BITS[type]]),
    ...[0x10, 0],
    // the last result is on top: each goes to a local of its own, then all come back as bits
    ...results.flatMap((_, index) => [0x21, ...u(params.length + results.length - 1 - index)]),
    ...results.flatMap((type, index) => [0x20, ...u(params.length + index), ...TO_BITS[type]]),
  ];
  const bits = (types: readonly NumberType[]): NumberType[] => types.map((type) => INTEGER[type]);
  const made = new wasm.Module(
    moduleOf(
      section(SECTION.type, [functionType(params, results), functionType(bits(params), bits(results))]),
      section(SECTION.import, [[...name(''), ...name('f'), 0, 0]]),
      section(SECTION.function, [[1]]),
      section(SECTION.export, [[...name('call'), 0, 1]]),
      section(SECTION.code, [
        code(
          results.map((type) => [1, type]),
          body,
        ),
      ]),
    ),
  );
  modules.set(key, made);
  return made;
}

const asBits = (value: unknown): bigint => (typeof value === 'bigint' ? BigInt.asUintN(64, value) : BigInt((value as number) >>> 0));

/**
 * The function as one over bits (unsigned).
 * @throws LinkError when it has another type
 */
export function bitCall(target: unknown, params: readonly NumberType[], results: readonly NumberType[]): BitCall {
  const { exports } = new wasm.Instance(bridge(params, results), { '': { f: target } });
  const call = exports['call'] as (...args: (number | bigint)[]) => unknown;
  const wide = params.map((type) => INTEGER[type] === 'i64');
  return (args) => {
    const out = call(...args.map((value, index) => (wide[index] ? BigInt.asIntN(64, value) : Number(BigInt.asIntN(32, value)))));
    if (results.length === 0) return [];
    return results.length === 1 ? [asBits(out)] : (out as unknown[]).map(asBits);
  };
}

/** An exported global as bits: its value through JavaScript would lose a NaN's payload. */
export interface Cell {
  readonly type: NumberType;
  get(): bigint;
  set(bits: bigint): void;
}

const cells = new Map<string, Module>();

function cellModule(type: NumberType, mutable: boolean): Module {
  const key = `${type}${mutable}`;
  const known = cells.get(key);
  if (known !== undefined) return known;
  const made = new wasm.Module(
    moduleOf(
      section(SECTION.type, [functionType([], [INTEGER[type]]), functionType([INTEGER[type]], [])]),
      section(SECTION.import, [[...name(''), ...name('g'), 3, VALUE_TYPE[type], mutable ? 1 : 0]]),
      section(SECTION.function, mutable ? [[0], [1]] : [[0]]),
      section(SECTION.export, [[...name('get'), 0, 0], ...(mutable ? [[...name('set'), 0, 1]] : [])]),
      section(SECTION.code, [code([], [0x23, 0, ...TO_BITS[type]]), ...(mutable ? [code([], [0x20, 0, ...FROM_BITS[type], 0x24, 0])] : [])]),
    ),
  );
  cells.set(key, made);
  return made;
}

/** @throws LinkError when it is no global */
export function cell(target: unknown): Cell {
  let failure: unknown;
  for (const mutable of [true, false]) {
    for (const type of ['i32', 'i64', 'f32', 'f64'] as const) {
      try {
        const { exports } = new wasm.Instance(cellModule(type, mutable), { '': { g: target } });
        const [get, set] = [exports['get'] as () => unknown, exports['set'] as (value: number | bigint) => void];
        return { type, get: () => asBits(get()), set: (bits) => set(INTEGER[type] === 'i64' ? BigInt.asIntN(64, bits) : Number(BigInt.asIntN(32, bits))) };
      } catch (error) {
        failure = error;
      }
    }
  }
  throw failure;
}
