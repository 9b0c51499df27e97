/**
 * Slots (spec/input.md I-1): u8 tag, three zero bytes, u32 length, u64 payload. Memory is one flat block; an address is
 * a u32. A routine writes a new value's slot to `out` and its content from `top` on, and returns the new top, a multiple
 * of 8, or NOWHERE for the error. Past `top` it may use SCRATCH_BYTES without taking them.
 */
export const NULL: u32 = 1;
export const BOOL: u32 = 2;
export const INT: u32 = 3;
export const UINT: u32 = 4;
export const DOUBLE: u32 = 5;
export const TIMESTAMP: u32 = 6;
export const DURATION: u32 = 7;
export const STRING: u32 = 8;
export const BYTES: u32 = 9;
export const LIST: u32 = 10;
export const MAP: u32 = 11;
export const TYPE: u32 = 13;

export const NOWHERE: u32 = 0xffffffff;
/** Three-valued bools, as the code of a node holds them. */
export const FALSE: u32 = 0;
export const ERROR: u32 = 1;
export const TRUE: u32 = 2;

export const SLOT: u32 = 16;
export const ENTRY: u32 = 32;

export function tagOf(slot: u32): u32 {
  return load<u32>(slot);
}

export function lengthOf(slot: u32): u32 {
  return load<u32>(slot, 4);
}

/** Where the content of a text, a list or a map stands. */
export function contentOf(slot: u32): u32 {
  return load<u32>(slot, 8);
}

export function payloadOf(slot: u32): u64 {
  return load<u64>(slot, 8);
}

export function put(slot: u32, tag: u32, length: u32, payload: u64): void {
  store<u32>(slot, tag);
  store<u32>(slot, length, 4);
  store<u64>(slot, payload, 8);
}

export function putInt(slot: u32, value: i64): void {
  put(slot, INT, 0, value);
}

/** A double's slot holds one NaN only. */
export function putDouble(slot: u32, value: f64): void {
  put(slot, DOUBLE, 0, value == value ? reinterpret<u64>(value) : 0x7ff8000000000000);
}

export function doubleOf(slot: u32): f64 {
  return load<f64>(slot, 8);
}

export function align8(bytes: u32): u32 {
  return (bytes + 7) & ~7;
}

export function three(is: bool): u32 {
  return (is as u32) << 1;
}
