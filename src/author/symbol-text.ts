/** Texts as a solver sees them: each test spelled out byte by byte, cheaply where the part looked for is a constant. */
import { utf8 } from '../base/bytes.ts';
import { FALSE, NotLowered, type Script, type Term, TRUE, vector } from './script.ts';
import { LENGTH_BITS, lengthTerm, type TextSymbol, widened } from './symbol.ts';

/** Bytes of the longest text that is modelled; sums of texts may reach it. */
export const TEXT_WIDTH_MAX = 512;

const LENGTH_SORT_BITS = LENGTH_BITS;

/** A constant. */
export function constantText(text: string): TextSymbol {
  const bytes = utf8(text);
  const width = Math.max(1, bytes.length);
  if (width > TEXT_WIDTH_MAX) throw new NotLowered(`a text of ${width} bytes`);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return { kind: 'str', ok: TRUE, length: lengthTerm(bytes.length), bytes: hex === '' ? '#x00' : `#x${hex}`, width };
}

/** How many bytes a text has, where that is a constant. */
const knownLength = ({ length }: TextSymbol): number | undefined => (length.startsWith('#x') ? Number.parseInt(length.slice(2), 16) : undefined);
const isConstant = (text: TextSymbol): boolean => text.bytes.startsWith('#x') && knownLength(text) !== undefined;

/** A length in bytes as a vector of `8 * width` bits that counts bits. */
function shiftBy(script: Script, length: Term, width: number): Term {
  const bits = 8 * width;
  const fitted = bits >= LENGTH_SORT_BITS ? script.extend(length, LENGTH_SORT_BITS, bits) : script.extract(length, LENGTH_SORT_BITS, bits - 1, 0);
  return script.operation(bits, 'bvshl', fitted, vector(3n, bits));
}

/** Ones where the first `length` bytes are. */
export function maskOf(script: Script, length: Term, width: number): Term {
  const bits = 8 * width;
  const ones = vector(-1n, bits);
  return script.operation(bits, 'bvnot', script.operation(bits, 'bvlshr', ones, shiftBy(script, length, width)));
}

const slice = (script: Script, text: TextSymbol, from: number, count: number): Term =>
  script.extract(text.bytes, 8 * text.width, 8 * (text.width - from) - 1, 8 * (text.width - from - count));

/** Whether `part` stands in `whole` from byte `at` on, as far as bytes go. */
function standsAt(script: Script, whole: TextSymbol, part: TextSymbol, at: number): Term {
  const needed = script.operation(LENGTH_BITS, 'bvadd', lengthTerm(at), part.length);
  const width = Math.max(whole.width, part.width);
  const moved =
    at === 0 ? widened(script, whole, width) : script.operation(8 * width, 'bvshl', widened(script, whole, width), vector(BigInt(8 * at), 8 * width));
  const differs = script.operation(8 * width, 'bvxor', moved, widened(script, part, width));
  const seen = script.operation(8 * width, 'bvand', differs, maskOf(script, part.length, width));
  return script.and(script.relation('bvule', needed, whole.length), script.equal(seen, vector(0n, 8 * width)));
}

export function startsWith(script: Script, whole: TextSymbol, part: TextSymbol): Term {
  const length = isConstant(part) ? knownLength(part) : undefined;
  if (length === undefined) return standsAt(script, whole, part, 0);
  if (length === 0) return TRUE;
  if (length > whole.width) return FALSE;
  return script.and(script.relation('bvule', lengthTerm(length), whole.length), script.equal(slice(script, whole, 0, length), part.bytes));
}

export function endsWith(script: Script, whole: TextSymbol, part: TextSymbol): Term {
  const length = isConstant(part) ? knownLength(part) : undefined;
  if (length !== undefined) {
    if (length === 0) return TRUE;
    const places: Term[] = [];
    for (let end = length; end <= whole.width; end++)
      places.push(script.and(script.equal(whole.length, lengthTerm(end)), script.equal(slice(script, whole, end - length, length), part.bytes)));
    return script.or(...places);
  }
  const width = Math.max(whole.width, part.width);
  const before = script.operation(LENGTH_BITS, 'bvsub', whole.length, part.length);
  const tail = script.operation(8 * width, 'bvshl', widened(script, whole, width), shiftBy(script, before, width));
  return script.and(script.relation('bvule', part.length, whole.length), script.equal(tail, widened(script, part, width)));
}

