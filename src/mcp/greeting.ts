/** What the client is answered to `initialize` (spec/gateway.md MG-11). */
import { isObject, type Params } from './message.ts';
import type { Pins } from './pin.ts';
import type { Upstream } from './upstream.ts';

/** Revisions with a handshake, newest first. */
export const REVISIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;
const INSTRUCTIONS_LENGTH_MAX = 16_384;

/** MG-44: by this name the pins know what a server instructs models to do; no tool can have it. */
const INSTRUCTIONS = '(instructions)';

/** MG-44: a server's instructions are read by the model like a tool's description: the first are pinned, others left out. */
export function pinnedInstructions({ name, greeted }: Upstream, pins: Pins, report: (message: string) => void): string | undefined {
  const given = greeted?.instructions;
  if (typeof given !== 'string') return undefined;
  const instructions = given.slice(0, INSTRUCTIONS_LENGTH_MAX).toWellFormed();
  try {
    if (pins.check(name, [{ name: INSTRUCTIONS, description: instructions }]).get(INSTRUCTIONS) !== 'changed') return instructions;
    report(`server ${name}: its instructions are not as they were pinned, so they are left out: see \`avactl tools diff ${name}\``);
  } catch (error) {
    report(`server ${name}: its instructions are left out: ${error instanceof Error ? error.message : String(error)}`);
  }
  return undefined;
}

/** One server's own answer; its list of tools may change, because pins may. */
export function ownGreeting({ greeted, capabilities }: Upstream, instructions: string | undefined): Params {
  const { instructions: _, ...rest } = greeted ?? {};
  const { tools } = capabilities;
  return {
    ...rest,
    ...(isObject(tools) && { capabilities: { ...capabilities, tools: { ...tools, listChanged: true } } }),
    ...(instructions !== undefined && { instructions }),
  };
}

/** Several servers as one: what any of them can do. `instructions`: by server. */
export function joinedGreeting(hello: Params, servers: readonly Upstream[], given: ReadonlyMap<Upstream, string | undefined>, version: string): Params {
  const alive = servers.filter(({ greeted }) => greeted !== null);
  const capabilities: Record<string, unknown> = { tools: { listChanged: true } };
  for (const server of alive) for (const [name, own] of Object.entries(server.capabilities)) capabilities[name] = merged(capabilities[name], own);
  const instructions = alive
    .flatMap((server) => (given.get(server) === undefined ? [] : [`# ${server.name}\n${given.get(server)}`]))
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
