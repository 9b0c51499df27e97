/** The texts of a call's arguments, and the links in them (spec/facet.md T-20). Bounded; what is past a bound is told. */
import { FOUND_MAX, findValues } from './arguments.ts';

import { chunks, isMail, isWeb } from './value.ts';

/** UTF-16 units of an argument in which links are looked for. */
export const LINK_TEXT_MAX = 65_536;
const LINKS_MAX = 256;
const NO_VALUES: readonly string[] = [];

interface Found {
  readonly links: Iterable<string>;
  /** False when there may be more of them. */
  readonly whole: boolean;
}
const NO_LINKS: Found = { links: NO_VALUES, whole: true };

/** Web and mail addresses in a text, each once: pieces with a dot inside. */
export function linksIn(text: string): Found {
  const length = Math.min(text.length, LINK_TEXT_MAX);
  let links: Set<string> | null = null;
  let at = text.indexOf('.');
  while (at >= 0 && at < length) {
    let end = at + 1;
    // A dot before a space or at the end closes a sentence.
    if (end < length && text.charCodeAt(end) > 44 && at > 0 && text.charCodeAt(at - 1) > 44) {
      let start = at;
      while (start > 0 && !isBreak(text.charCodeAt(start - 1))) start--;
      while (end < length && !isBreak(text.charCodeAt(end))) end++;
      const piece = chunks(text.slice(start, end))[0];
      if (piece !== undefined && (isMail(piece) || isWeb(piece))) {
        links ??= new Set();
        if (links.size >= LINKS_MAX && !links.has(piece)) return { links, whole: false };
        links.add(piece);
      }
    }
    at = text.indexOf('.', end);
  }
  return links === null && at < 0 ? NO_LINKS : { links: links ?? NO_VALUES, whole: at < 0 };
}

/** Space, quotes, brackets, comma, semicolon: what `chunks` cuts at. */
const isBreak = (code: number): boolean =>
  code <= 34 ||
  code === 39 ||
  code === 40 ||
  code === 41 ||
  code === 44 ||
  code === 59 ||
  code === 60 ||
  code === 62 ||
  code === 91 ||
  code === 93 ||
  code === 96 ||
  (code >= 123 && code <= 125);

interface Texts {
  readonly texts: readonly string[];
  /** False when there are more of them. */
  readonly whole: boolean;
}
const NO_TEXTS: Texts = { texts: NO_VALUES, whole: true };

/** The texts at a path; a text with several addresses counts as several. */
export function textsAt(args: unknown, path: readonly string[]): Texts {
  const found: unknown[] = [];
  let whole = findValues(args, path, 0, found);
  if (found.length === 0) return NO_TEXTS;
  const texts: string[] = [];
  for (const value of found) {
    if (typeof value === 'string') {
      if (value.includes('@') && /[,;\n]/.test(value)) {
        for (const part of value.split(/[,;\n]/)) {
          const text = part.trim();
          if (text !== '' && texts.push(text) > FOUND_MAX) break;
        }
      } else texts.push(value);
    } else if (typeof value === 'number' || typeof value === 'bigint') texts.push(String(value));
    if (texts.length > FOUND_MAX) {
      whole = false;
      break;
    }
  }
  return { texts, whole };
}
