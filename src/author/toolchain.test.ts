/** Compilers that are not there, say too much, or give what is no module: programs of this file stand in for them. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Fault } from '../base/fault.ts';
import { unpack } from './archive.ts';
import { compileAssemblyScript, compileRego, compileRust } from './toolchain.ts';

const dir = mkdtempSync(join(tmpdir(), 'ava-toolchain-'));
const { OPA, RUSTC, PATH } = process.env;
after(() => rmSync(dir, { recursive: true }));
writeFileSync(join(dir, 'rule.rego'), 'package rule\n\nallow if input.x\n');

const source = { dir, memory_pages: 1 };

function refused(work: () => unknown, slug: string, message: RegExp): void {
  assert.throws(work, (fault: unknown) => fault instanceof Fault && fault.slug === slug && message.test(fault.message));
}

/** A program that answers `version`, and else runs these lines. */
function program(name: string, lines: string): string {
  const path = join(dir, name);
  writeFileSync(
    path,
    `#!/bin/sh\ncase "$1" in version) echo 'Version: 9.9.9'; exit;; --version) echo '${name} 1.80.0'; exit;; --print) echo ${dir}; exit;; esac\n${lines}\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

/** One file of a tar: header, bytes, padding. */
function entry(name: string, bytes: Uint8Array, size = bytes.length): Uint8Array {
  const block = new Uint8Array(512 + Math.ceil(bytes.length / 512) * 512);
  block.set(Buffer.from(name), 0);
  block.set(Buffer.from(`${size.toString(8).padStart(11, '0')}\0`), 124);
  block[156] = 48;
  block.set(bytes, 512);
  return block;
}

const archive = (...entries: readonly Uint8Array[]): Uint8Array => gzipSync(Buffer.concat([...entries, new Uint8Array(1024)]));

test('an archive is read whole, or refused', () => {
  const files = unpack(archive(entry('/a', new Uint8Array([1, 2, 3])), entry('/empty', new Uint8Array()), entry('/b', new Uint8Array(513).fill(7))), 1 << 20);
  assert.deepEqual(
    [...files].map(([name, bytes]) => [name, bytes.length, bytes[0]]),
    [
      ['/a', 3, 1],
      ['/empty', 0, undefined],
      ['/b', 513, 7],
    ],
  );
  assert.equal(unpack(gzipSync(''), 1024).size, 0);
  refused(() => unpack(new Uint8Array([1, 2, 3]), 1024), 'rule_source', /cannot be read/);
  refused(() => unpack(archive(entry('/a', new Uint8Array(4096))), 1024), 'rule_source', /cannot be read/);
  refused(() => unpack(archive(entry('/a', new Uint8Array(3), 1_000_000)), 1 << 20), 'rule_source', /cut short/);
  refused(() => unpack(archive(entry('/a', new Uint8Array(3), Number.NaN)), 1 << 20), 'rule_source', /cut short/);
});

test('what is missing is said with the way to get it', () => {
  process.env['PATH'] = dir;
  try {
    process.env['OPA'] = join(dir, 'nowhere');
    process.env['RUSTC'] = join(dir, 'nowhere');
    refused(() => compileRego(source), 'tool_missing', /go install github\.com\/open-policy-agent\/opa@/);
    refused(() => compileRust(source), 'tool_missing', /no rustc is here; with rustup `rustup target add wasm32-unknown-unknown`/);
    process.env['RUSTC'] = program('rustc', 'exit 1');
    refused(() => compileRust(source), 'tool_missing', /rustc 1\.80\.0: older than 1\.63 or without the target/);
    mkdirSync(join(dir, 'lib/rustlib/wasm32-unknown-unknown'), { recursive: true });
    refused(() => compileRust(source), 'tool_missing', /has no linker for wasm32: `apt-get install lld-14`/);
  } finally {
    process.env['PATH'] = PATH;
    for (const [name, value] of Object.entries({ OPA, RUSTC })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
});

test('what a compiler says and gives is bounded, and no bundle is no module', () => {
  const bundle = join(dir, 'made.tar.gz');
  const opa = (lines: string): (() => unknown) => {
    process.env['OPA'] = program('opa', lines);
    return () => compileRego(source);
  };
  try {
    // the argument after -o is where the bundle goes
    const give = `while [ "$1" != -o ]; do shift; done; cp ${bundle} "$2"`;
    refused(opa('echo "rule.rego:3: rego_parse_error: no" >&2; exit 2'), 'rule_source', /^rule\.rego:3 rego_parse_error: no$/);
    refused(opa('yes'), 'rule_source', /printed more than 1048576 bytes/);
    writeFileSync(bundle, 'no archive');
    refused(opa(give), 'rule_source', /archive of the compiler cannot be read/);
    writeFileSync(bundle, archive(entry('/data.json', new Uint8Array([123, 125]))));
    refused(opa(give), 'rule_source', /has no policy\.wasm/);
    writeFileSync(bundle, archive(entry('/policy.wasm', new Uint8Array([0, 97, 115, 109]))));
    assert.deepEqual(opa(give)(), { module: new Uint8Array([0, 97, 115, 109]), compiler: 'opa 9.9.9' });
  } finally {
    if (OPA === undefined) delete process.env['OPA'];
    else process.env['OPA'] = OPA;
  }
});

test("a source that is not there is the compiler's to name", () => {
  refused(() => compileAssemblyScript(source), 'rule_source', /^rule\.ts ERROR TS6054: File 'rule\.ts' not found/);
});
