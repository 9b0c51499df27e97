/** Claude Desktop. Servers stand in claude_desktop_config.json. */
import { join } from 'node:path';
import type { Place, Program } from './settings.ts';

function folder({ home, env, platform }: Place): string {
  if (platform === 'win32') return join(env['APPDATA'] ?? join(home, 'AppData', 'Roaming'), 'Claude');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Claude');
  return join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'Claude');
}

export const CLAUDE_DESKTOP: Program = {
  id: 'claude-desktop',
  title: 'Claude Desktop',
  judges: '',
  outside: ['what you submit: a gateway alone never sees the prompt', 'connectors and extensions, which are not in this file'],
  version: null,
  afterwards: 'quit Claude Desktop and start it again',
  traces: (place) => [folder(place)],
  files: (place) => [{ path: join(folder(place), 'claude_desktop_config.json'), scope: 'user', syntax: 'json', maps: [['mcpServers']], hooks: null }],
  loopholes: () => [],
};
