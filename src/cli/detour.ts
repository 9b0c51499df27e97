/** Ways past AVA that can be seen from here: tool servers that agents call directly, keys that they hold themselves. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from './finding.ts';
import { plain, plural } from './text.ts';

interface Client {
  readonly name: string;
  /** Its configuration; `~` is the home folder, others are relative to where the command runs. */
  readonly path: string;
  readonly key: 'mcpServers' | 'servers';
}

const CLIENTS: readonly Client[] = [
  { name: 'Claude Code', path: '~/.claude.json', key: 'mcpServers' },
  { name: 'Claude Code', path: '.mcp.json', key: 'mcpServers' },
  { name: 'Claude Desktop', path: '~/Library/Application Support/Claude/claude_desktop_config.json', key: 'mcpServers' },
  { name: 'Claude Desktop', path: '~/.config/Claude/claude_desktop_config.json', key: 'mcpServers' },
  { name: 'Cursor', path: '~/.cursor/mcp.json', key: 'mcpServers' },
  { name: 'Cursor', path: '.cursor/mcp.json', key: 'mcpServers' },
  { name: 'VS Code', path: '.vscode/mcp.json', key: 'servers' },
  { name: 'Gemini CLI', path: '~/.gemini/settings.json', key: 'mcpServers' },
];
/** Agents with a shell of their own: what they run there, AVA sees only through a hook. */
const SHELLS: readonly (readonly [name: string, path: string])[] = [
  ['Claude Code', '~/.claude'],
  ['Codex', '~/.codex'],
  ['Gemini CLI', '~/.gemini'],
];
const SECRET = /(?:^|_)(?:API_?KEY|ACCESS_KEY|SECRET(?:_KEY)?|TOKEN|PASSWORD|PASSWD|CREDENTIALS)(?:_|$)/;
const FILE_BYTES_MAX = 16_777_216;
const NAMED_MAX = 8;

const named = (names: readonly string[]): string =>
  plain(names.slice(0, NAMED_MAX).join(', ')) + (names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more` : '');

/** Names only: values of the environment are never shown. */
export function detours(env: Readonly<Record<string, string | undefined>>, folder: string, home = homedir()): Finding[] {
  const at = (path: string): string => (path.startsWith('~/') ? join(home, path.slice(2)) : join(folder, path));
  const findings: Finding[] = [];
  for (const { name, path, key } of CLIENTS) {
    const servers = existsSync(at(path)) ? directServers(at(path), key) : [];
    if (servers === null) findings.push({ check: 'past AVA', state: 'info', detail: `${name}: ${path} cannot be read, so its servers are not known` });
    else if (servers.length > 0)
      findings.push({
        check: 'past AVA',
        state: 'warn',
        detail: `${name} calls ${plural(servers.length, 'MCP server')} directly (${path}): ${named(servers)}`,
      });
  }
  for (const [name, path] of SHELLS)
    if (existsSync(at(path)))
      findings.push({ check: 'past AVA', state: 'warn', detail: `${name} is here, with a shell and files of its own that no hook of AVA guards` });
  const keys = Object.keys(env)
    .filter((variable) => SECRET.test(variable.toUpperCase()) && env[variable] !== '')
    .sort();
  if (keys.length > 0)
    findings.push({
      check: 'past AVA',
      state: 'warn',
      detail: `an agent started from this shell holds ${plural(keys.length, 'credential')} itself: ${named(keys)}`,
      fix: 'start agents without them: who holds a key needs no permission',
    });
  if (findings.length === 0)
    findings.push({ check: 'past AVA', state: 'info', detail: 'nothing found here; an agent that does not ask AVA is not judged by it' });
  return findings;
}

/** Servers that are not started through AVA; null where the file cannot be read. */
function directServers(path: string, key: Client['key']): string[] | null {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length > FILE_BYTES_MAX) return null;
    const config: unknown = JSON.parse(text);
    const servers = (config as Readonly<Record<string, unknown>> | null)?.[key];
    if (typeof servers !== 'object' || servers === null) return [];
    return Object.entries(servers).flatMap(([name, server]) => (JSON.stringify(server).includes('avactl') ? [] : [name]));
  } catch {
    return null;
  }
}
