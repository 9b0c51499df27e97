/**
 * `mcp__SERVER__TOOL`, as Claude Code and Codex call the tools of MCP servers, and whether the server behind it runs through a
 * gateway of AVA. Only when every settings file that may define it says so is the call left to the gateway.
 */
import { statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { readJsonFile, readTomlFile } from './file.ts';
import { unwrapped } from './launch.ts';
import { readRecord } from './record.ts';
import { isTable, mapsIn, type Table } from './settings.ts';

/** Folders from where the program works upwards that may have settings of their own. */
const FOLDERS_MAX = 32;
/** Files whose servers are remembered as long as they stay the same. */
const FILES_MAX = 256;
const MAPS = [['mcpServers'], ['mcp_servers'], ['projects', '*', 'mcpServers']];

export interface McpTool {
  readonly server: string;
  readonly tool: string;
}

export function mcpTool(name: string): McpTool | null {
  const match = /^mcp__(.+?)__(.+)$/s.exec(name);
  return match === null ? null : { server: match[1], tool: match[2] };
}

/** As the programs write a server's name within a tool's. */
const spelt = (name: string): string => name.replaceAll(/[^A-Za-z0-9_-]/g, '_');

interface Definition {
  readonly name: string;
  /** The project that it is for; '' for all. */
  readonly project: string;
  /** What the gateway calls it; null: it runs past AVA. */
  readonly wrapped: string | null;
}

interface Looked {
  readonly stamp: string;
  readonly definitions: readonly Definition[];
}

export class WrappedServers {
  private readonly data: string;
  private readonly files = new Map<string, Looked>();

  constructor(data: string) {
    this.data = data;
  }

  /** What the gateway calls this server of `client`; null where some definition of it runs past AVA, or none is found. */
  find(client: string, server: string, cwd: unknown): string | null {
    const found = this.paths(client, cwd)
      .flatMap((path) => this.definitions(path))
      .filter(({ name, project }) => spelt(name) === server && (project === '' || typeof cwd !== 'string' || cwd === project || cwd.startsWith(`${project}/`)));
    const names = new Set(found.map(({ wrapped }) => wrapped));
    const [only] = names;
    return names.size === 1 ? (only ?? null) : null;
  }

  private paths(client: string, cwd: unknown): string[] {
    let known: string[] = [];
    try {
      known = readRecord(this.data, client)?.files.map(({ path }) => path) ?? [];
    } catch {
      // not known: the hook judges the call itself
    }
    const own = client === 'codex' ? ['.codex', 'config.toml'] : ['.mcp.json'];
    const near: string[] = [];
    if (typeof cwd === 'string' && isAbsolute(cwd)) {
      let folder = cwd;
      for (let i = 0; i < FOLDERS_MAX; i++) {
        near.push(join(folder, ...own));
        if (dirname(folder) === folder) break;
        folder = dirname(folder);
      }
    }
    return [...new Set([...known, ...near])];
  }

  private definitions(path: string): readonly Definition[] {
    const stamp = stampOf(path);
    if (stamp === null) {
      this.files.delete(path);
      return [];
    }
    const looked = this.files.get(path);
    if (looked?.stamp === stamp) return looked.definitions;
    const definitions = definitionsIn(path.endsWith('.toml') ? readTomlFile(path) : readJsonFile(path));
    if (this.files.size >= FILES_MAX) this.files.clear();
    this.files.set(path, { stamp, definitions });
    return definitions;
  }
}

function stampOf(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.mtimeMs} ${stat.size} ${stat.ino}`;
}

function definitionsIn(value: Table | null): Definition[] {
  return mapsIn(value, MAPS).flatMap(({ path, map }) =>
    Object.entries(map).map(([name, entry]) => ({
      name,
      project: path[0] === 'projects' ? path[1] : '',
      wrapped: isTable(entry) ? (unwrapped(entry['command'], entry['args'])?.name ?? null) : null,
    })),
  );
}
