/** The input buffer as JSON text (GU-16), for guests that read JSON: one pass over the slots, straight to bytes. */
import { utf8 } from '../base/bytes.ts';
import { HostTrap } from './host.ts';

const SLOT_BYTES = 16;
const ENTRY_BYTES = 32;
/** Tags of slots (I-2). */
const TAG = { none: 0, null: 1, bool: 2, uint: 4, dbl: 5, ts: 6, str: 8, bytes: 9, list: 10, map: 11 } as const;

/** Where inputs stand in the document: a slot's number, or what is below. */
type Node = number | ReadonlyMap<string, Node>;
type Group = Map<string, number | Group>;

/** `args.to` → `args`, `to`; the dots of a sum's parentheses divide nothing. */
function segments(path: string): readonly string[] {
  return path.match(/(?:\([^)]*\)|[^.(])+/g) ?? [];
}

function treeOf(paths: readonly string[]): Group {
  const root: Group = new Map();
  paths.forEach((path, slot) => {
    const parts = segments(path);
    let group = root;
    for (const [i, part] of parts.entries()) {
      const below = group.get(part);
      // What stands below another input is part of that one's value.
      if (typeof below === 'number') return;
      if (i === parts.length - 1) {
        group.set(part, slot);
        return;
      }
      const next: Group = below ?? new Map();
      group.set(part, next);
      group = next;
    }
  });
  return root;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const HEX = utf8('0123456789abcdef');
const UNICODE = utf8('\\u00');

export class InputText {
  private readonly tree: Group;
  private bytes = new Uint8Array(4_096);
  private at = 0;
  private input: Uint8Array = this.bytes;
  private view: DataView = new DataView(this.bytes.buffer);

  /** `paths` are those of the input's slots, in order. */
  constructor(paths: readonly string[]) {
    this.tree = treeOf(paths);
  }

  /** The whole document. The bytes are valid until the next call. */
  document(input: Uint8Array): Uint8Array {
    this.begin(input);
    if (!this.node(this.tree)) this.text('{}');
    return this.bytes.subarray(0, this.at);
  }

  /**
   * An object whose members are groups of the document, each `{}` where it has nothing: `[['request', 'args'], …]`; those of
   * `given` are there already as text.
   */
  members(input: Uint8Array, names: readonly (readonly [string, string])[], given: Readonly<Record<string, Uint8Array>>): Uint8Array {
    this.begin(input);
    names.forEach(([name, group], i) => {
      this.text(`${i === 0 ? '{' : ','}"${name}":`);
      const ready = Object.hasOwn(given, name) ? given[name] : undefined;
      if (ready !== undefined) return this.raw(ready);
      const node = this.tree.get(group);
      if (node === undefined || !this.node(node)) this.text('{}');
    });
    this.text('}');
    return this.bytes.subarray(0, this.at);
  }

  private begin(input: Uint8Array): void {
    this.input = input;
    this.view = new DataView(input.buffer, input.byteOffset, input.byteLength);
    this.at = 0;
  }

  /** False, and nothing is written, where there is no value. */
  private node(node: Node): boolean {
    if (typeof node === 'number') {
      if (this.input[node * SLOT_BYTES] === TAG.none) return false;
      this.value(node * SLOT_BYTES);
      return true;
    }
    const start = this.at;
    let any = false;
    for (const [name, below] of node) {
      const before = this.at;
      this.byte(any ? 0x2c : 0x7b);
      this.quoted(utf8(name));
      this.byte(0x3a);
      if (this.node(below)) any = true;
      else this.at = before;
    }
    if (any) this.byte(0x7d);
    else this.at = start;
    return any;
  }

  private value(slot: number): void {
    const { view } = this;
    const length = view.getUint32(slot + 4, true);
    switch (this.input[slot]) {
      case TAG.null:
        return this.text('null');
      case TAG.bool:
        return this.text(view.getUint8(slot + 8) === 1 ? 'true' : 'false');
      case TAG.uint:
        return this.text(String(view.getBigUint64(slot + 8, true)));
      case TAG.dbl: {
        const number = view.getFloat64(slot + 8, true);
        return this.text(Number.isFinite(number) ? String(number) : 'null');
      }
      case TAG.ts:
        return this.text(String(view.getBigInt64(slot + 8, true) * 1_000_000_000n + BigInt(length)));
      case TAG.str:
        return this.quoted(this.block(slot, length));
      case TAG.bytes:
        return this.text(`"${base64(this.block(slot, length))}"`);
      case TAG.list: {
        const from = Number(view.getBigUint64(slot + 8, true));
        this.byte(0x5b);
        for (let i = 0; i < length; i++) {
          if (i > 0) this.byte(0x2c);
          this.value(from + i * SLOT_BYTES);
        }
        return this.byte(0x5d);
      }
      case TAG.map: {
        const from = Number(view.getBigUint64(slot + 8, true));
        this.byte(0x7b);
        for (let i = 0; i < length; i++) {
          if (i > 0) this.byte(0x2c);
          const key = from + i * ENTRY_BYTES;
          const isText = this.input[key] === TAG.str;
          if (!isText) this.byte(QUOTE);
          this.value(key);
          if (!isText) this.byte(QUOTE);
          this.byte(0x3a);
          this.value(key + SLOT_BYTES);
        }
        return this.byte(0x7d);
      }
      default:
        return this.text(String(view.getBigInt64(slot + 8, true)));
    }
  }

  private block(slot: number, length: number): Uint8Array {
    const from = Number(this.view.getBigUint64(slot + 8, true));
    return this.input.subarray(from, from + length);
  }

  private quoted(text: Uint8Array): void {
    this.room(6 * text.length + 2);
    const { bytes } = this;
    let at = this.at;
    bytes[at++] = QUOTE;
    for (let i = 0; i < text.length; i++) {
      const byte = text[i];
      if (byte < 0x20) {
        bytes.set(UNICODE, at);
        bytes[at + 4] = HEX[byte >> 4];
        bytes[at + 5] = HEX[byte & 15];
        at += 6;
      } else {
        if (byte === QUOTE || byte === BACKSLASH) bytes[at++] = BACKSLASH;
        bytes[at++] = byte;
      }
    }
    bytes[at++] = QUOTE;
    this.at = at;
  }

  private raw(bytes: Uint8Array): void {
    this.room(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** ASCII. */
  private text(text: string): void {
    this.room(text.length);
    for (let i = 0; i < text.length; i++) this.bytes[this.at++] = text.charCodeAt(i);
  }

  private byte(byte: number): void {
    this.room(1);
    this.bytes[this.at++] = byte;
  }

  private room(bytes: number): void {
    if (this.at + bytes <= this.bytes.length) return;
    const larger = new Uint8Array(2 * (this.at + bytes));
    larger.set(this.bytes);
    this.bytes = larger;
  }
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const bits = (bytes[i] << 16) | ((left > 1 ? bytes[i + 1] : 0) << 8) | (left > 2 ? bytes[i + 2] : 0);
    text += `${DIGITS[bits >> 18]}${DIGITS[(bits >> 12) & 63]}${left > 1 ? DIGITS[(bits >> 6) & 63] : '='}${left > 2 ? DIGITS[bits & 63] : '='}`;
  }
  return text;
}

/** What a guest gives as JSON. @throws HostTrap host where it is none */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw error instanceof SyntaxError ? new HostTrap('host') : error;
  }
}
