/** Rules from what other tools have: which file it is, and what comes of it as files of a constitution's folder. */
import { homedir } from 'node:os';
import { basename, dirname, extname, resolve } from 'node:path';
import { parse } from 'yaml';
import { Fault } from '../base/fault.ts';
import { suggestion } from '../base/nearest.ts';
import type { Environment } from '../rule/compile.ts';
import type { DraftFile } from './draft.ts';
import { importAgt } from './import-agt.ts';
import { importCedar } from './import-cedar.ts';
import { importClaude } from './import-claude.ts';
import { importMcp } from './import-mcp.ts';
import { importRego } from './import-rego.ts';
import type { Imported, Part } from './imported.ts';
import { ruleText } from './rule-text.ts';

export const IMPORT_KINDS = ['claude', 'mcp', 'agt', 'rego', 'cedar'] as const;
export type ImportKind = (typeof IMPORT_KINDS)[number];

export interface ImportReport {
  readonly kind: ImportKind;
  /** By path within the folder. */
  readonly files: readonly DraftFile[];
  readonly translated: readonly Part[];
  readonly changed: readonly (Part & { readonly why: string })[];
  readonly refused: readonly (Part & { readonly why: string })[];
}

function kindOf(path: string, source: string): ImportKind {
  const ending = extname(path).toLowerCase();
  if (ending === '.rego') return 'rego';
  if (ending === '.cedar') return 'cedar';
  const value: unknown = document(path, source);
  const has = (name: string): boolean => typeof value === 'object' && value !== null && Object.hasOwn(value, name);
  if (has('permissions')) return 'claude';
  if (has('mcpServers')) return 'mcp';
  if (has('rules')) return 'agt';
  throw new Fault('usage', `${path} has neither permissions, mcpServers nor rules, and is neither .rego nor .cedar; say what it is with --kind`, { path });
}

function document(path: string, source: string): unknown {
  try {
    return parse(source);
  } catch (error) {
    throw new Fault('usage', `${path} cannot be read: ${(error as Error).message.split('\n')[0]}`, { path });
  }
}

const group = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

/**
 * Rules from a file's text. Nothing is written.
 * @param kind null: by the file's ending or what it holds
 * @throws Fault usage where the file is not what it should be
 */
export function importRules(path: string, source: string, kind: string | null, environment: Environment): ImportReport {
  const found = kind === null ? kindOf(path, source) : IMPORT_KINDS.find((one) => one === kind);
  if (found === undefined)
    throw new Fault('usage', `there is no kind \`${kind}\`${suggestion(kind ?? '', IMPORT_KINDS)}; there are ${IMPORT_KINDS.join(', ')}`, { flag: 'kind' });
  if (found === 'rego') {
    const { name, files, ...rest } = importRego(source, environment);
    const folder = name.slice(name.lastIndexOf('/') + 1);
    return { kind: found, files: [index([`${folder}/rule.yaml`]), ...files.map((file) => ({ ...file, name: `${folder}/${file.name}` }))], ...rest };
  }
  const { rules, ...rest } = imported(found, path, source);
  const files = rules.map((rule) => ({ name: `rules/${rule.name.replaceAll('/', '-')}.yaml`, text: ruleText(rule) }));
  // Where the source stops nothing there is no rule to write.
  return { kind: found, files: files.length === 0 ? [] : [index(files.map(({ name }) => name)), ...files], ...rest };
}

function imported(kind: Exclude<ImportKind, 'rego'>, path: string, source: string): Imported {
  switch (kind) {
    case 'claude': {
      // Settings lie in .claude of the project, or of the home.
      const folder = dirname(resolve(path));
      return importClaude(group(document(path, source)), { project: basename(folder) === '.claude' ? dirname(folder) : folder, home: homedir() });
    }
    case 'mcp':
      return importMcp(group(document(path, source)));
    case 'agt':
      return importAgt(source);
    case 'cedar':
      return importCedar(source);
  }
}

const index = (rules: readonly string[]): DraftFile => ({
  name: 'constitution.yaml',
  text: `constitution: imported\nversion: 1\ndefault: allow\nrules:\n${rules.map((rule) => `  - ${rule}\n`).join('')}`,
});
