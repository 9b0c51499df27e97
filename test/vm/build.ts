/** The VM as it is, and deliberately broken copies of it: a check that passes on the one must fail on the other. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after } from 'node:test';
import { pathToFileURL } from 'node:url';
import * as admit from '../../src/vm/admit.ts';
import * as cache from '../../src/vm/cache.ts';
import * as guest from '../../src/vm/guest.ts';
import * as text from '../../src/vm/input-text.ts';

export interface Build {
  readonly admitModule: typeof admit.admitModule;
  readonly compiled: typeof cache.compiled;
  readonly Guest: typeof guest.Guest;
  readonly parseJson: typeof text.parseJson;
}
/** One change of the source: in a file of src/vm, text that is there once becomes another. */
export type Break = readonly [file: string, from: string, to: string];

export const BUILD: Build = { admitModule: admit.admitModule, compiled: cache.compiled, Guest: guest.Guest, parseJson: text.parseJson };

const root = resolve(import.meta.dirname, '../..');
const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** The other rooms stay the same modules, so that a fault is the same class in both. */
export async function broken(breaks: readonly Break[]): Promise<Build> {
  const folder = mkdtempSync(join(tmpdir(), 'ava-broken-'));
  folders.push(folder);
  const src = join(folder, 'src');
  mkdirSync(src);
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const room of ['base', 'crypto']) symlinkSync(join(root, 'src', room), join(src, room));
  cpSync(join(root, 'src/vm'), join(src, 'vm'), { recursive: true });
  for (const [file, from, to] of breaks) {
    const path = join(src, 'vm', file);
    const text = readFileSync(path, 'utf8');
    assert.equal(text.split(from).length, 2, `${file} has this once: ${from}`);
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
  }
  const load = async (name: string): Promise<unknown> => import(pathToFileURL(join(src, 'vm', `${name}.ts`)).href);
  const [a, c, g, t] = (await Promise.all([load('admit'), load('cache'), load('guest'), load('input-text')])) as [
    typeof admit,
    typeof cache,
    typeof guest,
    typeof text,
  ];
  return { admitModule: a.admitModule, compiled: c.compiled, Guest: g.Guest, parseJson: t.parseJson };
}
