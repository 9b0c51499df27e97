/** What the client is answered to `initialize` (spec/gateway.md MG-11). */
import { isObject, type Params } from './message.ts';
import type { Upstream } from './upstream.ts';

/** Revisions with a handshake, newest first. */
export const REVISIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;
const INSTRUCTIONS_LENGTH_MAX = 16_384;

/** One server's own answer; its list of tools may change, because pins may. */
export function ownGreeting(server: Upstream): Params {
  const { greeted, capabilities } = server;
  const { tools } = capabilities;
  return isObject(tools) ? { ...greeted, capabilities: { ...capabilities, tools: { ...tools, listChanged: true } } } : { ...greeted };
}

/** Several servers as one: what any of them can do. */
export function joinedGreeting(hello: Params, servers: readonly Upstream[], version: string): Params {
  const alive = servers.filter(({ greeted }) => greeted !== null);
  const capabilities: Record<string, unknown> = { tools: { listChanged: true } };
  for (const server of alive) for (const [name, own] of Object.entries(server.capabilities)) capabilities[name] = merged(capabilities[name], own);
  const instructions = alive
    .flatMap(({ name, greeted }) => (typeof greeted?.instructions === 'string' ? [`# ${name}\n${greeted.instructions}`] : []))
    .join('\n\n')
    .slice(0, INSTRUCTIONS_LENGTH_MAX);
  const asked = REVISIONS.find((revision) => revision === hello.protocolVersion);
  return {
    protocolVersion: asked ?? REVISIONS[0],
    capabilities,
    serverInfo: { name: 'ava-gateway', version },
    ...(instructions !== '' && { instructions }),
  };
}

/** Two levels deep: `resources: {subscribe, listChanged}`, `tasks: {requests: …}`. */
function merged(a: unknown, b: unknown): unknown {
  if (!isObject(a) || !isObject(b)) return b ?? a;
  const both: Record<string, unknown> = { ...a };
  for (const [name, value] of Object.entries(b)) both[name] = isObject(both[name]) && isObject(value) ? { ...both[name], ...value } : value;
  return both;
}
