/** Rules of profile 1 on a real node: decided, explained, replayed, and judged again in Python from a bundle. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { avactl, here } from './real/avactl.ts';

const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'ava-cel-'));
const data = join(scratch, 'data');
const law = join(scratch, 'law');
const on = ['--data', data];

mkdirSync(law);
writeFileSync(join(law, 'constitution.yaml'), 'constitution: cel\nversion: 1\ndefault: allow\nrules: [order.yaml]\n');
writeFileSync(
  join(law, 'order.yaml'),
  `rule: order
title: Orders by day, of known goods, under a hundred with tax
scope: tool.order
inputs: { args.at: timestamp, args.price: double, args.item: string(40), args.tags: dyn(128), args.seal: bytes(8) }
judge: >-
  args.at.getHours("+01:00") >= 8 && args.price * 1.19 < 100.0
  && args.item.matches("^[a-z]+(-[0-9]{1,3})?$") && args.item.split("-")[0].upperAscii() != "CAR"
  && args.tags.exists(i, t, t == "new" || dyn(i) == t) && args.seal < b"\\xf0"
on_fault: escalate
tests:
  - given: { args.at: "2026-01-01T08:00:00Z", args.price: 10, args.item: pen-7, args.tags: [new], args.seal: "AAA=" }
    expect: pass
`,
);

before(async () => {
  const ran = await avactl(['up', '--detach', '--port', '0', '--constitution', law, ...on]);
  assert.equal(ran.code, 0, ran.stderr);
});
after(async () => {
  await avactl(['down', ...on]);
  rmSync(scratch, { recursive: true, force: true });
});

const GOOD = { at: '2026-01-01T08:30:00.5Z', price: 83.5, item: 'pen-7', tags: ['old', 1], seal: '7w==' };
const CALLS: readonly (readonly [args: Readonly<Record<string, unknown>>, verdict: string])[] = [
  [GOOD, 'allow'],
  [{ ...GOOD, at: '2026-01-01T06:59:59.999Z' }, 'deny'],
  [{ ...GOOD, price: 84.04 }, 'deny'],
  [{ ...GOOD, item: 'pen-7000' }, 'deny'],
  [{ ...GOOD, item: 'car-1' }, 'deny'],
  [{ ...GOOD, tags: [] }, 'deny'],
  [{ ...GOOD, seal: '8A==' }, 'deny'],
  [{ ...GOOD, tags: 5 }, 'escalate'],
  [{ ...GOOD, at: 'yesterday' }, 'escalate'],
];

test('decisions, explanations, replay, bundles', async () => {
  const judged = new Map<string, string>();
  for (const [args, verdict] of CALLS) {
    const ran = await here(['decide', 'order', '--args', JSON.stringify(args), '--json', ...on]);
    const decided = JSON.parse(ran.stdout) as { readonly verdict: string; readonly receipt: string };
    assert.equal(decided.verdict, verdict, JSON.stringify(args));
    if (!judged.has(verdict)) judged.set(verdict, decided.receipt);
  }
  assert.deepEqual([...judged.keys()].sort(), ['allow', 'deny', 'escalate']);
  for (const [verdict, receipt] of judged) {
    const file = join(scratch, `${verdict}.ava`);
    const bundle = await here(['bundle', receipt, '--output', file, ...on]);
    assert.equal(bundle.code, 0, bundle.stderr);
    const { stdout, stderr } = spawnSync('python3', ['spec/check/bundle.py', file], { cwd: root, encoding: 'utf8' });
    assert.match(stdout, /^verified: .*; judged again, the same$/m, stderr);
    if (verdict === 'allow') continue;
    const explained = await here(['explain', receipt, ...on]);
    assert.match(explained.stdout, /Orders by day/);
  }
  assert.equal((await avactl(['down', ...on])).code, 0);
  assert.equal((await here(['verify', data])).code, 0);
});
