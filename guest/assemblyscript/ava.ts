/**
 * AVA's library for rules in AssemblyScript (spec/guest.md, the ABI `buffer`; spec/input.md, the buffer). A rule exports
 * `alloc`, which comes from here, and `judge`:
 *
 *   import { FAIL, PASS, input } from "ava";
 *   export { alloc } from "ava";
 *   export function judge(address: usize, length: i32): i32 {
 *     return input(address, 0).int <= input(address, 1).int ? PASS : FAIL;
 *   }
 *
 * No floats, no collector, no growth but through `new`. A value is a slot in the buffer, read where it lies. What is not
 * as the rule says, an absent value read as a number, an index past the end, ends the rule in a trap (`unreachable`),
 * and the manifest's `on_fault` decides; ask `isInt`, `isText`, `isList`, `isMap` first where that is not what is wanted.
 */

/** What `judge` answers. */
export const FAIL: i32 = 0;
export const FAULT: i32 = 1;
export const PASS: i32 = 2;

const SLOT_BYTES: usize = 16;
const ENTRY_BYTES: usize = 32;

// I-2
const TAG_NULL: u8 = 1;
const TAG_BOOL: u8 = 2;
const TAG_INT: u8 = 3;
const TAG_UINT: u8 = 4;
const TAG_DOUBLE: u8 = 5;
const TAG_TIMESTAMP: u8 = 6;
const TAG_DURATION: u8 = 7;
const TAG_TEXT: u8 = 8;
const TAG_BYTES: u8 = 9;
const TAG_LIST: u8 = 10;
const TAG_MAP: u8 = 11;

/** Where the offsets of the buffer in use count from. */
let base: usize = 0;
/** What is found where nothing is. */
const NOTHING: usize = memory.data(16, 8);

/** GU-6: room for the input buffer; a rule exports it. */
export function alloc(length: i32): usize {
  return heap.alloc(length < 8 ? 8 : <usize>length);
}

/** The input of this number, in the order of `inputs` and `uses` together, sorted (`avactl rules build` lists them). */
export function input(address: usize, number: i32): Slot {
  base = address;
  return changetype<Slot>(address + <usize>number * SLOT_BYTES);
}

/** A value of the input buffer, or the lack of one. */
@unmanaged
export class Slot {
  private tag: u8;
  private unused0: u8;
  private unused1: u16;
  private count: u32;
  private payload: u64;

  /** Whether there is no value: the path is not there, or what is there does not fit its type. */
  get isAbsent(): bool {
    return this.tag == 0;
  }
  get isNull(): bool {
    return this.tag == TAG_NULL;
  }
  get isBool(): bool {
    return this.tag == TAG_BOOL;
  }
  get isInt(): bool {
    return this.tag == TAG_INT;
  }
  get isUint(): bool {
    return this.tag == TAG_UINT;
  }
  get isDouble(): bool {
    return this.tag == TAG_DOUBLE;
  }
  get isTimestamp(): bool {
    return this.tag == TAG_TIMESTAMP;
  }
  get isDuration(): bool {
    return this.tag == TAG_DURATION;
  }
  get isText(): bool {
    return this.tag == TAG_TEXT;
  }
  get isBytes(): bool {
    return this.tag == TAG_BYTES;
  }
  get isList(): bool {
    return this.tag == TAG_LIST;
  }
  get isMap(): bool {
    return this.tag == TAG_MAP;
  }

  /** A bool. */
  get bool(): bool {
    need(this.tag == TAG_BOOL);
    return this.payload != 0;
  }
  /** An int; of a duration its nanoseconds, of a timestamp its whole seconds. */
  get int(): i64 {
    need(this.tag == TAG_INT || this.tag == TAG_DURATION || this.tag == TAG_TIMESTAMP);
    return <i64>this.payload;
  }
  /** A uint; of a double its 64 bits, since the profile has no floats. */
  get uint(): u64 {
    need(this.tag == TAG_UINT || this.tag == TAG_DOUBLE);
    return this.payload;
  }
  /** The nanoseconds of a timestamp past its whole second. */
  get nanoseconds(): u32 {
    need(this.tag == TAG_TIMESTAMP);
    return this.count;
  }

