/**
 * Runs docs/rules.md as a reader would, in a folder of its own. Before a block stands what it is: `<!-- run -->` commands in
 * order (`# exit N` where they end otherwise), `<!-- run NAME -->` those that need something, `<!-- expect -->` lines of
 * their output (`…` is any text), `<!-- file PATH -->`, `<!-- append PATH -->` and `<!-- replace PATH -->` what is typed.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/rules.md'), 'utf8');

interface Block {
  readonly kind: string;
  readonly about: string;
  readonly text: string;
}

const blocks: readonly Block[] = [...page.matchAll(/^<!-- (\w+)(?: (\S+))? -->\n```\w*\n([\s\S]*?)^```$/gm)].map(([, kind, about = '', text]) => ({
  kind,
  about,
  text,
}));

/** Each code block of the page is one of these: nothing stands there that no test runs. */
export const isWhole = (): boolean => (page.match(/^```/gm)?.length ?? 0) === 2 * blocks.length;

export interface Reader {
  /** The folder that the reader works in, which is also home. */
  readonly folder: string;
  /** What is at hand: names of `run` blocks. Others are passed over. */
  readonly has: ReadonlySet<string>;
  readonly env: Readonly<Record<string, string>>;
  /** Flags for commands that ask a node. */
  readonly node?: string;
}

/** How many commands ran. */
export function follow({ folder, has, env, node = '' }: Reader): number {
  let ran = 0;
  let output: string | null = null;
  for (const { kind, about, text } of blocks) {
    const path = join(folder, about);
    switch (kind) {
      case 'run':
        if (!has.has(about)) {
          output = null;
          break;
        }
        output = '';
        for (const line of text.trim().split('\n')) {
          const [, command, exit] = /^(.*?)(?: +# exit (\d+))?$/.exec(line) as RegExpExecArray;
          const words = about === 'node' && command.includes('--from') ? `${command} ${node}` : command;
          const { status, stdout, stderr } = spawnSync('bash', ['-c', words.replace(/^avactl/, '"$NODE" "$AVACTL"')], {
            cwd: folder,
            encoding: 'utf8',
            timeout: 120_000,
            env: { ...process.env, NO_COLOR: '1', NODE: process.execPath, AVACTL: join(root, 'bin/avactl.mjs'), HOME: folder, ...env },
          });
          output += `${stdout}${stderr}`;
          assert.equal(status, Number(exit ?? 0), `${line}\n${stdout}${stderr}`);
          ran += 1;
        }
        break;
      case 'expect':
        if (output === null) break;
        for (const line of text.trim().split('\n')) {
          const pattern = line
            .trim()
            .split('…')
            .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
          assert.match(output, new RegExp(pattern.join('.*')), line);
        }
        break;
      case 'file':
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
        break;
      case 'append':
        // Of a folder that a passed-over command would have begun.
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text, { flag: 'a' });
        break;
      case 'replace': {
        const [before, after] = text.split('=>\n');
        const source = readFileSync(path, 'utf8');
        assert.ok(source.includes(before), `${about} has no\n${before}`);
        writeFileSync(path, source.replace(before, after));
        break;
      }
      default:
        assert.fail(`a block of unknown kind: ${kind}`);
    }
  }
  return ran;
}
