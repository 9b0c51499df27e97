/**
 * A node and its replicas in one process, under the real Solo, log and machine: the clock, the order of what happens,
 * the disk and the traffic are drawn from one seed. Lives end by power cut, kill, an error of the disk, or cleanly;
 * after each the node recovers, replays and goes on, and the promises are held against what the outside has seen.
 */
import assert from 'node:assert/strict';
import { beginReplay, replayFrame } from '../src/audit/replay.ts';
import { equal, type Octets, octets } from '../src/base/bytes.ts';
import { Fault } from '../src/base/fault.ts';
import { encodeWith } from '../src/base/record.ts';
import type { Law } from '../src/law/law.ts';
import type { BlockOutput } from '../src/machine/apply.ts';
import { decodeHeader } from '../src/machine/block.ts';
import { factKey, type Sequence } from '../src/machine/fact.ts';
import { decodeEntry, type Receipt, receipt as receiptField } from '../src/machine/receipt.ts';
import type { State } from '../src/machine/state.ts';
import type { Transaction } from '../src/machine/transaction.ts';
import { ledgerLog } from '../src/sequencer/ledger-log.ts';
import { Solo } from '../src/sequencer/solo.ts';
import type { Frame } from '../src/store/frame.ts';
import { Log, type LogOptions } from '../src/store/log.ts';
import { Claims, type Limit } from './claims.ts';
import { SimDisk, type SimFault } from './disk.ts';
import type { Random } from './random.ts';
import { Scheduler, settle } from './scheduler.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SMALL_KEY, SMALL_PRINCIPAL, SMALL_START_MS } from './small-law.ts';
import { FactStore, factsOf } from './snapshot.ts';
import { Workload } from './workload.ts';

const LOG_OPTIONS: LogOptions = { segment_bytes: 65_536, salt: () => 'simulate' };
const QUEUE_MAX = 40;
const REPLICAS = 2;

/** How often what happened: a simulation that meets no fault shows nothing. */
export type Counts = Record<string, number>;

export interface ClusterParts {
  readonly law: Law;
  /** The same law, compiled apart. */
  readonly replicaLaw: Law;
  readonly limits: readonly Limit[];
  readonly random: Random;
  readonly counts: Counts;
  /** Whether rules are halted and resumed. */
  readonly halts: boolean;
}

type End = 'crash' | 'kill' | 'poison' | 'clean' | 'unopened';

interface Answered {
  readonly height: number;
  readonly index: number;
  readonly receipt: Uint8Array;
}

export class Cluster {
  private readonly law: Law;
  private readonly random: Random;
  private readonly counts: Counts;
  private readonly limits: readonly Limit[];
  private readonly scheduler: Scheduler;
  private readonly workload: Workload;
  private disk: SimDisk;
  private readonly store = new FactStore();
  private readonly replicas: State[];
  private readonly replicaLaw: Law;
  /** What clients hold. */
  private readonly acknowledged = new Map<Octets, Answered>();
  /** Headers that anyone has seen as durable, by height. */
  private readonly headers = new Map<number, Octets>();
  private skew_ms = 0;

  constructor(parts: ClusterParts) {
    this.law = parts.law;
    this.replicaLaw = parts.replicaLaw;
    this.random = parts.random;
    this.counts = parts.counts;
    this.limits = parts.limits;
    this.scheduler = new Scheduler(this.random, SMALL_START_MS);
    this.workload = new Workload(this.random, this.law.network, SMALL_PRINCIPAL, {
      rules: this.law.rules.map((rule) => rule.name),
      agents: 2,
      money: 30,
      ...(parts.halts && { key: SMALL_KEY }),
    });
    this.disk = new SimDisk((of) => this.random.below(of));
    this.replicas = Array.from({ length: REPLICAS }, () => beginReplay(this.replicaLaw));
  }

  private count(what: string, by = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + by;
  }

  private readonly now = (): number => this.scheduler.now_ms + this.skew_ms;

