/** Reads a constitution's folder (YAML at the edge) into the record that law keeps. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { equal } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { suggestion } from '../base/nearest.ts';
import { encodeWith, isName } from '../base/record.ts';
import { encodeToolMap, type ToolMap } from '../facet/map.ts';
import { parseToolMap } from '../facet/map-source.ts';
import { type Constitution, constitution, type RuleLaw } from '../law/genesis.ts';
import { runGuestTests } from '../law/guest-test.ts';
import { ENVIRONMENT, guestOf } from '../law/rule.ts';
import { readRule, runTests } from '../rule/compile.ts';
import { encodeManifest } from '../rule/manifest.ts';

/** Where the packs that come with AVA lie, run from source or from the package. */
export const PACKS = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'constitutions');

const packs = (): string[] => readdirSync(PACKS, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

const NO_TOOLS: ToolMap = { name: 'none', verbs: [], nouns: [], delegable: [], entries: [], unlisted: 'opaque' };

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Fault('config', ` the file cannot be read (${(error as NodeJS.ErrnoException).code})`, { path });
  }
}

function readBytes(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw new Fault('config', ` the module ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`, { path });
  }
}

/** The fault with the file's name before its place. */
function inFile<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Fault) throw new Fault(error.slug, `${path}:${error.message}`, { ...error.context, path });
    throw error;
  }
}

/**
 * One rule file, with the module that it names beside it: compiled or admitted, its tests run.
 * @throws Fault rule_*, wasm_*, naming the file and its line and column
 */
export function loadRule(path: string): RuleLaw {
  return inFile(path, () => {
    const rule = readRule(read(path), ENVIRONMENT, (file) => readBytes(join(dirname(path), file)));
    const isGuest = 'module' in rule;
    const results = isGuest ? runGuestTests(rule, guestOf(rule)) : runTests(rule).map(({ test, got, passed }) => ({ ...test, got, passed }));
    const failed = results.find(({ passed }) => !passed);
    if (failed !== undefined)
      throw new Fault('rule_test', ` test ${failed.name === '' ? '' : `\`${failed.name}\` `}expects ${failed.expect}, the rule gives ${failed.got}`);
    return { manifest: encodeManifest(rule.manifest), program: isGuest ? rule.module : rule.bytes };
  });
}

interface Index {
  readonly constitution: string;
  readonly version: number;
  readonly default: 'allow' | 'deny';
  readonly tools?: string;
  readonly rules: readonly string[];
}

function isIndex(value: unknown): value is Index {
  const index = value as Partial<Index> | null;
  return (
    typeof index === 'object' &&
    index !== null &&
    typeof index.constitution === 'string' &&
    isName(index.constitution) &&
    Number.isSafeInteger(index.version) &&
    (index.default === 'allow' || index.default === 'deny') &&
    (index.tools === undefined || typeof index.tools === 'string') &&
    Array.isArray(index.rules) &&
    index.rules.every((rule) => typeof rule === 'string')
  );
}

/** A folder with constitution.yaml, tools.yaml and rules; or the name of a pack. @throws Fault config, rule_* */
export function loadConstitution(folderOrPack: string): Constitution {
  const isPack = isName(folderOrPack) && !folderOrPack.includes('/') && !folderOrPack.includes('.');
  const folder = isPack ? join(PACKS, folderOrPack) : folderOrPack;
  if (isPack && !existsSync(folder))
    throw new Fault('config', `no constitution that comes with AVA is called \`${folderOrPack}\`${suggestion(folderOrPack, packs())}`, {
      constitution: folderOrPack,
    });
  const path = join(folder, 'constitution.yaml');
  const index: unknown = inFile(path, () => {
    try {
      return parse(read(path), { uniqueKeys: true });
    } catch (error) {
      throw error instanceof Fault ? error : new Fault('config', ` ${(error as Error).message}`);
    }
  });
  if (!isIndex(index))
    throw new Fault(
      'config',
      `${path}: a constitution has constitution (a name), version, default (allow or deny), rules (a list of files) and perhaps tools (a file)`,
      { path },
    );
  const toolsPath = index.tools === undefined ? null : join(folder, index.tools);
  const tools =
    toolsPath === null
      ? NO_TOOLS
      : parseToolMap(
          inFile(toolsPath, () => read(toolsPath)),
          toolsPath,
        );
  return {
    name: index.constitution,
    version: index.version,
    default: index.default,
    rules: index.rules.map((rule) => loadRule(join(folder, rule))),
    tools: encodeToolMap(tools),
  };
}

/** Whether a folder or pack still says what a ledger's first law says; false where it cannot be loaded. */
export function isInForce(folderOrPack: string, law: Constitution): boolean {
  try {
    return equal(encodeWith(constitution, loadConstitution(folderOrPack)), encodeWith(constitution, law));
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}
