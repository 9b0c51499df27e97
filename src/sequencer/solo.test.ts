/** Solo on its own: order of answers, bounds, ticks, and how it stops. Time and disk are stepped by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_MS, MINUTE_MS, ruleText, SMALL_KEY, SMALL_PRINCIPAL, SMALL_START_MS, smallGenesis } from '../../sim/small-law.ts';
import { Fault } from '../base/fault.ts';
import { type Law, lawOf } from '../law/law.ts';
import type { BlockOutput } from '../machine/apply.ts';
import type { Receipt } from '../machine/receipt.ts';
import { initialState } from '../machine/state.ts';
import { Edge } from './edge.ts';
import { ALONE_BLOCKS, QUEUE_MAX, Solo } from './solo.ts';

const plain = lawOf(smallGenesis({ rules: [ruleText('r', 'session.calls < 1000000')] }));

/** A solo whose turns, timers and disk wait to be stepped. */
class Bench {
  readonly solo: Solo;
  readonly edge: Edge;
  readonly blocks: BlockOutput[] = [];
  readonly events: string[] = [];
  /** Of each block, whether the log may hold the thread. */
  readonly alone: boolean[] = [];
  clock_ms = 0;
  now_ms = SMALL_START_MS;
  private turns: (() => void)[] = [];
  private timers: { at_ms: number; run: () => void }[] = [];
  private landing: ((fault: Fault | null) => void) | null = null;

  constructor(law: Law = plain, queue_max?: number) {
    this.edge = new Edge(law.network, SMALL_PRINCIPAL, 0);
    this.solo = new Solo({
      state: initialState(law.network, law, SMALL_START_MS),
      log: {
        append: (block, _, done, alone) => {
          this.alone.push(alone);
          assert.equal(this.landing, null, 'one block at a time');
          this.blocks.push(block);
          this.events.push(`write ${block.header.height}`);
          this.landing = done;
        },
      },
      key: SMALL_KEY,
      now: () => this.now_ms,
      clock: () => this.clock_ms,
      writeBehind: (block) => this.events.push(`behind ${block.header.height}`),
      schedule: (turn) => this.turns.push(turn),
      after: (wait_ms, run) => {
        const timer = { at_ms: this.now_ms + wait_ms, run };
        this.timers.push(timer);
        return () => {
          this.timers = this.timers.filter((one) => one !== timer);
        };
      },
      ...(queue_max !== undefined && { queue_max }),
    });
    this.solo.follow((block) => this.events.push(`follow ${block.header.height}`));
  }

  get armed(): number[] {
    return this.timers.map(({ at_ms }) => at_ms);
  }

  open(name = 'x'): void {
    this.solo.submit(this.edge.openSession(name, 1), (fault, receipt) => this.events.push(`${name} ${fault?.slug ?? (receipt as Receipt).height}`));
  }

  turn(): void {
    for (const turn of this.turns.splice(0)) turn();
  }

  land(fault: Fault | null = null): void {
    const { landing } = this;
    assert.ok(landing !== null, 'nothing flies');
    this.landing = null;
    landing(fault);
  }

  get flying(): boolean {
    return this.landing !== null;
  }

  /** Moves the clock and fires what is due then. */
  pass(ms: number): void {
    this.now_ms += ms;
    for (const { run } of this.timers.splice(0).filter((timer) => timer.at_ms <= this.now_ms || !this.timers.push(timer))) run();
  }

  take(): string[] {
    return this.events.splice(0);
  }
}

test('only a client that is alone for a while may hold the thread: not two, not one that had been waiting, not what comes in flight', () => {
  const bench = new Bench();
  const block = (...names: readonly string[]): void => {
    bench.clock_ms += 1;
    for (const name of names) bench.open(name);
    bench.turn();
  };
  const aloneAfterMany = (): void => {
    for (let i = 0; i < ALONE_BLOCKS; i++) {
      block('one');
      bench.land();
    }
    assert.deepEqual(new Set(bench.alone.splice(0)), new Set([false]));
    block('one more');
    bench.land();
    assert.deepEqual(bench.alone.splice(0), [true]);
  };
  aloneAfterMany();
  bench.clock_ms -= 0.99;
  block('at once');
  bench.land();
  assert.deepEqual(bench.alone.splice(0), [false]);
  aloneAfterMany();
  block('two', 'together');
  block('in flight');
  bench.land();
  bench.land();
  assert.deepEqual(bench.alone.splice(0), [false, false]);
  aloneAfterMany();
});

