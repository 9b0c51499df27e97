/**
 * Compilers of guest rules: found on this machine, run for a bounded time, and never asked for more than a module. What
 * they are told is fixed here, so that one source gives one module.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault } from '../base/fault.ts';
import { unpack } from './archive.ts';

/** The libraries and templates that come with AVA, run from source or from the package. */
export const GUEST = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'guest');

/** What a compiler made. */
export interface Made {
  readonly module: Uint8Array;
  /** Its name and version: `rustc 1.63.0`; null where none was needed. */
  readonly compiler: string | null;
}

export interface Source {
  /** The rule's folder. */
  readonly dir: string;
  /** Memory that the module may declare. */
  readonly memory_pages: number;
}

const TIMEOUT_MS = 120_000;
const OUTPUT_BYTES_MAX = 1_048_576;
const MODULE_BYTES_MAX = 4_194_304;
const MESSAGE_CHARS_MAX = 8_192;

interface Ran {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** @throws Fault rule_source when it takes too long or says too much */
function run(program: string, args: readonly string[], cwd: string): Ran {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: OUTPUT_BYTES_MAX,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], RUSTUP_HOME: process.env['RUSTUP_HOME'], CARGO_HOME: process.env['CARGO_HOME'] },
  });
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ETIMEDOUT') throw new Fault('rule_source', `${program} did not end within ${TIMEOUT_MS / 1000} s`, { program });
  if (code === 'ENOBUFS') throw new Fault('rule_source', `${program} printed more than ${OUTPUT_BYTES_MAX} bytes`, { program });
  return { ok: status === 0, stdout: stdout ?? '', stderr: stderr ?? '' };
}

const PLACE = /([\w./-]+\.(?:ts|rs|rego))[(:](\d+)(?:[,:](\d+))?\)?:? ?/;

/** Runs a compiler. @throws Fault rule_source with its first error and the place of it; the whole text is in `output` */
function compile(program: string, args: readonly string[], cwd: string, file: string): void {
  const { ok, stdout, stderr } = run(program, args, cwd);
  if (ok) return;
  const output = `${stdout}${stderr}`.slice(0, MESSAGE_CHARS_MAX).trim();
  const lines = output.split('\n');
  const first = Math.max(
    0,
    lines.findIndex((line) => /error/i.test(line)),
  );
  const place = PLACE.exec(lines.slice(first).join('\n'));
  const said = place?.[0] ?? '';
  // where the place stands on the same line, the problem stands after it
  const problem = lines[first].slice(lines[first].includes(said) ? lines[first].indexOf(said) + said.length : 0).trim();
  const at = place === null ? file : `${place[1]}:${place[2]}${place[3] === undefined ? '' : `:${place[3]}`}`;
  throw new Fault('rule_source', `${at} ${problem}`, { file: place?.[1] ?? file, line: Number(place?.[2] ?? 1), column: Number(place?.[3] ?? 1), output });
}

const executable = (name: string): string[] =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .filter((path) => existsSync(path));

/** A folder for what is made on the way; gone afterwards. */
function scratch<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'ava-build-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function moduleAt(path: string): Uint8Array {
  const module = new Uint8Array(readFileSync(path));
  if (module.length > MODULE_BYTES_MAX) throw new Fault('wasm_bound', `the module has ${module.length} bytes; at most ${MODULE_BYTES_MAX} are allowed`);
  return module;
}

/** `node_modules/assemblyscript` of the folder or of one above it, or the one beside AVA. */
function findAssemblyScript(dir: string): string {
  for (const start of [dir, GUEST]) {
    for (let at = resolve(start); ; at = dirname(at)) {
      const found = join(at, 'node_modules', 'assemblyscript');
      if (existsSync(join(found, 'bin', 'asc.js'))) return found;
      if (at === dirname(at)) break;
    }
  }
  throw new Fault('tool_missing', 'the compiler of AssemblyScript is not here: `npm install --save-dev assemblyscript` in the folder of the rule, or above it');
}

/** `rule.ts` by asc, with AVA's library under the name `ava`. @throws Fault tool_missing, rule_source, wasm_bound */
export function compileAssemblyScript({ dir, memory_pages }: Source): Made {
  const home = findAssemblyScript(dir);
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string };
  return scratch((folder) => {
    const out = join(folder, 'rule.wasm');
    const flags = [
      '-O3',
      '--runtime',
      'stub',
      '--noAssert',
      '--noColors',
      '--disable',
      'bulk-memory',
      '--use',
      'abort=',
      '--lib',
      join(GUEST, 'assemblyscript'),
    ];
    compile(process.execPath, [join(home, 'bin', 'asc.js'), 'rule.ts', ...flags, '--maximumMemory', String(memory_pages), '-o', out], dir, 'rule.ts');
    return { module: moduleAt(out), compiler: `assemblyscript ${version}` };
  });
}

interface Rust {
  readonly rustc: string;
  readonly version: string;
  readonly linker: readonly string[];
}

const RUST_HELP =
  'with rustup `rustup target add wasm32-unknown-unknown`; on Debian `apt-get install rustc libstd-rust-dev-wasm32 lld-14`; RUSTC names another compiler';

