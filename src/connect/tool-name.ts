/**
 * `mcp__SERVER__TOOL`, as Claude Code and Codex call the tools of MCP servers, and whether the server behind it runs through a
 * gateway of AVA. Only when every settings file that may define it says so is the call left to the gateway.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { readJsonFile, readTomlFile } from './file.ts';
import { type Launch, ownLaunch, PORT_USUAL, unwrapped } from './launch.ts';
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

/** A gateway as a settings file names it. */
export interface Gateway {
  readonly name: string;
  readonly data: string;
  readonly port: number;
}

/**
 * The gateway that an entry starts; null for any other program. A project's file may come from anybody: what only looks like a
 * gateway, or has an environment in which node would run something else, is none.
 */
export function gatewayOf({ command, args, env }: Table): Gateway | null {
  const own = unwrapped(command, args);
  const { node, avactl }: Launch = ownLaunch('', 0);
  if (own === null || command !== node || (args as readonly unknown[])[0] !== avactl) return null;
  if (isTable(env) && Object.keys(env).some((key) => /^(?:NODE_|LD_|DYLD_)/i.test(key))) return null;
  return { name: own.name, data: own.data, port: own.port };
}

interface Definition {
  readonly name: string;
  /** The project that it is for; '' for all. */
  readonly project: string;
  /** Null: it runs past AVA. */
  readonly wrapped: Gateway | null;
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
    const names = new Set(found.map(({ wrapped }) => (wrapped !== null && this.asks(wrapped) ? wrapped.name : null)));
    const [only] = names;
    return names.size === 1 ? (only ?? null) : null;
  }

  /** Whether a gateway asks this node: another one might allow anything. */
  asks({ data, port }: Gateway): boolean {
    if (data !== this.data) return false;
    try {
      return Number(URL.parse(readFileSync(join(data, 'address'), 'utf8').trim())?.port) === port;
    } catch {
      return port === PORT_USUAL;
    }
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
      wrapped: isTable(entry) ? gatewayOf(entry) : null,
    })),
  );
}
