/**
 * Request heads of the fast path (spec/http.md N-40 to N-43): the few that every reader of HTTP reads alike. Whatever
 * else a client may send is not judged here but handed to node:http.
 */

/** The routes of the fast path. */
export type HotRoute = 'decide' | 'batch' | 'outcome' | 'session' | 'input';

export interface Head {
  readonly route: HotRoute;
  /** The session that an input's path names, else ''. */
  readonly id: string;
  readonly body_bytes: number;
}

/** N-41: bytes of a head that the fast path reads; longer ones are handed over. */
export const FAST_HEAD_MAX = 4_096;
const MEMO_MAX = 1_024;

export const TARGETS: Readonly<Record<string, HotRoute>> = {
  '/v1/decisions': 'decide',
  '/v1/decisions/batch': 'batch',
  '/v1/outcomes': 'outcome',
  '/v1/sessions': 'session',
};
const INPUT_TARGET = /^\/v1\/sessions\/([0-9a-f]{32})\/inputs$/;
/** RFC 9112 §5: a token, a colon at once, printable ASCII with no space at its ends. */
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)[ \t]*$/;
const LENGTH = /^(?:0|[1-9][0-9]{0,6})$/;
/** Fields that change how a message is read, or what the connection becomes; and those that tell of a web page. */
const HANDED_OVER = new Set([
  'transfer-encoding',
  'expect',
  'upgrade',
  'te',
  'trailer',
  'origin',
  'sec-fetch-site',
  'http2-settings',
  'content-encoding',
  'proxy-connection',
  'keep-alive',
]);

/** N-42: a head with its empty line, or null for one that is not of the plain form. */
export function parseHead(text: string, isOwnHost: (host: string) => boolean): Head | null {
  const lines = text.slice(0, -4).split('\r\n');
  const request = lines[0];
  if (!request.startsWith('POST ') || !request.endsWith(' HTTP/1.1')) return null;
  const target = request.slice(5, -9);
  const named = INPUT_TARGET.exec(target);
  const route = named === null ? (Object.hasOwn(TARGETS, target) ? TARGETS[target] : undefined) : 'input';
  if (route === undefined) return null;
  let host = '';
  let length = '';
  let type = '';
  let connection = '';
  for (let i = 1; i < lines.length; i++) {
    const field = FIELD.exec(lines[i]);
    if (field === null) return null;
    const name = field[1].toLowerCase();
    if (HANDED_OVER.has(name)) return null;
    const value = field[2];
    if (name === 'host') {
      if (host !== '') return null;
      host = value;
    } else if (name === 'content-length') {
      if (length !== '' || !LENGTH.test(value)) return null;
      length = value;
    } else if (name === 'content-type') {
      if (type !== '') return null;
      type = value;
    } else if (name === 'connection') {
      if (connection !== '' || value.toLowerCase() !== 'keep-alive') return null;
      connection = value;
    }
  }
  if (length === '' || host === '' || !isOwnHost(host) || !isJsonType(type)) return null;
  return { route, id: named === null ? '' : named[1], body_bytes: Number(length) };
}

/** N-4: no type at all is taken for JSON; a web page could send one of the others without being asked. */
export const isJsonType = (type: string): boolean => type === '' || type === 'application/json' || /^application\/json[ \t]*(?:;.*)?$/i.test(type);

/** Clients repeat their heads: the last ones are remembered by their text. */
export class HeadMemo {
  private readonly isOwnHost: (host: string) => boolean;
  private readonly known = new Map<string, Head | null>();

  constructor(isOwnHost: (host: string) => boolean) {
    this.isOwnHost = isOwnHost;
  }

  /** The head, or null when it is to be handed over. */
  read(text: string): Head | null {
    const known = this.known.get(text);
    if (known !== undefined) return known;
    const head = parseHead(text, this.isOwnHost);
    if (this.known.size >= MEMO_MAX) this.known.clear();
    this.known.set(text, head);
    return head;
  }
}

/** Whether a head that is not yet whole may still become one of the fast path. */
export function mayBecomeHead(text: string): boolean {
  const start = 'POST /v1/';
  if (!(text.length < start.length ? start.startsWith(text) : text.startsWith(start))) return false;
  // a lone LF, a NUL or other odd byte is never ours, and node:http may have an answer to it at once
  return text.length < FAST_HEAD_MAX && !/[^\x20-\x7e\t\r\n]|\r[^\n]|(?:^|[^\r])\n/.test(text);
}
