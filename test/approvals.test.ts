/** Approvals from the command line, on a real node: listed, shown, answered with the key of its data folder, kept over a restart. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../src/api/client.ts';
import type { ApprovalView, DecisionAnswer } from '../src/api/schema.ts';
import { avactl, here, type Ran } from './real/avactl.ts';

const scratch = mkdtempSync(join(tmpdir(), 'ava-approvals-'));
const data = join(scratch, 'data');
const on = ['--data', data];
const law = join(scratch, 'law');
mkdirSync(law);
writeFileSync(join(law, 'constitution.yaml'), 'constitution: asked\nversion: 1\ndefault: allow\nrules: [big.yaml]\n');
writeFileSync(
  join(law, 'big.yaml'),
  'rule: big\ntitle: A person says yes to large orders\nadvice: at most ten\nscope: tool.order\ninputs: { args.n: int }\njudge: args.n <= 10\notherwise: escalate\n',
);

const json = <T>({ stdout, stderr }: Ran): T => {
  assert.ok(stdout !== '', stderr);
  return JSON.parse(stdout) as T;
};
let client: Client;
let session = '';
const up = async (): Promise<void> => {
  const ran = await avactl(['up', '--detach', '--port', '0', '--constitution', law, ...on]);
  assert.equal(ran.code, 0, ran.stderr);
  client = new Client(/http:\/\/127\.0\.0\.1:\d+/.exec(ran.stdout)?.[0] ?? '');
};
const order = (n: number, approval?: string): Promise<DecisionAnswer> =>
  client.decide({
    session,
    action: { kind: 'tool.call', server: 'shop', name: 'order', args: { n, what: 'buns' } },
    ...(approval !== undefined && { approval }),
  });

before(async () => {
  await up();
  ({ session } = await client.openSession('baker'));
});
after(async () => {
  client.close();
  await avactl(['down', ...on]);
  rmSync(scratch, { recursive: true, force: true });
});

test('D-15: list, show, approve, once; deny; over a restart', async () => {
  assert.equal((await here(['approvals', 'list', ...on])).stdout, 'Nothing waits for an answer.\n');
  const { approval: first = '' } = await order(40);
  const { approval: second = '' } = await order(50);
  const listed = await here(['approvals', 'list', ...on]);
  assert.match(listed.stdout, /^[0-9A-Z]{6} {2}waiting {2}(?:10|9) min left {2}shop\/order {2}40 buns {2}big: A person says yes to large orders\n/);
  const [{ code, id }, other] = json<ApprovalView[]>(await here(['approvals', 'list', '--json', ...on]));
  assert.deepEqual([id, other.id], [first, second]);
  const shown = (await here(['approvals', 'show', code, ...on])).stdout;
  for (const part of [/baker/, /n +40/, /what +buns/, /waits for big {2}A person says yes to large orders/, /passes: at most ten/, /effect/])
    assert.match(shown, part);
  assert.equal((await here(['approvals', 'approve', 'ZZZZZZ', ...on])).code, 1);
  const approved = await avactl(['approvals', 'approve', code, '--note', 'for the feast', ...on]);
  assert.equal(approved.code, 0, approved.stderr);
  assert.match(approved.stdout, /^Approved [0-9A-Z]{6}: shop\/order 40 buns\n.*once/);
  assert.match((await here(['approvals', 'deny', code, ...on])).stderr, /AVA-4048/);
  assert.equal((await here(['approvals', 'deny', other.code, ...on])).code, 0);
  assert.match((await here(['approvals', 'show', other.code, ...on])).stdout, /denied by node at /);
  client.close();
  assert.equal((await avactl(['down', ...on])).code, 0);
  assert.equal((await here(['verify', data])).code, 0, 'a ledger with approvals replays');
  await up();
  await assert.rejects(order(50, second), { slug: 'approval_denied' });
  const passed = await order(40, first);
  assert.equal(passed.verdict, 'allow');
  await assert.rejects(order(40, first), { slug: 'approval_used' });
  const all = (await here(['approvals', 'list', '--all', ...on])).stdout;
  assert.match(all, /used/);
  assert.match(all, /denied/);
  const events = (await here(['log', '--all', '-n', '50', ...on])).stdout;
  assert.match(events, new RegExp(`approval ${code} allowed: for the feast`));
  assert.match(events, new RegExp(`ESCALATE .*\n {9}avactl approvals show ${code}\n`));
  assert.match(events, /allow +shop\/order +40 buns +big \(approved\)/);
  assert.match((await here(['explain', passed.receipt, ...on])).stdout, /big/);
});
