/** `avactl explain --trace`: every verdict of a chain replays step by step to what its receipt commits to. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { frameOfBlock } from '../sim/chain.ts';
import { GUEST_LAW, guestDecisions } from '../sim/guest-law.ts';
import { scratchFolder } from '../sim/scratch.ts';
import { Desk, HOUR_MS, ruleText, SMALL_KEY, smallGenesis } from '../sim/small-law.ts';
import { makeBundle, verifyBundle } from '../src/audit/bundle.ts';
import { traceVerdict } from '../src/audit/trace.ts';
import { Fault } from '../src/base/fault.ts';
import { lawOf } from '../src/law/law.ts';
import type { BlockOutput } from '../src/machine/apply.ts';
import { here } from './real/avactl.ts';

const GUESTS = smallGenesis(GUEST_LAW);
const EXPRESSIONS = smallGenesis({
  rules: [
    ruleText(
      'even',
      'args.xs.all(x, x % 2 == 0 && args.rows.exists(row, x in row))',
      'inputs: { args.xs: "list(int, 64)", args.rows: "list(list(int, 8), 8)" }',
    ),
    ruleText('share', '100 / size(args.xs) >= params.least', 'inputs: { args.xs: "list(int, 64)" }', 'params: { least: { value: 10 } }', 'on_fault: escalate'),
    ruleText('first', 'session.calls < 99 && agent.sum("money.amount", "24h") < 100'),
  ],
});

/** Every decision of a chain as a bundle. */
function bundlesOf(genesis: Uint8Array, blocks: readonly BlockOutput[], erased = false): Uint8Array[] {
  return blocks.flatMap((block) => {
    const frame = frameOfBlock(block, SMALL_KEY);
    const items = erased ? frame.items.map((item) => ({ ...item, sidecar: null })) : frame.items;
    return block.accepted.flatMap(({ transaction }, i) => (transaction.kind === 3 ? [makeBundle(genesis, { ...frame, items }, i)] : []));
  });
}

function expressionBlocks(): BlockOutput[] {
  const desk = new Desk(lawOf(EXPRESSIONS));
  const session = desk.open();
  const blocks: BlockOutput[] = [];
  const decide = (args: Parameters<Desk['decide']>[2]): void => {
    desk.decide(session, 'balance', args);
    blocks.push(desk.last as BlockOutput);
  };
  decide({ xs: [2, 4], rows: [[1, 2], [4]] });
  decide({ xs: [2, 3], rows: [[2], [], [3]] });
  decide({ xs: [], rows: [] });
  decide({ xs: 'none' });
  desk.trip('even');
  desk.halt('first', HOUR_MS);
  decide({ xs: [1] });
  return blocks;
}

function guestBlocks(): BlockOutput[] {
  const blocks: BlockOutput[] = [];
  guestDecisions(new Desk(lawOf(GUESTS)), (block) => blocks.push(block));
  return blocks;
}

test('D-7, D-8: every verdict comes out of its steps again', () => {
  let steps = 0;
  let calls = 0;
  let nested = 0;
  for (const bundle of [...bundlesOf(EXPRESSIONS, expressionBlocks()), ...bundlesOf(GUESTS, guestBlocks())]) {
    const { entry, recomputed } = verifyBundle(bundle);
    assert.ok(recomputed !== null);
    const trace = traceVerdict(entry, recomputed);
    assert.deepEqual([trace.inputs_hash, trace.trace, trace.gas], [entry.receipt.inputs_hash, entry.receipt.trace, entry.receipt.gas]);
    assert.deepEqual(
      trace.rules.filter(({ callers }) => callers.length === 0).map(({ rule }) => rule),
      recomputed.scoped.map(({ name }) => name),
    );
    for (const { held, steps: made, guest, callers } of trace.rules) {
      assert.equal(held === null, made !== null || guest !== null);
      steps += made?.count ?? 0;
      calls += guest?.calls.length ?? 0;
      nested += callers.length;
    }
  }
  assert.ok(steps > 100 && calls > 50 && nested > 0, `${steps} steps, ${calls} calls, ${nested} within another`);
});

