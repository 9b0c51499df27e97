/** The compiled SDK in a real browser, unbundled: a page of an admitted origin, a page of another, and the node between. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import type * as ClientFile from '../src/client.ts';
import type * as GuardFile from '../src/guard.ts';
import type * as ProofFile from '../src/proof.ts';
import type * as SessionFile from '../src/session.ts';
import { type SdkNode, sdkNode } from './node.fixture.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'ava-sdk-browser-'));
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

let node: SdkNode;
let browser: Browser;
const servers: Server[] = [];

/** Serves the compiled files and an empty page; its origin. */
async function site(): Promise<string> {
  const server = createServer(({ url = '/' }, response) => {
    if (url === '/') return response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>page</title>');
    if (!/^\/[a-z.-]+\.js$/.test(url)) return response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(readFileSync(join(folder, url)));
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://localhost:${(server.address() as { port: number }).port}`;
}

let admitted: string;
let other: string;
before(async () => {
  const built = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', join(root, 'sdk/tsconfig.build.json'), '--outDir', folder], { encoding: 'utf8' });
  assert.equal(built.status, 0, built.stdout);
  admitted = await site();
  other = await site();
  node = await sdkNode({ origins: [admitted] });
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGS });
});
after(async () => {
  await browser?.close();
  await node?.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true, force: true });
});

async function open(origin: string): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(origin);
  return page;
}

/** What the page imports: the compiled files by their path on its own site. */
interface Files {
  readonly '/client.js': typeof ClientFile;
  readonly '/guard.js': typeof GuardFile;
  readonly '/session.js': typeof SessionFile;
  readonly '/proof.js': typeof ProofFile;
}

test('a page of an admitted origin: a guarded call, a refusal, a stream, events', { timeout: 60_000 }, async () => {
  const page = await open(admitted);
  const seen = await page.evaluate(async (url) => {
    const load = <K extends keyof Files>(path: K): Promise<Files[K]> => import(path) as Promise<Files[K]>;
    const { Client } = await load('/client.js');
    const { Session } = await load('/session.js');
    const { guard } = await load('/guard.js');
    const client = new Client(url);
    const { height } = await client.health();
    const session = await Session.open(client, { agent: 'page', user: 'pay bob' });
    const ran: unknown[] = [];
    const pay = guard((args: { to: string; amount: number }) => ran.push(args), { session, name: 'pay' });
    await pay({ to: 'bob', amount: 5 });
    const refused = (await pay({ to: 'bob', amount: 500 }).catch((error: unknown) => error)) as { code: string; message: string };
    const verdicts: string[] = [];
    const decision = (amount: number) => ({ session: session.id, action: { kind: 'tool.call', name: 'pay', args: { to: 'bob', amount } }, permit: false });
    for await (const answer of client.stream([decision(1), decision(1_000), decision(2)])) verdicts.push('verdict' in answer ? answer.verdict : answer.code);
    const events: string[] = [];
    const ended = new AbortController();
    for await (const event of client.events({ from: height + 1, signal: ended.signal })) {
      events.push(event.type);
      if (events.length === 5) ended.abort();
    }
    return { ran, code: refused.code, message: refused.message, verdicts, events };
  }, node.url);
  assert.deepEqual(seen.ran, [{ to: 'bob', amount: 5 }]);
  assert.equal(seen.code, 'AVA-3020');
  assert.match(seen.message, /An agent moves at most 100 a day/);
  assert.deepEqual(seen.verdicts, ['allow', 'deny', 'allow']);
  assert.deepEqual(seen.events, ['session', 'input', 'decision', 'outcome', 'decision']);
  await page.close();
});

test('a page of another origin gets nothing, and places nothing', { timeout: 60_000 }, async () => {
  const page = await open(other);
  const before = node.node.ledger.state.height;
  const codes = await page.evaluate(async (url) => {
    const { Client } = (await import('/client.js' as string)) as typeof ClientFile;
    const client = new Client(url, { retries: 0 });
    const code = async (work: Promise<unknown>): Promise<string> =>
      work.then(() => 'done').catch((error: unknown) => String((error as { code?: string }).code));
    return [await code(client.health()), await code(client.openSession('evil')), await code(client.rules())];
  }, node.url);
  assert.deepEqual(codes, ['AVA-1005', 'AVA-1005', 'AVA-1005']);
  assert.equal(node.node.ledger.state.height, before);
  await page.close();
});

test('a receipt is verified in the browser, and a changed byte is not', { timeout: 60_000 }, async () => {
  const page = await open(admitted);
  const seen = await page.evaluate(async (url) => {
    const load = <K extends keyof Files>(path: K): Promise<Files[K]> => import(path) as Promise<Files[K]>;
    const { Client } = await load('/client.js');
    const { verifyBundle } = await load('/proof.js');
    const client = new Client(url);
    const { session } = await client.openSession('proof');
    const { receipt } = await client.decide({ session, action: { kind: 'tool.call', name: 'read', args: { path: '/home/me/.ssh/id' } } });
    const bundle = await client.bundle(receipt);
    const { network } = await client.constitution();
    const { rules } = await client.rules();
    const gas = Object.fromEntries(rules.map((rule) => [rule.rule, rule.gas]));
    const proof = await verifyBundle(bundle, { network, gas });
    const refused: string[] = [];
    // one in every part: genesis, header, signature, entry
    for (const at of [40, bundle.length - 900, bundle.length - 400, Math.floor(bundle.length / 2)]) {
      const changed = bundle.slice();
      changed[at] ^= 1;
      refused.push(
        await verifyBundle(changed, { network, gas })
          .then(() => 'passed')
          .catch((error: unknown) => String((error as { slug?: string }).slug)),
      );
    }
    return {
      same: proof.receipt === receipt,
      verdict: proof.verdict,
      rule: proof.reasons[0].rule,
      checks: proof.checks.map(({ name, ok }) => [name, ok]),
      refused,
    };
  }, node.url);
  assert.deepEqual([seen.same, seen.verdict, seen.rule], [true, 'deny', 'read/keys']);
  assert.deepEqual(seen.checks, [
    ['network', true],
    ['signature', true],
    ['inclusion', true],
    ['inputs', true],
    ['rules', true],
    ['recomputed', null],
  ]);
  for (const slug of seen.refused) assert.match(slug, /^(?:verify_failed|bundle_malformed)$/);
  await page.close();
});
