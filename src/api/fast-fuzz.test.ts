/** N-48: any byte stream gets from the fast path what node:http alone would answer. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { HTTP_LIMITS } from './fast.ts';
import { type Random, random } from './random.fixture.ts';
import { type Running, startFast, startPlain } from './trivial.fixture.ts';
import { type Conversation, converse } from './wire.fixture.ts';

const seed = Number(process.env.AVA_SEED ?? Date.now() % 1_000_000);
const streams = Number(process.env.AVA_FUZZ ?? 1_600);
const AT_ONCE = 24;

const servers: Running[] = [];
let late: { fast: Running; plain: Running };
let early: { fast: Running; plain: Running };
before(async () => {
  late = { fast: await startFast(true, HTTP_LIMITS), plain: await startPlain(true, HTTP_LIMITS) };
  early = { fast: await startFast(false, HTTP_LIMITS), plain: await startPlain(false, HTTP_LIMITS) };
  servers.push(late.fast, late.plain, early.fast, early.plain);
});
after(() => Promise.all(servers.map((server) => server.close())));

const PATHS = ['/v1/decisions', '/v1/decisions', '/v1/decisions/batch', '/v1/outcomes', '/v1/sessions', '/v1/sessions/0123456789abcdef0123456789abcdef/inputs'];
const BODIES = [
  '{}',
  '[1]',
  '{"a":50.0}',
  '{"a":1,"a":2}',
  '',
  'nonsense',
  '"é"',
  '{"x":"\u0000"}',
  `[${'1,'.repeat(200)}1]`,
  'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n',
];
const ODD_TARGETS = [
  '/v1/decisions?x=1',
  '/v1/decisions/',
  'http://127.0.0.1/v1/decisions',
  'http://evil.example/v1/decisions',
  '*',
  '/v1/sessions/XYZ/inputs',
  '/v1/%64ecisions',
  '//v1/decisions',
  '/v1/decisions#a',
  '/none',
  '/v1/../v1/decisions',
  '',
];
const ODD_FIELDS = [
  'Expect: 100-continue',
  'Expect: nonsense',
  'Connection: close',
  'Connection: keep-alive',
  'Connection: Keep-Alive, X',
  'Connection: upgrade',
  'Upgrade: websocket',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding:\tchunked',
  'transfer-encoding: CHUNKED',
  'Content-Length: 3',
  'Content-Length: 0',
  'Content-Length : 3',
  'Content-Length: 3, 3',
  'Host: localhost',
  'Host: evil.example',
  'Origin: http://127.0.0.1',
  'Origin: null',
  'Sec-Fetch-Site: same-origin',
  'Content-Type: text/plain',
  'Content-Encoding: gzip',
  'X-Folded: a\r\n b',
  'X-Empty:',
  'X: \u0000',
  'X: \u0001',
  'X: \u00ff',
  'X:a',
  'X : a',
  ': a',
  'X',
  'Trailer: X',
  'TE: trailers',
  'X: a\n Y: b',
  'X: a\rb',
  'Keep-Alive: timeout=1',
  'Accept: */*',
  'User-Agent: t\t',
  'X: "quoted"',
  'Content_Length: 7',
  'Date: now',
];
const LENGTHS = (n: number): string[] => [
  `+${n}`,
  `0${n}`,
  ` ${n}`,
  `${n} `,
  `-${n}`,
  `0x${n.toString(16)}`,
  `${n}.0`,
  `${n},${n}`,
  `${n} ${n}`,
  '',
  '1e1',
  '99999999999999999999',
  `${n + 1}`,
  `${Math.max(0, n - 1)}`,
];
const LINES = ['POST', 'post', 'GET', 'PUT', 'OPTIONS', 'POST ', 'PRI', 'M-SEARCH', ' POST', '\r\nPOST', '\nPOST', '\r\n\r\nPOST'];
const VERSIONS = ['HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/1.1 ', 'http/1.1', 'HTTP/0.9', 'HTTPS/1.1', 'RTSP/1.0'];

