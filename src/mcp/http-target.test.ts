/** What a target does with connections that are refused, closed, silent or endless, and with bodies in odd pieces (MG-15 to MG-17). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { type Head, HttpTarget, type Sending, Stop, type Taking } from './http-target.ts';
import { MESSAGE_BYTES_MAX } from './message.ts';
import { openHttp } from './upstream-http.ts';

const closing: (() => void)[] = [];
after(() => {
  for (const close of closing) close();
});

interface Raw {
  readonly port: number;
  readonly server: Server;
  /** Every request that came, as it was written. */
  readonly requests: string[];
  readonly sockets: Socket[];
}

/** A server that hands over each whole request; `answer` writes bytes. `count`: the number of the request on its connection. */
async function raw(answer: (socket: Socket, count: number) => void): Promise<Raw> {
  const requests: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    let text = '';
    let count = 0;
    socket.on('error', () => undefined);
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (end < 0 || text.length < end + 4 + length) return;
      requests.push(text);
      text = '';
      count += 1;
      answer(socket, count);
    });
  });
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0);
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, server, requests, sockets };
}

function targetOf(url: string, headers: Record<string, string> = {}): HttpTarget {
  const target = new HttpTarget(url, headers);
  closing.push(() => target.close());
  return target;
}

const asking = (take: Taking, stop = new Stop()): Sending => ({ method: 'POST', headers: { Accept: 'application/json' }, body: '{}', stop, take: () => take });

const head = (more: string): string => `HTTP/1.1 200 OK\r\nContent-Type: Application/JSON; charset=utf-8\r\n${more}\r\n`;
const chunk = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
const code = (expected: string) => (error: Error & { code?: string }) => error.code === expected;

