/** Bad input to a real node: each line of what must be refused, with its code, and nothing written. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fsck } from '../src/audit/fsck.ts';
import { Fault } from '../src/base/fault.ts';
import { picture } from './real/folder.ts';
import { writeLaw } from './real/law.ts';
import { AVACTL, endAll, eventually, pause, RealNode, scratch } from './real/process.ts';

const folder = scratch('bad-input');
const constitution = writeLaw(folder.path);
const dir = join(folder.path, 'data');
let node: RealNode;
let session = '';
let permit = '';

before(async () => {
  node = await RealNode.start({ dir, constitution });
  session = (await node.client.openSession('agent')).session;
  permit = (await node.client.decide({ session, action: { kind: 'tool.call', name: 'balance', args: {} } })).permit as string;
});

after(async () => {
  await endAll();
  folder.remove();
});

/** The folder's picture once write-behind has come to rest. */
const atRest = (): Promise<ReturnType<typeof picture>> =>
  eventually('the folder is at rest', async () => {
    const first = picture(dir);
    await pause(1_300);
    return JSON.stringify(picture(dir)) === JSON.stringify(first) ? first : null;
  });

interface Refused {
  readonly code: number | null;
  readonly line: string;
}

/** A command that must be refused: one line with a code and the fix, the place in a file under it, nothing on stdout. */
function refusedAs(program: string, args: readonly string[]): Refused {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 30_000, env: { ...process.env, NODE_OPTIONS: '' } });
  assert.equal(stdout, '');
  assert.match(stderr, /^AVA-[0-9]{4} [^\n]+\.\n(?: +\d+ │ [^\n]*\n +│ +\^\n)?$/, 'one line, and the place');
  return { code: status, line: stderr };
}

const up = (data: string, port: number, law = constitution): Refused =>
  refusedAs(process.execPath, [AVACTL, 'up', '--data', data, '--port', `${port}`, '--constitution', law]);

const decision = (args: string, more = ''): string => `{"session":"${session}","action":{"kind":"tool.call","name":"read","args":${args}}${more}}`;
const nested = (depth: number): string => `${'{"a":'.repeat(depth - 1)}{}${'}'.repeat(depth - 1)}`;
const NOBODY = '0'.repeat(32);

/** What is sent to which route; the status, the fault, and what its document must say. */
const TABLE: readonly (readonly [what: string, path: string, body: () => string, status: number, slug: string, says?: RegExp])[] = [
  ['malformed JSON', '/v1/decisions', () => '{"session":', 400, 'request_json'],
  ['NaN', '/v1/decisions', () => decision('{"a":NaN}'), 400, 'request_json'],
  ['a wrong type', '/v1/decisions', () => decision('[]'), 400, 'request_shape', /"path":"\$\.action\.args"/],
  ['an unknown field', '/v1/decisions', () => decision('{}', ',"more":1'), 400, 'request_shape', /"path":"\$\.more"/],
  ['arguments over 64 KiB', '/v1/decisions', () => decision(`{"a":"${'x'.repeat(66_000)}"}`), 413, 'request_too_large'],
  ['an integer past 2^53', '/v1/decisions', () => decision('{"a":9007199254740993}'), 400, 'integer_too_large', /"next":"send a string"/],
  ['negative zero', '/v1/decisions', () => decision('{"a":-0}'), 400, 'not_finite'],
  ['a number past all floats', '/v1/decisions', () => decision('{"a":1e999}'), 400, 'not_finite'],
  ['depth 17', '/v1/decisions', () => decision(nested(17)), 400, 'too_deep'],
  ['duplicate keys', '/v1/decisions', () => decision('{"a":1,"a":2}'), 400, 'key_duplicate'],
  ['__proto__', '/v1/decisions', () => decision('{"__proto__":{}}'), 400, 'key_forbidden'],
  ['a lone surrogate', '/v1/decisions', () => decision('{"a":"\\ud800"}'), 400, 'text_malformed'],
  ['an unknown session', '/v1/decisions', () => decision('{}').replace(session, NOBODY), 404, 'session_unknown'],
  ['an input to an unknown session', `/v1/sessions/${NOBODY}/inputs`, () => '{"text":"a"}', 404, 'session_unknown'],
  ['an unknown permit', '/v1/outcomes', () => `{"permit":"${NOBODY}","ok":true}`, 404, 'permit_unknown'],
  ['an unknown route', '/v1/nothing', () => '{}', 404, 'route_unknown'],
];

