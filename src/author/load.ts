/** Rules as their author has them: one file, or a constitution's folder. What does not compile is a finding, not an end. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { Fault } from '../base/fault.ts';
import { indexTools, type Tools } from '../facet/map.ts';
import { joinToolMaps, parseToolMap } from '../facet/map-source.ts';
import { readPack, readWritten } from '../law/source.ts';
import { type Compiled, type Environment, type GuestRule, readRule } from '../rule/compile.ts';
import type { Input } from '../rule/ir.ts';
import type { Manifest } from '../rule/manifest.ts';
import type { Finding } from './finding.ts';

export interface AuthoredRule {
  readonly file: string;
  readonly source: string;
  readonly manifest: Manifest;
  readonly inputs: readonly Input[];
  /** null for a guest. */
  readonly compiled: Compiled | null;
  readonly guest: GuestRule | null;
}

export interface Authored {
  /** Where they were read from. */
  readonly path: string;
  readonly rules: readonly AuthoredRule[];
  /** What could not be read. */
  readonly findings: readonly Finding[];
  /** null where there is no tool map. */
  readonly tools: Tools | null;
  readonly default: 'allow' | 'deny';
  /** A constitution, and not a file alone: what its rules do together counts. */
  readonly whole: boolean;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Fault('usage', `${path} cannot be read (${(error as NodeJS.ErrnoException).code})`, { path });
  }
}

/** A guest's module, or undefined where there is none. */
function moduleAt(path: string): Uint8Array | undefined {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new Fault('usage', `${path} cannot be read (${code})`, { path });
  }
}

/**
 * The rule of a file; a guest's module is read beside it.
 * @throws Fault rule_*, usage: with the file's name, line and column
 */
export function readRuleFile(path: string, environment: Environment): AuthoredRule {
  const source = read(path);
  try {
    const rule = readRule(source, environment, (name) => moduleAt(join(dirname(path), name)));
    const compiled = 'program' in rule ? rule : null;
    return { file: path, source, manifest: rule.manifest, inputs: rule.inputs, compiled, guest: 'module' in rule ? rule : null };
  } catch (error) {
    if (error instanceof Fault) throw new Fault(error.slug, `${path}:${error.message}`, { ...error.context, path });
    throw error;
  }
}

/** The one rule of a file, or of a folder with rule.yaml. @throws Fault as `readRuleFile` */
export function readOneRule(path: string, environment: Environment): AuthoredRule {
  return readRuleFile(existsSync(path) && statSync(path).isDirectory() ? join(path, 'rule.yaml') : path, environment);
}

/** Where the packs that come with AVA lie. */
const PACKS = fileURLToPath(new URL('../../constitutions/packs', import.meta.url));

/** A rule file, or a folder with rule.yaml, pack.yaml or constitution.yaml. @throws Fault usage, config, map_* */
export function readAuthored(path: string, environment: Environment): Authored {
  if (!existsSync(path)) throw new Fault('usage', `there is no file or folder ${path}`, { path });
  const findings: Finding[] = [];
  const rules: AuthoredRule[] = [];
  const add = (file: string): void => {
    try {
      rules.push(readRuleFile(file, environment));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      findings.push(findingOf(error, file));
    }
  };
  const alone = join(path, 'rule.yaml');
  const file = !statSync(path).isDirectory() ? path : existsSync(alone) ? alone : null;
  if (file !== null) {
    add(file);
    return { path, rules, findings, tools: null, default: 'allow', whole: false };
  }
  if (existsSync(join(path, 'pack.yaml'))) {
    for (const each of readPack(path, read).rules) add(each);
    return { path, rules, findings, tools: null, default: 'allow', whole: false };
  }
  if (!existsSync(join(path, 'constitution.yaml')))
    throw new Fault('usage', `\`${path}\` has no rule.yaml, pack.yaml or constitution.yaml; name a rule file or such a folder`, { path });
  const written = readWritten(path, PACKS, read);
  for (const file of written.rules) add(file);
  const tools = written.tools.length === 0 ? null : indexTools(joinToolMaps(written.tools.map((map) => parseToolMap(read(map), map))));
  return { path, rules, findings, tools, default: written.default, whole: true };
}

function findingOf(fault: Fault, file: string): Finding {
  const { line, column, problem } = fault.context;
  return {
    severity: 'error',
    code: fault.slug.replaceAll('_', '-'),
    rule: '',
    file,
    line: typeof line === 'number' ? line : 1,
    column: typeof column === 'number' ? column : 1,
    message: typeof problem === 'string' ? problem : fault.message.replace(/^.*?:(?:\d+:\d+)? ?/, ''),
    advice: fault.next,
  };
}

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Where a field of a rule file stands, such as `params`, `limit`: of the part of the path that is there. */
export function placeOf(source: string, path: readonly (string | number)[]): Place {
  const lines = new LineCounter();
  let node: unknown = parseDocument(source, { lineCounter: lines }).contents;
  let offset = (node as Node | null)?.range?.[0] ?? 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
      if (pair === undefined) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number' && node.items[step] !== undefined) {
      node = node.items[step];
      offset = (node as Node).range?.[0] ?? offset;
    } else break;
  }
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}
