/** Patterns of file names, and braces. Linear: one star is tried at a time, the last one. */
import { BRACKET, hasMarks, ONE, type Part, STAR, TAME, Unreadable, WILD, type Word } from './shell-syntax.ts';

/** Words that braces may make of one. */
const BRACES_MAX = 64;
/** Braces of one word. */
const OPENS_MAX = 16;

/** One place of a pattern: a character, any one of a class, any text. */
type Place = string | { readonly any: true } | { readonly star: true } | { readonly set: string; readonly not: boolean };

function places(pattern: string): readonly Place[] {
  const out: Place[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at];
    if (char === STAR || char === TAME || char === WILD) {
      if (typeof out.at(-1) !== 'object' || !('star' in (out.at(-1) as object))) out.push({ star: true });
    } else if (char === ONE) out.push({ any: true });
    else if (char === BRACKET) {
      const end = pattern.indexOf(']', at + 2);
      if (end < 0) out.push({ any: true });
      else {
        const set = pattern.slice(at + 1, end);
        // A named class is any character.
        if (/[[\ue000-\ue004]/.test(set)) out.push({ any: true });
        else out.push({ set: set.replace(/^[!^]/, ''), not: /^[!^]/.test(set) });
        at = end;
      }
    } else out.push(char);
  }
  return out;
}

function fitsPlace(place: Place, char: string): boolean {
  if (typeof place === 'string') return place === char;
  if (!('set' in place)) return true;
  const { set } = place;
  let found = false;
  for (let i = 0; i < set.length; i++) {
    if (set[i + 1] === '-' && i + 2 < set.length) {
      found ||= char >= set[i] && char <= set[i + 2];
      i += 2;
    } else found ||= set[i] === char;
  }
  return found !== place.not;
}

/** May a name of one path segment be meant by the pattern? `dots`: stars at its start match a dot too. */
export function mayMatch(pattern: string, name: string, dots = false): boolean {
  if (!hasMarks(pattern)) return pattern === name;
  const all = places(pattern);
  const first = all[0];
  if (name.startsWith('.') && !dots && first !== '.' && !/^[\ue000\ue001]/.test(pattern)) return false;
  let at = 0;
  let from = 0;
  let star = -1;
  let held = 0;
  while (at < name.length) {
    const place = all[from];
    if (place !== undefined && typeof place === 'object' && 'star' in place) {
      star = from++;
      held = at;
    } else if (place !== undefined && fitsPlace(place, name[at])) {
      from++;
      at++;
    } else if (star >= 0) {
      from = star + 1;
      at = ++held;
    } else return false;
  }
  while (from < all.length && typeof all[from] === 'object' && 'star' in (all[from] as object)) from++;
  return from === all.length;
}

/** `*`, `?`, `[` of unquoted text as marks. */
export const asPattern = (text: string): string => text.replaceAll('*', STAR).replaceAll('?', ONE).replaceAll('[', BRACKET);

type Piece = string | Part;

/** `{a,b}` and `{1..9}` of the word, from left to right (bash, zsh; sh takes them as they are). */
export function braces(word: Word): readonly Word[] {
  if (!word.some((part) => part.kind === 'text' && !part.quoted && part.text.includes('{'))) return [word];
  const opens = word.reduce((sum, part) => sum + (part.kind === 'text' && !part.quoted ? part.text.split('{').length - 1 : 0), 0);
  if (opens > OPENS_MAX) throw new Unreadable('too many braces');
  const pieces: Piece[] = word.flatMap((part): Piece[] => (part.kind === 'text' && !part.quoted ? [...part.text] : [part]));
  return spread(pieces, 0)
    .slice(0, BRACES_MAX + 1)
    .map(joined);
}

function joined(pieces: readonly Piece[]): Word {
  const out: Part[] = [];
  for (const piece of pieces) {
    const last = out.at(-1);
    if (typeof piece !== 'string') out.push(piece);
    else if (last?.kind === 'text' && !last.quoted) out[out.length - 1] = { kind: 'text', text: last.text + piece, quoted: false };
    else out.push({ kind: 'text', text: piece, quoted: false });
  }
  return out;
}

function spread(pieces: readonly Piece[], from: number): readonly (readonly Piece[])[] {
  for (let open = from; open < pieces.length; open++) {
    if (pieces[open] !== '{') continue;
    const commas: number[] = [];
    let depth = 0;
    let close = -1;
    for (let at = open; at < pieces.length && close < 0; at++) {
      if (pieces[at] === '{') depth++;
      else if (pieces[at] === '}' && --depth === 0) close = at;
      else if (pieces[at] === ',' && depth === 1) commas.push(at);
    }
    if (close < 0) return [pieces];
    const inner = pieces.slice(open + 1, close);
    const choices = commas.length === 0 ? range(inner) : cut(pieces, [open, ...commas, close]);
    if (choices === undefined) continue;
    const out: (readonly Piece[])[] = [];
    for (const choice of choices) {
      for (const middle of spread(choice, 0)) {
        for (const rest of spread(pieces.slice(close + 1), 0)) {
          out.push([...pieces.slice(0, open), ...middle, ...rest]);
          if (out.length > BRACES_MAX) return out;
        }
      }
    }
    return out;
  }
  return [pieces];
}

const cut = (pieces: readonly Piece[], marks: readonly number[]): readonly (readonly Piece[])[] =>
  marks.slice(1).map((end, i) => pieces.slice(marks[i] + 1, end));

/** `{1..5}`, `{a..e}`, `{1..9..2}`. */
function range(inner: readonly Piece[]): readonly (readonly Piece[])[] | undefined {
  const text = inner.every((piece) => typeof piece === 'string') ? inner.join('') : '';
  const found = /^(-?\d{1,9}|[A-Za-z])\.\.(-?\d{1,9}|[A-Za-z])(?:\.\.(-?\d{1,9}))?$/.exec(text);
  if (found === null) return undefined;
  const letters = /[A-Za-z]/.test(found[1]);
  if (letters !== /[A-Za-z]/.test(found[2])) return undefined;
  const start = letters ? found[1].charCodeAt(0) : Number(found[1]);
  const end = letters ? found[2].charCodeAt(0) : Number(found[2]);
  const step = Math.abs(Number(found[3] ?? 1)) || 1;
  const out: string[][] = [];
  for (let at = start; start <= end ? at <= end : at >= end; at += start <= end ? step : -step) {
    out.push([letters ? String.fromCharCode(at) : String(at)]);
    if (out.length > BRACES_MAX) break;
  }
  return out;
}
