/** Guests across rooms: judged, recorded, replayed, restarted, bundled and verified, under every compiler of the engine. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { frameOfBlock } from '../sim/chain.ts';
import { GUEST_LAW, guestDecisions } from '../sim/guest-law.ts';
import { scratchFolder } from '../sim/scratch.ts';
import { Desk, ruleText, SMALL_KEY, SMALL_PRINCIPAL, smallGenesis } from '../sim/small-law.ts';
import { makeBundle, verifyBundle } from '../src/audit/bundle.ts';
import { beginReplay, replayFrame } from '../src/audit/replay.ts';
import { hex } from '../src/base/bytes.ts';
import { type CborMap, decode, encode } from '../src/base/cbor.ts';
import { Fault } from '../src/base/fault.ts';
import { lawOf, SCHEDULES } from '../src/law/law.ts';
import { BlockBuilder, type BlockOutput } from '../src/machine/apply.ts';
import { runRule } from '../src/machine/judge.ts';
import type { Receipt } from '../src/machine/receipt.ts';
import { KIND } from '../src/machine/transaction.ts';
import { loadConstitution } from '../src/node/constitution.ts';
import { openLedger } from '../src/node/ledger.ts';
import { ledgerLog } from '../src/sequencer/ledger-log.ts';
import { Solo } from '../src/sequencer/solo.ts';
import { Stopwatch } from '../src/sequencer/stopwatch.ts';
import type { Frame } from '../src/store/frame.ts';

const GENESIS = smallGenesis(GUEST_LAW);
const LAW = lawOf(GENESIS);

function chain(): BlockOutput[] {
  const blocks: BlockOutput[] = [];
  guestDecisions(new Desk(LAW), (block) => blocks.push(block));
  return blocks;
}

const BLOCKS = chain();
const FRAMES: readonly Frame[] = BLOCKS.map((block) => frameOfBlock(block, SMALL_KEY));

test('each end of a guest is its verdict, its cause and its gas', () => {
  const desk = new Desk(LAW);
  const session = desk.open();
  const summary = (result: Receipt | Fault): string => {
    if (result instanceof Fault) throw result;
    return [result.verdict, ...result.reasons.map(({ rule, cause }) => `${rule} ${cause}`)].join(' ');
  };
  const probe = (what: number, answer = true): string => summary(desk.decide(session, 'probe', { do: what, say: answer }, { permit: false }));
  const table: readonly (readonly [number, string])[] = [
    [0, 'allow'],
    [1, 'allow'],
    [2, 'allow'],
    [4, 'escalate probe trap'],
    [6, 'escalate probe gas'],
    [7, 'escalate probe stack'],
    [8, 'escalate probe trap'],
    [11, 'escalate probe unauthorised'],
    [14, 'deny probe failed'],
    [15, 'escalate probe trap'],
    [99, 'escalate probe fault'],
  ];
  for (const [what, said] of table) assert.equal(probe(what), said, `${what}`);
  assert.equal(probe(0, false), 'deny probe failed');
  const out = desk.decide(session, 'probe', { do: 6 }, { permit: false }) as Receipt;
  assert.ok(out.gas >= 300_000, 'the limit, and the expression beside it');

  const pay = (amount: number, to: string): string =>
    summary(desk.decide(session, 'pay', { amount, to, recipients: ['a@example.org', 'b'] }, { permit: false }));
  assert.equal(pay(100, 'you'), 'allow');
  assert.equal(pay(101, 'you'), 'deny transfer failed');
  assert.equal(pay(1, 'evil'), 'deny transfer failed');
  const pod = (privileged: boolean): string => summary(desk.decide(session, 'pod', { object: { privileged } }, { permit: false }));
  assert.deepEqual([pod(false), pod(true)], ['allow', 'deny pods failed']);
});

test('what a guest asks of the state is in the witness, and its record in the hash of its inputs', () => {
  const desk = new Desk({ ...GUEST_LAW, rules: GUEST_LAW.rules?.filter((text) => /^rule: (?:probe|other)$/m.test(text)) });
  const session = desk.open();
  const hash = (what: number): string => (desk.decide(session, 'probe', { do: what, say: true }, { permit: false }) as Receipt).inputs_hash as string;
  const witness = (): CborMap => decode((desk.last as BlockOutput).witnesses[0] as Uint8Array) as CborMap;
  const [asking, calling, neither] = [hash(1), hash(2), hash(0)];
  assert.deepEqual(witness(), { 'session.calls': 0 });
  assert.deepEqual([hash(1), hash(2), hash(0)], [asking, calling, neither]);
  // The input is the same from here on, and what it asks for is another: `session.calls`, and what rule `other` makes of it.
  for (let i = 0; i < 2; i++) desk.decide(session, 'balance', {});
  assert.notEqual(hash(1), asking);
  assert.notEqual(hash(2), calling);
  assert.equal(hash(0), neither);
});

test('a guest is told nothing by a rule that is halted, and keeps its own parameters', () => {
  const desk = new Desk(LAW);
  const session = desk.open();
  const probe = (what: number): string => {
    const result = desk.decide(session, 'probe', { do: what }, { permit: false });
    return result instanceof Fault ? result.slug : [result.verdict, ...result.reasons.map(({ cause }) => cause)].join(' ');
  };
  assert.deepEqual([probe(2), probe(24)], ['allow', 'allow']);
  desk.halt('other', 60_000);
  assert.deepEqual([probe(2), probe(24)], ['escalate fault', 'allow']);
});

test('a guest that a guest calls has no more than its caller has left, however rules are run', () => {
  const guest = (name: string, first: string, gas: number, calls: string): string =>
    `rule: ${name}\ntitle: t\nscope: tool.${name}\nprogram: probe.wasm\nabi: buffer\ninputs: { args.${first}: int, args.say: bool }\ncalls: [${calls}]\nreads: [session.calls]
hosts: [hash, verify, read, oracle, call, log]\nlimits: { memory_pages: 4, gas: ${gas} }`;
  const law = lawOf(smallGenesis({ ...GUEST_LAW, rules: [guest('outer', 'do', 300_000, 'other'), guest('other', 'burn', 1_000_000, 'outer')] }));
  const watch = new Stopwatch({ clock: () => 0, timeout_ms: 50, overran: assert.fail });
  for (const [burn, causes, gas] of [
    // What putting the other one back takes, a page, is its caller's.
    [0, '', [12_192, 18_192]],
    // Within the caller's gas this one would have gone on.
    [6, 'gas', [300_000, 300_000]],
    [7, 'stack', [4_000, 299_999]],
    // So is a new instance in place of one that trapped.
    [8, 'fault', [44_960, 70_000]],
  ] as const) {
    const receipts = [runRule, watch.run].map((run) => {
      const desk = new Desk(law);
      const session = desk.open();
      const builder = new BlockBuilder(desk.state, desk.now_ms, run);
      const side = desk.make(KIND.decide, { session, kind: 'tool.call', server: null, name: 'outer', args_commitment: '', permit: false }, [
        { do: 2, burn, say: true },
        null,
      ]);
      return builder.add(side) as Receipt;
    });
    assert.deepEqual(receipts[0], receipts[1]);
    assert.equal(receipts[0].reasons.map(({ cause }) => cause).join(), causes, `${burn}`);
    assert.ok(receipts[0].gas >= gas[0] && receipts[0].gas <= gas[1], `${burn}: ${receipts[0].gas}`);
  }
});

test('rules with guests stand under the second schedule', () => {
  assert.equal(LAW.schedule, SCHEDULES[1]);
  assert.equal(lawOf(smallGenesis({ rules: [ruleText('a', 'true')] })).schedule, SCHEDULES[0]);
});

test('replays to the same headers, from a law that was compiled again', () => {
  const state = beginReplay(lawOf(GENESIS));
  for (const frame of FRAMES) replayFrame(state, frame, true);
  assert.equal(hex(state.prev_hash), hex(BLOCKS[BLOCKS.length - 1].header_hash));
});

for (const flag of ['--liftoff-only', '--no-liftoff']) {
  test(`the same chain under ${flag}`, () => {
    const { stdout, stderr } = spawnSync(process.execPath, [flag, fileURLToPath(new URL('../sim/guest-law.ts', import.meta.url))], { encoding: 'utf8' });
    assert.equal(stdout.trim(), hex(BLOCKS[BLOCKS.length - 1].header_hash), stderr);
  });
}

test('every bundle verifies by itself; one with another witness does not', () => {
  let witnessed = 0;
  for (const frame of FRAMES) {
    const bundle = makeBundle(GENESIS, frame, 0);
    assert.ok(verifyBundle(bundle, LAW.network).complete);
    const { witness } = frame.items[0];
    if (witness === null) continue;
    const values = decode(witness) as CborMap;
    for (const path of Object.keys(values)) {
      const changed = encode({ ...values, [path]: (values[path] as number) + 1 });
      assert.throws(
        () => verifyBundle(makeBundle(GENESIS, { ...frame, items: [{ ...frame.items[0], witness: changed }] }, 0)),
        (error) => error instanceof Fault && error.slug === 'verify_failed',
      );
      witnessed += 1;
    }
  }
  assert.ok(witnessed > 50);
});

test('restarts in the middle, and goes on with the same headers', async (t) => {
  const path = scratchFolder(t);
  let done = 0;
  for (const until of [20, BLOCKS.length]) {
    const ledger = await openLedger(path, (key) =>
      smallGenesis(GUEST_LAW, { validators: [{ principal: SMALL_PRINCIPAL, name: 'node', suite: key.suite, public: key.public, weight: 1 }] }),
    );
    // The same decisions under this ledger's own network.
    const model: BlockOutput[] = [];
    guestDecisions(new Desk(ledger.law), (block) => model.push(block));
    assert.equal(ledger.state.height, done);
    let now_ms = 0;
    const solo = new Solo({ state: ledger.state, log: ledgerLog(ledger.log, ledger.key), key: ledger.key, now: () => now_ms, writeBehind: () => {} });
    for (const block of model.slice(done, until)) {
      now_ms = block.header.time_ms;
      await new Promise<void>((resolve, reject) => {
        solo.submit(block.accepted[0].transaction, (result, receipt) => (receipt === null ? reject(new Error(String(result))) : resolve()));
      });
    }
    done = until;
    await solo.close();
    assert.equal(hex(ledger.state.prev_hash), hex(model[until - 1].header_hash));
    await ledger.store.close();
    await ledger.log.close();
    ledger.folder.release();
  }
});

test('a constitution’s folder holds the modules beside its rules, and runs their tests', (t) => {
  const folder = scratchFolder(t);
  mkdirSync(join(folder, 'rules'), { recursive: true });
  copyFileSync(new URL('guest/probe.wasm', import.meta.url), join(folder, 'rules', 'probe.wasm'));
  writeFileSync(join(folder, 'constitution.yaml'), 'constitution: guests\nversion: 1\ndefault: allow\nrules: [rules/probe.yaml, rules/other.yaml]\n');
  writeFileSync(join(folder, 'rules', 'other.yaml'), ruleText('other', 'true'));
  const rule = (given: string, expect: string, file = 'probe.wasm'): void =>
    writeFileSync(
      join(folder, 'rules', 'probe.yaml'),
      `rule: probe\ntitle: t\nscope: all\nprogram: ${file}\nabi: buffer\ninputs: { args.do: int, args.say: bool }\ncalls: [other]\nreads: [session.calls]
hosts: [hash, verify, read, oracle, call, log]\nlimits: { memory_pages: 4 }\ntests:\n  - name: it\n    given: ${given}\n    expect: ${expect}\n`,
    );
  rule('{ args.do: 0, args.say: true }', 'pass');
  const law = loadConstitution(folder);
  assert.ok(lawOf(smallGenesis({}, { constitution: law })).rules[0].module !== null);
  rule('{ args.do: 1, session.calls: 5 }', 'pass');
  loadConstitution(folder);
  rule('{ args.do: 8 }', 'error');
  loadConstitution(folder);
  rule('{ args.do: 8 }', 'pass');
  assert.throws(() => loadConstitution(folder), { slug: 'rule_test', message: /probe.yaml: test `it` expects pass, the rule gives error/ });
  rule('{}', 'error', 'other.wasm');
  assert.throws(() => loadConstitution(folder), { slug: 'config', message: /other.wasm cannot be read/ });
  copyFileSync(new URL('guest/asking-early.wasm', import.meta.url), join(folder, 'rules', 'other.wasm'));
  assert.throws(() => loadConstitution(folder), { slug: 'wasm_refused' });
});