export function contains(script: Script, whole: TextSymbol, part: TextSymbol): Term {
  const length = isConstant(part) ? knownLength(part) : undefined;
  if (length === 0) return TRUE;
  const places: Term[] = [];
  if (length === undefined) for (let at = 0; at <= whole.width; at++) places.push(standsAt(script, whole, part, at));
  else
    for (let at = 0; at + length <= whole.width; at++)
      places.push(script.and(script.relation('bvule', lengthTerm(at + length), whole.length), script.equal(slice(script, whole, at, length), part.bytes)));
  return script.or(...places);
}

/** Both ok. */
export function joined(script: Script, a: TextSymbol, b: TextSymbol): Omit<TextSymbol, 'ok'> {
  const width = a.width + b.width;
  if (width > TEXT_WIDTH_MAX) throw new NotLowered(`it joins texts to more than ${TEXT_WIDTH_MAX} bytes`);
  const shifted = script.operation(8 * width, 'bvlshr', widened(script, b, width), shiftBy(script, a.length, width));
  return {
    kind: 'str',
    width,
    length: script.operation(LENGTH_BITS, 'bvadd', a.length, b.length),
    bytes: script.operation(8 * width, 'bvor', widened(script, a, width), shifted),
  };
}

/**
 * What makes a vector and a length a text: no bytes beyond its end, and well-formed UTF-8 (RFC 3629), told locally: which
 * bytes continue follows from the three before.
 */
export function isText(script: Script, text: TextSymbol): Term {
  const { width, length, bytes } = text;
  const byte = (i: number): Term => script.extract(bytes, 8 * width, 8 * (width - i) - 1, 8 * (width - i - 1));
  const within = (value: Term, low: number, high: number): Term =>
    script.and(script.relation('bvule', vector(BigInt(low), 8), value), script.relation('bvule', value, vector(BigInt(high), 8)));
  const rules: Term[] = [
    script.relation('bvule', length, lengthTerm(width)),
    script.equal(script.operation(8 * width, 'bvand', bytes, script.operation(8 * width, 'bvnot', maskOf(script, length, width))), vector(0n, 8 * width)),
  ];
  const all = Array.from({ length: width }, (_, i) => byte(i));
  /** Whether byte i begins a sequence of `bytes` or more. */
  const leads = (i: number, least: number): Term =>
    i < 0 ? FALSE : script.relation('bvule', vector(least === 2 ? 0xc2n : least === 3 ? 0xe0n : 0xf0n, 8), all[i]);
  for (let i = 0; i <= width; i++) {
    const due = script.or(leads(i - 1, 2), leads(i - 2, 3), leads(i - 3, 4));
    if (i === width) {
      // Nothing may be due past the end of the room; past the text's own end zeros stand, which continue nothing.
      rules.push(script.not(due));
      break;
    }
    const value = all[i];
    rules.push(script.equal(due, within(value, 0x80, 0xbf)));
    rules.push(script.or(script.relation('bvult', value, vector(0xc0n, 8)), within(value, 0xc2, 0xf4)));
    if (i === 0) continue;
    const after = (lead: number, rule: Term): Term => script.implies(script.equal(all[i - 1], vector(BigInt(lead), 8)), rule);
    rules.push(
      after(0xe0, script.relation('bvule', vector(0xa0n, 8), value)),
      after(0xed, script.relation('bvule', value, vector(0x9fn, 8))),
      after(0xf0, script.relation('bvule', vector(0x90n, 8), value)),
      after(0xf4, script.relation('bvule', value, vector(0x8fn, 8))),
    );
  }
  return script.and(...rules);
}
