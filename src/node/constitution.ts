/** Reads a constitution's folder (YAML at the edge) into the record that law keeps. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { equal } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { suggestion } from '../base/nearest.ts';
import { encodeWith, isName } from '../base/record.ts';
import { encodeToolMap, type ToolMap } from '../facet/map.ts';
import { joinToolMaps, parseToolMap } from '../facet/map-source.ts';
import { type Constitution, constitution, type RuleLaw } from '../law/genesis.ts';
import { runGuestTests } from '../law/guest-test.ts';
import { ENVIRONMENT, guestOf } from '../law/rule.ts';
import { readWritten } from '../law/source.ts';
import { readRule, runTests } from '../rule/compile.ts';
import { encodeManifest } from '../rule/manifest.ts';

/** Where the constitutions that come with AVA lie, and in `packs` their packs; run from source or from the package. */
export const SHIPPED = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'constitutions');

const isConstitution = (name: string): boolean => existsSync(join(SHIPPED, name, 'constitution.yaml'));
const constitutions = (): string[] => readdirSync(SHIPPED).filter(isConstitution);

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

/** A folder with constitution.yaml, or the name of one that comes with AVA. @throws Fault config, rule_* */
export function loadConstitution(folderOrName: string): Constitution {
  const shipped = isName(folderOrName) && !folderOrName.includes('/') && !folderOrName.includes('.');
  const folder = shipped ? join(SHIPPED, folderOrName) : folderOrName;
  if (shipped && !isConstitution(folderOrName))
    throw new Fault('config', `no constitution that comes with AVA is called \`${folderOrName}\`${suggestion(folderOrName, constitutions())}`, {
      constitution: folderOrName,
    });
  const written = readWritten(folder, join(SHIPPED, 'packs'), (path) => inFile(path, () => read(path)));
  const maps = written.tools.map((path) =>
    parseToolMap(
      inFile(path, () => read(path)),
      path,
    ),
  );
  return {
    name: written.name,
    version: written.version,
    default: written.default,
    rules: written.rules.map(loadRule),
    tools: encodeToolMap(maps.length === 0 ? NO_TOOLS : joinToolMaps(maps)),
  };
}

/** Whether a constitution still says what a ledger's first law says; false where it cannot be loaded. */
export function isInForce(folderOrName: string, law: Constitution): boolean {
  try {
    return equal(encodeWith(constitution, loadConstitution(folderOrName)), encodeWith(constitution, law));
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}
