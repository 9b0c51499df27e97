/** Names of servers and tools, and how several servers share one list (spec/gateway.md MG-30 to MG-33). */
import type { Upstream } from './upstream.ts';

/** MG-30 */
const SERVER_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
/** MG-31: the alphabet of the protocol; a name with any other character could be taken for another's. */
const TOOL_NAME = /^[A-Za-z0-9_./-]{1,128}$/;
const SEPARATOR = '__';

export const isServerName = (name: string): boolean => SERVER_NAME.test(name);
export const isToolName = (name: string): boolean => TOOL_NAME.test(name);

/** What a server is called where nobody named it: the name of its package or program, without what all servers are called. */
export function serverNameOf(command: readonly string[]): string {
  const words = command.slice(1).filter((word) => !word.startsWith('-'));
  const launched = LAUNCHERS.test(lastPart(command[0])) ? words.find((word) => /[a-z]{3}/i.test(word) && !SUBCOMMANDS.has(word)) : undefined;
  const said =
    launched?.replace(/(?<=[^\\/])(?:[\\/](?:dist|build|out|lib|src|bin|esm|(?:index|main|cli|server)\.[cm]?[jt]s|(?:__main__|main|server)\.py))+$/, '') ??
    command[0];
  const name = lastPart(said.replace(/(?<=.)@[^/@]*$/, ''))
    .toLowerCase()
    .replace(/:[^/]*$/, '')
    .replace(/\.[a-z0-9]{1,5}$/, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .split('-')
    .filter((word) => word !== '' && !COMMON.has(word))
    .join('-')
    .slice(0, 32);
  return isServerName(name) ? name : 'server';
}

const LAUNCHERS = /^(?:npx|npm|pnpm|yarn|bunx|bun|uvx|uv|pipx|deno|node|python3?|docker|podman|cmd|sh|bash)(?:\.exe|\.cmd)?$/;
const SUBCOMMANDS: ReadonlySet<string> = new Set(['run', 'exec', 'dlx', 'tool', 'start']);
const COMMON: ReadonlySet<string> = new Set(['mcp', 'server', 'servers']);
const lastPart = (path: string): string => path.split(/[\\/]/).at(-1) ?? '';

export interface Place {
  readonly server: Upstream;
  /** The name that the server itself uses. */
  readonly name: string;
}

/** The servers of a conversation. With one its names stay as they are; with several each begins with its server's. */
export class Names {
  readonly servers: ReadonlyMap<string, Upstream>;
  private readonly only: Upstream | null;

  constructor(servers: readonly Upstream[], alone: boolean) {
    this.servers = new Map(servers.map((server) => [server.name, server]));
    this.only = alone ? servers[0] : null;
  }

  /** MG-32: what the client calls it. */
  shown(server: Upstream, name: string): string {
    return this.only === null ? `${server.name}${SEPARATOR}${name}` : name;
  }

  /** MG-32: whose it is; null where no server has this name. The first separator counts: a server's name has none. */
  find(shown: string): Place | null {
    if (this.only !== null) return { server: this.only, name: shown };
    const at = shown.indexOf(SEPARATOR);
    const server = at < 0 ? undefined : this.servers.get(shown.slice(0, at));
    return server === undefined ? null : { server, name: shown.slice(at + SEPARATOR.length) };
  }
}
