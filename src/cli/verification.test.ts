import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../api/client.ts';
import { makeBundle, verifyBundle } from '../audit/bundle.ts';
import { Fault } from '../base/fault.ts';
import { EXIT } from './exit.ts';
import { explainDecision, receiptId } from './explanation.ts';
import { type ScratchNode, scratchNode } from './scratch-node.ts';
import { verifyPath } from './verification.ts';

const folder = mkdtempSync(join(tmpdir(), 'ava-verification-'));
let scratch: ScratchNode;
let receipt = '';
before(async () => {
  scratch = await scratchNode({ constitution: 'starter', warm_ms: 0 });
  const client = new Client(scratch.node.url);
  const { session } = await client.openSession('tester');
  ({ receipt } = await client.decide({ session, action: { kind: 'tool.call', name: 'read_text_file', args: { path: '/x/.ssh/id_rsa' } } }));
  client.close();
});
after(async () => {
  await scratch.close();
  rmSync(folder, { recursive: true });
});

function bundle(
  height: number,
  change: (item: { entry: Uint8Array; sidecar: Uint8Array | null; witness: Uint8Array | null }) => object = () => ({}),
): Uint8Array {
  const { log, genesis } = scratch.node.ledger;
  const frame = log.read(height);
  return makeBundle(genesis, { ...frame, items: frame.items.map((item) => ({ ...item, ...change(item) })) }, 0);
}
const check = (bytes: Uint8Array) => {
  const path = join(folder, 'p.ava');
  writeFileSync(path, bytes);
  return verifyPath(path, undefined);
};

test('a decision is recomputed; with its inputs erased it is proven, and incomplete', async () => {
  const height = Number(receipt.split('.')[0]);
  const whole = await check(bundle(height));
  assert.deepEqual([whole.verified, whole.code], [true, EXIT.ok]);
  assert.ok(whole.summary.startsWith(`${receipt}: deny, `));
  const erased = bundle(height, () => ({ sidecar: null }));
  const proven = await check(erased);
  assert.deepEqual([proven.verified, proven.code], [true, EXIT.incomplete]);
  assert.match(proven.summary, /the inputs are erased/);
  assert.throws(
    () => explainDecision(verifyBundle(erased)),
    (error) => error instanceof Fault && error.slug === 'receipt_unknown',
  );
});

test('an entry that asked no verdict is complete without one', async () => {
  const opened = await check(bundle(1));
  assert.deepEqual([opened.verified, opened.code], [true, EXIT.ok]);
  assert.match(opened.summary, /no verdict was asked/);
});

test('every flipped bit of a bundle is refused', async () => {
  const bytes = bundle(Number(receipt.split('.')[0]));
  for (let at = 0; at < bytes.length; at += 131) {
    const copy = bytes.slice();
    copy[at] ^= 1 << (at & 7);
    const result = await check(copy);
    assert.deepEqual([result.verified, result.code], [false, EXIT.failed], `byte ${at}`);
  }
});

test('the explanation: inputs with origin, parts that are amiss, advice, a flip', () => {
  const verified = verifyBundle(bundle(Number(receipt.split('.')[0])));
  assert.equal(receiptId(verified.entry), receipt);
  const { rules, action, verdict } = explainDecision(verified);
  assert.deepEqual([action.name, verdict], ['read_text_file', 'deny']);
  const objecting = rules.filter(({ result }) => result !== 'passed');
  assert.deepEqual(
    objecting.map(({ rule, result, answer, binding }) => [rule, result, answer, binding]),
    [['floor/credential-files', 'failed', 'deny', true]],
  );
  const [rule] = objecting;
  assert.deepEqual(
    rule.inputs.map(({ path, value, found, origin }) => [path, value, found, origin.source]),
    [['fs.marks', '["read.key"]', true, 'argument']],
  );
  assert.ok(rule.parts.some(({ amiss }) => amiss) && rule.advice !== '' && rule.gas > 0);
  assert.deepEqual(rule.flips, [{ path: 'fs.marks', value: '[]' }]);
});