  /** One life, from opening to its end. `faults` strike at calls of the disk counted from now. */
  async live(transactions: number, faults: readonly (readonly [call: number, fault: SimFault])[]): Promise<void> {
    const { disk, scheduler } = this;
    disk.defer = (answer) => void scheduler.after(this.random.below(4), answer);
    disk.capacity = this.random.chance(0.1) ? disk.used() + this.random.below(80_000) : Number.POSITIVE_INFINITY;
    for (const [call, fault] of faults) disk.faults.set(disk.calls + call, fault);
    const log = await this.open();
    if (log === null) return this.end(disk.stopped ? 'crash' : 'unopened', null);
    const state = this.recover(log);
    if (state === null) return this.end(disk.stopped ? 'crash' : 'unopened', log);
    const end = await this.serve(log, state, transactions);
    if (faults.length === 0 && disk.capacity === Number.POSITIVE_INFINITY) assert.notEqual(end, 'poison', 'a sound disk stops nobody');
    await this.end(end, log);
  }

  /** The log; null where the disk stopped or failed meanwhile. */
  private async open(): Promise<Log | null> {
    const { disk } = this;
    let done: Log | Fault | null = null;
    Log.open(disk, LOG_OPTIONS).then(
      (log) => (done = log),
      (fault) => (done = fault),
    );
    await settle();
    while (done === null && !disk.stopped && (await this.scheduler.step()));
    if (disk.stopped) return null;
    const opened = done as Log | Fault | null;
    assert.ok(opened !== null, 'opening comes to an end');
    if (opened instanceof Log) return opened;
    assert.equal(opened.slug, 'disk_failed', String(opened));
    this.count('openings that failed');
    return null;
  }

  /** Replays from the beginning and from the state store, and compares; null where the disk does not let it. */
  private recover(log: Log): State | null {
    try {
      const state = beginReplay(this.law);
      const frames = [...log.frames()];
      for (const frame of frames) this.replay(state, frame, true);
      this.count('blocks replayed', frames.length);
      this.checkAcknowledged(frames);
      const { store } = this;
      assert.ok(store.height <= log.head, 'the state store follows the log');
      const other = store.restore(this.law, store.height === 0 ? null : frames[store.height - 1].header);
      // the store lags behind: what is replayed it has not had
      for (const frame of frames.slice(store.height)) store.take(this.replay(other, frame, false));
      assert.deepEqual(factsOf(other), factsOf(state), 'replayed from a snapshot and from the beginning');
      assert.equal(other.prev_hash, state.prev_hash);
      assert.equal(other.stopped, state.stopped);
      if (store.height > 0) this.count('recoveries from a snapshot');
      return this.random.chance(0.5) ? other : state;
    } catch (error) {
      if (error instanceof Fault && error.slug === 'disk_failed') return null;
      throw error;
    }
  }

  private replay(state: State, frame: Frame, signed: boolean): BlockOutput {
    const block = replayFrame(state, frame, signed);
    const header = octets(frame.header);
    const seen = this.headers.get(frame.height);
    if (seen === undefined) this.headers.set(frame.height, header);
    else assert.equal(header, seen, `block ${frame.height} is another than before`);
    return block;
  }

  /** Acknowledged ⊂ durable: each receipt stands in its block at its place, byte for byte. */
  private checkAcknowledged(frames: readonly Frame[]): void {
    for (const [tx_id, { height, index, receipt }] of this.acknowledged) {
      const item = frames[height - 1]?.items[index];
      assert.ok(item !== undefined, `block ${height} was acknowledged, the ledger ends with ${frames.length}`);
      const entry = decodeEntry(item.entry, this.law.network, null);
      assert.equal(entry.transaction.tx_id, tx_id);
      assert.ok(equal(encodeWith(receiptField, entry.receipt), receipt), 'the receipt is the one that was given');
    }
  }

