/** Definitions of tools as MCP servers give them: from a file, or from a server that is asked for its list. */
import { readFileSync, statSync } from 'node:fs';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Fault } from '../base/fault.ts';
import { type ArgPath, PATH_SEGMENTS_MAX } from '../facet/map.ts';
import { VERSION } from './version.ts';

export interface ToolDefinition {
  readonly name: string;
  /** Where each argument may stand, lists entered; sorted. */
  readonly paths: readonly ArgPath[];
  /** False where the schema has more than is looked at. */
  readonly whole: boolean;
  /** What the server says of the tool: nothing to rely on. */
  readonly says: { readonly reads?: boolean; readonly destroys?: boolean };
}

const FILE_BYTES_MAX = 16_777_216;
const TOOLS_MAX = 1_024;
const PAGES_MAX = 64;
const PATHS_MAX = 64;
const STEPS_MAX = 4_096;

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A list of definitions, or an object with `tools`, as `tools/list` answers. @throws Fault usage */
export function definitionsInFile(path: string): ToolDefinition[] {
  let value: unknown;
  try {
    if (statSync(path).size > FILE_BYTES_MAX) throw new Error(`it is larger than ${FILE_BYTES_MAX} bytes`);
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Fault('usage', `${path} cannot be read as JSON: ${error instanceof Error ? error.message : ''}`, { path });
  }
  const inner = isObject(value) && isObject(value.result) ? value.result : value;
  return definitions(isObject(inner) ? inner.tools : inner, path);
}

/** @throws Fault usage */
export function definitions(value: unknown, where: string): ToolDefinition[] {
  if (!Array.isArray(value)) throw new Fault('usage', `${where} has no list of tools: a list of definitions, or an object with \`tools\`, is expected`, {});
  if (value.length > TOOLS_MAX) throw new Fault('usage', `${where} has more than ${TOOLS_MAX} tools`, {});
  return value.map((item: unknown, i) => {
    if (!isObject(item) || typeof item.name !== 'string' || item.name === '') throw new Fault('usage', `${where}: tool ${i} has no \`name\``, {});
    const { readOnlyHint, destructiveHint } = isObject(item.annotations) ? item.annotations : {};
    return {
      name: item.name,
      ...schemaPaths(item.inputSchema ?? item.input_schema ?? item.parameters),
      says: { ...(typeof readOnlyHint === 'boolean' && { reads: readOnlyHint }), ...(typeof destructiveHint === 'boolean' && { destroys: destructiveHint }) },
    };
  });
}

/** The paths of a JSON schema's properties that hold values; what a schema leaves open counts as one value. */
export function schemaPaths(schema: unknown): { paths: ArgPath[]; whole: boolean } {
  const found = new Map<string, ArgPath>();
  let whole = true;
  let steps = 0;
  const walk = (node: unknown, path: ArgPath, refs: number): void => {
    if (!isObject(node)) return add(path);
    if (++steps > STEPS_MAX) return void (whole = false);
    const target = typeof node.$ref === 'string' ? refOf(schema, node.$ref) : undefined;
    if (target !== undefined && refs < PATH_SEGMENTS_MAX) return walk(target, path, refs + 1);
    const choices = [node.anyOf, node.oneOf, node.allOf].flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []));
    const properties = isObject(node.properties) ? Object.entries(node.properties) : [];
    for (const choice of choices) if (isObject(choice) && choice.type !== 'null') walk(choice, path, refs);
    for (const [name, property] of properties) {
      if (path.length < PATH_SEGMENTS_MAX) walk(property, [...path, name], refs);
      else whole = false;
    }
    if (isObject(node.items)) walk(node.items, path, refs);
    else if (choices.length === 0 && properties.length === 0) add(path);
  };
  const add = (path: ArgPath): void => {
    if (path.length === 0) return;
    if (found.size >= PATHS_MAX) whole = false;
    else found.set(path.join('\0'), path);
  };
  walk(schema, [], 0);
  return { paths: [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path), whole };
}

/** `#/$defs/x` within the schema. */
function refOf(schema: unknown, ref: string): unknown {
  let at: unknown = schema;
  if (!ref.startsWith('#/')) return undefined;
  for (const step of ref.slice(2).split('/')) at = isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined;
  return at;
}

/** Asks a server at an address, or one that is started for it. @throws Fault unreachable */
export async function definitionsOf(
  server: { readonly url: string } | { readonly command: readonly string[] },
  signal: AbortSignal,
): Promise<ToolDefinition[]> {
  const client = new Client({ name: 'avactl', version: VERSION });
  const where = 'url' in server ? server.url : server.command.join(' ');
  const transport =
    'url' in server
      ? new StreamableHTTPClientTransport(new URL(server.url))
      : new StdioClientTransport({ command: server.command[0], args: server.command.slice(1), stderr: 'inherit', env: environment() });
  try {
    await client.connect(transport, { signal });
    const all: unknown[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < PAGES_MAX; page++) {
      const { tools, nextCursor } = await client.listTools({ cursor }, { signal });
      all.push(...tools);
      cursor = nextCursor;
      if (cursor === undefined) break;
    }
    return definitions(all, where);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault('upstream_failed', `${where} does not list its tools: ${error instanceof Error ? error.message : String(error)}`, {});
  } finally {
    await client.close();
  }
}

const environment = (): Record<string, string> =>
  Object.fromEntries(Object.entries(process.env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
