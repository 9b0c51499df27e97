/** Values out of a solver's model, as a source has them. */
import type { SourceValue } from '../rule/input.ts';
import type { Term } from './script.ts';
import { INT_BITS, type Symbol, TIME_BITS } from './symbol.ts';

const SECOND = 1_000_000_000n;

function durationText(nanos: bigint): string {
  const size = nanos < 0n ? -nanos : nanos;
  const fraction = size % SECOND === 0n ? '' : `.${String(size % SECOND).padStart(9, '0')}`;
  return `${nanos < 0n ? '-' : ''}${size / SECOND}${fraction}s`;
}

function timestampText(nanos: bigint): string {
  const fraction = ((nanos % SECOND) + SECOND) % SECOND;
  const text = new Date(Number((nanos - fraction) / 1_000_000n)).toISOString().slice(0, 19);
  return `${text}${fraction === 0n ? '' : `.${String(fraction).padStart(9, '0')}`}Z`;
}

/** A value of a type that is none of these. */
export const unfitFor = (kinds: readonly string[]): SourceValue => (kinds.includes('str') ? (kinds.includes('bool') ? 0.5 : true) : 'other');

const literal = (text: string | undefined): bigint => (text === undefined ? 0n : BigInt(text.replace('#', '0')));

export function readSymbol(symbol: Symbol, of: (variable: Term) => string | undefined): SourceValue {
  const read = (term: Term): bigint => literal(term.startsWith('#') ? term : of(term));
  switch (symbol.kind) {
    case 'bool':
      return of(symbol.t) === 'true';
    case 'null':
      return null;
    case 'int': {
      const value = BigInt.asIntN(INT_BITS, read(symbol.bits));
      return value > -(2n ** 53n) && value < 2n ** 53n ? Number(value) : value;
    }
    case 'uint': {
      const value = read(symbol.bits);
      return value < 2n ** 53n ? Number(value) : value;
    }
    case 'dur':
      return durationText(BigInt.asIntN(INT_BITS, read(symbol.bits)));
    case 'ts':
      return timestampText(BigInt.asIntN(TIME_BITS, read(symbol.bits)));
    case 'dbl': {
      const view = new DataView(new ArrayBuffer(8));
      view.setBigUint64(0, read(symbol.bits ?? '#x0'));
      return view.getFloat64(0);
    }
    case 'bytes':
    case 'str': {
      const length = Number(read(symbol.length));
      if (symbol.size !== undefined) return 'a'.repeat(length);
      const hex = read(symbol.bytes)
        .toString(16)
        .padStart(2 * symbol.width, '0');
      const octets = Uint8Array.from({ length }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
      return symbol.kind === 'bytes' ? Buffer.from(octets).toString('base64') : new TextDecoder().decode(octets);
    }
    case 'list': {
      const length = Number(read(symbol.length));
      return Array.from({ length }, (_, i) => readSymbol(symbol.items[Math.min(i, symbol.items.length - 1)], of));
    }
    case 'map': {
      const length = Number(read(symbol.length));
      return Object.fromEntries(
        Array.from({ length: Math.min(length, symbol.keys.length) }, (_, i) => [String(readSymbol(symbol.keys[i], of)), readSymbol(symbol.values[i], of)]),
      );
    }
  }
}
