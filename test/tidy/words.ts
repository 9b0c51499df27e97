/** Rules about single files: what a pure room may not say, escapes from the type checker, names, sizes. */
import { posix } from 'node:path';
import { ROOMS } from '../rooms.ts';
import { type Breach, isTest, roomOf } from './layers.ts';
import { lineAt, type Source } from './scan.ts';

interface Ban {
  readonly rule: string;
  readonly pattern: RegExp;
  readonly advice: string;
  /** Where it holds: rooms marked pure, src, or every file. */
  readonly where: 'pure' | 'src' | 'all';
  /** Which reading of the file is searched; code where not given. */
  readonly part?: 'comments';
}

const BANS: readonly Ban[] = [
  { rule: 'async', pattern: /\b(?:async|await|Promise)\b/g, where: 'pure', advice: 'a pure room is synchronous: take the value as an argument' },
  { rule: 'clock', pattern: /\b(?:Date|performance|Temporal)\b/g, where: 'pure', advice: 'time is an input: take `time_ms`' },
  { rule: 'chance', pattern: /\bMath\.random\b/g, where: 'pure', advice: 'take a seed as an argument' },
  { rule: 'locale', pattern: /\b(?:toLocale\w*|localeCompare|Intl)\b/g, where: 'pure', advice: 'compare bytes or code units; format at the edge' },
  { rule: 'json', pattern: /\bJSON\.stringify\b/g, where: 'pure', advice: 'encode with base/cbor.ts; JSON belongs to the edge' },
  {
    rule: 'inexact',
    pattern: /\bMath\.(?:exp|expm1|log\w*|pow|sin\w*|cos\w*|tan\w*|asin\w*|acos\w*|atan\w*|cbrt|hypot|sqrt)\b/g,
    where: 'pure',
    advice: 'engines may differ in the last bit: use integers',
  },
  {
    rule: 'host',
    pattern: /\b(?:process|console|globalThis|setTimeout|setInterval|setImmediate|queueMicrotask|fetch)\b\s*[.(]/g,
    where: 'pure',
    advice: 'a pure room touches nothing outside: return it as output',
  },
  { rule: 'default export', pattern: /\bexport\s+default\b/g, where: 'src', advice: 'export by name' },
  { rule: 'any', pattern: /\bas\s+any\b|:\s*any\s*[;,)=|&\]}]|<any\b|\bany\s*(?:\[\]|>)/g, where: 'all', advice: 'decode `unknown` once at the edge' },
  { rule: 'type check off', pattern: /@ts-(?:ignore|nocheck|expect-error)/g, where: 'all', part: 'comments', advice: 'correct the type' },
  { rule: 'unfinished', pattern: /\b(?:TODO|FIXME|XXX)\b/g, where: 'all', part: 'comments', advice: 'finish it, or file it' },
  {
    rule: 'shut test',
    pattern: /\b(?:test|it|describe|suite)\.(?:skip|only|todo)\b|\b(?:skip|only|todo)\s*:\s*(?:true|\()/g,
    where: 'all',
    advice: 'a test runs, or is deleted',
  },
];

export function words(sources: readonly Source[]): Breach[] {
  const breaches: Breach[] = [];
  for (const source of sources) {
    const room = roomOf(source.path);
    const pure = room !== undefined && !isTest(source.path) && ROOMS[room]?.pure === true;
    for (const { rule, pattern, where, part, advice } of BANS) {
      if ((where === 'pure' && !pure) || (where === 'src' && room === undefined)) continue;
      const text = part === 'comments' ? source.comments : source.code;
      for (const hit of text.matchAll(pattern))
        breaches.push({ place: `${source.path}:${lineAt(text, hit.index)}`, rule, advice: `\`${hit[0].trim()}\`: ${advice}` });
    }
  }
  return breaches;
}

const VAGUE = /^(?:utils?|helpers?|common|misc|stuff|shared)$/;

export function names(sources: readonly Source[]): Breach[] {
  return sources.flatMap(({ path }) => {
    const vague = path.split('/').find((part) => VAGUE.test(posix.basename(part).split('.')[0]));
    return vague === undefined ? [] : [{ place: `${path}:1`, rule: 'name', advice: `\`${vague}\` says nothing: name the concept` }];
  });
}

const REEXPORT = /export\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s+from\s*(['"])\s*\1\s*;?/g;

export function barrels(sources: readonly Source[]): Breach[] {
  return sources
    .filter(({ code }) => code.search(REEXPORT) >= 0 && code.replace(REEXPORT, '').trim() === '')
    .map(({ path }) => ({ place: `${path}:1`, rule: 'barrel', advice: 'it only passes on what others export: import from the file itself' }));
}

const LINES_MAX = 400;
const TEST_LINES_MAX = 600;

export function sizes(sources: readonly Source[]): Breach[] {
  return sources.flatMap(({ path, text }) => {
    const lines = text.split('\n').length - 1;
    const most = isTest(path) ? TEST_LINES_MAX : LINES_MAX;
    return lines <= most ? [] : [{ place: `${path}:${most}`, rule: 'size', advice: `${lines} lines, at most ${most}: split it by concept` }];
  });
}

export interface Page {
  readonly path: string;
  readonly text: string;
}

/** A clause stands at the start of a line, in bold or not: `**C-2** Heads are …`. */
const DEFINED = /^[\s#>*|-]*\**([A-Z]{1,2}-\d{1,2})\b/gm;
const CITED = /(?<![\w-])([A-Z]{1,2})-(\d{1,2})\b(?!-)/g;

/** Each clause of spec/ is cited in code or tests, and each cited clause exists. Letters without a page are no citations. */
export function clauses(pages: readonly Page[], sources: readonly Source[]): Breach[] {
  const breaches: Breach[] = [];
  const defined = new Map<string, string>();
  const letters = new Map<string, string>();
  for (const { path, text } of pages) {
    for (const hit of text.matchAll(DEFINED)) {
      const place = `${path}:${lineAt(text, hit.index + hit[0].length)}`;
      const clause = hit[1];
      const letter = clause.split('-')[0];
      const owner = letters.get(letter) ?? path;
      letters.set(letter, owner);
      if (defined.has(clause)) breaches.push({ place, rule: 'clause', advice: `${clause} is defined at ${defined.get(clause)} too: number it anew` });
      else if (owner !== path) breaches.push({ place, rule: 'clause', advice: `the letter ${letter} belongs to ${owner}: take another` });
      else defined.set(clause, place);
    }
  }
  const cited = new Set<string>();
  for (const { path, text } of sources) {
    for (const [index, line] of text.split('\n').entries()) {
      for (const [clause, letter] of line.matchAll(CITED)) {
        cited.add(clause);
        if (letters.has(letter) && !defined.has(clause))
          breaches.push({ place: `${path}:${index + 1}`, rule: 'clause', advice: `${letters.get(letter)} has no clause ${clause}: correct the citation` });
      }
    }
  }
  for (const [clause, place] of defined)
    if (!cited.has(clause)) breaches.push({ place, rule: 'clause', advice: `nothing cites ${clause}: cite it where it is implemented or tested` });
  return breaches;
}
