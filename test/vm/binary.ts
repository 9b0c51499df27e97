/** WebAssembly's binary format as byte lists: integers, vectors, sections. Own code, so that tests do not trust the VM's. */

export type Bytes = readonly number[];
export const VALUE_TYPE = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c } as const;
export type NumberType = keyof typeof VALUE_TYPE;
export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
} as const;
export const HEADER: Bytes = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** Unsigned LEB128 of a safe integer or bigint. */
export function u(value: number | bigint): number[] {
  const bytes: number[] = [];
  for (let rest = BigInt(value); ; ) {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 128);
    if (rest === 0n) return bytes;
  }
}

/** Signed LEB128. */
export function s(value: number | bigint): number[] {
  const bytes: number[] = [];
  for (let rest = BigInt(value); ; ) {
    const low = Number(rest & 127n);
    rest >>= 7n;
    const done = rest === (low & 64 ? -1n : 0n);
    bytes.push(done ? low : low | 128);
    if (done) return bytes;
  }
}

export const vector = (items: readonly Bytes[]): number[] => [...u(items.length), ...items.flat()];
export const sized = (content: Bytes): number[] => [...u(content.length), ...content];
export const name = (text: string): number[] => sized([...new TextEncoder().encode(text)]);
/** A section, or nothing where it would hold no items. */
export const section = (id: number, items: readonly Bytes[]): number[] => (items.length === 0 ? [] : [id, ...sized(vector(items))]);
export const functionType = (params: readonly NumberType[], results: readonly NumberType[]): number[] => [
  0x60,
  ...vector(params.map((type) => [VALUE_TYPE[type]])),
  ...vector(results.map((type) => [VALUE_TYPE[type]])),
];
/** Limits of a memory or table. */
export const limits = (least: number, most?: number): number[] => (most === undefined ? [0, ...u(least)] : [1, ...u(least), ...u(most)]);
/** A code entry: locals as runs of one type, then the body with its end. */
export const code = (locals: readonly (readonly [count: number, type: NumberType])[], body: Bytes): number[] =>
  sized([...vector(locals.map(([count, type]) => [...u(count), VALUE_TYPE[type]])), ...body, 0x0b]);
/** Large parts go by concat: a spread has a bound on its arguments. */
export function moduleOf(...sections: readonly Bytes[]): Uint8Array {
  const size = sections.reduce((sum, part) => sum + part.length, HEADER.length);
  const bytes = new Uint8Array(size);
  bytes.set(HEADER);
  let at = HEADER.length;
  for (const part of sections) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
