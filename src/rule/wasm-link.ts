/** Links the functions of a module (spec/rule-wasm.md W-1, W-12): those of this room, written in code, and the library's. */
import { fromHex } from '../base/bytes.ts';
import { ROUTINES, type Routine } from './routines.gen.ts';
import { call, F64, I32, I64, Locals, unsigned, type ValueType, type WasmFunction } from './wasm-assembler.ts';
import { isRuntime, type Link, RUNTIME } from './wasm-runtime.ts';

/**
 * Links `first` (function 0) with the functions that it uses, directly or not, numbered in order of first use.
 */
export function linked(first: (link: Link) => WasmFunction): WasmFunction[] {
  const indices = new Map<string, number>();
  const waiting: string[] = [];
  const indexOf = (name: string): number => {
    let index = indices.get(name);
    if (index === undefined) {
      index = indices.size + 1;
      indices.set(name, index);
      waiting.push(name);
    }
    return index;
  };
  const link: Link = (name, ...operands) => call(indexOf(name), ...operands);
  const functions = [first(link)];
  for (let i = 0; i < waiting.length; i++) {
    const name = waiting[i];
    functions.push(isRuntime(name) ? RUNTIME[name](link) : routine(ROUTINES[name], indexOf));
  }
  return functions;
}

const TYPES: Readonly<Record<string, ValueType>> = { i: I32, l: I64, d: F64 };
const typesOf = (letters: string): ValueType[] => Array.from(letters, (letter) => TYPES[letter]);

/** A function of the library, its calls with the indices that they have here. */
function routine({ params, result, locals, links, code }: Routine, indexOf: (name: string) => number): WasmFunction {
  const own = new Locals(...typesOf(params));
  for (const type of typesOf(locals)) own.local(type);
  const bytes = fromHex(code);
  const body: number[] = [];
  let from = 0;
  for (const [at, name] of links) {
    body.push(...bytes.subarray(from, at), ...unsigned(indexOf(name)));
    from = at;
  }
  body.push(...bytes.subarray(from));
  return { locals: own, result: typesOf(result)[0] ?? null, body };
}
