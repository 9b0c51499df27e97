/**
 * The balances of an instance (VM-18), set and read by one call each: the engine's own properties of an exported global
 * cost more than a short judgement. The functions are a module of three lines over the instance's globals.
 */
import { Fault } from '../base/fault.ts';
import { ENGINE } from './engine.ts';

/** Numbers are whole and at most 2^53. */
export interface Balance {
  /** Gas and words of stack for a call, and no trap. */
  begin(gas: number, stack_words: number): void;
  /** Gas that is left; below 0, somewhere below. */
  left(): number;
}

// (import "" "g" (global (mut i64))) (import "" "s" (global (mut i32))) (import "" "t" (global (mut i32)))
// begin (param f64 i32): g = i64.trunc_f64_s, s, t = 0; left (result f64): f64.convert_i64_s g
const BYTES = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x0a, 0x02, 0x60, 0x02, 0x7c, 0x7f, 0x00, 0x60, 0x00, 0x01, 0x7c],
  ...[0x02, 0x13, 0x03, 0x00, 0x01, 0x67, 0x03, 0x7e, 0x01, 0x00, 0x01, 0x73, 0x03, 0x7f, 0x01, 0x00, 0x01, 0x74, 0x03, 0x7f, 0x01],
  ...[0x03, 0x03, 0x02, 0x00, 0x01],
  ...[0x07, 0x10, 0x02, 0x05, 0x62, 0x65, 0x67, 0x69, 0x6e, 0x00, 0x00, 0x04, 0x6c, 0x65, 0x66, 0x74, 0x00, 0x01],
  ...[0x0a, 0x17, 0x02, 0x0f, 0x00, 0x20, 0x00, 0xb0, 0x24, 0x00, 0x20, 0x01, 0x24, 0x01, 0x41, 0x00, 0x24, 0x02, 0x0b],
  ...[0x05, 0x00, 0x23, 0x00, 0xb9, 0x0b],
);

let module: object | undefined;

/** @throws Fault engine_failed */
export function balanceOf(gas: object, stack: object, trap: object): Balance {
  try {
    module ??= new ENGINE.Module(BYTES);
    return new ENGINE.Instance(module, { '': { g: gas, s: stack, t: trap } }).exports as unknown as Balance;
  } catch (error) {
    throw new Fault('engine_failed', `the balances of a guest cannot be reached: ${error instanceof Error ? error.name : 'an unknown throw'}`);
  }
}
