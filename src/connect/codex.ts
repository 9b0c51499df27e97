/**
 * Codex. Servers stand in `~/.codex/config.toml`, hooks there or in hooks.json beside it. It has no hook by address, so the
 * hook is a command; one that fails in any way but exit 2 lets the call run, so the line itself ends in 2. A hook runs only
 * once its user has trusted it (`/hooks`). CODEX_HOME moves the folder.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTomlFile } from './file.ts';
import { HOOK_S_MAX, hookLine, type Launch } from './launch.ts';
import { type HookForm, isTable, type Loophole, type Place, type Program, type SettingsFile } from './settings.ts';

const EVENTS = ['UserPromptSubmit', 'PreToolUse', 'PostToolUse'];
const MAPS = [['mcp_servers']];

const folder = ({ home, env }: Place): string => env['CODEX_HOME'] || join(home, '.codex');

export const CODEX: Program = {
  id: 'codex',
  title: 'Codex',
  judges: 'shell, patches, tools of MCP servers, what you submit',
  outside: ['hooks run only once you have trusted them in /hooks', 'web search, which runs at its provider', 'what a shell command does once it runs'],
  version: { command: 'codex', least: '0.124.0', fails: 'has no hooks for patches and MCP tools' },
  afterwards: 'start Codex, open /hooks, and trust the hooks of AVA: until then they do not run',
  traces: (place) => [folder(place)],
  files(place, { ask }) {
    const hooks: HookForm = {
      events: EVENTS,
      shape: 'grouped',
      base: {},
      entry: (launch: Launch) => ({ type: 'command', command: hookLine(launch, 'codex', ask), timeout: HOOK_S_MAX }),
    };
    const json = join(folder(place), 'hooks.json');
    // one of the two: Codex warns where both have hooks
    const inJson = existsSync(json);
    const files: SettingsFile[] = [{ path: join(folder(place), 'config.toml'), scope: 'user', syntax: 'toml', maps: MAPS, hooks: inJson ? null : hooks }];
    if (inJson) files.push({ path: json, scope: 'user', syntax: 'json', maps: [], hooks });
    if (place.project !== null) files.push({ path: join(place.project, '.codex', 'config.toml'), scope: 'project', syntax: 'toml', maps: MAPS, hooks: null });
    return files;
  },
  loopholes(place) {
    const path = join(folder(place), 'config.toml');
    const settings = readTomlFile(path);
    if (settings === null) return [];
    const found: Loophole[] = [];
    const { features } = settings;
    if (isTable(features) && (features['hooks'] === false || features['codex_hooks'] === false))
      found.push({ path, what: 'features.hooks = false: no hook runs', disarms: true });
    if (settings['approval_policy'] === 'never') found.push({ path, what: 'approval_policy never: the program itself asks for nothing', disarms: false });
    if (settings['sandbox_mode'] === 'danger-full-access')
      found.push({ path, what: 'sandbox_mode danger-full-access: shell commands have the whole machine', disarms: false });
    return found;
  },
};
