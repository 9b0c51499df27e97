/** A constant document as JSON text (GU-16): of policies their data, of waPC guests their settings. */
import type { Cbor } from '../base/cbor.ts';

const ESCAPED = /["\\\u0000-\u001f]/g;
const escapeOf = (char: string): string => (char === '"' || char === '\\' ? `\\${char}` : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
const quoted = (text: string): string => `"${text.replace(ESCAPED, escapeOf)}"`;

/** Members in the order of the canonical document; bytes as a list of numbers. Its depth is bounded by the codec. */
export function dataText(value: Cbor): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof Uint8Array) return `[${[...value].join(',')}]`;
  if (Array.isArray(value)) return `[${(value as readonly Cbor[]).map(dataText).join(',')}]`;
  const members = Object.entries(value as Readonly<Record<string, Cbor>>).map(([name, item]) => `${quoted(name)}:${dataText(item)}`);
  return `{${members.join(',')}}`;
}