test('receipts follow the sync; what arrives meanwhile shares the next block', () => {
  const bench = new Bench();
  bench.open('a');
  bench.open('b');
  assert.deepEqual(bench.take(), []);
  bench.turn();
  assert.deepEqual(bench.take(), ['write 1']);
  bench.open('c');
  bench.turn();
  bench.open('d');
  bench.turn();
  assert.deepEqual(bench.take(), [], 'nothing is answered before its block is durable');
  assert.equal(bench.solo.height, 0);
  bench.land();
  assert.deepEqual(bench.take(), ['behind 1', 'write 2', 'a 1', 'b 1', 'follow 1']);
  assert.equal(bench.solo.height, 1);
  bench.land();
  assert.deepEqual(bench.take(), ['behind 2', 'c 2', 'd 2', 'follow 2']);
  assert.deepEqual(
    bench.blocks.map((block) => block.entries.length),
    [2, 2],
  );
});

test('a refusal is answered at once, and makes no block', () => {
  const bench = new Bench();
  bench.solo.submit(bench.edge.decide('x'.repeat(16), { kind: 'tool.call', server: null, name: 'pay' }, {}, null, true), (fault) =>
    bench.events.push(fault?.slug ?? 'none'),
  );
  bench.turn();
  assert.deepEqual(bench.take(), ['session_unknown']);
  assert.equal(bench.flying, false);
  assert.equal(bench.solo.state.height, 0);
});

test('a block holds 512; the rest of a burst follows; past the bound it is refused at once', () => {
  const bench = new Bench();
  for (let i = 0; i < QUEUE_MAX + 3; i++) bench.open(`${i}`);
  assert.deepEqual(bench.take(), [`${QUEUE_MAX} overloaded`, `${QUEUE_MAX + 1} overloaded`, `${QUEUE_MAX + 2} overloaded`]);
  bench.turn();
  while (bench.flying) {
    bench.land();
    bench.turn();
  }
  assert.deepEqual(
    bench.blocks.map((block) => block.entries.length),
    Array.from({ length: QUEUE_MAX / 512 }, () => 512),
  );
  assert.equal(bench.take().filter((event) => /^\d+ \d+$/.test(event)).length, QUEUE_MAX);
  assert.equal(bench.solo.waiting, 0);
  bench.open('again');
  bench.turn();
  bench.land();
  assert.ok(bench.take().includes(`again ${bench.blocks.length}`));
});

test('large results fill a block by bytes, and every frame can be written', () => {
  const bench = new Bench();
  bench.open('a');
  bench.turn();
  bench.land();
  const session = (bench.blocks[0].accepted[0].transaction.tx_id as string).slice(0, 16);
  const permits: string[] = [];
  for (let i = 0; i < 200; i++) {
    bench.solo.submit(bench.edge.decide(session, { kind: 'tool.call', server: null, name: 'unlisted' }, {}, null, true), (_, receipt) =>
      permits.push(receipt?.permit ?? ''),
    );
  }
  bench.turn();
  bench.land();
  assert.equal(permits.length, 200);
  let answered = 0;
  for (const permit of permits) bench.solo.submit(bench.edge.outcome(permit, true, 'y'.repeat(190_000), null), (fault) => (answered += fault === null ? 1 : 0));
  bench.turn();
  while (bench.flying) {
    bench.land();
    bench.turn();
  }
  assert.equal(answered, 200);
  assert.deepEqual(
    bench.blocks.slice(2).map((block) => block.entries.length),
    [89, 89, 22],
  );
});

test('an idle node makes a block when something falls due, and none otherwise', () => {
  const bench = new Bench();
  bench.open('a');
  bench.turn();
  bench.land();
  assert.deepEqual(bench.armed, [SMALL_START_MS + 3_600_000], 'no timer is set further ahead than an hour');
  for (let hour = 1; hour < 24; hour++) {
    bench.pass(60 * MINUTE_MS);
    assert.equal(bench.flying, false);
    assert.equal(bench.armed.length, 1);
  }
  bench.pass(60 * MINUTE_MS);
  assert.equal(bench.flying, true);
  bench.land();
  assert.deepEqual(
    bench.blocks[1].events.map((event) => event.type),
    ['session.expired'],
  );
  bench.pass(0); // the item that was taken is looked at once more
  assert.deepEqual(bench.armed, [], 'nothing is due any more');
  bench.pass(7 * DAY_MS);
  assert.equal(bench.blocks.length, 2);
});

