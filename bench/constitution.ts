/** A folder of `constitutions/`, compiled: constitution.yaml, its rules in order, its tool map. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { indexTools, type Tools } from '../src/facet/map.ts';
import { parseToolMap } from '../src/facet/map-source.ts';
import { FACET_PATHS } from '../src/facet/version.ts';
import { type Compiled, compileText } from '../src/rule/compile.ts';

export type Verdict = 'allow' | 'escalate' | 'deny';

export interface Folder {
  readonly name: string;
  readonly default: 'allow' | 'deny';
  readonly rules: readonly Compiled[];
  readonly tools: Tools | null;
}

/** What the machine adds to the facets' paths. */
const MACHINE_PATHS: readonly (readonly [string, string])[] = [
  ['action.kind', 'string(64)'],
  ['action.server', 'string(256)'],
  ['action.name', 'string(256)'],
  ['agent.name', 'string(256)'],
  ['agent.assurance', 'int'],
  ['session.calls', 'int'],
  ['session.denied', 'int'],
  ['session.escalated', 'int'],
  ['session.age_ms', 'int'],
  ['now_ms', 'int'],
];

export function readFolder(folder: string): Folder {
  const text = (file: string): string => readFileSync(join(folder, file), 'utf8');
  const top = parse(text('constitution.yaml')) as { constitution: string; default: 'allow' | 'deny'; rules: string[]; tools?: string };
  const environment = new Map([...MACHINE_PATHS, ...FACET_PATHS]);
  const rules = top.rules.map((file) => {
    try {
      return compileText(text(file), environment);
    } catch (fault) {
      throw new Error(`${file}: ${fault instanceof Error ? fault.message : String(fault)}`);
    }
  });
  return { name: top.constitution, default: top.default, rules, tools: top.tools === undefined ? null : indexTools(parseToolMap(text(top.tools), top.tools)) };
}

const RANK: Readonly<Record<Verdict, number>> = { allow: 0, escalate: 1, deny: 2 };

/** The worse of two verdicts. */
export const worse = (a: Verdict, b: Verdict): Verdict => (RANK[a] >= RANK[b] ? a : b);
