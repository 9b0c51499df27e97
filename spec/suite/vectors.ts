/**
 * Published test vectors as crates: exact versions and checksums in test/vectors/Cargo.lock, kept in an ignored folder
 * beside it. Nothing is compiled. A cargo that cannot read a crate's edition (Debian's) still fetches and checks it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve(import.meta.dirname, '../../test/vectors');
const vendor = join(folder, '.vendor');
const manifest = join(folder, 'Cargo.toml');

function cargo(args: readonly string[], env: Readonly<Record<string, string>> = {}): string | undefined {
  const { status, stderr, error } = spawnSync('cargo', [...args, '--manifest-path', manifest, '--locked'], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return status === 0 ? undefined : (error?.message ?? stderr);
}

/**
 * The folder of one crate's sources, fetched if it is not there.
 * @throws Error with what cargo said
 */
export function crate(name: string): string {
  const home = join(vendor, 'cargo');
  const find = (): string | undefined =>
    globSync([join(vendor, name), join(home, 'registry/src/*', name)]).find((path) => existsSync(join(path, 'Cargo.toml')));
  const there = find();
  if (there !== undefined) return there;
  const said = cargo(['vendor', '--versioned-dirs', vendor]);
  // unpacked into a cargo home of our own before the manifest is found unreadable
  const older = find() === undefined ? cargo(['-Z', 'sparse-registry', 'fetch'], { CARGO_HOME: home, RUSTC_BOOTSTRAP: '1' }) : undefined;
  const found = find();
  if (found === undefined) throw new Error(`the crate ${name} cannot be fetched: ${said ?? ''}${older ?? ''}`);
  return found;
}
