/**
 * Claude Code. Servers of the user stand in `~/.claude.json`, at the top and for one project each; those of a project in its
 * `.mcp.json`. Hooks of `~/.claude/settings.json` hold in every project. A failed hook blocks from 2.1.295 on
 * (`onFailure`). CLAUDE_CONFIG_DIR moves both files.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonFile } from './file.ts';
import { HOOK_S_MAX, hookLine, hookUrl, type Launch } from './launch.ts';
import { isTable, type Loophole, type Place, type Program, type Table } from './settings.ts';

const EVENTS = ['UserPromptSubmit', 'PreToolUse', 'PostToolUse', 'PostToolUseFailure'];
const MANAGED: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin: '/Library/Application Support/ClaudeCode/managed-settings.json',
  linux: '/etc/claude-code/managed-settings.json',
  win32: 'C:\\Program Files\\ClaudeCode\\managed-settings.json',
};

function folders({ home, env }: Place): { readonly settings: string; readonly state: string } {
  const moved = env['CLAUDE_CONFIG_DIR'] ?? '';
  return moved === '' ? { settings: join(home, '.claude'), state: join(home, '.claude.json') } : { settings: moved, state: join(moved, '.claude.json') };
}

/** Every file whose settings count, those of an administrator first. */
function settingsFiles(place: Place): string[] {
  const managed = MANAGED[place.platform];
  const { project } = place;
  const own = project === null ? [] : [join(project, '.claude', 'settings.json'), join(project, '.claude', 'settings.local.json')];
  return [...(managed === undefined ? [] : [managed]), join(folders(place).settings, 'settings.json'), ...own];
}

/** Settings may name the addresses that hooks may post to; then the hook is a command. */
function mayPost(place: Place): boolean {
  return !settingsFiles(place).some((path) => Array.isArray(readJsonFile(path)?.['allowedHttpHookUrls']));
}

function loopholesOf(path: string, settings: Table, managed: boolean): Loophole[] {
  const found: Loophole[] = [];
  const say = (what: string, disarms = false): number => found.push({ path, what, disarms });
  if (settings['disableAllHooks'] === true) say('disableAllHooks: no hook runs', true);
  if (managed && settings['allowManagedHooksOnly'] === true) say('allowManagedHooksOnly: only the hooks of the administrator run', true);
  const { permissions } = settings;
  if (!isTable(permissions)) return found;
  if (permissions['defaultMode'] === 'bypassPermissions')
    say('defaultMode bypassPermissions: the program itself asks for nothing; only hooks stand before a call');
  const { allow } = permissions;
  const wide = (Array.isArray(allow) ? allow : []).filter((rule) => typeof rule === 'string' && /^(?:\*|Bash|Bash\((?::?\*)\)|mcp__\*)$/.test(rule));
  if (wide.length > 0) say(`permissions allow ${wide.join(', ')} without asking`);
  return found;
}

export const CLAUDE_CODE: Program = {
  id: 'claude-code',
  title: 'Claude Code',
  judges: 'shell, files, web, subagents, tools of every MCP server, what you submit',
  outside: [
    'files that you mention with @',
    'commands that you run with !',
    'what a shell command does once it runs',
    'status line, hooks and plugins of others',
  ],
  version: { command: 'claude', least: '2.1.295', fails: 'ignores failed hooks' },
  afterwards: 'restart Claude Code where it runs',
  traces: (place) => [folders(place).settings],
  files(place, { ask }) {
    const { settings, state } = folders(place);
    const maps = [['mcpServers'], ['projects', '*', 'mcpServers']];
    const entry = (launch: Launch) =>
      mayPost(place)
        ? { type: 'http', url: hookUrl(launch, 'claude-code', ask), timeout: HOOK_S_MAX, onFailure: 'block' }
        : { type: 'command', command: hookLine(launch, 'claude-code', ask), timeout: HOOK_S_MAX, onFailure: 'block' };
    return [
      { path: state, scope: 'user', syntax: 'json', maps, hooks: null },
      { path: join(settings, 'settings.json'), scope: 'user', syntax: 'json', maps: [], hooks: { events: EVENTS, shape: 'grouped', base: {}, entry } },
      ...(place.project === null
        ? []
        : [{ path: join(place.project, '.mcp.json'), scope: 'project', syntax: 'json', maps: [['mcpServers']], hooks: null } as const]),
    ];
  },
  loopholes: (place) =>
    settingsFiles(place).flatMap((path) => (existsSync(path) ? loopholesOf(path, readJsonFile(path) ?? {}, path === MANAGED[place.platform]) : [])),
};
