/**
 * The words of revision 2026-07-28: no handshake and no session, each request says in `_meta` which revision it
 * speaks, who asks and what that client can do (spec/gateway.md MG-104 to MG-106).
 */
import { isObject, type Params, RPC, type RpcError } from './message.ts';

export const MODERN_REVISION = '2026-07-28';

/** Keys of `_meta` that the revision reserves. */
export const META = {
  revision: 'io.modelcontextprotocol/protocolVersion',
  client: 'io.modelcontextprotocol/clientInfo',
  capabilities: 'io.modelcontextprotocol/clientCapabilities',
  log: 'io.modelcontextprotocol/logLevel',
  server: 'io.modelcontextprotocol/serverInfo',
  subscription: 'io.modelcontextprotocol/subscriptionId',
} as const;

/** The extension under which a server may answer `tools/call` with a task. */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

export const MODERN_RPC = { header_mismatch: -32020, capability_missing: -32021, revision_unsupported: -32022 } as const;

/** What a client may ask, beside `server/discover` and `subscriptions/listen`. */
export const MODERN_METHODS: ReadonlySet<string> = new Set([
  'tools/list',
  'tools/call',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'completion/complete',
  'tasks/get',
  'tasks/update',
  'tasks/cancel',
]);

/** Whose answer may be `input_required`. */
export const INPUT_METHODS: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

/** Whose results say how long they may be kept. */
const CACHEABLE: ReadonlySet<string> = new Set([
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
]);

/** From the quietest to the loudest. */
export const LOG_LEVELS: readonly string[] = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug'];

/** Who asks, and how. */
export interface Envelope {
  readonly revision: string;
  /** null: the client did not say. */
  readonly client: Params | null;
  readonly capabilities: Params;
  readonly log: string | null;
}

const REVISION = /^\d{4}-\d{2}-\d{2}$/;

/** Revisions are dates: the ones from this on are stateless. */
export const isModernRevision = (value: unknown): boolean => typeof value === 'string' && REVISION.test(value) && value >= MODERN_REVISION;

const metaOf = (params: unknown): Params | null => (isObject(params) && isObject(params._meta) ? params._meta : null);

/** MG-104: whether a message is of this revision or a later one; all else belongs to the revisions with a handshake. */
export function isModern(message: { readonly method?: unknown; readonly params?: unknown }, header?: string): boolean {
  const meta = metaOf(message.params);
  if (meta !== null && Object.hasOwn(meta, META.revision)) return typeof meta[META.revision] !== 'string' || isModernRevision(meta[META.revision]);
  return isModernRevision(header);
}

/** MG-105: the envelope of a request, or what is wrong with it. */
export function readEnvelope(params: unknown): Envelope | RpcError {
  const meta = metaOf(params);
  const missing = [META.revision, META.capabilities].filter((key) => meta === null || !Object.hasOwn(meta, key));
  if (meta === null || missing.length > 0) return invalid(`_meta lacks ${missing.join(' and ')}`, { envelope: { missing } });
  const { [META.revision]: revision, [META.client]: client = null, [META.capabilities]: capabilities, [META.log]: log = null } = meta;
  if (typeof revision !== 'string') return invalid(`_meta.${META.revision} is no text`);
  if (revision !== MODERN_REVISION)
    return {
      code: MODERN_RPC.revision_unsupported,
      message: 'Unsupported protocol version',
      data: { supported: [MODERN_REVISION], requested: revision.slice(0, 64) },
    };
  if (client !== null && !(isObject(client) && typeof client.name === 'string' && typeof client.version === 'string'))
    return invalid(`_meta.${META.client} has no name and version`);
  if (!isObject(capabilities)) return invalid(`_meta.${META.capabilities} is no object`);
  if (log !== null && !(typeof log === 'string' && LOG_LEVELS.includes(log))) return invalid(`_meta.${META.log} is no log level`);
  return { revision, client, capabilities, log };
}

const invalid = (what: string, data?: Params): RpcError => ({ code: RPC.params, message: `Invalid params: ${what}`, ...(data !== undefined && { data }) });

const RESERVED: ReadonlySet<string> = new Set([META.revision, META.client, META.capabilities, META.log]);

/** The parameters as the revisions with a handshake have them: without the envelope, what comes with a further round, and the word for tasks that this revision has not. */
export function plainParams(params: Params): Params {
  const { _meta, inputResponses: _responses, requestState: _state, task: _task, ...rest } = params;
  if (!isObject(_meta)) return rest;
  const meta = Object.fromEntries(Object.entries(_meta).filter(([key]) => !RESERVED.has(key)));
  return Object.keys(meta).length === 0 ? rest : { ...rest, _meta: meta };
}

/** The envelope that this side sends to a server of the revision. */
export function withEnvelope(params: Params, { client, capabilities, log }: Omit<Envelope, 'revision'>): Params {
  const meta = isObject(params._meta) ? params._meta : {};
  return {
    ...params,
    _meta: {
      ...meta,
      [META.revision]: MODERN_REVISION,
      ...(client !== null && { [META.client]: client }),
      [META.capabilities]: capabilities,
      ...(log !== null && { [META.log]: log }),
    },
  };
}

/**
 * MG-106: a result as the revision has it: its type, who answered, and for how long it may be kept. Lists are those of one agent
 * and rules change, so nothing that passes the gateway may be shared between clients.
 */
export function modernResult(method: string, result: Params, server: Params): Params {
  const { resultType = 'complete', _meta, ttlMs } = result;
  const cached = resultType === 'complete' && CACHEABLE.has(method);
  return {
    ...result,
    resultType,
    _meta: { ...(isObject(_meta) && _meta), [META.server]: server },
    ...(cached && { ttlMs: Number.isSafeInteger(ttlMs) && (ttlMs as number) >= 0 ? ttlMs : 0, cacheScope: 'private' }),
    ...(method === 'tools/list' && Array.isArray(result.tools) && { tools: result.tools.map(withoutExecution) }),
  };
}

/** How a tool may be run as a task is a word of an older revision. */
function withoutExecution(tool: unknown): unknown {
  if (!isObject(tool) || !Object.hasOwn(tool, 'execution')) return tool;
  const { execution: _, ...rest } = tool;
  return rest;
}