  /** Traffic until `transactions` are answered, the disk stops, or the sequencer does. */
  private async serve(log: Log, state: State, transactions: number): Promise<End> {
    const { disk, scheduler, random, workload } = this;
    const solo = new Solo({
      state,
      log: ledgerLog(log, SMALL_KEY),
      key: SMALL_KEY,
      now: this.now,
      writeBehind: (block) => this.store.take(block),
      schedule: (turn) => void scheduler.after(0, turn),
      after: (wait_ms, turn) => scheduler.after(wait_ms, turn),
      queue_max: QUEUE_MAX,
    });
    solo.follow((block) => {
      const header = octets(block.header_bytes);
      assert.equal(this.headers.get(block.header.height) ?? header, header);
      this.headers.set(block.header.height, header);
      if (block.entries.length === 0) this.count('blocks without transactions');
      this.count('blocks');
      this.workload.tick(block.header.time_ms);
      for (const { type } of block.events) this.count(type);
      for (const { receipt } of block.accepted) for (const { cause } of receipt.reasons) this.count(`cause ${cause}`);
    });
    workload.resume((state.facts.get(factKey('sequence', SMALL_PRINCIPAL)) as Sequence | undefined)?.last ?? 0);
    let sent = 0;
    let answered = 0;
    const submit = (): void => {
      sent += 1;
      const transaction = workload.next();
      let called = false;
      solo.submit(transaction, (fault, receipt) => {
        assert.ok(!called, 'answered twice');
        called = true;
        if (disk.stopped) return;
        answered += 1;
        if (fault !== null) return this.count(fault.slug);
        this.acknowledge(log, transaction, receipt as Receipt);
      });
    };
    let cut = random.chance(0.3) ? 20 + random.below(400) : Number.POSITIVE_INFINITY;
    while (!disk.stopped && solo.fault === null && (sent < transactions || answered < sent)) {
      if (sent < transactions && (answered === sent || random.chance(0.5))) {
        const burst = random.chance(0.03) ? QUEUE_MAX + 20 : 1 + random.below(4);
        for (let i = 0; i < burst; i++) submit();
        this.moveClock();
      }
      this.background(log);
      if (!(await scheduler.step())) assert.equal(answered, sent, 'nothing runs, and somebody waits');
      if (--cut === 0) disk.stopped = true;
    }
    if (disk.stopped) return 'crash';
    if (solo.fault !== null) {
      this.checkPoisoned(solo, log);
      assert.equal(answered, sent, 'everyone is answered');
      return 'poison';
    }
    if (random.chance(0.3)) return random.chance(0.5) ? 'kill' : 'crash';
    await this.close(solo);
    return disk.stopped ? 'crash' : solo.fault === null ? 'clean' : 'poison';
  }

  /** Jumps past permits, closed permits and sessions, and small steps back, which no block may show. */
  private moveClock(): void {
    const { random, scheduler } = this;
    if (random.chance(0.04)) scheduler.now_ms += random.pick([11 * MINUTE_MS, 61 * MINUTE_MS, HOUR_MS, DAY_MS + HOUR_MS]);
    else scheduler.now_ms += random.below(20_000);
    if (random.chance(0.05)) this.skew_ms = -random.below(5_000);
  }

  /** What happens beside the traffic: the state store is written, replicas follow. */
  private background(log: Log): void {
    const { random } = this;
    if (random.chance(0.1)) this.store.flush(random.below(6));
    if (random.chance(0.1)) this.follow(log, random.below(REPLICAS), random.below(8));
  }

  /** A replica applies up to `most` further durable blocks; now and then it starts anew from another's facts. */
  private follow(log: Log, which: number, most: number): void {
    try {
      for (let i = 0; i < most && this.replicas[which].height < log.head; i++)
        this.replay(this.replicas[which], log.read(this.replicas[which].height + 1), true);
      const source = this.replicas[(which + 1) % REPLICAS];
      if (source.height > 0 && this.random.chance(0.05)) {
        const store = new FactStore();
        store.put(source);
        this.replicas[which] = store.restore(this.replicaLaw, log.read(source.height).header);
        this.count('replicas from a snapshot');
      }
    } catch (error) {
      assert.ok(error instanceof Fault && error.slug === 'disk_failed', String(error));
    }
  }

  /** A receipt is given: its block is on the disk, whole. */
  private acknowledge(log: Log, transaction: Transaction, receipt: Receipt): void {
    assert.ok(receipt.height <= log.head, 'a receipt without its block');
    this.acknowledged.set(transaction.tx_id, { height: receipt.height, index: receipt.index, receipt: encodeWith(receiptField, receipt) });
    this.workload.learn(transaction, receipt);
    this.count(receipt.verdict);
  }

  /** After an error of the disk: every answer is `disk_failed`, and what is durable can be read. */
  private checkPoisoned(solo: Solo, log: Log): void {
    this.count('stops');
    this.disk.faults.clear();
    this.disk.capacity = Number.POSITIVE_INFINITY;
    let answer = '';
    solo.submit(this.workload.next(), (fault) => {
      answer = fault?.slug ?? 'none';
    });
    assert.equal(answer, 'disk_failed');
    for (const frame of log.frames()) assert.equal(this.headers.get(frame.height) ?? octets(frame.header), octets(frame.header));
    assert.ok(solo.height <= log.head && solo.state.law === this.law);
  }