function chunkedBody({ below, pick }: Random, body: string): string {
  let text = '';
  for (let at = 0; at < body.length; ) {
    const size = 1 + below(body.length);
    const part = body.slice(at, at + size);
    text += `${part.length.toString(16)}${below(8) === 0 ? pick([';x=1', ' ', ';', 'g']) : ''}${below(20) === 0 ? '\n' : '\r\n'}${part}\r\n`;
    at += part.length;
  }
  return `${text}0\r\n${below(8) === 0 ? 'X: trailer\r\n' : ''}\r\n`;
}

function request(source: Random): string {
  const { below, pick } = source;
  const odd = (): boolean => below(14) === 0;
  const text = pick(BODIES);
  const body = Buffer.from(text).toString('latin1');
  const chunked = below(8) === 0;
  const fields = odd() ? [] : [`${pick(['Host', 'host', 'HOST'])}: ${pick(['127.0.0.1', 'localhost:4100', '[::1]'])}`];
  if (below(3) > 0) fields.push('Content-Type: application/json');
  if (chunked) fields.push('Transfer-Encoding: chunked');
  if (!chunked || odd()) fields.push(`Content-Length:${odd() ? '' : ' '}${odd() ? pick(LENGTHS(body.length)) : body.length}`);
  while (below(4) === 0) fields.splice(below(fields.length + 1), 0, pick(ODD_FIELDS));
  const method = odd() ? pick(LINES) : 'POST';
  const target = odd() ? pick(ODD_TARGETS) : pick(PATHS);
  const version = odd() ? pick(VERSIONS) : 'HTTP/1.1';
  const eol = (): string => (below(150) === 0 ? pick(['\n', '\r', '\r\r\n', ' \r\n']) : '\r\n');
  return `${method} ${target} ${version}${eol()}${fields.map((field) => field + eol()).join('')}${eol()}${chunked ? chunkedBody(source, body) : body}`;
}

interface Stream {
  readonly pieces: Buffer[];
  readonly end: boolean;
}

function stream(source: Random): Stream {
  const { below, pick } = source;
  let text = Array.from({ length: 1 + below(4) }, () => request(source)).join('');
  if (below(6) === 0) {
    const at = below(text.length);
    text = text.slice(0, at) + pick(['', '\u0000', '\r', '\n', ' ', ':', '\u00ff', 'POST ', '\r\n\r\n']) + text.slice(at + below(3));
  }
  if (below(10) === 0) text = text.slice(0, below(text.length));
  const end = below(3) === 0;
  if (!end) text += 'GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
  const bytes = Buffer.from(text, 'latin1');
  const cuts = [...new Set(Array.from({ length: below(3) === 0 ? below(8) : 0 }, () => below(bytes.length + 1)))].sort((a, b) => a - b);
  return { pieces: [0, ...cuts].map((from, i) => bytes.subarray(from, cuts[i] ?? bytes.length)).filter((piece) => piece.length > 0), end };
}

/** What must be equal: each status with its body; of a problem its code, since words may differ; and whether it ended. */
const meaning = ({ replies, rest, closed }: Conversation): unknown => ({
  replies: replies.map(({ status, body }) =>
    status < 400 ? `${status} ${body}` : `${status} ${body === '' ? '' : (JSON.parse(body) as { code: string }).code}`,
  ),
  rest,
  closed,
});

test(`N-48: fast path and node:http agree on byte streams (seed ${seed}, ${streams} streams)`, { timeout: 120_000 }, async (t) => {
  const source = random(seed);
  const statuses = new Map<number, number>();
  for (let done = 0; done < streams; done += AT_ONCE) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        const { pieces, end } = stream(source);
        const { fast, plain } = source.below(2) === 0 ? late : early;
        const [got, expected] = await Promise.all([converse(fast.port, pieces, { end, quiet_ms: 400 }), converse(plain.port, pieces, { end, quiet_ms: 400 })]);
        assert.deepEqual(meaning(got), meaning(expected), JSON.stringify({ end, pieces: pieces.map((piece) => piece.toString('latin1')) }));
        for (const { status } of got.replies) statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }),
    );
  }
  t.diagnostic(`replies by status: ${JSON.stringify([...statuses].sort((a, b) => a[0] - b[0]))}`);
  assert.ok((statuses.get(200) ?? 0) > streams / 4);
  assert.ok((statuses.get(400) ?? 0) > streams / 20);
});
