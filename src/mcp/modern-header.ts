/**
 * Header fields of revision 2026-07-28 that repeat what the body says, so that who stands between need not read it.
 * They must agree with the body: what was routed or allowed by one is else not what is done (spec/gateway.md MG-107).
 */
import { isUtf8 } from 'node:buffer';
import { isObject, type Params, type RpcError } from './message.ts';
import { isModernRevision, META, MODERN_RPC } from './modern.ts';

/** Lower-case names to values, as node:http gives them. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Whose `Mcp-Name` repeats which parameter. */
const NAMED_BY: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
]);
const PARAM_PREFIX = 'mcp-param-';
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/;
const ENCODED_PREFIX = '=?base64?';
const ENCODED_SUFFIX = '?=';
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const DECIMAL = /^-?\d{1,20}(?:\.\d{1,20})?$/;
/** Levels of an input schema that are searched for header names. */
const SCHEMA_DEPTH_MAX = 16;
const DECLARED_MAX = 64;
const TOOLS_MAX = 2_048;

interface Asked {
  readonly method: string;
  readonly params?: Params;
}

/** MG-107: what disagrees, or null. Notices need no header. */
export function headerMismatch(headers: Headers, { method, params = {} }: Asked, isRequest: boolean): RpcError | null {
  const revision = one(headers, 'mcp-protocol-version');
  const claimed = isObject(params._meta) ? params._meta[META.revision] : undefined;
  if (method === 'initialize' && claimed === undefined && isModernRevision(revision)) return mismatch('initialize is no request of this revision');
  if (isRequest && revision === null) return mismatch('the header MCP-Protocol-Version is missing');
  if (revision !== null && claimed !== undefined && claimed !== revision) return mismatch('MCP-Protocol-Version names another revision than the body');
  const said = one(headers, 'mcp-method');
  if (said === null) return isRequest ? mismatch('the header Mcp-Method is missing') : null;
  if (said !== method) return mismatch('Mcp-Method names another method than the body');
  const key = isRequest ? NAMED_BY.get(method) : undefined;
  if (key === undefined) return null;
  const value = params[key];
  const name = one(headers, 'mcp-name');
  if (name === null) return value === undefined ? null : mismatch(`the header Mcp-Name is missing beside params.${key}`);
  const decoded = decodeHeader(name);
  if (decoded === null) return mismatch('Mcp-Name is not well encoded');
  return typeof value === 'string' && decoded !== value ? mismatch(`Mcp-Name differs from params.${key}`) : null;
}

/** The argument headers that an input schema asks for (`x-mcp-header`): where each argument stands, and its header. */
export function declaredHeaders(schema: unknown): { path: readonly string[]; header: string; type: unknown }[] {
  const found: { path: readonly string[]; header: string; type: unknown }[] = [];
  const visit = (node: unknown, path: readonly string[]): void => {
    if (!isObject(node) || path.length > SCHEMA_DEPTH_MAX) return;
    const name = node['x-mcp-header'];
    if (typeof name === 'string' && TOKEN.test(name) && path.length > 0 && found.length < DECLARED_MAX) found.push({ path, header: name, type: node.type });
    if (isObject(node.properties)) for (const [key, child] of Object.entries(node.properties)) visit(child, [...path, key]);
  };
  visit(schema, []);
  return found;
}

/** MG-107: what disagrees between the arguments of a call and their headers, or null. */
export function argumentMismatch(headers: Headers, schema: unknown, args: unknown): RpcError | null {
  for (const { path, header, type } of declaredHeaders(schema)) {
    const value = valueAt(args, path);
    const text = headerText(value);
    if (text === null) continue;
    const given = one(headers, PARAM_PREFIX + header.toLowerCase());
    if (given === null) return mismatch(`the header Mcp-Param-${header} is missing`);
    const decoded = decodeHeader(given);
    if (decoded === null) return mismatch(`Mcp-Param-${header} is not well encoded`);
    const numeric = (type === 'integer' || type === 'number') && typeof value === 'number' && DECIMAL.test(decoded);
    if (numeric ? Number(decoded) !== value : decoded !== text) return mismatch(`Mcp-Param-${header} differs from the arguments`);
  }
  return null;
}

/** The schemas of tools that put arguments into headers, as far as their lists were seen (MG-107). */
export class HeaderSchemas {
  private readonly byTool = new Map<string, unknown>();

  /** `tools`: of the result of a list. */
  learn(tools: unknown): void {
    if (!Array.isArray(tools)) return;
    for (const tool of tools as unknown[]) {
      if (!isObject(tool) || typeof tool.name !== 'string') continue;
      if (declaredHeaders(tool.inputSchema).length === 0) this.byTool.delete(tool.name);
      else if (this.byTool.size < TOOLS_MAX) this.byTool.set(tool.name, tool.inputSchema);
    }
  }

  of(name: unknown): unknown {
    return typeof name === 'string' ? this.byTool.get(name) : undefined;
  }
}

/** The header fields of a request to a server. `schema`: the input schema of the tool that is called, where it is known. */
export function modernHeaders({ method, params = {} }: Asked, revision: string, schema?: unknown): Record<string, string> {
  const headers: Record<string, string> = { 'mcp-protocol-version': revision, 'mcp-method': method };
  const key = NAMED_BY.get(method);
  if (key !== undefined && typeof params[key] === 'string') headers['mcp-name'] = encodeHeader(params[key]);
  if (method === 'tools/call')
    for (const { path, header } of declaredHeaders(schema)) {
      const text = headerText(valueAt(params.arguments, path));
      if (text !== null) headers[PARAM_PREFIX + header.toLowerCase()] = encodeHeader(text);
    }
  return headers;
}

/** Visible ASCII as it stands; else, and where it would be read as encoded, in Base64. */
export function encodeHeader(text: string): string {
  if (/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !text.startsWith(ENCODED_PREFIX)) return text;
  return `${ENCODED_PREFIX}${Buffer.from(text).toString('base64')}${ENCODED_SUFFIX}`;
}

/** null: it says that it is encoded, and is not so. */
export function decodeHeader(given: string): string | null {
  if (!given.startsWith(ENCODED_PREFIX) || !given.endsWith(ENCODED_SUFFIX)) return given;
  const inner = given.slice(ENCODED_PREFIX.length, -ENCODED_SUFFIX.length);
  if (!BASE64.test(inner)) return null;
  const bytes = Buffer.from(inner, 'base64');
  return bytes.toString('base64') === inner && isUtf8(bytes) ? bytes.toString('utf8') : null;
}

function one(headers: Headers, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' ? value.replace(/^[ \t]+/, '').trimEnd() : null;
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  let node = root;
  for (const key of path) {
    if (!isObject(node) || !Object.hasOwn(node, key)) return undefined;
    node = node[key];
  }
  return node;
}

function headerText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  return typeof value === 'number' && Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value)) ? String(value) : null;
}

const mismatch = (what: string): RpcError => ({
  code: MODERN_RPC.header_mismatch,
  message: `Bad Request: ${what}`,
});