test('steps that lead elsewhere than the receipt are refused', () => {
  const [bundle] = bundlesOf(EXPRESSIONS, expressionBlocks());
  const { entry, recomputed } = verifyBundle(bundle);
  assert.ok(recomputed !== null);
  const other = { ...entry, receipt: { ...entry.receipt, gas: entry.receipt.gas + 1 } };
  assert.throws(() => traceVerdict(other, recomputed), { slug: 'verify_failed', message: /recomputed gas/ });
  const [, another] = bundlesOf(EXPRESSIONS, expressionBlocks()).map((one) => verifyBundle(one).recomputed);
  assert.throws(
    () => traceVerdict(entry, another as NonNullable<typeof another>),
    (fault) => fault instanceof Fault && fault.slug === 'verify_failed',
  );
});

test('an expression node by node, from a bundle file', async (t) => {
  const file = join(scratchFolder(t), 'p.ava');
  const bundles = bundlesOf(EXPRESSIONS, expressionBlocks());
  writeFileSync(file, bundles[1]);
  const { code, stdout } = await here(['explain', file, '--trace']);
  assert.equal(code, 0);
  const lines = stdout.split('\n');
  const has = (pattern: RegExp): void =>
    assert.ok(
      lines.some((line) => pattern.test(line)),
      `${pattern} in\n${stdout}`,
    );
  has(/^even {2}false {2}gas [\d,]+$/);
  has(/^ {2}args\.xs +→ {2}\[2, 3\]$/);
  has(/^ {4}round 1 {2}x1 % 2 == 0 +→ {2}true$/);
  has(/^ {4}round 2 {2}x1 % 2 == 0 +→ {2}false$/);
  has(/^ {6}round 1\.1 {2}x2 +→ {2}\[2\]$/);
  has(/^ {2}inputs hash +[0-9a-f]{64} {2}the same$/);
  has(/^ {2}gas +[\d,]+ +the same$/);
  has(/^ {2}trace +[0-9a-f]{64} {2}the same$/);
  writeFileSync(file, bundles[2]);
  assert.match((await here(['explain', file, '--trace'])).stdout, /^share {2}error {2}gas .*\n(?:.*\n)*? {2}100 \/ size\(args\.xs\) +→ {2}error$/m);
  writeFileSync(file, bundles[4]);
  const stopped = (await here(['explain', file, '--trace'])).stdout;
  assert.match(stopped, /^even {2}not run: its breaker is open {2}gas /m);
  assert.match(stopped, /^first {2}not run: it is halted {2}gas /m);
});

test('a guest function by function with its gas, and what it asked', async (t) => {
  const file = join(scratchFolder(t), 'p.ava');
  const kinds = new Set<string>();
  for (const bundle of bundlesOf(GUESTS, guestBlocks())) {
    writeFileSync(file, bundle);
    const { code, stdout } = await here(['explain', file, '--trace', '--json']);
    assert.equal(code, 0, stdout);
    const { erased, trace } = JSON.parse(stdout) as {
      erased: boolean;
      trace: {
        same: boolean;
        rules: readonly {
          rule: string;
          called_by: string | null;
          calls?: readonly { name: string; host: boolean; gas: number | null }[];
          asked?: readonly string[];
        }[];
      };
    };
    assert.deepEqual([erased, trace.same], [false, true]);
    for (const { rule, called_by, calls = [], asked = [] } of trace.rules) {
      if (called_by !== null) kinds.add(`${rule} called`);
      for (const { name, host } of calls) kinds.add(`${host ? 'host ' : ''}${name}`);
      for (const event of asked) kinds.add(event.split(' ')[0]).add(event.replace(/\d+/g, 'N'));
    }
  }
  for (const kind of ['judge', 'alloc', 'host read', 'host call', 'read', 'call', 'read session.calls: N'])
    assert.ok(kinds.has(kind), `${kind} among ${[...kinds].join(', ')}`);
});

test('where the inputs were erased it says so, and what still stands', async (t) => {
  const file = join(scratchFolder(t), 'p.ava');
  writeFileSync(file, bundlesOf(EXPRESSIONS, expressionBlocks(), true)[1]);
  const { code, stdout } = await here(['explain', file, '--trace']);
  assert.equal(code, 8);
  assert.match(stdout, /^DENY {2}/);
  assert.match(stdout, /Its inputs were erased: that it stands in the ledger is proven, its steps cannot be replayed\./);
  assert.match(stdout, /inputs hash +[0-9a-f]{64} {2}not recomputed/);
  const json = JSON.parse((await here(['explain', file, '--trace', '--json'])).stdout) as { erased: boolean; trace: unknown };
  assert.deepEqual([json.erased, json.trace], [true, null]);
});
