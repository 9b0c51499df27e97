/** The approvals page in a real browser, with its own authenticator: what waits is shown, and only a named passkey answers. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';
import { Client } from '../src/api/client.ts';
import { fromHex, hex, octets } from '../src/base/bytes.ts';
import { encodeWire } from '../src/machine/transaction.ts';
import { Owner, readKey } from '../src/node/owner.ts';
import { type RunningNode, startNode } from '../src/node/start.ts';

const folder = mkdtempSync(join(tmpdir(), 'ava-page-'));
let node: RunningNode;
let client: Client;
let browser: Browser;
let page: Page;
let owner: Owner;
/** As the approver's browser writes it. */
let origin: string;

before(async () => {
  node = await startNode({ dir: folder, port: 0, constitution: 'starter', warm_ms: 0 });
  client = new Client(node.url);
  origin = `http://localhost:${node.port}`;
  const { network, validators } = await client.constitution();
  owner = new Owner({ network: octets(fromHex(network)), principal: octets(fromHex(validators[0].principal)), key: readKey(folder), now: Date.now });
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'] });
  page = await (await browser.newContext()).newPage();
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
});

after(async () => {
  await browser?.close();
  client?.close();
  await node?.close();
  rmSync(folder, { recursive: true, force: true });
});

const HOSTILE = '<img src=x onerror="document.title=1">';

/** A payment that the starter asks a person about. */
async function waiting(subject: string): Promise<{ session: string; approval: string }> {
  const { session } = await client.openSession('clerk', 'Pay the rent');
  const answer = await client.decide({
    session,
    action: { kind: 'tool.call', name: 'send_money', args: { recipient: 'DE89370400440532013000', amount: 90_000, subject } },
  });
  assert.equal(answer.verdict, 'escalate');
  assert.ok(answer.approval !== undefined);
  return { session, approval: answer.approval };
}

test('a passkey that the owner named allows once; the text of an agent is no markup', async () => {
  const first = await waiting(HOSTILE);
  const problems: string[] = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('dialog', (dialog) => void dialog.accept('anna'));
  await page.goto(`${origin}/approvals`);
  const call = page.locator('article').first();
  await call.waitFor();
  const shown = await call.textContent();
  for (const piece of ['clerk wants to call send_money', 'cannot be undone', 'DE89370400440532013000', HOSTILE, 'left'])
    assert.ok(shown?.includes(piece), `${piece} in ${shown}`);
  assert.equal(await page.locator('article img').count(), 0);
  assert.equal(await page.title(), 'AVA: waiting for you');

  await page.click('#key-make');
  const command = await page.locator('#key-text').textContent({ timeout: 5_000 });
  const [, name, , from] = /^avactl approvals enrol (\S+) --passkey (\S+) --origin (\S+)$/.exec(command ?? '') ?? [];
  assert.equal(name, 'anna');
  assert.equal(from, origin);

  await call.getByText('Allow this once').click();
  await page.locator('article .error:not(:empty)').waitFor();
  assert.match((await page.locator('article .error').textContent()) ?? '', /AVA-/);
  assert.equal((await client.approval(first.approval)).status, 'waiting', 'a passkey that nobody named answers nothing');

  // the command that the page shows, as the owner runs it
  const { stdout } = await promisify(execFile)(process.execPath, [
    'bin/avactl.mjs',
    ...(command ?? '').split(' ').slice(1),
    '--data',
    folder,
    '--url',
    node.url,
  ]);
  assert.match(stdout, /anna may answer approvals/);
  await call.locator('input').fill('the rent, as every month');
  await call.getByText('Allow this once').click();
  await page.locator('article.done').first().waitFor();
  const allowed = await client.approval(first.approval);
  assert.equal(allowed.status, 'allowed');
  assert.deepEqual([allowed.answer?.by, allowed.answer?.note, allowed.answer?.allow], ['anna', 'the rent, as every month', true]);
  assert.deepEqual(
    problems.filter((text) => !/40[0-9]|favicon/.test(text)),
    [],
    'the content policy suits the page',
  );
});

test('what comes later appears by itself, and is denied', async () => {
  const second = await waiting('later');
  const call = page.locator('article:not(.done)');
  await call.waitFor();
  await call.getByText('Deny').click();
  await page.locator('article.done').nth(1).waitFor();
  const denied = await client.approval(second.approval);
  assert.equal(denied.status, 'denied');
  assert.equal(await page.locator('#state').textContent(), 'Nothing waits for you.');
});

test('an answer elsewhere takes the call from the page', async () => {
  const third = await waiting('elsewhere');
  await page.locator('article:not(.done)').waitFor();
  await client.submit(encodeWire(owner.answerApproval(octets(fromHex(third.approval)), false, '')));
  await page.locator('article.done').nth(2).waitFor();
  assert.match((await page.locator('article.done').nth(2).textContent()) ?? '', /Answered elsewhere/);
  assert.equal(hex(octets(fromHex(third.approval))), third.approval);
});

test('the page may be shown in no frame and runs no script of others', async () => {
  const { headers } = await fetch(`${node.url}/approvals`);
  const policy = headers.get('content-security-policy') ?? '';
  for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"]) assert.ok(policy.includes(part));
  assert.equal((await fetch(`${node.url}/pages/..%2fpackage.json`)).status, 404);
});
