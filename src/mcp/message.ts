/**
 * JSON-RPC 2.0 as MCP speaks it (spec/gateway.md MG-1, MG-2): messages told apart and bounded. Params and results stay as
 * they came: what the gateway does not judge it does not read either.
 */

export type Id = string | number;
export type Params = Readonly<Record<string, unknown>>;

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}
export interface Request {
  readonly jsonrpc: '2.0';
  readonly id: Id;
  readonly method: string;
  readonly params?: Params;
}
export interface Notice {
  readonly jsonrpc: '2.0';
  readonly method: string;
  readonly params?: Params;
}
export interface ResultResponse {
  readonly jsonrpc: '2.0';
  readonly id: Id;
  readonly result: Params;
}
export interface ErrorResponse {
  readonly jsonrpc: '2.0';
  /** null where the request could not be read. */
  readonly id: Id | null;
  readonly error: RpcError;
}
export type Response = ResultResponse | ErrorResponse;
export type Message = Request | Notice | Response;
/** What a request is answered with. */
export type Answer = { readonly result: Params } | { readonly error: RpcError };

/** MG-2: bytes of one message. */
export const MESSAGE_BYTES_MAX = 16_777_216;
/** MG-2: messages of one batch (revision 2025-03-26 and before). */
export const MESSAGES_MAX = 64;
const METHOD_LENGTH_MAX = 256;
const ID_LENGTH_MAX = 1_024;

/** Codes of JSON-RPC and of MCP; -32000 is this gateway's own, with `data.code` of the fault. */
export const RPC = {
  parse: -32_700,
  request: -32_600,
  method: -32_601,
  params: -32_602,
  internal: -32_603,
  gateway: -32_000,
  session: -32_001,
  resource: -32_002,
  /** A person must see a page first (revision 2025-11-25). */
  url_required: -32_042,
} as const;

export const isObject = (value: unknown): value is Params => typeof value === 'object' && value !== null && !Array.isArray(value);
const isId = (value: unknown): value is Id =>
  (typeof value === 'string' && value.length <= ID_LENGTH_MAX) || (typeof value === 'number' && Number.isFinite(value));

/** MG-1: the message that a parsed value is, or null. */
export function readMessage(value: unknown): Message | null {
  if (!isObject(value) || value.jsonrpc !== '2.0') return null;
  const { id, method, params, result, error } = value;
  if (method !== undefined) {
    if (typeof method !== 'string' || method.length > METHOD_LENGTH_MAX || (params !== undefined && !isObject(params))) return null;
    if (id === undefined) return value as unknown as Notice;
    return isId(id) ? (value as unknown as Request) : null;
  }
  if (error === undefined) return isObject(result) && isId(id) ? (value as unknown as ResultResponse) : null;
  if (result !== undefined || !isObject(error) || typeof error.code !== 'number' || typeof error.message !== 'string') return null;
  return isId(id) || id === null ? (value as unknown as ErrorResponse) : null;
}

export const isRequest = (message: Message): message is Request => 'method' in message && 'id' in message;
export const isNotice = (message: Message): message is Notice => 'method' in message && !('id' in message);
export const isResponse = (message: Message): message is Response => !('method' in message);

export const failure = (code: number, message: string, data?: unknown): { readonly error: RpcError } => ({
  error: { code, message, ...(data !== undefined && { data }) },
});

/** The text of a message, or null for one that is too deep or too large to be written. */
export function writeMessage(message: Message): string | null {
  try {
    const text = JSON.stringify(message);
    return text.length > MESSAGE_BYTES_MAX ? null : text;
  } catch {
    return null;
  }
}
