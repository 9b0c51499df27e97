/** The golden chain: 500 recorded blocks give the same headers, in every way and under every compiler of the engine. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkGolden, GOLDEN_BLOCKS, GOLDEN_FOLDER, readGolden } from '../sim/golden.ts';
import { hex } from '../src/base/bytes.ts';
import { decodeHeader, headerHash } from '../src/machine/block.ts';
import { decodeEntry } from '../src/machine/receipt.ts';

const SCRIPT = fileURLToPath(new URL('../sim/make-golden.ts', import.meta.url));
const ADVICE = `A recorded header came out otherwise: verifiers of old ledgers would refuse them. If that is meant, give the change a new version in the schedule (spec/genesis.md G-9), keep the old code, and only then make the chain again: node sim/make-golden.ts --fresh`;
const golden = readGolden();

test('from genesis, from a snapshot in the middle, and by replay', () => {
  assert.deepEqual(checkGolden(golden), [], ADVICE);
});

for (const flag of ['--liftoff-only', '--no-liftoff']) {
  test(`under ${flag}`, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [flag, SCRIPT, '--check'], { encoding: 'utf8' });
    assert.equal(status, 0, `${ADVICE}\n${stderr}`);
    assert.equal(stdout.trim(), hex(headerHash(golden.frames[GOLDEN_BLOCKS - 1].header)));
  });
}

test('the chain is long and varied, the fixture small', () => {
  assert.equal(golden.frames.length, GOLDEN_BLOCKS);
  const seen = new Set<string>();
  for (const frame of golden.frames) {
    const { verdicts } = decodeHeader(frame.header);
    verdicts.forEach((count, i) => count > 0 && seen.add(['none', 'allow', 'deny', 'escalate'][i]));
    if (frame.items.length === 0) seen.add('empty');
    for (const item of frame.items) {
      const { transaction, receipt } = decodeEntry(item.entry, decodeHeader(frame.header).network, item.sidecar);
      seen.add(`kind ${transaction.kind}`);
      for (const { cause, mode } of receipt.reasons) seen.add(cause).add(mode);
      if (!receipt.enforced) seen.add('not enforced');
    }
  }
  const expected = [
    'none',
    'allow',
    'deny',
    'escalate',
    'empty',
    'kind 1',
    'kind 2',
    'kind 3',
    'kind 4',
    'kind 5',
    'failed',
    'fault',
    'breaker',
    'floor',
    'enforce',
    'observe',
    'not enforced',
  ];
  assert.deepEqual(
    expected.filter((what) => !seen.has(what)),
    [],
  );
  const bytes = ['genesis.gz', 'chain.gz', 'snapshot.gz'].reduce((sum, name) => sum + statSync(join(GOLDEN_FOLDER, name)).size, 0);
  assert.ok(bytes < 1_500_000, `${bytes} bytes`);
});