test('every bad request gets its status and code, and leaves no trace', async () => {
  const { height } = await node.client.health();
  for (const [what, path, body, status, slug, says = /./] of TABLE) {
    const answer = await fetch(`${node.url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: body() });
    const text = await answer.text();
    assert.equal(answer.status, status, `${what}: ${text}`);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json', what);
    assert.match(text, new RegExp(`"type":"urn:ava:fault:${slug}"`), what);
    assert.match(text, says, what);
  }
  assert.equal((await node.client.health()).height, height);
  assert.equal((await fetch(`${node.url}/v1/decisions`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' })).status, 415);
  const fine = await fetch(`${node.url}/v1/decisions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: decision(nested(16)) });
  assert.equal(fine.status, 200, 'depth 16 is taken');
});

test('a permit is used once, and not after its time', { timeout: 30_000 }, async () => {
  await node.client.outcome({ permit, ok: true });
  const slug = (error: unknown): string => (error instanceof Fault ? `${error.status} ${error.slug}` : String(error));
  await assert.rejects(node.client.outcome({ permit, ok: true }), (error) => slug(error) === '409 permit_used');
  const other = join(folder.path, 'expiry');
  let late = await RealNode.start({ dir: other, constitution });
  const opened = await late.client.openSession('agent');
  const held = (await late.client.decide({ session: opened.session, action: { kind: 'tool.call', name: 'balance', args: {} } })).permit as string;
  await late.stop();
  late = await RealNode.start({
    dir: other,
    constitution,
    node_args: ['--import', 'data:text/javascript,const now = Date.now; Date.now = () => now() + 700_000;'],
  });
  await assert.rejects(late.client.outcome({ permit: held, ok: true }), (error) => slug(error) === '409 permit_expired');
  await late.stop();
});

test('a second process on the same folder, and on the same port', async () => {
  const before = await atRest();
  const folderTaken = up(dir, 0);
  assert.equal(folderTaken.code, 78);
  assert.match(
    folderTaken.line,
    new RegExp(
      `^AVA-1002 .* is in use by process ${node.pid}\\. See .avactl status.: a node may run already; else stop that process, or choose another folder with --data\\.`,
    ),
  );
  const portTaken = up(dir, node.port);
  assert.equal(portTaken.code, 78);
  assert.match(portTaken.line, new RegExp(`^AVA-100[12] .* is in use by process ${node.pid}`));
  assert.deepEqual(picture(dir), before);
  const fresh = join(folder.path, 'fresh');
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  assert.match(up(fresh, port).line, new RegExp(`^AVA-1001 Port ${port} is in use`));
  assert.equal(existsSync(fresh), false, 'nothing was made');
  server.close();
});

test('of two that begin one folder at the same moment, one has it', { timeout: 30_000 }, async () => {
  const both = join(folder.path, 'race');
  const nodes = [1, 2].map(() => new RealNode({ dir: both, constitution }));
  const started = await Promise.all(nodes.map((one) => one.answers()));
  assert.deepEqual([...started].sort(), [false, true]);
  const loser = nodes[started.indexOf(false)];
  assert.equal((await loser.exit).code, 78);
  assert.match(loser.err, /^AVA-1002 [^\n]+\n$/);
  await nodes[started.indexOf(true)].client.openSession('agent');
  assert.deepEqual(await nodes[started.indexOf(true)].stop(), { code: 0, signal: null });
  assert.equal((await fsck(both)).entries, 1);
});

test('a folder of another version, or of something else', () => {
  for (const [name, files, says] of [
    ['newer', { version: 'ava-data 2\n', 'genesis.cbor': 'x' }, /^AVA-1003 .* has version 2, this AVA knows 1\. /],
    ['garbled', { version: 'ava' }, /^AVA-1003 The version file of .* cannot be read\. /],
    ['foreign', { 'letter.txt': 'dear' }, /^AVA-1003 .* holds other files and is no data folder\. /],
  ] as const) {
    const path = join(folder.path, name);
    mkdirSync(path);
    for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
    const before = picture(path);
    const { code, line } = up(path, 0);
    assert.equal(code, 78, name);
    assert.match(line, says, name);
    assert.deepEqual(picture(path), before, name);
  }
});