test('more is due than one block drains: blocks follow at once', () => {
  const bench = new Bench();
  for (let i = 0; i < 1_300; i++) bench.open(`${i}`);
  bench.turn();
  while (bench.flying) bench.land();
  bench.take();
  bench.now_ms += DAY_MS;
  const drained: number[] = [];
  for (bench.pass(0); bench.flying; bench.pass(0)) {
    bench.land();
    drained.push(bench.blocks[bench.blocks.length - 1].events.length);
  }
  assert.deepEqual(drained, [1_000, 300]);
});

test('after an error of the disk everyone is answered, and nothing more is judged', () => {
  const bench = new Bench();
  bench.open('a');
  bench.turn();
  bench.open('b');
  bench.turn();
  bench.open('c');
  bench.land(new Fault('disk_failed', 'the disk is full'));
  assert.deepEqual(bench.take(), ['write 1', 'a disk_failed', 'b disk_failed', 'c disk_failed']);
  bench.open('d');
  bench.turn();
  bench.pass(2 * DAY_MS);
  assert.deepEqual(bench.take(), ['d disk_failed']);
  assert.equal(bench.solo.fault?.slug, 'disk_failed');
  assert.deepEqual([bench.solo.height, bench.blocks.length, bench.armed.length], [0, 1, 0]);
});

test('a timer that was set before the disk failed makes no block', () => {
  const bench = new Bench();
  bench.open('a');
  bench.turn();
  bench.land();
  bench.open('b');
  bench.turn();
  bench.land(new Fault('disk_failed'));
  bench.pass(2 * DAY_MS);
  assert.equal(bench.blocks.length, 2);
  assert.equal(bench.flying, false);
});

test('an engine that fails stops the node: no verdict, no block, everyone is told', () => {
  const law = lawOf(smallGenesis({ rules: [ruleText('r', 'session.calls < 1000000')] }));
  const bench = new Bench(law);
  bench.open('a');
  bench.turn();
  bench.land();
  bench.take();
  const session = (bench.blocks[0].accepted[0].transaction.tx_id as string).slice(0, 16);
  const rule = law.rules[0] as unknown as { instance: object };
  rule.instance = {
    ...rule.instance,
    judge: () => {
      throw new Fault('engine_failed');
    },
  };
  bench.open('b');
  bench.solo.submit(bench.edge.decide(session, { kind: 'tool.call', server: null, name: 'pay' }, {}, null, true), (fault) =>
    bench.events.push(`decision ${fault?.slug}`),
  );
  bench.open('c');
  bench.turn();
  assert.deepEqual(bench.take(), ['b engine_failed', 'decision engine_failed', 'c engine_failed']);
  assert.deepEqual([bench.flying, bench.solo.fault?.slug, bench.solo.height], [false, 'engine_failed', 1]);
});

test('closing waits for what was accepted, refuses the rest, and may be asked for twice', async () => {
  const bench = new Bench();
  bench.open('a');
  let closed = 0;
  const closing = [bench.solo.close(), bench.solo.close()].map((one) => one.then(() => (closed += 1)));
  bench.open('late');
  assert.deepEqual(bench.take(), ['late overloaded']);
  bench.turn();
  await Promise.resolve();
  assert.equal(closed, 0);
  bench.land();
  await Promise.all(closing);
  assert.deepEqual(bench.take(), ['write 1', 'behind 1', 'a 1', 'follow 1']);
  assert.deepEqual(bench.armed, []);
  await bench.solo.close();
});

test('who submits again from within an answer is served', () => {
  const bench = new Bench();
  let rounds = 0;
  const again = (): void =>
    bench.solo.submit(bench.edge.openSession('x', 0), (fault) => {
      assert.equal(fault, null);
      if (++rounds < 5) again();
    });
  again();
  bench.turn();
  while (bench.flying) {
    bench.land();
    bench.turn();
  }
  assert.equal(rounds, 5);
  assert.equal(bench.solo.height, 5);
});
