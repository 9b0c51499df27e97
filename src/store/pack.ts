/** Many keys and values in one buffer, to hand them to another thread at the cost of one copy. */

/** A key with its value, or null where the key goes. */
export type Change = readonly [key: Uint8Array, value: Uint8Array | null];

/** u32 key length, u32 value length + 1 (0 = gone), key, value; again. */
export function packChanges(changes: readonly Change[]): ArrayBuffer {
  let size = 0;
  for (const [key, value] of changes) size += 8 + key.length + (value === null ? 0 : value.length);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [key, value] of changes) {
    view.setUint32(at, key.length);
    view.setUint32(at + 4, value === null ? 0 : value.length + 1);
    bytes.set(key, at + 8);
    at += 8 + key.length;
    if (value === null) continue;
    bytes.set(value, at);
    at += value.length;
  }
  return bytes.buffer;
}

/** The changes of `packChanges`, as views of the buffer. */
export function* unpackChanges(buffer: ArrayBuffer): Generator<Change> {
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  for (let at = 0; at < bytes.length; ) {
    const keyBytes = view.getUint32(at);
    const valueBytes = view.getUint32(at + 4);
    const key = bytes.subarray(at + 8, at + 8 + keyBytes);
    at += 8 + keyBytes;
    if (valueBytes === 0) {
      yield [key, null];
      continue;
    }
    yield [key, bytes.subarray(at, at + valueBytes - 1)];
    at += valueBytes - 1;
  }
}
