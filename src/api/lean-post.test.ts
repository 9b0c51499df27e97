import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { Fault } from '../base/fault.ts';
import { LeanPosts } from './lean-post.ts';

/** Answers each request by what its body names. */
const ANSWERS: Readonly<Record<string, (socket: Socket) => void>> = {
  fine: (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n"ä"'),
  pieces(socket) {
    const text = 'HTTP/1.1 409 Conflict\r\ncontent-length: 2\r\n\r\n{}';
    for (let i = 0; i < text.length; i++) setTimeout(() => socket.write(text[i]), i);
  },
  close: (socket) => socket.end('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}'),
  chunked: (socket) => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'),
  twice: (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]'),
  other: (socket) => socket.write('220 mail.example ESMTP\r\n\r\n'),
  endless: (socket) => socket.write('x'.repeat(20_000)),
  cut: (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}'),
  silent: () => undefined,
};

let connections = 0;
const server = createServer((socket) => {
  connections += 1;
  socket.on('error', () => undefined);
  socket.setEncoding('utf8').on('data', (text: string) => ANSWERS[/"(\w+)"$/.exec(text)?.[1] ?? 'silent'](socket));
}).listen(0, '127.0.0.1');
await once(server, 'listening');
after(() => void server.close());
const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);

const posts = (connections_max = 4, timeout_ms = 2_000): LeanPosts => new LeanPosts(url, { timeout_ms, connections_max });
const fault = (slug: string) => (error: unknown) => error instanceof Fault && error.slug === slug;

test('answers in one piece or many, one after the other on one connection', async () => {
  const lean = posts();
  connections = 0;
  for (let i = 0; i < 5; i++) {
    const { status, body } = await lean.post('/x', '"fine"');
    assert.deepEqual([status, body.toString()], [200, '"ä"']);
  }
  const { status, body } = await lean.post('/x', '"pieces"');
  assert.deepEqual([status, body.toString()], [409, '{}']);
  assert.equal(connections, 1);
  lean.close();
});

test('at most so many connections; the others wait their turn', async () => {
  const lean = posts(2);
  connections = 0;
  const answers = await Promise.all(Array.from({ length: 20 }, () => lean.post('/x', '"fine"')));
  assert.equal(answers.length, 20);
  assert.equal(connections, 2);
  lean.close();
});

test('what is not the plain form of a node is none; the next request has a new connection', async () => {
  const lean = posts();
  for (const odd of ['chunked', 'other', 'endless', 'cut']) await assert.rejects(lean.post('/x', `"${odd}"`), fault('unreachable'), odd);
  assert.equal((await lean.post('/x', '"close"')).status, 413);
  assert.equal((await lean.post('/x', '"twice"')).status, 200);
  connections = 0;
  assert.equal((await lean.post('/x', '"fine"')).body.toString(), '"ä"');
  assert.equal(connections, 1);
  lean.close();
});

test('silence, a closed client, nobody there', async () => {
  const lean = posts(1, 50);
  const waits = lean.post('/x', '"fine"');
  await assert.rejects(lean.post('/x', '"silent"'), fault('timed_out'));
  await waits;
  const pending = lean.post('/x', '"silent"');
  lean.close();
  await assert.rejects(pending, fault('unreachable'));
  await assert.rejects(lean.post('/x', '"fine"'), fault('unreachable'));
  const nobody = new LeanPosts(new URL('http://127.0.0.1:1'), { timeout_ms: 500, connections_max: 1 });
  await assert.rejects(nobody.post('/x', '{}'), fault('unreachable'));
  nobody.close();
});