/** `once` would take an ECONNRESET for a failure of its own. */
const gone = (socket: Socket): Promise<void> => new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));
/** The pool takes a connection back in the turn after its answer. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function closedPort(): Promise<number> {
  const { port, server } = await raw(() => undefined);
  server.close();
  await once(server, 'close');
  return port;
}

for (const host of ['127.0.0.1', 'localhost'])
  test(`a connection that is refused at ${host} is told as such`, async () => {
    const origin = `http://${host}:${await closedPort()}`;
    await assert.rejects(targetOf(`${origin}/mcp`).send(asking('text')), code('ECONNREFUSED'));
    const peer = await openHttp(
      { url: `${origin}/mcp`, headers: {} },
      { request: () => Promise.resolve(null), notify: () => undefined, closed: () => undefined },
    );
    const answer = await peer.request('ping', undefined);
    assert.deepEqual(answer, { error: { code: -32_000, message: `no server answers at ${origin} (ECONNREFUSED)`, data: { retryable: true, unsent: false } } });
    await peer.close();
  });

test('a connection that the server closed between two calls is not used again', async () => {
  const { port, requests, sockets } = await raw((socket) => void socket.write(`${head('Content-Length: 2\r\n')}{}`));
  const target = targetOf(`http://127.0.0.1:${port}/`);
  assert.equal((await target.send(asking('text'))).text, '{}');
  await turn();
  assert.equal((await target.send(asking('text'))).text, '{}');
  assert.equal(sockets.length, 1, 'the connection is kept');
  const [socket] = sockets;
  socket.end();
  await gone(socket);
  assert.equal((await target.send(asking('text'))).text, '{}');
  assert.deepEqual([sockets.length, requests.length], [2, 3]);
});

test('a request whose kept-alive connection breaks fails, and is not sent twice', async () => {
  const { port, requests } = await raw((socket, count) => {
    if (count === 1) socket.write(`${head('Content-Length: 2\r\n')}{}`);
    else socket.end();
  });
  const target = targetOf(`http://127.0.0.1:${port}/`);
  await target.send(asking('text'));
  await turn();
  await assert.rejects(target.send(asking('text')), code('ECONNRESET'));
  // one more, on a new connection: what the pool had kept to repeat would be there before it
  await target.send({ ...asking('text'), method: 'GET', body: undefined });
  assert.deepEqual(
    requests.map((text) => text.split(' ', 1)[0]),
    ['POST', 'POST', 'GET'],
  );
});

test('a text past the size of a message is refused, and its connection ends', async () => {
  const { port, sockets } = await raw((socket) => {
    socket.write(head(`Content-Length: ${MESSAGE_BYTES_MAX + 1}\r\n`));
    socket.write(Buffer.alloc(MESSAGE_BYTES_MAX + 1, ' '));
  });
  await assert.rejects(targetOf(`http://127.0.0.1:${port}/`).send(asking('text')), RangeError);
  await gone(sockets[0]);
});

test('characters whose bytes come in several pieces are one', async () => {
  const words = 'Grüße, 世界 🌍';
  const { port } = await raw((socket) => {
    const bytes = [...Buffer.from(words)].map((byte) => chunk(Buffer.from([byte])));
    socket.write(Buffer.concat([Buffer.from(head('Transfer-Encoding: chunked\r\n')), ...bytes, Buffer.from('0\r\n\r\n')]));
  });
  const target = targetOf(`http://127.0.0.1:${port}/`);
  const { status, type, text } = await target.send(asking('text'));
  assert.deepEqual([status, type, text], [200, 'application/json', words]);
  const pieces: string[] = [];
  const streamed = await target.send(asking((piece) => void pieces.push(piece)));
  assert.ok(pieces.length > 4);
  assert.deepEqual([pieces.join(''), streamed.text], [words, '']);
});

test('pieces come before the end; stopping in the middle ends the stream and its connection', async () => {
  const { port, sockets } = await raw(
    (socket) => void socket.write(Buffer.concat([Buffer.from(head('Transfer-Encoding: chunked\r\n')), chunk(Buffer.from('one'))])),
  );
  const stop = new Stop();
  const pieces: string[] = [];
  const { status } = await targetOf(`http://127.0.0.1:${port}/`).send(
    asking((piece) => {
      pieces.push(piece);
      setImmediate(() => stop.stop());
    }, stop),
  );
  await gone(sockets[0]);
  assert.deepEqual([status, pieces, stop.under_way], [200, ['one'], null]);
});

test('a text or a head that is waited for is given up; what was stopped before is not sent', async () => {
  const { port, sockets, requests } = await raw(() => undefined);
  const target = targetOf(`http://127.0.0.1:${port}/`);
  const stop = new Stop();
  const waiting = target.send(asking('text', stop));
  while (requests.length === 0) await turn();
  stop.stop();
  await assert.rejects(waiting, /stopped/);
  await gone(sockets[0]);
  await assert.rejects(target.send(asking('text', stop)), /stopped/);
  assert.equal(sockets.length, 1);
});

test('a connection that does not come about is given up', async () => {
  const { port, server } = await raw(() => undefined);
  const connected = once(server, 'connection');
  const stop = new Stop();
  // nobody answers the greeting of TLS
  const waiting = targetOf(`https://127.0.0.1:${port}/`).send(asking('text', stop));
  const [socket] = (await connected) as [Socket];
  stop.stop();
  await assert.rejects(waiting, /stopped/);
  await gone(socket);
});

test('a taker that throws ends the stream and its connection', async () => {
  const { port, sockets } = await raw(
    (socket) => void socket.write(Buffer.concat([Buffer.from(head('Transfer-Encoding: chunked\r\n')), chunk(Buffer.from('one'))])),
  );
  const { status } = await targetOf(`http://127.0.0.1:${port}/`).send(
    asking(() => {
      throw new RangeError('too large');
    }),
  );
  await gone(sockets[0]);
  assert.equal(status, 200);
});

test('no body is waited for where none is taken', async () => {
  const { port } = await raw((socket) => void socket.write(head('Transfer-Encoding: chunked\r\nMcp-Session-Id: one\r\n')));
  const { status, session, text } = await targetOf(`http://127.0.0.1:${port}/`).send(asking('none'));
  assert.deepEqual([status, session, text], [200, 'one', '']);
});

test('requests at once do not wait for each other', async () => {
  const waiting: Socket[] = [];
  const { port } = await raw((socket) => {
    waiting.push(socket);
    if (waiting.length === 20) for (const one of waiting) one.write(`${head('Content-Length: 2\r\n')}{}`);
  });
  const target = targetOf(`http://127.0.0.1:${port}/`);
  const replies = await Promise.all(Array.from({ length: 20 }, () => target.send(asking('text'))));
  assert.ok(replies.every(({ text }) => text === '{}'));
});

test('MG-15: an early hint is no answer, a redirect is one; the fields are those of the settings and the protocol', async () => {
  const { port, requests } = await raw(
    (socket) => void socket.write('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 302 Found\r\nLocation: /else\r\nContent-Length: 0\r\n\r\n'),
  );
  const target = targetOf(`http://user:word@127.0.0.1:${port}/mcp?a=b`, { ACCEPT: 'text/plain', 'Keep-Alive': 'x', 'Content-Length': '9', 'X-Own': 'x' });
  const heads: number[] = [];
  const take = ({ status }: Head): Taking => {
    heads.push(status);
    return 'text';
  };
  await target.send({ ...asking('text'), take });
  assert.deepEqual([heads, requests.length], [[302], 1]);
  const [line, ...fields] = requests[0].slice(0, requests[0].indexOf('\r\n\r\n')).split('\r\n');
  assert.equal(line, 'POST /mcp?a=b HTTP/1.1');
  assert.deepEqual(fields.map((field) => field.toLowerCase()).sort(), [
    'accept: text/plain',
    'authorization: basic dxnlcjp3b3jk',
    'connection: keep-alive',
    'content-length: 2',
    'content-type: application/json',
    `host: 127.0.0.1:${port}`,
    'x-own: x',
  ]);
});

test('the global fetch keeps its own agent', async () => {
  await assert.rejects(targetOf(`http://127.0.0.1:${await closedPort()}/`).send(asking('text')));
  const symbols = [1, 2].map((version) => Symbol.for(`undici.globalDispatcher.${version}`));
  assert.deepEqual(
    symbols.filter((symbol) => symbol in globalThis),
    [],
  );
});
