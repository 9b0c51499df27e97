import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { HTTP_LIMITS } from './fast.ts';
import { type Running, startFast, startPlain } from './trivial.fixture.ts';
import { converse, repliesOf } from './wire.fixture.ts';

const LIMITS = { ...HTTP_LIMITS, connections_max: 50 };
let fast: Running;
let plain: Running;
before(async () => {
  fast = await startFast(true, LIMITS);
  plain = await startPlain(true, LIMITS);
});
after(async () => {
  await fast.close();
  await plain.close();
});

const post = (path: string, body: string, extra = ''): string =>
  `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n${extra}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const bodies = (replies: readonly { status: number; body: string }[]): string[] => replies.map(({ status, body }) => `${status} ${body}`);

test('N-45: a request split at any byte is served alike', async () => {
  const bytes = Buffer.from(post('/v1/decisions', '{"ü":1}') + post('/v1/outcomes', '[1]'));
  const whole = await converse(fast.port, [bytes], { replies: 2 });
  assert.equal(whole.replies.length, 2);
  for (let at = 1; at < bytes.length; at += 40) {
    const cuts = Array.from({ length: Math.min(40, bytes.length - at) }, (_, i) => at + i);
    const all = await Promise.all(cuts.map((cut) => converse(fast.port, [bytes.subarray(0, cut), bytes.subarray(cut)], { replies: 2 })));
    for (const got of all) assert.deepEqual(bodies(got.replies), bodies(whole.replies));
  }
  const single = await converse(
    fast.port,
    Array.from({ length: bytes.length }, (_, i) => bytes.subarray(i, i + 1)),
    { replies: 2 },
  );
  assert.deepEqual(bodies(single.replies), bodies(whole.replies));
});

test('N-44: pipelined requests are answered in order, more than may be at work at once', async () => {
  const all = Array.from({ length: 300 }, (_, i) => post('/v1/decisions', `[${'1'.repeat((i % 7) + 1)}]`));
  const got = await converse(fast.port, [Buffer.from(all.join(''))], { replies: 300, quiet_ms: 5_000 });
  assert.equal(got.replies.length, 300);
  got.replies.forEach((reply, i) => assert.equal((JSON.parse(reply.body) as { bytes: number }).bytes, (i % 7) + 3));
});

test('N-43: after the hand-over the connection goes on, and the order holds', async () => {
  const chunked = 'POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n1\r\n]\r\n0\r\n\r\n';
  const bytes = Buffer.from(
    `${post('/v1/decisions', '[1]')}${post('/v1/decisions', '[22]')}${chunked}GET /health HTTP/1.1\r\nHost: [::1]:80\r\n\r\n${post('/v1/sessions', '{}')}`,
  );
  for (const size of [1, 7, 50, bytes.length]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
    const got = await converse(fast.port, pieces, { replies: 5 });
    assert.deepEqual(
      got.replies.map(({ body }) => (JSON.parse(body) as { bytes?: number }).bytes),
      [3, 4, 3, undefined, 2],
    );
  }
  const expect = await converse(fast.port, [Buffer.from(post('/v1/decisions', '[1]', 'Expect: 100-continue\r\n'))], { replies: 1 });
  assert.equal(expect.replies[0].status, 200);
});

test('N-43: a client that waits for 100 Continue before its body gets it', async () => {
  const socket = connect(fast.port, '127.0.0.1');
  const heard = (): Promise<string> => new Promise((resolve) => socket.once('data', (chunk) => resolve(chunk.toString('latin1'))));
  const first = heard();
  socket.write('POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n');
  assert.match(await first, /^HTTP\/1\.1 100 /);
  const second = heard();
  socket.write('[1]');
  assert.match(await second, /^HTTP\/1\.1 200 /);
  socket.destroy();
});

test('N-46: large bodies, slow bodies in small pieces, and what is too large', async () => {
  const text = JSON.stringify('x'.repeat(200_000));
  const bytes = Buffer.from(post('/v1/decisions', text));
  const pieces = Array.from({ length: Math.ceil(bytes.length / 999) }, (_, i) => bytes.subarray(i * 999, (i + 1) * 999));
  assert.equal((await converse(fast.port, pieces, { replies: 1 })).replies[0].status, 200);
  for (const { port } of [fast, plain]) {
    const large = await converse(port, [Buffer.from(post('/v1/decisions', JSON.stringify('x'.repeat(300_000))) + post('/v1/decisions', '[1]'))], {
      replies: 2,
    });
    assert.deepEqual(
      large.replies.map(({ status }) => status),
      [413, 200],
    );
    const chunked = await converse(
      port,
      [
        Buffer.from(
          `POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${`fff\r\n${'x'.repeat(4095)}\r\n`.repeat(80)}0\r\n\r\n`,
        ),
      ],
      { replies: 1 },
    );
    assert.deepEqual(
      chunked.replies.map(({ status }) => status),
      [413],
    );
    const head = await converse(port, [Buffer.from(`POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(9000)}\r\n\r\n`)]);
    assert.deepEqual(
      head.replies.map(({ status }) => status),
      [431],
    );
    assert.ok(head.closed);
  }
});

test('N-2, N-4: other hosts, other origins and other types are refused', async () => {
  const table: readonly (readonly [status: number, head: string])[] = [
    [403, 'Host: evil.example\r\nContent-Type: application/json'],
    [403, 'Host: 127.0.0.1.evil.example\r\nContent-Type: application/json'],
    [403, 'Host: 127.0.0.1\r\nOrigin: https://evil.example\r\nContent-Type: application/json'],
    [403, 'Host: 127.0.0.1\r\nOrigin: null'],
    [403, 'Host: 127.0.0.1\r\nSec-Fetch-Site: cross-site'],
    [415, 'Host: 127.0.0.1\r\nContent-Type: text/plain'],
    [415, 'Host: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded'],
    [415, 'Host: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Encoding: gzip'],
    [400, 'Content-Type: application/json'],
    [400, 'Host: 127.0.0.1\r\nHost: 127.0.0.1'],
    [200, 'Host: LOCALHOST:4100\r\nContent-Type: application/json; charset=utf-8'],
    [200, 'Host: 127.0.0.1:1\r\nOrigin: http://127.0.0.1:1\r\nContent-Type: application/json'],
    [200, 'Host: [::1]:4100'],
  ];
  for (const [status, head] of table) {
    for (const { port } of [fast, plain]) {
      const got = await converse(port, [Buffer.from(`POST /v1/decisions HTTP/1.1\r\n${head}\r\nContent-Length: 2\r\n\r\n{}`)], { replies: 1 });
      assert.equal(got.replies[0]?.status, status, head);
    }
  }
});

test('N-47: slow clients are told and closed; idle ones are closed', async () => {
  const limits = { ...HTTP_LIMITS, head_timeout_ms: 100, request_timeout_ms: 200, idle_timeout_ms: 300 };
  const server = await startFast(true, limits);
  const slow = (text: string) => converse(server.port, [Buffer.from(text)], { quiet_ms: 3_000 });
  const [head, body, idle, handed, chunked] = await Promise.all([
    slow('POST /v1/dec'),
    slow('POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n[1'),
    slow(post('/v1/decisions', '[1]')),
    slow('GET /hea'),
    slow('POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1'),
  ]);
  for (const got of [head, body]) {
    assert.equal(got.replies[0]?.status, 408);
    assert.ok(got.closed);
  }
  assert.deepEqual(
    idle.replies.map(({ status }) => status),
    [200],
  );
  assert.ok(idle.closed);
  // node:http looks every 30 s by default; the limits must hold there too
  for (const got of [handed, chunked]) {
    assert.equal(got.replies[0]?.status, 408);
    assert.ok(got.closed);
  }
  await server.close();
});

test('N-46: past the bound of connections a client gets 503 at once', async () => {
  const server = await startFast(true, { ...HTTP_LIMITS, connections_max: 2 });
  const held = [connect(server.port, '127.0.0.1'), connect(server.port, '127.0.0.1')];
  await Promise.all(held.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  const got = await converse(server.port, []);
  assert.equal(got.replies[0]?.status, 503);
  assert.equal(got.replies[0]?.headers['retry-after'], '1');
  assert.ok(got.closed);
  for (const socket of held) socket.destroy();
  await server.close();
});

test('a client that reads nothing does not fill the memory', async () => {
  const socket = connect(fast.port, '127.0.0.1');
  const request = Buffer.from(post('/v1/decisions', '[1]').repeat(1000));
  socket.pause();
  await new Promise((resolve) => socket.once('connect', resolve));
  let sent = 0;
  while (sent < 400 && socket.write(request)) sent += 1;
  for (let i = 0; i < 50; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (socket.writableLength === 0) socket.write(request);
  }
  assert.ok(socket.writableLength > 0, 'the server went on reading');
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString('latin1')));
  socket.resume();
  for (let i = 0; i < 200 && repliesOf(text).replies.length < 100; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(repliesOf(text).replies.length >= 100);
  socket.destroy();
});