  private async close(part: Solo | Log): Promise<void> {
    let closed = false;
    void part.close().then(() => {
      closed = true;
    });
    await settle();
    await this.until(() => closed);
    assert.ok(closed || this.disk.stopped, 'closing comes to an end');
  }

  private async until(done: () => boolean): Promise<void> {
    while (!done() && !this.disk.stopped && (await this.scheduler.step()));
  }

  /** Ends a life and leaves the disk as the next one finds it. */
  private async end(end: End, log: Log | null): Promise<void> {
    const { disk, random } = this;
    this.count(end);
    if (end === 'clean' && log !== null) await this.close(log);
    this.scheduler.clear();
    this.store.stop();
    disk.stopped = true;
    const { acknowledged } = this;
    if (end === 'crash' && random.chance(0.3)) await this.checkWorst(disk, acknowledged.size);
    this.disk = end === 'crash' || random.chance(0.5) ? disk.crashed((of) => random.below(of)) : disk.killed();
    await settle();
  }

  /** Acknowledged ⊂ durable in the worst case: of all that was not synced, nothing has arrived. */
  private async checkWorst(disk: SimDisk, acknowledged: number): Promise<void> {
    const log = await Log.open(
      disk.crashed(() => 0),
      LOG_OPTIONS,
    );
    this.checkAcknowledged([...log.frames()]);
    await log.close();
    this.count('receipts held against the worst case', acknowledged);
  }

  /** The last life: without traffic all that is due falls due; then the whole ledger is held against its claims. */
  async finish(): Promise<{ readonly disk: SimDisk; readonly head: number }> {
    const { disk, scheduler, store } = this;
    disk.faults.clear();
    disk.capacity = Number.POSITIVE_INFINITY;
    disk.defer = (answer) => void scheduler.after(0, answer);
    const log = await this.open();
    assert.ok(log !== null, 'a sound disk opens');
    const state = this.recover(log);
    assert.ok(state !== null);
    this.skew_ms = 0;
    const solo = new Solo({
      state,
      log: ledgerLog(log, SMALL_KEY),
      key: SMALL_KEY,
      now: this.now,
      writeBehind: (block) => store.take(block),
      schedule: (turn) => void scheduler.after(0, turn),
      after: (wait_ms, turn) => scheduler.after(wait_ms, turn),
    });
    const before = log.head;
    const until_ms = scheduler.now_ms + 4 * DAY_MS;
    await this.until(() => scheduler.now_ms > until_ms || state.due.next() === undefined);
    await this.until(() => !log.busy);
    this.count('blocks of an idle node', log.head - before);
    const left = [...state.facts.values()].filter((fact) => fact.is !== 'sequence');
    assert.deepEqual(left, [], 'everything that can fall due has');
    for (const replica of this.replicas) {
      for (const frame of log.frames(replica.height + 1)) this.replay(replica, frame, true);
      assert.equal(replica.prev_hash, solo.state.prev_hash, 'replicas equal');
    }
    this.checkClaims(log);
    await this.close(solo);
    await this.close(log);
    return { disk, head: log.head };
  }

  private checkClaims(log: Log): void {
    const claims = new Claims(this.limits);
    for (const frame of log.frames()) {
      const accepted = frame.items.map((item) => decodeEntry(item.entry, this.law.network, item.sidecar));
      claims.block(decodeHeader(frame.header).time_ms, accepted);
    }
    this.count('permits used', claims.used);
    this.count('payments allowed', claims.paid);
    this.count('payments refused', claims.refused);
    this.count('approvals used', claims.approved);
  }

  /** Flips one bit of what is stored at rest: the ledger is refused, and the block or segment named. */
  async flip(disk: SimDisk): Promise<void> {
    const { random } = this;
    const name = random.pick(disk.fileNames().filter((file) => file.endsWith('.log')));
    const bytes = disk.bytesOf(name);
    let end = bytes.length;
    while (end > 0 && bytes[end - 1] === 0) end -= 1;
    if (end === 0) return;
    const copy = disk.crashed(() => 0);
    copy.flip(name, random.below(end), random.below(8));
    await assert.rejects(
      Log.open(copy, LOG_OPTIONS),
      (error) => error instanceof Fault && error.slug === 'ledger_corrupt' && /block \d|segment \d/.test(error.message),
    );
    this.count('flips refused');
  }
}
