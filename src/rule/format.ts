/** `format` (spec/rule-ir.md R-24): a text with clauses, each for the next item of a list. */
import { utf8 } from '../base/bytes.ts';
import { toText } from './conversion.ts';
import { doubleText, fixedText, scientificText } from './double.ts';
import { type Kind, typeName } from './type.ts';
import { compareText, ERROR, isBytes, isList, isMap, type Result, type TypeValue, type Value, wholeOf } from './value.ts';

const CLAUSE = /%(?:%|(?:\.(\d+))?([A-Za-z]))/y;
const PLACES = 6;
const PLACES_MAX = 100;

export function format(text: Value, items: Value): Result {
  if (typeof text !== 'string' || !isList(items)) return ERROR;
  let made = '';
  let next = 0;
  let at = 0;
  while (at < text.length) {
    if (text[at] !== '%') {
      made += text[at];
      at += 1;
      continue;
    }
    CLAUSE.lastIndex = at;
    const match = CLAUSE.exec(text);
    if (match === null) return ERROR;
    at += match[0].length;
    if (match[0] === '%%') {
      made += '%';
      continue;
    }
    const places = match[1] === undefined ? PLACES : Number(match[1]);
    if (next === items.length || places > PLACES_MAX) return ERROR;
    const part = clause(match[2], items[next], places);
    if (part === ERROR) return ERROR;
    made += part;
    next += 1;
  }
  return made;
}

function clause(letter: string, item: Value, places: number): string | typeof ERROR {
  switch (letter) {
    case 's':
      return plain(item);
    case 'd':
      return typeof item === 'number' ? doubleText(item) : inBase(item, 10);
    case 'b':
      return typeof item === 'boolean' ? (item ? '1' : '0') : inBase(item, 2);
    case 'o':
      return inBase(item, 8);
    case 'x':
      return hexadecimal(item);
    case 'X': {
      const text = hexadecimal(item);
      return text === ERROR ? ERROR : text.toUpperCase();
    }
    case 'f':
    case 'e': {
      const whole = wholeOf(item);
      const x = typeof item === 'number' ? item : whole === undefined ? undefined : Number(whole);
      if (x === undefined) return ERROR;
      return letter === 'f' ? fixedText(x, places) : scientificText(x, places);
    }
    default:
      return ERROR;
  }
}

function inBase(item: Value, base: number): string | typeof ERROR {
  const whole = wholeOf(item);
  return whole === undefined ? ERROR : whole.toString(base);
}

function hexadecimal(item: Value): string | typeof ERROR {
  const bytes = typeof item === 'string' ? utf8(item) : item;
  if (!isBytes(bytes)) return inBase(item, 16);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A value in words, at any depth. */
function plain(item: Value): string | typeof ERROR {
  if (item === null) return 'null';
  if (isList(item)) {
    const parts = item.map(plain);
    return parts.includes(ERROR) ? ERROR : `[${parts.join(', ')}]`;
  }
  if (isMap(item)) {
    const entries = item.keys.map((key, i): readonly [string | typeof ERROR, string | typeof ERROR] => [plain(key), plain(item.values[i])]);
    if (entries.some((entry) => entry.includes(ERROR))) return ERROR;
    // Array.prototype.sort is stable: keys of one text keep the order of the map
    const sorted = (entries as readonly (readonly [string, string])[]).toSorted((a, b) => compareText(a[0], b[0]));
    return `{${sorted.map(([key, value]) => `${key}: ${value}`).join(', ')}}`;
  }
  if (typeof item === 'object' && !isBytes(item) && item.kind === 'type') return typeName((item as TypeValue).of);
  return toText(item) as string | typeof ERROR;
}

/** Kinds that a clause takes. Those of `s` are all but maps' and lists' own limits. */
const TAKES: Readonly<Record<string, readonly Kind[]>> = {
  s: ['null', 'bool', 'int', 'uint', 'dbl', 'ts', 'dur', 'str', 'bytes', 'list', 'map', 'type'],
  d: ['int', 'uint', 'dbl'],
  b: ['int', 'uint', 'bool'],
  o: ['int', 'uint'],
  x: ['int', 'uint', 'str', 'bytes'],
  X: ['int', 'uint', 'str', 'bytes'],
  f: ['dbl', 'int', 'uint'],
  e: ['dbl', 'int', 'uint'],
};

/** What is wrong with a constant text for these items, whose kinds are known unless undefined; undefined when it is well. */
export function formatProblem(text: string, kinds: readonly Kind[] | undefined): string | undefined {
  let next = 0;
  for (const [clause, , letter] of text.matchAll(/%(?:%|(?:\.(\d+))?(.)?)/gsu)) {
    if (clause === '%%') continue;
    const takes = letter === undefined ? undefined : TAKES[letter];
    if (takes === undefined) return `\`${clause}\` is no clause of a format; there are %s %d %b %o %x %X %f %e, and %% for a percent sign`;
    const kind = kinds?.[next];
    if (kinds !== undefined && kind === undefined) return `\`${clause}\` has no item ${next + 1} to show`;
    if (kind !== undefined && kind !== 'dyn' && kind !== 'none' && !takes.includes(kind)) return `\`${clause}\` does not show a ${typeName(kind)}`;
    next += 1;
  }
  return undefined;
}