/** A rustc of 1.63 or later that has the target, and its linker: its own, or LLVM's. */
function findRust(dir: string): Rust {
  const seen: string[] = [];
  const named = process.env['RUSTC'];
  for (const rustc of named === undefined ? new Set([...executable('rustc'), '/usr/bin/rustc'].filter((path) => existsSync(path))) : [named]) {
    const [, version, minor] = /^rustc (1\.(\d+)\.\S+)/.exec(run(rustc, ['--version'], dir).stdout) ?? [];
    if (version === undefined) continue;
    const sysroot = run(rustc, ['--print', 'sysroot'], dir).stdout.trim();
    const lib = join(sysroot, 'lib', 'rustlib');
    const targets = existsSync(lib) ? readdirSync(lib) : [];
    if (Number(minor) < 63 || !targets.includes('wasm32-unknown-unknown')) {
      seen.push(`${rustc} ${version}`);
      continue;
    }
    if (targets.some((target) => existsSync(join(lib, target, 'bin', 'rust-lld')))) return { rustc, version, linker: [] };
    const linker = ['wasm-ld', ...Array.from({ length: 12 }, (_, i) => `wasm-ld-${25 - i}`)].find((name) => executable(name).length > 0);
    if (linker === undefined) throw new Fault('tool_missing', `${rustc} has no linker for wasm32: \`apt-get install lld-14\`, or another version of lld`);
    return { rustc, version, linker: [`-Clinker=${linker}`, '-Clinker-flavor=wasm-ld'] };
  }
  const found = seen.length === 0 ? 'no rustc is here' : `${seen.join(', ')}: older than 1.63 or without the target wasm32-unknown-unknown`;
  throw new Fault('tool_missing', `${found}; ${RUST_HELP}`);
}

/** `rule.rs` by rustc, with AVA's library as the crate `ava`. @throws Fault tool_missing, rule_source, wasm_bound */
export function compileRust({ dir, memory_pages }: Source): Made {
  const { rustc, version, linker } = findRust(dir);
  const common = [
    '--edition',
    '2021',
    '--target',
    'wasm32-unknown-unknown',
    '-Copt-level=s',
    '-Cpanic=abort',
    '-Ccodegen-units=1',
    '-Ctarget-cpu=mvp',
    '--color=never',
  ];
  const library = join(GUEST, 'rust');
  return scratch((folder) => {
    const crate = join(folder, 'libava.rlib');
    compile(rustc, [...common, `--remap-path-prefix=${library}=`, '--crate-type=rlib', '--crate-name=ava', '-o', crate, 'ava.rs'], library, 'ava.rs');
    const out = join(folder, 'rule.wasm');
    const links = ['--no-entry', '--stack-first', '-zstack-size=65536', `--max-memory=${memory_pages * 65_536}`].map((arg) => `-Clink-arg=${arg}`);
    const flags = ['-Clto', '-Cstrip=symbols', ...linker, ...links, `--remap-path-prefix=${dir}=`, '--extern', `ava=${crate}`];
    compile(rustc, [...common, ...flags, '--crate-type=cdylib', '--crate-name=rule', '-o', out, 'rule.rs'], dir, 'rule.rs');
    return { module: moduleAt(out), compiler: `rustc ${version}` };
  });
}

const OPA_HELP = '`go install github.com/open-policy-agent/opa@v1.22.2`, or a release of OPA with `build -t wasm`; OPA names another program';

/** `rule.rego` and the other modules beside it, tests left out, by OPA. @throws Fault tool_missing, rule_source, wasm_bound */
export function compileRego({ dir }: Source): Made {
  const opa = process.env['OPA'] ?? executable('opa')[0];
  const version = opa === undefined ? undefined : /^Version: (\S+)/m.exec(run(opa, ['version'], dir).stdout)?.[1];
  if (opa === undefined || version === undefined) throw new Fault('tool_missing', `the compiler of Rego is not here: ${OPA_HELP}`);
  const files = readdirSync(dir)
    .filter((file) => file.endsWith('.rego') && !file.endsWith('_test.rego'))
    .sort();
  return scratch((folder) => {
    const out = join(folder, 'bundle.tar.gz');
    compile(opa, ['build', '-t', 'wasm', ...entrypoint(readFileSync(join(dir, 'rule.rego'), 'utf8')), '-o', out, ...files], dir, 'rule.rego');
    const module = unpack(readFileSync(out), MODULE_BYTES_MAX).get('/policy.wasm');
    if (module === undefined) throw new Fault('rule_source', 'rule.rego: the bundle of OPA has no policy.wasm');
    return { module, compiler: `opa ${version}` };
  });
}

/** `allow` of the package, or else `deny`, unless the source marks its entrypoint itself. */
function entrypoint(source: string): string[] {
  if (/^\s*#\s*entrypoint:\s*true\s*$/m.test(source)) return [];
  const name = /^\s*package\s+([\w.]+)/m.exec(source)?.[1];
  if (name === undefined) throw new Fault('rule_source', 'rule.rego: the line `package NAME` is missing');
  const rule = ['allow', 'deny'].find((word) => new RegExp(`^(default\\s+)?${word}\\b`, 'm').test(source));
  if (rule === undefined)
    throw new Fault('rule_source', 'rule.rego: there is neither `allow` nor `deny`; or mark a rule with `# METADATA` and `# entrypoint: true`');
  return ['-e', `${name.replaceAll('.', '/')}/${rule}`];
}