  /** UTF-8 bytes of a text, bytes, items of a list, entries of a map. */
  get length(): i32 {
    need(this.tag >= TAG_TEXT && this.tag <= TAG_MAP);
    return <i32>this.count;
  }
  /** Where the bytes of a text or of bytes begin. */
  get address(): usize {
    need(this.tag == TAG_TEXT || this.tag == TAG_BYTES);
    return base + <usize>this.payload;
  }
  /** The byte of this number of a text or of bytes. */
  byte(at: i32): u8 {
    need(<u32>at < this.count);
    return load<u8>(this.address + <usize>at);
  }

  /** The item of this number of a list. */
  item(at: i32): Slot {
    need(this.tag == TAG_LIST && <u32>at < this.count);
    return changetype<Slot>(base + <usize>this.payload + <usize>at * SLOT_BYTES);
  }
  /** The key of this number of a map; keys are in the order of their bytes. */
  key(at: i32): Slot {
    need(this.tag == TAG_MAP && <u32>at < this.count);
    return changetype<Slot>(base + <usize>this.payload + <usize>at * ENTRY_BYTES);
  }
  /** The value of this number of a map. */
  value(at: i32): Slot {
    return changetype<Slot>(changetype<usize>(this.key(at)) + SLOT_BYTES);
  }
  /** The value under a key of a map, absent where there is none or this is no map. */
  get(key: string): Slot {
    let low = 0;
    let high = this.tag == TAG_MAP ? <i32>this.count : 0;
    while (low < high) {
      const middle = (low + high) >> 1;
      const found = this.key(middle);
      const order = compareWith(found.address, found.length, key);
      if (order == 0) return this.value(middle);
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return changetype<Slot>(NOTHING);
  }
  /** The value under the key that a text is, absent where there is none or this is no map. */
  getText(key: Slot): Slot {
    let low = 0;
    let high = this.tag == TAG_MAP ? <i32>this.count : 0;
    while (low < high) {
      const middle = (low + high) >> 1;
      const order = this.key(middle).compare(key);
      if (order == 0) return this.value(middle);
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return changetype<Slot>(NOTHING);
  }

  /** Whether a text is this one. */
  is(text: string): bool {
    return compareWith(this.address, this.length, text) == 0;
  }
  /** Whether a text begins with this one. */
  startsWith(text: string): bool {
    const length = String.UTF8.byteLength(text);
    return this.length >= length && compareWith(this.address, length, text) == 0;
  }
  /** Whether a text ends with this one. */
  endsWith(text: string): bool {
    const from = this.length - String.UTF8.byteLength(text);
    return from >= 0 && compareWith(this.address + <usize>from, this.length - from, text) == 0;
  }
  /** Below, at or above 0 as this text's bytes stand before, equal to or after the other's. */
  compare(other: Slot): i32 {
    return compareBytes(this.address, this.length, other.address, other.length);
  }
  /** Whether two texts are the same. */
  equals(other: Slot): bool {
    return this.length == other.length && same(this.address, other.address, this.length);
  }
  /** A text as a string of AssemblyScript, a copy. */
  toString(): string {
    return String.UTF8.decodeUnsafe(this.address, this.length);
  }
}

function need(condition: bool): void {
  if (!condition) unreachable();
}

function same(a: usize, b: usize, length: i32): bool {
  for (let i: usize = 0; i < <usize>length; i++) if (load<u8>(a + i) != load<u8>(b + i)) return false;
  return true;
}

function compareBytes(a: usize, aLength: i32, b: usize, bLength: i32): i32 {
  const least = <usize>min(aLength, bLength);
  for (let i: usize = 0; i < least; i++) {
    const order = <i32>load<u8>(a + i) - <i32>load<u8>(b + i);
    if (order != 0) return order;
  }
  return aLength - bLength;
}

/** Compares bytes with the UTF-8 of a string, which is not copied. */
function compareWith(at: usize, length: i32, text: string): i32 {
  let i = 0;
  for (let unit = 0; unit < text.length; unit++) {
    const point = <u32>text.codePointAt(unit);
    if (point > 0xffff) unit++;
    const more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    for (let k = more; k >= 0; k--) {
      if (i == length) return -1;
      const bits = (point >> (6 * <u32>k)) & 0x3f;
      const byte = k < more ? 0x80 | bits : more == 0 ? point : ((0xff00 >> <u32>(more + 1)) & 0xff) | (point >> (6 * <u32>more));
      const order = <i32>load<u8>(at + <usize>i) - <i32>byte;
      if (order != 0) return order;
      i++;
    }
  }
  return length - i;
}

// Host functions (GU-7): a rule may use what its manifest names in `hosts`.

@external("ava", "hash")
declare function hostHash(data: usize, length: i32, out: usize): void;
@external("ava", "verify")
declare function hostVerify(suite: i32, key: usize, keyLength: i32, signature: usize, signatureLength: i32, message: usize, messageLength: i32): i32;
@external("ava", "read")
declare function hostRead(path: usize, length: i32, out: usize, room: i32): i32;
@external("ava", "oracle")
declare function hostOracle(feed: usize, length: i32, maxAge: i64, out: usize, room: i32): i32;
@external("ava", "call")
declare function hostCall(name: usize, length: i32): i32;
@external("ava", "log")
declare function hostLog(text: usize, length: i32): void;

/** SHA-256 of bytes in memory: the address of its 32 bytes. */
export function hash(data: usize, length: i32): usize {
  const out = heap.alloc(32);
  hostHash(data, length, out);
  return out;
}

/** Whether a signature of this suite (spec/signature.md) is the key's over a message. All three are bytes or texts. */
export function verify(suite: i32, key: Slot, signature: Slot, message: Slot): bool {
  return hostVerify(suite, key.address, key.length, signature.address, signature.length, message.address, message.length) == 1;
}

/** What the state holds at a path that the manifest names in `reads`. */
export function read(path: string): Slot {
  const name = String.UTF8.encode(path);
  const room = 64;
  const at = heap.alloc(room);
  const length = hostRead(changetype<usize>(name), name.byteLength, at, room);
  if (length <= room) return placed(at);
  const larger = heap.alloc(length);
  hostRead(changetype<usize>(name), name.byteLength, larger, length);
  return placed(larger);
}

/** The last value of a feed that is not older. */
export function oracle(feed: string, max_age_ms: i64): Slot {
  const name = String.UTF8.encode(feed);
  const room = 64;
  const at = heap.alloc(room);
  const length = hostOracle(changetype<usize>(name), name.byteLength, max_age_ms, at, room);
  if (length <= room) return placed(at);
  const larger = heap.alloc(length);
  hostOracle(changetype<usize>(name), name.byteLength, max_age_ms, larger, length);
  return placed(larger);
}

/** What another rule, named in the manifest's `calls`, says of this action: FAIL, FAULT or PASS. */
export function call(rule: string): i32 {
  const name = String.UTF8.encode(rule);
  return hostCall(changetype<usize>(name), name.byteLength);
}

/** Leaves a text of at most 1,024 bytes in the trace. */
export function log(text: string): void {
  const bytes = String.UTF8.encode(text);
  hostLog(changetype<usize>(bytes), bytes.byteLength);
}

/** GU-8: offsets of an answer count from its own start; they are made to count from the input's. */
function placed(at: usize): Slot {
  move(at, <u64>(at - base));
  return changetype<Slot>(at);
}

function move(slot: usize, by: u64): void {
  const tag = load<u8>(slot);
  if (tag < TAG_TEXT || tag > TAG_MAP) return;
  const offset = load<u64>(slot, 8) + by;
  store<u64>(slot, offset & 0xffff_ffff, 8);
  const slots = tag == TAG_LIST ? load<u32>(slot, 4) : tag == TAG_MAP ? 2 * load<u32>(slot, 4) : 0;
  for (let i: u32 = 0; i < slots; i++) move(base + <usize>offset + <usize>i * SLOT_BYTES, by);
}
