/** Values and types of CEL's conformance tests, whose form is that of protobuf's JSON, as the rule IR has them. */
import { mapOf } from '../../src/rule/container.ts';
import { heapSize } from '../../src/rule/fit.ts';
import { decodeBase64 } from '../../src/rule/text-function.ts';
import { parseDuration, parseTimestamp } from '../../src/rule/time.ts';
import { KINDS, type Kind, type Type, typeName } from '../../src/rule/type.ts';
import { ERROR, isBytes, isList, isMap, kindOf, type MapValue, typeValue, uint, type Value } from '../../src/rule/value.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

const KIND_OF_NAME: ReadonlyMap<string, Kind> = new Map(KINDS.filter((kind) => kind !== 'none' && kind !== 'dyn').map((kind) => [typeName(kind), kind]));
const entriesOf = (json: Json): JsonObject => json as JsonObject;

/** The value that a test gives or expects; undefined for a message or an enum. */
export function valueOf(json: JsonObject): Value | undefined {
  const [[form, of]] = Object.entries(json);
  switch (form) {
    case 'nullValue':
      return null;
    case 'boolValue':
    case 'stringValue':
      return of as boolean | string;
    case 'int64Value':
      return BigInt(of as string);
    case 'uint64Value':
      return uint(BigInt(of as string));
    case 'doubleValue':
      return Number(of);
    case 'bytesValue':
      return decodeBase64(of as string);
    case 'typeValue': {
      const kind = KIND_OF_NAME.get(of as string);
      return kind === undefined ? undefined : typeValue(kind);
    }
    case 'listValue': {
      const items = ((entriesOf(of).values ?? []) as readonly JsonObject[]).map(valueOf);
      return items.includes(undefined) ? undefined : (items as Value[]);
    }
    case 'mapValue': {
      const parts = ((entriesOf(of).entries ?? []) as readonly JsonObject[]).flatMap((one) => [valueOf(entriesOf(one.key)), valueOf(entriesOf(one.value))]);
      const made = parts.includes(undefined) ? ERROR : mapOf(parts as Value[]);
      return made === ERROR ? undefined : made;
    }
    case 'objectValue': {
      const { '@type': type, value } = entriesOf(of);
      if (type === 'type.googleapis.com/google.protobuf.Duration') return parseDuration(value as string);
      return type === 'type.googleapis.com/google.protobuf.Timestamp' ? parseTimestamp(value as string) : undefined;
    }
    default:
      return undefined;
  }
}

const PRIMITIVES: Readonly<Record<string, Kind>> = { BOOL: 'bool', INT64: 'int', UINT64: 'uint', DOUBLE: 'dbl', STRING: 'str', BYTES: 'bytes' };
const MESSAGES: Readonly<Record<string, Kind>> = { 'google.protobuf.Timestamp': 'ts', 'google.protobuf.Duration': 'dur' };

/** The largest values that any test binds. */
const BYTES_MAX = 64;
const LENGTH_MAX = 4;

/** The type that a test declares for a name; undefined for a message. */
export function typeOfJson(json: JsonObject): Type | undefined {
  const [[form, of]] = Object.entries(json);
  if (form === 'primitive' || form === 'messageType' || form === 'wellKnown') {
    const kind = { ...PRIMITIVES, ...MESSAGES }[of as string];
    return kind === undefined ? undefined : kind === 'str' || kind === 'bytes' ? { kind, bytes: BYTES_MAX } : ({ kind } as Type);
  }
  if (form === 'null') return { kind: 'null' };
  if (form === 'dyn') return { kind: 'dyn', bytes: BYTES_MAX };
  if (form === 'listType') {
    const item = typeOfJson(entriesOf(entriesOf(of).elemType));
    return item && { kind: 'list', length: LENGTH_MAX, item };
  }
  if (form !== 'mapType') return undefined;
  const key = typeOfJson(entriesOf(entriesOf(of).keyType));
  const value = typeOfJson(entriesOf(entriesOf(of).valueType));
  return key && value && { kind: 'map', length: LENGTH_MAX, key, value };
}

/** The narrowest dyn that holds a value. */
export const dynOf = (value: Value): Type => ({ kind: 'dyn', bytes: heapSize(value) });

/** The same kind and the same value at every depth; NaN is NaN. */
export function same(a: Value, b: Value): boolean {
  if (kindOf(a) !== kindOf(b)) return false;
  if (isList(a)) return a.length === (b as readonly Value[]).length && a.every((item, i) => same(item, (b as readonly Value[])[i]));
  if (isMap(a)) return same(a.keys, (b as MapValue).keys) && same(a.values, (b as MapValue).values);
  if (isBytes(a)) return a.join() === (b as Uint8Array).join();
  if (typeof a === 'number') return Object.is(a, b) || (a === 0 && b === 0);
  if (typeof a !== 'object' || a === null) return a === b;
  const fields = (value: object): string => Object.values(value).join(' ');
  return fields(a) === fields(b as object);
}
