/**
 * The compiler of constitutional programs: from a rule's folder (`rule.yaml` and a source in AssemblyScript, Rust or Rego;
 * or an expression; or a module from elsewhere) to an admitted program whose tests pass.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EMPTY, equal, utf8 } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { runGuestTests, type TestRun } from '../law/guest-test.ts';
import { ENVIRONMENT, guestOf } from '../law/rule.ts';
import { type Compiled as Expression, type GuestRule, readRule, runTests } from '../rule/compile.ts';
import type { Manifest } from '../rule/manifest.ts';
import { compileAssemblyScript, compileRego, compileRust, type Made, type Source } from './toolchain.ts';

export type { TestRun } from '../law/guest-test.ts';

export const LANGUAGES = ['cel', 'assemblyscript', 'rust', 'rego', 'module'] as const;
/** `module` is a module whose source is elsewhere. */
export type Language = (typeof LANGUAGES)[number];

export interface Built {
  readonly rule: string;
  readonly language: Language;
  /** `rustc 1.63.0`; null where nothing was compiled to a module here. */
  readonly compiler: string | null;
  readonly manifest: Manifest;
  /** H("rule", program bytes): how receipts name it. */
  readonly id: string;
  readonly program: Uint8Array;
  /** The module's file, or null for an expression. */
  readonly file: string | null;
  /** Whether a file on disk was, or under `check` would be, changed. */
  readonly changed: readonly string[];
  /** What the program gets, by number of its slot. */
  readonly inputs: readonly { readonly path: string; readonly type: string }[];
  readonly tests: readonly TestRun[];
}

export interface BuildOptions {
  /** Writes nothing: `changed` says what would be written. */
  readonly check?: boolean;
}

interface SourceLanguage {
  readonly language: Language;
  readonly file: string;
  readonly compile: (source: Source) => Made;
  /** The file with the numbers of inputs, and a line of it. */
  readonly numbers?: { readonly file: string; readonly line: (name: string, number: number) => string };
}

const SOURCES: readonly SourceLanguage[] = [
  {
    language: 'assemblyscript',
    file: 'rule.ts',
    compile: compileAssemblyScript,
    numbers: { file: 'inputs.ts', line: (name, number) => `export const ${name}: i32 = ${number};` },
  },
  {
    language: 'rust',
    file: 'rule.rs',
    compile: compileRust,
    numbers: { file: 'inputs.rs', line: (name, number) => `pub const ${name}: usize = ${number};` },
  },
  { language: 'rego', file: 'rule.rego', compile: compileRego },
];

/**
 * Builds the rule of a folder: compiles its source, admits the module under the rule's limits, runs its tests, and writes
 * the module that its manifest names, even where a test fails.
 * @throws Fault rule_*, wasm_*, tool_missing, rule_source, config when there is no rule
 */
export function buildRule(dir: string, { check = false }: BuildOptions = {}): Built {
  const yaml = text(join(dir, 'rule.yaml'));
  const sources = SOURCES.filter(({ file }) => existsSync(join(dir, file)));
  if (sources.length > 1) throw new Fault('config', `${dir} has more than one source: ${sources.map(({ file }) => file).join(', ')}`, { path: dir });
  const [source] = sources;
  let file = '';
  const draft = inYaml(dir, () =>
    readRule(yaml, ENVIRONMENT, (name) => {
      file = name;
      if (source !== undefined) return EMPTY;
      if (existsSync(join(dir, name))) return bytesOf(join(dir, name));
      throw new Fault('config', `${dir} has neither ${name} nor a source of it: ${SOURCES.map((one) => one.file).join(', ')}`, { path: dir });
    }),
  );
  if (!isGuest(draft)) {
    if (source !== undefined)
      throw new Fault('rule_field', `rule.yaml has \`judge\` although ${source.file} lies beside it; name the module: \`program: rule.wasm\``);
    return built(draft, { language: 'cel', compiler: null, program: draft.bytes, file: null, changed: [], tests: expressionTests(draft) });
  }
  const changed: string[] = [];
  const write = (name: string, bytes: Uint8Array): void => {
    const path = join(dir, name);
    if (existsSync(path) && equal(bytesOf(path), bytes)) return;
    changed.push(name);
    if (!check) put(path, bytes);
  };
  let made: Made = { module: draft.module, compiler: null };
  if (source !== undefined) {
    const { numbers } = source;
    if (numbers !== undefined) write(numbers.file, utf8(numbersOf(draft, numbers.line)));
    made = source.compile({ dir, memory_pages: draft.manifest.limits.memory_pages });
  }
  const { module, compiler } = made;
  const rule = source === undefined ? draft : (inYaml(dir, () => readRule(yaml, ENVIRONMENT, () => module)) as GuestRule);
  const guest = guestOf(rule);
  write(file, module);
  return built(rule, { language: source?.language ?? 'module', compiler, program: module, file, changed, tests: runGuestTests(rule, guest) });
}

const isGuest = (rule: Expression | GuestRule): rule is GuestRule => 'module' in rule;

function built(rule: Expression | GuestRule, rest: Omit<Built, 'rule' | 'manifest' | 'id' | 'inputs'>): Built {
  const { manifest, id, inputs } = rule;
  const declared = new Map(manifest.inputs.map(({ path, type }) => [path, type]));
  const typed = inputs.map(({ path }) => ({ path, type: declared.get(path) ?? ENVIRONMENT.get(path) ?? 'int' }));
  return { rule: manifest.name, manifest, id, inputs: typed, ...rest };
}

/** The constants of the source: `args.payee` is ARGS_PAYEE. */
function numbersOf({ inputs }: GuestRule, line: (name: string, number: number) => string): string {
  const names = inputs.map(({ path }) =>
    path
      .replaceAll(/[^A-Za-z0-9]+/g, '_')
      .replace(/_$/, '')
      .toUpperCase(),
  );
  return `// Written by \`avactl rules build\` from rule.yaml.\n${names.map((name, i) => `${line(name, i)}\n`).join('')}`;
}

/** An expression costs the same whatever it is given. */
function expressionTests(rule: Expression): readonly TestRun[] {
  return runTests(rule).map(({ test, got, passed }) => ({ name: test.name, expect: test.expect, got, passed, gas: rule.gas, trap: null }));
}

function bytesOf(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw new Fault('config', `${path} cannot be read (${(error as NodeJS.ErrnoException).code})`, { path });
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new Fault('config', missing ? `${path} is not there; \`avactl rules new\` begins a rule` : `${path} cannot be read`, { path });
  }
}

/** Whole or not at all. */
function put(path: string, bytes: Uint8Array): void {
  writeFileSync(`${path}.new`, bytes);
  renameSync(`${path}.new`, path);
}

/** The fault with the file before its place. */
function inYaml<T>(dir: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Fault && error.context.line !== undefined) throw new Fault(error.slug, `${join(dir, 'rule.yaml')}:${error.message}`, error.context);
    throw error;
  }
}
