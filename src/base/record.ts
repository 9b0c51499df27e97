/**
 * Records are positional arrays (spec/cbor.md C-10): a field is a pair of functions, a record a list of fields.
 * A change of a record is a new version of it.
 */
import { type Octets, utf8 } from './bytes.ts';
import { type Cbor, Reader, Writer } from './cbor.ts';
import { Fault } from './fault.ts';
import { LABEL_BYTES_MAX, NAME_BYTES_MAX } from './limit.ts';

/** How one field is written and read. `read` throws a Fault `cbor_*` that names the place. */
export interface Field<T> {
  write(writer: Writer, value: T): void;
  read(reader: Reader): T;
}

export type Shape<R> = { readonly [K in keyof R]: Field<R[K]> };

export const u53: Field<number> = { write: (w, v) => w.uint(v), read: (r) => r.uint() };

/** A 64-bit signed integer, always a bigint (C-4). */
export const i64: Field<bigint> = {
  write(w, v) {
    if (BigInt.asIntN(64, v) !== v) throw new Fault('cbor_range', 'past 64 bits');
    w.int(v);
  },
  read(r) {
    const value = BigInt(r.int());
    if (BigInt.asIntN(64, value) !== value) r.fail('cbor_range', 'past 64 bits');
    return value;
  },
};

export const bool: Field<boolean> = { write: (w, v) => w.bool(v), read: (r) => r.bool() };

/** Any CBOR value: arguments, contexts. */
export const value: Field<Cbor> = { write: (w, v) => w.value(v), read: (r) => r.value() };

/** A UTF-8 character has at most three bytes for each UTF-16 unit: most texts need no count. */
const within = (text: string, maxBytes: number): boolean => text.length * 3 <= maxBytes || utf8(text).length <= maxBytes;

export const text = (maxBytes: number): Field<string> => ({
  write(w, v) {
    if (!within(v, maxBytes)) throw new Fault('cbor_range', `a text of more than ${maxBytes} bytes`);
    w.text(v);
  },
  read: (r) => r.text(maxBytes),
});
export const label: Field<string> = text(LABEL_BYTES_MAX);

export const blob = (maxBytes: number): Field<Uint8Array> => ({
  write(w, v) {
    if (v.length > maxBytes) throw new Fault('cbor_range', `a byte string of more than ${maxBytes}`);
    w.bytes(v);
  },
  read: (r) => r.bytesOf(maxBytes),
});

/** A byte string of fixed length, as octets. */
export const octetsOf = (length: number): Field<Octets> => ({
  write(w, v) {
    if (v.length !== length) throw new Fault('cbor_range', `${length} bytes expected`);
    w.octets(v);
  },
  read: (r) => r.octets(length),
});
export const hash32: Field<Octets> = octetsOf(32);
export const id16: Field<Octets> = octetsOf(16);

const NAME = /^[a-z][a-z0-9._/-]{0,63}$/;
export const isName = (text: string): boolean => NAME.test(text);

/** A name: `^[a-z][a-z0-9._/-]{0,63}$`. */
export const name: Field<string> = {
  write(w, v) {
    if (!isName(v)) throw new Fault('cbor_range', `not a name: ${v}`);
    w.text(v);
  },
  read(r) {
    const value = r.text(NAME_BYTES_MAX);
    if (!isName(value)) r.fail('cbor_range', 'not a name');
    return value;
  },
};

/** One of `names`, written as its index. */
export const choice = <T extends string>(names: readonly T[]): Field<T> => ({
  write(w, v) {
    const index = names.indexOf(v);
    if (index < 0) throw new Fault('cbor_range', `not one of ${names.join(', ')}: ${v}`);
    w.uint(index);
  },
  read(r) {
    const index = r.uint();
    if (index >= names.length) r.fail('cbor_range', `one of ${names.length} choices expected`);
    return names[index];
  },
});

/** A number that must be this one: a version. */
export const constant = (version: number): Field<number> => ({
  write: (w) => w.uint(version),
  read(r) {
    if (r.uint() !== version) r.fail('cbor_range', `version ${version} expected`);
    return version;
  },
});

export const nullable = <T>(field: Field<T>): Field<T | null> => ({
  write: (w, v) => (v === null ? w.null() : field.write(w, v)),
  read: (r) => (r.null() ? null : field.read(r)),
});

export const list = <T>(field: Field<T>, max: number): Field<readonly T[]> => ({
  write(w, v) {
    if (v.length > max) throw new Fault('cbor_range', `more than ${max} items`);
    w.array(v.length);
    for (let i = 0; i < v.length; i++) field.write(w, v[i]);
  },
  read(r) {
    const length = r.array();
    if (length > max) r.fail('cbor_range', `more than ${max} items`);
    const items: T[] = [];
    for (let i = 0; i < length; i++) items.push(field.read(r));
    return items;
  },
});

/** A record whose fields stand in the order of `shape`'s keys. */
export function record<R extends object>(what: string, shape: Shape<R>): Field<R> {
  const keys = Object.keys(shape) as (keyof R)[];
  const fields = keys.map((key) => shape[key]);
  const length = keys.length;
  return {
    write(w, v) {
      w.array(length);
      for (let i = 0; i < length; i++) fields[i].write(w, v[keys[i]]);
    },
    read(r) {
      r.fields(length, what);
      const out = {} as R;
      for (let i = 0; i < length; i++) out[keys[i]] = fields[i].read(r);
      return out;
    },
  };
}

const shared = new Writer(4096);

export function encodeWith<T>(field: Field<T>, value: T): Uint8Array {
  shared.reset();
  field.write(shared, value);
  return shared.done();
}

/** @throws Fault cbor_* */
export function decodeWith<T>(field: Field<T>, bytes: Uint8Array): T {
  const reader = new Reader(bytes);
  const value = field.read(reader);
  reader.end();
  return value;
}
