/** `.mcp.json`: which servers there are. A rule lets calls go to these alone; what is loose in their definitions is told. */
import type { Imported, Part } from './imported.ts';
import { literal } from './rule-text.ts';

interface Server {
  readonly command?: unknown;
  readonly args?: unknown;
  readonly env?: unknown;
  readonly url?: unknown;
  readonly headers?: unknown;
}

const RUNNERS = /(?:^|[\\/])(?:npx|bunx|uvx|pipx|pnpm|yarn|docker)(?:\.cmd|\.exe)?$/;
/** `name@1.2.3`, `name==1.2.3`, `image@sha256:…`. */
const EXACT = /@\d+\.\d+\.\d+|==\d|@sha256:/;
const SECRET = /KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL|AUTHORIZATION/i;

const keysOf = (value: unknown): readonly string[] => (typeof value === 'object' && value !== null ? Object.keys(value) : []);

export function importMcp(file: { readonly mcpServers?: unknown }): Imported {
  const servers = Object.entries(
    (typeof file.mcpServers === 'object' && file.mcpServers !== null ? file.mcpServers : {}) as Readonly<Record<string, Server | null>>,
  );
  const translated: Part[] = [];
  const changed: (Part & { why: string })[] = [];
  const names: string[] = [];
  for (const [name, server] of servers) {
    const { command, args, env, url, headers } = server ?? {};
    const line = Array.isArray(args) ? args.map(String) : [];
    names.push(name);
    translated.push({ text: `${name}: ${typeof url === 'string' ? url : [command, ...line].map(String).join(' ')}`, line: null });
    const remark = (why: string): void => {
      changed.push({ text: name, line: null, why });
    };
    if (typeof command === 'string' && RUNNERS.test(command) && !line.some((word) => EXACT.test(word)))
      remark('whatever version is newest runs: name an exact one');
    if (typeof url === 'string' && url.startsWith('http://') && !/^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?:[:/]|$)/.test(url))
      remark('its address is not encrypted');
    const secrets = [...keysOf(env), ...keysOf(headers)].filter((key) => SECRET.test(key));
    if (secrets.length > 0) remark(`the agent's own configuration holds ${secrets.join(', ')}: a call past AVA would use it`);
  }
  if (names.length === 0) return { rules: [], translated, changed, refused: [{ text: 'mcpServers', line: null, why: 'no server is named' }] };
  const known = `[${names.map(literal).join(', ')}]`;
  return {
    rules: [
      {
        name: 'mcp/known-servers',
        title: 'Only tools of the servers that are set up are called',
        advice: 'Use a tool of one of the known servers, or set the server up.',
        scope: ['kind.tool.call', 'kind.tool.list'],
        comments: ["Made from .mcp.json. A call that names no server is the client's own tool."],
        inputs: new Map(),
        judge: [`!has(action.server) || action.server in ${known}`],
        otherwise: 'deny',
        on_fault: 'deny',
        tests: [
          ...names.slice(0, 32).map((name) => ({ name, given: { action: { server: name } }, expect: 'pass' as const })),
          { name: 'an unknown server', given: { action: { server: 'unknown server' } }, expect: 'fail' },
          { name: "the client's own tool", given: { action: { name: 'Read' } }, expect: 'pass' },
        ],
      },
    ],
    translated,
    changed,
    refused: [],
  };
}