test('a rule that does not compile: file, line, column, the nearest name, and nothing written', () => {
  const law = join(folder.path, 'bad-law');
  mkdirSync(join(law, 'rules'), { recursive: true });
  writeFileSync(join(law, 'constitution.yaml'), 'constitution: bad\nversion: 1\ndefault: allow\nrules: [rules/a.yaml]\n');
  writeFileSync(join(law, 'rules', 'a.yaml'), 'rule: a\ntitle: a\nscope: all\nmode: enforce\njudge: sesion.calls < 3\n');
  const path = join(folder.path, 'never');
  const { code, line } = up(path, 0, law);
  assert.equal(code, 65);
  assert.match(line, /^AVA-2003 .*a\.yaml:5:8:? .*sesion\.calls.*session\.calls/);
  assert.equal(existsSync(path), false, 'nothing was made');
});

/** A Node older than 24 on the path, or null. */
function oldNode(): string | null {
  for (const place of (process.env['PATH'] ?? '').split(delimiter)) {
    const program = join(place, 'node');
    if (!existsSync(program)) continue;
    const major = Number(/^v([0-9]+)\./.exec(spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1]);
    if (major < 24) return program;
  }
  return null;
}

test('an old Node says so in one line and writes nothing', () => {
  const path = join(folder.path, 'old-node');
  const old = oldNode();
  const pretended = ['--import', "data:text/javascript,Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } });"];
  const programs: (readonly [string, readonly string[]])[] = [[process.execPath, pretended]];
  if (old !== null) programs.push([old, []]);
  for (const [program, args] of programs) {
    const { code, line } = refusedAs(program, [...args, AVACTL, 'up', '--data', path]);
    assert.equal(code, 78);
    assert.match(line, /^AVA-1004 Node [0-9.]+ found, 24 or later needed/);
    assert.equal(existsSync(path), false);
  }
});

/** All that the node says to a client that sends `text` and then waits; resolves when the node ends it. */
function spoken(socket: Socket, text: string): Promise<string> {
  let heard = '';
  socket.setEncoding('latin1').on('data', (piece: string) => (heard += piece));
  if (text !== '') socket.write(text);
  return new Promise((resolve) => {
    socket.on('error', () => resolve(heard));
    socket.on('close', () => resolve(heard));
  });
}

test('slow clients time out; past the bound connections are refused; the others are served', { timeout: 50_000 }, async () => {
  const { port } = node;
  const CONNECTIONS_MAX = 4_096;
  const slow = connect(port, '127.0.0.1');
  const begin = performance.now();
  const slowAnswer = spoken(slow, 'POST /v1/decisions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-');
  const many: Socket[] = [];
  const refusals: Promise<string>[] = [];
  for (let i = 0; i < CONNECTIONS_MAX + 64; i += 128) {
    const some = Array.from({ length: 128 }, () => connect(port, '127.0.0.1'));
    for (const socket of some) refusals.push(spoken(socket, ''));
    await Promise.all(some.map((socket) => (socket.connecting ? new Promise((resolve) => socket.once('connect', resolve)) : Promise.resolve())));
    many.push(...some);
  }
  const first = await Promise.any(refusals.map(async (one) => ((await one) === '' ? Promise.reject(new Error('cut')) : one)));
  assert.match(first, /^HTTP\/1\.1 503 /);
  assert.match(first, /connections are open/);
  for (const socket of many) socket.destroy();
  await eventually('there is room again', async () => (await node.client.health().catch(() => null))?.status === 'ok');
  assert.match(await slowAnswer, /^HTTP\/1\.1 408 [\s\S]*"code":"AVA-4031"/);
  assert.ok(performance.now() - begin > 8_000);
});

test('after all of it the ledger is sound', async () => {
  assert.deepEqual(await node.stop(), { code: 0, signal: null }, node.err);
  assert.equal((await fsck(dir)).entries, 4);
  assert.equal(readFileSync(join(dir, 'version'), 'utf8'), 'ava-data 1\n');
});
