/**
 * README.md: links lead somewhere, and the snippets under `<!-- run -->` run in order against a node, as a new user
 * would; what stands under `<!-- expect -->` must be in their output (`…` is any text).
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { mcpServer } from './real/home.ts';

const root = resolve(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

interface Snippet {
  readonly kind: string;
  readonly text: string;
}

const snippets: readonly Snippet[] = [...readme.matchAll(/^<!-- (run|expect) -->\n```\w+\n([\s\S]*?)^```$/gm)].map(([, kind, text]) => ({ kind, text }));

test('links and folders exist', () => {
  const pages = ['README.md', 'docs/architecture.md', 'CONTRIBUTING.md', 'SECURITY.md', 'spec/README.md'];
  const missing = pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)#:]+)\)/g)]
      .map(([, target]) => [page, target])
      .filter(([, target]) => !existsSync(join(root, page, '..', target))),
  );
  assert.deepEqual(missing, []);
});

test('the two commands are the scripts', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  for (const script of ['start', 'test']) assert.ok(readme.includes(`\`\`\`sh\nnpm ci && npm ${script}\n\`\`\``) && scripts[script] !== undefined, script);
});

/** A port that was free a moment ago. */
const freePort = (): Promise<number> =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

interface Ended {
  readonly status: number | null;
  readonly output: string;
}

function shell(line: string, env: Readonly<Record<string, string>>): Ended {
  const all = { ...process.env, NODE: process.execPath, AVACTL: join(root, 'bin/avactl.mjs'), ...env };
  const { status, stdout, stderr } = spawnSync('bash', ['-c', line], { encoding: 'utf8', env: all, cwd: env['HOME'], timeout: 120_000 });
  return { status, output: `${stdout}${stderr}` };
}

const avactl = (words: readonly string[], env: Readonly<Record<string, string>>): Ended => shell(`"$NODE" "$AVACTL" ${words.join(' ')}`, env);

async function answers(url: string, child: ChildProcess): Promise<void> {
  const end = Date.now() + 20_000;
  while (Date.now() < end && child.exitCode === null) {
    const ready = await fetch(`${url}/ready`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) return;
    await new Promise((next) => setTimeout(next, 50));
  }
  throw new Error(`the node did not get ready (exit ${child.exitCode})`);
}

const post = async (url: string, body: unknown): Promise<Record<string, string>> => {
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  assert.ok(answer.ok, await answer.clone().text());
  return (await answer.json()) as Record<string, string>;
};

/** Claude Code's settings and three MCP servers, as a new user has them. */
function newUser(home: string): void {
  const server = (name: string) => ({ command: process.execPath, args: [mcpServer(name), ...(name === 'filesystem' ? [home] : [])] });
  const mcpServers = Object.fromEntries(['filesystem', 'memory', 'everything'].map((name) => [name, server(name)]));
  mkdirSync(join(home, '.claude'));
  writeFileSync(join(home, '.claude.json'), JSON.stringify({ mcpServers }));
  writeFileSync(join(home, '.claude', 'settings.json'), '{}');
}

test('the snippets run', async () => {
  const home = mkdtempSync(join(tmpdir(), 'ava-readme-'));
  const port = await freePort();
  const env = { HOME: home };
  newUser(home);
  const node = spawn(process.execPath, [join(root, 'bin/avactl.mjs'), 'up', '--port', String(port)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    const url = `http://127.0.0.1:${port}`;
    await answers(url, node);
    const { session } = await post(`${url}/v1/sessions`, { agent: 'reader', user: 'Show me the file notes.txt' });
    const { receipt } = await post(`${url}/v1/decisions`, { session, action: { kind: 'tool.call', name: 'read_file', args: { path: 'notes.txt' } } });
    let output = '';
    let ran = 0;
    for (const { kind, text } of snippets) {
      if (kind === 'expect') {
        for (const line of text.trim().split('\n')) {
          const pattern = line
            .split('…')
            .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
            .join('.*');
          assert.match(output, new RegExp(pattern), line);
        }
        continue;
      }
      output = '';
      for (const line of text.trim().split('\n')) {
        const [, command, arguments_, exit] = /^avactl (\w+)(.*?)(?: +#.*exit (\d+))?$/.exec(line) ?? [];
        assert.ok(command !== undefined, line);
        // The test's node is not at the default port, which somebody may use: commands that have the flag are told.
        const flags = avactl(['help', command], env).output.includes('--port') ? `--port ${port}` : '';
        const result = shell(`"$NODE" "$AVACTL" ${command}${arguments_} ${flags}`, { ...env, RECEIPT: receipt });
        assert.equal(result.status, Number(exit ?? 0), `${line}\n${result.output}`);
        output += result.output;
        ran++;
      }
    }
    assert.ok(ran >= 8);
    assert.equal(readFileSync(join(home, '.claude', 'settings.json'), 'utf8'), '{}');
  } finally {
    const ended = new Promise((done) => node.once('exit', done));
    if (node.kill('SIGTERM')) await ended;
    rmSync(home, { recursive: true, force: true });
  }
});
