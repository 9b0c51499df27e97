/** A home folder of a new user: Claude Code's settings with three real MCP servers, and nothing of AVA. */
import assert from 'node:assert/strict';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { avactl, type Ran } from './avactl.ts';

function programOf(name: string): string {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve(`${name}/package.json`);
  const [program] = Object.values((require(manifest) as { bin: Record<string, string> }).bin);
  return join(dirname(manifest), program);
}

/** The program of a real MCP server. */
export const mcpServer = (name: string): string => programOf(`@modelcontextprotocol/server-${name}`);

export const SETTINGS = '{"permissions":{"allow":["Bash(npm test:*)"]}}';

export class NewHome {
  readonly scratch: string;
  readonly home: string;
  readonly data: string;
  /** Claude Code's settings, and its servers: these behind a link, as those who keep them in a repository have it. */
  readonly settings: string;
  readonly servers: string;
  readonly servers_text: string;
  port = 0;
  private readonly bin: string;

  constructor() {
    this.scratch = realpathSync(mkdtempSync(join(tmpdir(), 'ava-connect-')));
    this.home = join(this.scratch, 'home');
    this.bin = join(this.scratch, 'bin');
    this.data = join(this.home, '.ava');
    this.settings = join(this.home, '.claude', 'settings.json');
    this.servers = join(this.home, '.claude.json');
    const node = JSON.stringify(process.execPath);
    const project = JSON.stringify(join(this.home, 'project'));
    this.servers_text = `{
  "numStartups": 7, // kept
  "mcpServers": {
    "filesystem": { "command": ${node}, "args": [${JSON.stringify(mcpServer('filesystem'))}, ${project}] },
    "My Memory": {
        "type": "stdio",
        "command": ${node},
        "args": [${JSON.stringify(mcpServer('memory'))}],
        "env": { "MEMORY_FILE_PATH": ${JSON.stringify(join(this.scratch, 'memory.jsonl'))} }
    },
    "everything": { "command": ${node}, "args": [${JSON.stringify(mcpServer('everything'))}] }
  },
  "projects": { ${project}: { "allowedTools": [] } }
}
`;
    for (const folder of ['project', '.claude', 'dotfiles']) mkdirSync(join(this.home, folder), { recursive: true });
    mkdirSync(this.bin);
    this.write('project/notes.txt', 'buy milk\n');
    this.write('dotfiles/claude.json', this.servers_text);
    chmodSync(join(this.home, 'dotfiles/claude.json'), 0o640);
    symlinkSync(join(this.home, 'dotfiles/claude.json'), this.servers);
    this.write('.claude/settings.json', SETTINGS);
    this.says('claude', '2.1.331 (Claude Code)');
  }

  get env(): Record<string, string> {
    return { HOME: this.home, PATH: `${this.bin}:${process.env['PATH'] ?? ''}`, CLAUDE_CONFIG_DIR: '', CODEX_HOME: '', XDG_CONFIG_HOME: '' };
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.home, path)), { recursive: true });
    writeFileSync(join(this.home, path), text);
  }

  /** Puts a program into PATH that only says its version. */
  says(name: string, version: string): void {
    writeFileSync(join(this.bin, name), `#!/bin/sh\necho "${version}"\n`);
    chmodSync(join(this.bin, name), 0o755);
  }

  ran(args: readonly string[], stdin?: string): Promise<Ran> {
    return avactl(args, { env: this.env, cwd: this.home, ...(stdin !== undefined && { stdin }) });
  }

  /** What it prints, if it ends well. */
  async ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.ran(args);
    assert.equal(code, 0, stderr);
    return stdout;
  }

  /** Starts the node of this home folder on a free port. */
  async up(): Promise<string> {
    this.port = await freePort();
    return this.ok('up', '--detach', '--port', String(this.port));
  }

  /** Every file but AVA's own, with its bytes, mode and whether it is a link. */
  files(folder = this.home, files: Record<string, string> = {}): Record<string, string> {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (path === this.data) continue;
      const stat = lstatSync(path);
      if (stat.isDirectory()) this.files(path, files);
      else files[path] = `${stat.isSymbolicLink() ? 'link ' : ''}${(statSync(path).mode & 0o777).toString(8)} ${readFileSync(path, 'base64')}`;
    }
    return files;
  }

  async close(): Promise<void> {
    await this.ran(['down']);
    rmSync(this.scratch, { recursive: true, force: true });
  }
}

/** A port that was free a moment ago. */
export const freePort = (): Promise<number> =>
  new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => done(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
