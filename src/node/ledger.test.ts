/** Restarts of a data folder: whatever the state store lacks or has too much, the state is the log's. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Random } from '../../sim/random.ts';
import { scratchFolder } from '../../sim/scratch.ts';
import { ruleText, SMALL_PRINCIPAL, SMALL_START_MS, smallConstitution, smallGenesis } from '../../sim/small-law.ts';
import { factsOf } from '../../sim/snapshot.ts';
import { Workload } from '../../sim/workload.ts';
import { beginReplay, replayFrame } from '../audit/replay.ts';
import { sign } from '../crypto/suite.ts';
import { apply } from '../machine/apply.ts';
import { encodeHeader, headerHash } from '../machine/block.ts';
import { factKey, type Sequence } from '../machine/fact.ts';
import { ledgerLog } from '../sequencer/ledger-log.ts';
import { Solo } from '../sequencer/solo.ts';
import { WriteBehind } from './behind.ts';
import { type Ledger, openLedger } from './ledger.ts';

const SEED = Number(process.env['AVA_SEED'] ?? 19);
console.log(`seed ${SEED}`);

/** Opens, compares with a replay from the beginning, makes `blocks` blocks, and ends with or without the state store. */
async function life(path: string, blocks: number, seed: number, behind: 'written' | 'lost'): Promise<number> {
  const ledger: Ledger = await openLedger(path, (key) =>
    smallGenesis(
      {},
      {
        constitution: smallConstitution({ rules: [ruleText('calls', 'session.calls < 90')] }),
        validators: [{ principal: SMALL_PRINCIPAL, name: 'node', suite: key.suite, public: key.public, weight: 1 }],
      },
    ),
  );
  const { log, law, state, replayed } = ledger;
  const whole = beginReplay(law);
  for (const frame of log.frames()) replayFrame(whole, frame, true);
  assert.deepEqual(factsOf(state), factsOf(whole));
  assert.deepEqual([state.prev_hash, state.facts_digest, state.stopped], [whole.prev_hash, whole.facts_digest, whole.stopped]);
  const writer = new WriteBehind(ledger, (error) => assert.fail(String(error)));
  let now_ms = Math.max(state.time_ms, SMALL_START_MS);
  const solo = new Solo({
    state,
    log: ledgerLog(log, ledger.key),
    key: ledger.key,
    now: () => now_ms,
    writeBehind: behind === 'written' ? writer.take : () => {},
  });
  const workload = new Workload(new Random(seed), law.network, SMALL_PRINCIPAL, { rules: ['calls'] });
  workload.resume((state.facts.get(factKey('sequence', SMALL_PRINCIPAL)) as Sequence | undefined)?.last ?? 0);
  for (const [key, fact] of state.facts) if (fact.is === 'session') workload.sessions.push(key.slice(1));
  for (let i = 0; i < blocks; i++) {
    now_ms += 100_000;
    await new Promise<void>((resolve) => {
      const transaction = workload.next();
      solo.submit(transaction, (_, receipt) => {
        if (receipt !== null) workload.learn(transaction, receipt);
        resolve();
      });
    });
  }
  await solo.close();
  if (behind === 'written') await writer.close();
  await ledger.store.close();
  await log.close();
  ledger.folder.release();
  return replayed;
}

test('blocks that the state store never had do not make it lie', async (t) => {
  const path = scratchFolder(t);
  await life(path, 30, SEED, 'written');
  assert.equal(await life(path, 30, SEED + 1, 'lost'), 0, 'from the snapshot alone');
  assert.ok((await life(path, 3, SEED + 2, 'written')) > 20, 'the lost blocks are replayed');
  assert.equal(await life(path, 0, SEED + 3, 'lost'), 0);
  await life(path, 5, SEED + 4, 'lost');
  await life(path, 1, SEED + 5, 'written');
  assert.equal(await life(path, 0, SEED + 6, 'written'), 0);
});

test('a store that lost everything is filled again', async (t) => {
  const path = scratchFolder(t);
  await life(path, 20, SEED, 'lost');
  await life(path, 1, SEED + 1, 'written');
  assert.equal(await life(path, 0, SEED + 2, 'lost'), 0);
});

test('G-9: blocks under a schedule that this version does not know: a fault, and nothing is written', async (t) => {
  const path = scratchFolder(t);
  await life(path, 5, SEED, 'written');
  const ledger = await openLedger(path, never);
  const block = apply(ledger.state, SMALL_START_MS * 2, []);
  const header = { ...block.header, schedule: 'o'.repeat(32) };
  const other = { ...block, header, header_bytes: encodeHeader(header), header_hash: headerHash(encodeHeader(header)) };
  const signature = sign(ledger.key, 'header', ledger.law.network, other.header_hash);
  await new Promise<void>((resolve) => ledgerLog(ledger.log, ledger.key).append(other, signature, () => resolve(), false));
  await ledger.log.close();
  await ledger.store.close();
  ledger.folder.release();
  const before = bytesIn(path);
  await assert.rejects(openLedger(path, never), {
    slug: 'schedule_unknown',
    message: /^block 6 stands under schedule 6f6f6f6f6f6f6f6f…, this version judges under/,
  });
  assert.deepEqual(bytesIn(path), before);
});

const never = (): never => {
  throw new RangeError('the folder has a genesis');
};

/** What stands in the log and beside it, by name. */
function bytesIn(path: string): Record<string, string> {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter(
    (file) => file.isFile() && !/lock|state/.test(join(file.parentPath, file.name).slice(path.length)),
  );
  return Object.fromEntries(files.map((file) => [join(file.parentPath, file.name), readFileSync(join(file.parentPath, file.name), 'hex')]));
}
