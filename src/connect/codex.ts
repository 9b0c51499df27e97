/**
 * Codex. Servers stand in `~/.codex/config.toml`, hooks there or in hooks.json beside it. It has no hook by address, so the
 * hook is a command; one that fails in any way but exit 2 lets the call run, so the line itself ends in 2. A hook runs only
 * once its user has trusted it (`/hooks`). CODEX_HOME moves the folder.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonFile, readTomlFile } from './file.ts';
import { HOOK_S_MAX, hookLine, isOwnHook, type Launch } from './launch.ts';
import { type HookForm, isTable, type Loophole, memberAt, type Place, type Program, type SettingsFile, type Table } from './settings.ts';

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
    const say = (what: string, disarms = false): number => found.push({ path, what, disarms });
    const { features } = settings;
    if (isTable(features) && (features['hooks'] === false || features['codex_hooks'] === false)) say('features.hooks = false: no hook runs', true);
    if (settings['approval_policy'] === 'never') say('approval_policy never: the program itself asks for nothing');
    if (settings['sandbox_mode'] === 'danger-full-access') say('sandbox_mode danger-full-access: shell commands have the whole machine');
    const state = memberAt(settings, ['hooks', 'state']);
    const json = join(folder(place), 'hooks.json');
    for (const [at, value] of [
      [path, settings],
      [json, readJsonFile(json)],
    ] as const) {
      const untrusted = EVENTS.filter((event) => trustKeys(at, value, event).some((key) => !hasTrust(state, key)));
      if (untrusted.length > 0)
        found.push({ path: at, what: `hooks of AVA that are not trusted, so they do not run: ${untrusted.join(', ')}`, disarms: true, later: true });
    }
    return found;
  },
};

/** The names under which Codex keeps its user's trust in AVA's hooks of an event. */
function trustKeys(path: string, value: Table | null, event: string): string[] {
  const groups = memberAt(value, ['hooks', event]);
  const label = event.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
  return (Array.isArray(groups) ? groups : []).flatMap((group: unknown, i) => {
    const hooks = isTable(group) ? group['hooks'] : undefined;
    return (Array.isArray(hooks) ? hooks : []).flatMap((hook: unknown, j) => (isTable(hook) && isOwnHook(hook) ? [`${path}:${label}:${i}:${j}`] : []));
  });
}

const hasTrust = (state: unknown, key: string): boolean => typeof memberAt(state, [key, 'trusted_hash']) === 'string';
