/** VS Code. Servers stand in mcp.json of the user's profile and in a project's `.vscode/mcp.json`, as JSON with comments. */
import { join } from 'node:path';
import type { Place, Program } from './settings.ts';

const MAPS = [['servers']];

function folder({ home, env, platform }: Place): string {
  if (platform === 'win32') return join(env['APPDATA'] ?? join(home, 'AppData', 'Roaming'), 'Code', 'User');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Code', 'User');
  return join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'Code', 'User');
}

export const VSCODE: Program = {
  id: 'vscode',
  title: 'VS Code',
  judges: '',
  outside: ['its own tools: terminal, files, web', 'what you submit: a gateway alone never sees the prompt', 'servers of extensions and of other profiles'],
  version: null,
  afterwards: 'restart its MCP servers (MCP: List Servers)',
  traces: (place) => [folder(place)],
  files(place) {
    const { project } = place;
    return [
      { path: join(folder(place), 'mcp.json'), scope: 'user', syntax: 'json', maps: MAPS, hooks: null },
      ...(project === null ? [] : [{ path: join(project, '.vscode', 'mcp.json'), scope: 'project', syntax: 'json', maps: MAPS, hooks: null } as const]),
    ];
  },
  loopholes: () => [],
};
