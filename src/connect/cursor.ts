/** Cursor. Servers stand in `~/.cursor/mcp.json` and a project's `.cursor/mcp.json`, hooks in `~/.cursor/hooks.json`; `failClosed` makes a failed hook block. */
import { join } from 'node:path';
import { HOOK_S_MAX, hookLine, type Launch } from './launch.ts';
import type { Place, Program } from './settings.ts';

const EVENTS = ['beforeSubmitPrompt', 'beforeShellExecution', 'beforeMCPExecution', 'beforeReadFile', 'afterShellExecution', 'afterMCPExecution'];
const MAPS = [['mcpServers']];

const folder = ({ home }: Place): string => join(home, '.cursor');

export const CURSOR: Program = {
  id: 'cursor',
  title: 'Cursor',
  judges: 'shell, files that are read, tools of MCP servers, what you submit',
  outside: ['files that it writes: Cursor has no hook before them', 'what a shell command does once it runs', 'tab completion'],
  version: null,
  afterwards: 'restart Cursor where it runs',
  traces: (place) => [folder(place)],
  files(place, { ask }) {
    const entry = (launch: Launch) => ({ command: hookLine(launch, 'cursor', ask), timeout: HOOK_S_MAX, failClosed: true });
    const { project } = place;
    return [
      { path: join(folder(place), 'mcp.json'), scope: 'user', syntax: 'json', maps: MAPS, hooks: null },
      {
        path: join(folder(place), 'hooks.json'),
        scope: 'user',
        syntax: 'json',
        maps: [],
        hooks: { events: EVENTS, shape: 'flat', base: { version: 1 }, entry },
      },
      ...(project === null ? [] : [{ path: join(project, '.cursor', 'mcp.json'), scope: 'project', syntax: 'json', maps: MAPS, hooks: null } as const]),
    ];
  },
  loopholes: () => [],
};
