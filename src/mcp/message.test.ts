/** Messages, lines and events as untrusted bytes: told apart, bounded, and the same however they are cut into pieces (MG-1, MG-2). */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { Random } from '../../sim/random.ts';
import { readLines } from './lines.ts';
import { isNotice, isRequest, isResponse, MESSAGE_BYTES_MAX, readMessage, writeMessage } from './message.ts';
import { EventReader, eventText } from './sse.ts';

test('MG-1: what is a message, and of which kind', () => {
  const kindOf = (value: unknown): string => {
    const message = readMessage(value);
    return message === null ? 'none' : isRequest(message) ? 'request' : isNotice(message) ? 'notice' : isResponse(message) ? 'response' : '?';
  };
  const table: readonly (readonly [kind: string, value: unknown])[] = [
    ['request', { jsonrpc: '2.0', id: 1, method: 'a' }],
    ['request', { jsonrpc: '2.0', id: '', method: 'a', params: {} }],
    ['notice', { jsonrpc: '2.0', method: 'a' }],
    ['response', { jsonrpc: '2.0', id: 0, result: {} }],
    ['response', { jsonrpc: '2.0', id: null, error: { code: 1, message: '' } }],
    ['none', { jsonrpc: '2.0', id: null, method: 'a' }],
    ['none', { jsonrpc: '2.0', id: Number.POSITIVE_INFINITY, method: 'a' }],
    ['none', { jsonrpc: '2.0', id: {}, method: 'a' }],
    ['none', { jsonrpc: '2.0', id: 1, method: 1 }],
    ['none', { jsonrpc: '2.0', id: 1, method: 'a'.repeat(257) }],
    ['none', { jsonrpc: '2.0', id: 1, method: 'a', params: [] }],
    ['none', { jsonrpc: '2.0', id: 1, method: 'a', params: null }],
    ['none', { id: 1, method: 'a' }],
    ['none', { jsonrpc: '2.0', id: 1, result: 1 }],
    ['none', { jsonrpc: '2.0', id: 1, result: {}, error: { code: 1, message: '' } }],
    ['none', { jsonrpc: '2.0', id: 1 }],
    ['none', { jsonrpc: '2.0', id: null, result: {} }],
    ['none', { jsonrpc: '2.0', id: 1, error: { code: '1', message: '' } }],
    ['none', null],
    ['none', 'x'],
    ['none', [{ jsonrpc: '2.0', id: 1, method: 'a' }]],
  ];
  for (const [kind, value] of table) assert.equal(kindOf(value), kind, JSON.stringify(value));
});

test('what is too deep or too large is not written, and does not throw', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  // how deep an engine can write is its own affair
  assert.doesNotThrow(() => writeMessage({ jsonrpc: '2.0', method: 'a', params: { deep } }));
  assert.ok(writeMessage({ jsonrpc: '2.0', method: 'a', params: { text: 'x'.repeat(MESSAGE_BYTES_MAX) } }) === null);
});

const pieces = (random: Random, bytes: Buffer): Buffer[] => {
  const cut: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + random.below(random.below(4) === 0 ? 3 : 200);
    cut.push(bytes.subarray(at, at + size));
    at += size;
  }
  return cut;
};

test('MG-2: lines give the same messages however they arrive; what is none is told and skipped', async () => {
  const seed = Number(process.env.SEED ?? 1);
  console.log(`seed ${seed}`);
  const random = new Random(seed);
  for (let round = 0; round < 50; round++) {
    const lines: string[] = [];
    const expected: string[] = [];
    for (let i = 0; i < 20; i++) {
      const say = (line: string, ...what: string[]): void => {
        lines.push(line);
        expected.push(...what);
      };
      const message = (n: number): string => JSON.stringify({ jsonrpc: '2.0', method: `m${n}`, params: { text: 'é🙂'.repeat(random.below(50)) } });
      [
        () => say(message(i), `m${i}`),
        () => say(`[${message(i)},${message(i + 1)}]\r`, `m${i}`, `m${i + 1}`),
        () => say('{"jsonrpc":', 'json'),
        () => say('{"jsonrpc":"2.0"}', 'shape'),
        () => say('[]', 'shape'),
        () => say(`[${'1,'.repeat(64)}1]`, 'shape'),
        () => say(''),
      ][random.below(7)]();
    }
    const stream = new PassThrough();
    const got: string[] = [];
    const ended = new Promise<void>((resolve) =>
      readLines(stream, { message: (message) => got.push('method' in message ? message.method : '?'), bad: (kind) => got.push(kind), end: resolve }),
    );
    for (const piece of pieces(random, Buffer.from(`${lines.join('\n')}\n`))) stream.write(piece);
    stream.end();
    await ended;
    assert.deepEqual(got, expected);
  }
});

test('MG-2: a line past the limit is told once, and what follows is read', async () => {
  const stream = new PassThrough();
  const got: string[] = [];
  const ended = new Promise<void>((resolve) =>
    readLines(stream, { message: (message) => got.push('method' in message ? message.method : '?'), bad: (kind) => got.push(kind), end: resolve }),
  );
  for (let i = 0; i < 20; i++) stream.write(Buffer.alloc(1_048_576, 120));
  stream.end('\n{"jsonrpc":"2.0","method":"after"}\n');
  await ended;
  assert.deepEqual(got, ['size', 'after']);
});

test('events give the same however they arrive; what is no event is nothing', () => {
  const random = new Random(2);
  const text = [
    eventText('{"a":1}', '1-1'),
    ': a comment\n\n',
    eventText('', '1-2', 300),
    'event: message\r\ndata: {"b":\r\ndata: 2}\r\nid: x\r\n\r\n',
    'data\n\n',
    'retry: soon\nother: field\n\n',
    'data:no space\rid:bad\0id\r\r',
    'event: ping\ndata: 1\n\n',
    'data: never ended',
  ].join('');
  const expected = [
    ['message', '{"a":1}', '1-1', undefined],
    ['message', '', '1-2', 300],
    ['message', '{"b":\n2}', 'x', undefined],
    ['message', '', undefined, undefined],
    ['message', 'no space', undefined, undefined],
    ['ping', '1', undefined, undefined],
  ];
  for (let round = 0; round < 200; round++) {
    const reader = new EventReader();
    const got = pieces(random, Buffer.from(text, 'latin1')).flatMap((piece) => reader.read(piece.toString('latin1')));
    assert.deepEqual(
      got.map(({ type, data, id, retry_ms }) => [type, data, id, retry_ms]),
      expected,
    );
  }
  const endless = new EventReader();
  assert.throws(() => {
    for (let i = 0; i < 40; i++) endless.read(`data: ${'x'.repeat(1_048_576)}\n`);
  }, RangeError);
});
