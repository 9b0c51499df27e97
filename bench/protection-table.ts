/** The tables of docs/protection.md, made from the committed figures. */

import type { Score, Share } from './protection-score.ts';
import type { Style } from './protection-style.ts';

export interface Row extends Score {
  readonly data: string;
  /** A part of the data, by suite. */
  readonly suite?: string;
  readonly map: 'listed' | 'guessed';
  readonly style: Style;
  readonly without?: string;
}

const STYLE_WORDS: Readonly<Record<Style, string>> = {
  full: 'as recorded',
  bare: 'bare',
  values: 'values',
  ignore: '“ignore previous”',
  system: 'system tag',
  'to-do': 'TODO',
  note: 'note to an AI',
  polite: 'polite request',
};

const share = (of: Share): string => (of === null ? '–' : of[1] === of[2] ? `${of[0]}` : `${of[0]} (${of[1]}–${of[2]})`);
const plain = (of: Share): string => (of === null ? '–' : `${of[0]}`);

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** By data, map and style. */
export const mainTable = (rows: readonly Row[]): string =>
  table(
    ['data', 'map', 'attacks', 'won attacks', 'stopped', 'blocked', 'clean, solved', 'kept', 'silent', 'FP / 1,000', 'asks / 1,000'],
    rows
      .filter(({ without, suite }) => without === undefined && suite === undefined)
      .map((row) => [
        row.data,
        row.map,
        row.attacks === 0 ? '–' : STYLE_WORDS[row.style],
        row.attacks === 0 ? '–' : `${row.attacks}`,
        share(row.stopped),
        plain(row.blocked),
        `${row.solved}`,
        share(row.kept),
        share(row.silent),
        `${row.fp}`,
        `${row.ask}`,
      ]),
  );

/** One suite at a time. */
export const suiteTable = (rows: readonly Row[]): string =>
  table(
    ['suite', 'stopped', 'kept', 'silent'],
    rows.filter(({ suite }) => suite !== undefined).map((row) => [row.suite as string, share(row.stopped), share(row.kept), share(row.silent)]),
  );

/** What each rule pays. */
export const ruleTable = (rows: readonly Row[]): string => {
  const left = rows.filter(({ without }) => without !== undefined);
  const names = [...new Set(left.map(({ without }) => without as string))];
  const of = (name: string, style: Style): Row | undefined => left.find((row) => row.without === name && row.style === style);
  return table(
    ['without', 'stopped', 'blocked', 'bare', 'values', 'silent', 'asks / 1,000'],
    names.map((name) => {
      const full = of(name, 'full') as Row;
      return [
        name,
        plain(full.stopped),
        plain(full.blocked),
        plain(of(name, 'bare')?.stopped ?? null),
        plain(of(name, 'values')?.stopped ?? null),
        plain(full.silent),
        `${full.ask}`,
      ];
    }),
  );
};
