/**
 * The normal form of words (spec/facet.md T-13): NFKC, folded, cut at whatever is neither letter nor digit. The cut
 * itself needs no table of the Unicode version: from U+0080 on all but listed marks belong to words.
 */

/** Words of one text that are looked at. */
export const WORDS_MAX = 8_192;
/** UTF-16 units of a folded text: one sign may stand for eighteen. */
const FOLDED_LENGTH_MAX = 65_536;
/** UTF-16 units of a word; a longer one is cut. */
export const WORD_LENGTH_MAX = 64;

const ASCII_WORD = /[a-z0-9]+/g;
/**
 * All from U+0080 on but Latin-1 marks, general punctuation, currency signs, arrows and symbols, CJK punctuation, variation
 * selectors, the byte order mark, specials, pictographs and tags.
 */
const WORD =
  /[\u20d0-\u218fa-z0-9\xaa\xb5\xba\xc0-\xd6\xd8-\xf6\xf8-\u1fff\u2070-\u209f\u2c00-\u2fff\u3040-\ufdff\ufe10-\ufefe\uff00-\uffef\u{10000}-\u{1efff}\u{1fb00}-\u{dffff}\u{e01f0}-\u{10ffff}]+/gu;

export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}

/** T-13: folded text: NFKC, lower case, ß as ss, closing sigma as sigma. */
export function folded(text: string): string {
  if (isAscii(text)) return text.toLowerCase();
  const plain = text.normalize('NFKC');
  return (plain.length > FOLDED_LENGTH_MAX ? plain.slice(0, FOLDED_LENGTH_MAX) : plain).toLowerCase().replaceAll('ß', 'ss').replaceAll('ς', 'σ');
}

/** T-13: the words of a text, in order, at most `WORDS_MAX`. */
export function words(text: string): string[] {
  const plain = folded(text);
  const found = plain.match(isAscii(plain) ? ASCII_WORD : WORD);
  if (found === null) return [];
  const count = Math.min(found.length, WORDS_MAX);
  const out: string[] = [];
  for (let i = 0; i < count; i++) out.push(found[i].length > WORD_LENGTH_MAX ? found[i].slice(0, WORD_LENGTH_MAX) : found[i]);
  return out;
}
