/** Guests (GU): what each end of a call comes to, that every call begins at the snapshot, and what the host gives and refuses. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Random } from '../../sim/random.ts';
import { EMPTY, fromOctets, hex, utf8 } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { tagged } from '../crypto/hash.ts';
import { encodeInputs } from '../rule/input.ts';
import { codeKey, compiled } from './cache.ts';
import { Guest, type GuestPlan } from './guest.ts';
import { type Answers, answersOf, type Budget, CALL_DEPTH_MAX, eventText, HOST_FUNCTIONS, type Judged, readRecord } from './host.ts';
import { LIMITS } from './limits.ts';
import { decodeCall, encodeCall, RECORD_BYTES_MAX, RecordWriter } from './record.ts';
import { SCHEDULE } from './schedule.ts';
import { trapResult } from './trap.ts';

const SEED = Number(process.env['AVA_SEED'] ?? 31);
console.log(`seed ${SEED}`);

const moduleOf = (name: string): Uint8Array => new Uint8Array(readFileSync(`${import.meta.dirname}/../../test/guest/${name}.wasm`));
const LIMIT = 1_000_000;

const plan = (change: Partial<GuestPlan> = {}): GuestPlan => ({
  name: 'probe',
  module: moduleOf('probe'),
  abi: 'buffer',
  limits: { gas: LIMIT, memory_pages: 4, stack_words: 65_536 },
  inputs: ['args.do', 'args.say'],
  hosts: HOST_FUNCTIONS,
  calls: ['other'],
  reads: ['session.calls'],
  ...change,
});

/** What the probe is asked to do, and the answer that it may give. */
const asked = (what: number, answer = true, more: Uint8Array = EMPTY): Uint8Array => {
  const input = encodeInputs([{ value: BigInt(what) }, { value: answer }]);
  const all = new Uint8Array(input.length + more.length);
  all.set(input);
  all.set(more, input.length);
  return all;
};

const judged = (result: number, gas = 0, short = false): Judged => ({ result, gas, record: EMPTY, short });

/** Answers that say what the test says, and keep what they were asked. */
function answering(change: Partial<Answers> = {}): Answers & { readonly log: string[] } {
  const log: string[] = [];
  return {
    log,
    read: (path) => {
      log.push(`read ${path}`);
      return encodeInputs([{ value: 5n }]);
    },
    oracle: (feed, age) => {
      log.push(`oracle ${feed} ${age}`);
      return encodeInputs([{ missing: 0 }]);
    },
    call: (rule, budget) => {
      log.push(`call ${rule} ${budget.callers.join('>')}`);
      return judged(2, 100);
    },
    ...change,
  };
}

const trap = trapResult;
const refused =
  (slug: string, text: RegExp) =>
  (error: unknown): boolean =>
    error instanceof Fault && error.slug === slug && text.test(error.message);

const ENDS: readonly (readonly [what: number, title: string, result: number, limits?: Partial<GuestPlan['limits']>])[] = [
  [0, 'its input decides', 2],
  [1, 'reads a path of the state', 2],
  [2, 'asks another rule', 2],
  [3, 'logs', 2],
  [4, 'GU-7: an address past its memory', trap('host')],
  [5, 'hashes', 2],
  [6, 'GU-3: a loop without end', trap('gas')],
  [7, 'a recursion without end', trap('stack')],
  [8, 'unreachable', trap('unreachable')],
  [9, 'grows by a page', 2],
  [11, 'GU-8: a path that its manifest does not name', trap('unauthorised')],
  [13, 'GU-12: logs without end', trap('gas')],
  [14, 'GU-8: a feed without a value', 0],
  [15, 'an address that V8 traps on', trap('trap')],
  [16, 'GU-6: no answer', trap('host')],
  [18, 'asks another rule without end', trap('gas')],
  [19, 'GU-10: a text too long to log', trap('host')],
  [20, 'hashes without end', trap('gas')],
  [22, 'a host function sees memory that has just grown', 2],
  [23, 'leaves a mark and gives up', trap('unreachable')],
  [99, 'an error of its own', 1],
];

test('each end of a call is its result, on a kept instance and on a new one, with the same gas', () => {
  const kept = new Guest(plan());
  for (const [what, title, result] of ENDS) {
    const first = kept.judge(asked(what), answering());
    const again = kept.judge(asked(what), answering());
    const alone = new Guest(plan()).judge(asked(what), answering());
    for (const one of [first, again, alone]) assert.deepEqual([one.result, one.gas], [result, first.gas], `${what}: ${title}`);
    // GU-3
    if (result === trap('gas')) assert.equal(first.gas, LIMIT, title);
    else assert.ok(first.gas > 0 && first.gas < LIMIT, title);
  }
  assert.equal(kept.judge(asked(0, false), answering()).result, 0);
});

test('GU-3: the input is paid for before anything runs, and the exact gas suffices', () => {
  const guest = new Guest(plan());
  const { gas } = guest.judge(asked(0), answering());
  const limited = (limit: number): Judged => new Guest(plan({ limits: { gas: limit, memory_pages: 4, stack_words: 65_536 } })).judge(asked(0), answering());
  assert.deepEqual([limited(gas).result, limited(gas).gas], [2, gas]);
  assert.deepEqual([limited(gas - 1).result, limited(gas - 1).gas], [trap('gas'), gas - 1]);
  assert.deepEqual([limited(31).result, limited(31).gas], [trap('gas'), 31]);
  const longer = guest.judge(asked(0, true, new Uint8Array(1_000)), answering());
  assert.equal(longer.gas, gas + 1_000);
});

test('GU-4: every call begins at the snapshot: memory and globals, after any end of the call before', () => {
  const random = new Random(SEED);
  const guest = new Guest(plan());
  const { gas } = guest.judge(asked(12), answering());
  for (let i = 0; i < 300; i++) {
    const [what] = ENDS[random.below(ENDS.length)];
    if (what !== 6 && what !== 13 && what !== 18 && what !== 20) guest.judge(asked(what), answering());
    const { result, gas: same } = guest.judge(asked(12), answering());
    assert.deepEqual([result, same], [2, gas], `after ${what}`);
  }
});

test('GU-4: of many inputs about one in 256 is judged twice, and a difference is a fault', () => {
  const guest = new Guest(plan());
  let asks = 0;
  const count = answering({
    read: () => {
      asks += 1;
      return encodeInputs([{ value: 5n }]);
    },
  });
  const all = 20_000;
  for (let i = 0; i < all; i++) guest.judge(asked(1, i % 2 === 0, utf8(`${i}`.padEnd(8))), count);
  // Judging again asks the record, not the machine.
  assert.equal(asks, all);
  // A guest whose instance does not come back to where it began: its snapshot says otherwise.
  const bent = new Guest(plan());
  const snapshot = (bent as unknown as { snapshot: { image: Uint8Array } }).snapshot;
  snapshot.image[80] ^= 1;
  let found = 0;
  for (let i = 0; i < all && found === 0; i++) {
    try {
      bent.judge(asked(0, true, utf8(`${i}`.padEnd(8))), count);
    } catch (error) {
      assert.ok(refused('engine_failed', /judges otherwise than a new one/)(error));
      found = i;
    }
  }
  assert.ok(found > 0 && found < 4_000, `found after ${found}`);
});

test('GU-4: long inputs are sampled too', () => {
  const guest = new Guest(plan());
  const bent = (guest as unknown as { snapshot: { image: Uint8Array } }).snapshot;
  bent.image[80] ^= 1;
  const random = new Random(SEED);
  const more = new Uint8Array(20_000);
  assert.throws(
    () => {
      for (let i = 0; i < 4_000; i++)
        guest.judge(
          asked(
            0,
            true,
            more.map(() => random.below(256)),
          ),
          answering(),
        );
    },
    refused('engine_failed', /judges otherwise/),
  );
});

test('GU-5: what the engine fails at is a fault of the node, whatever the guest was doing', () => {
  const guest = new Guest(plan());
  assert.throws(
    () =>
      guest.judge(
        asked(1),
        answering({
          read: () => {
            throw new RangeError('Maximum call stack size exceeded');
          },
        }),
      ),
    refused('engine_failed', /could not be run/),
  );
  assert.throws(
    () =>
      guest.judge(
        asked(2),
        answering({
          call: () => {
            throw new Fault('engine_failed', 'deeper down');
          },
        }),
      ),
    refused('engine_failed', /deeper down/),
  );
  // The guest itself is as good as before.
  assert.equal(guest.judge(asked(12), answering()).result, 2);
});

test('GU-5: whatever the engine has left of its own stack, a call comes to one result or to none', () => {
  const guest = new Guest(plan());
  const { gas } = guest.judge(asked(7), answering());
  const ends = { failed: 0, judged: 0 };
  const dive = (): void => {
    try {
      dive();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    // On the way up there is more of it at each frame.
    if (ends.judged === 5) return;
    try {
      const deep = guest.judge(asked(7), answering());
      assert.deepEqual([deep.result, deep.gas], [trap('stack'), gas]);
      ends.judged += 1;
    } catch (error) {
      if (!(error instanceof RangeError) && !(error instanceof Fault && error.slug === 'engine_failed')) throw error;
      ends.failed += 1;
    }
  };
  dive();
  assert.ok(ends.failed > 10 && ends.judged === 5, JSON.stringify(ends));
  assert.equal(guest.judge(asked(12), answering()).result, 2);
});

test('GU-2: initialisers run in their order, under gas; a trap or a question there refuses the module', () => {
  const starting = plan({ module: moduleOf('starting'), inputs: [] });
  const guest = new Guest(starting);
  const first = guest.judge(EMPTY, answering());
  assert.equal(first.result, 2);
  assert.deepEqual(guest.judge(EMPTY, answering()), first);
  assert.throws(
    () => new Guest({ ...starting, limits: { ...starting.limits, gas: 100 } }),
    refused('wasm_refused', /traps while it is made ready: the gas limit/),
  );
  assert.throws(() => new Guest(plan({ module: moduleOf('asking-early') })), refused('wasm_refused', /made ready: a host function or program/));
});

test('GU-1, GU-13: imports, exports and host functions are as the ABI and the manifest have them', () => {
  assert.throws(
    () => new Guest(plan({ hosts: ['hash', 'verify', 'read', 'oracle', 'log'] })),
    refused('wasm_refused', /host function call; name it under `hosts`/),
  );
  assert.throws(() => new Guest(plan({ abi: 'wapc' })), refused('wasm_refused', /imports ava.hash, which its ABI does not have/));
  assert.throws(() => new Guest(plan({ limits: { gas: 1, memory_pages: 4, stack_words: 65_537 } })), refused('wasm_bound', /65536 words/));
  assert.throws(() => new Guest(plan({ module: moduleOf('odd-import') })), refused('wasm_refused', /imports ava.log with another type/));
  assert.throws(() => new Guest(plan({ module: moduleOf('odd-export') })), refused('wasm_refused', /exports judge with another type/));
  // One letter in the name of a module or a field, or a prefix of it, is another import.
  const probe = moduleOf('probe');
  const renamed = (from: string, to: string): Uint8Array => {
    const at = Buffer.from(probe).indexOf(from);
    assert.ok(at > 0);
    const bytes = probe.slice();
    bytes.set(utf8(to), at);
    return bytes;
  };
  const [module, field, length] = ['\x03ava\x04hash', '\x04hash', '\x03ava\x03log'];
  for (const [from, to] of [
    [module, '\x03avb\x04hash'],
    [module, '\x03Ava\x04hash'],
    [field, '\x04hasx'],
    [length, '\x03ava\x03loG'],
  ])
    assert.throws(() => new Guest(plan({ module: renamed(from, to) })), refused('wasm_refused', /which its ABI does not have/), to);
  assert.throws(() => new Guest(plan({ module: renamed('\x05judge', '\x05jugde') })), refused('wasm_refused', /does not export the function judge/));
  // `alloc` and `judge` change places: other types.
  const swapped = renamed('\x05alloc', '\x05judgf');
  assert.throws(() => new Guest(plan({ module: swapped })), refused('wasm_refused', /export the function alloc/));
});

test('GU-6: the input goes where the guest has room for it, and nowhere else', () => {
  const guest = new Guest(plan({ module: moduleOf('placing'), inputs: [] }));
  for (const [length, result] of [
    [0, 2],
    [16, trap('host')],
    [24, trap('host')],
    [32, trap('host')],
    [40, 2],
  ])
    assert.equal(guest.judge(new Uint8Array(length), answering()).result, result, `${length} bytes`);
});

test('GU-7: verify says whether a signature is the key’s over these very bytes', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
  const signature = new Uint8Array(sign(null, Buffer.from('abc'), privateKey));
  const guest = new Guest(plan());
  const { result, gas } = guest.judge(asked(17, true, Buffer.concat([key, signature])), answering());
  assert.equal(result, 2);
  // GU-11
  assert.ok(gas > 250_200 && gas < 251_000, `${gas}`);
  signature[3] ^= 1;
  assert.equal(guest.judge(asked(17, true, Buffer.concat([key, signature])), answering()).result, 0);
});

test('GU-9: calls are whitelisted, go no deeper than they may, never come back, and are paid for by the caller', () => {
  const rules = new Map<string, Guest>();
  const answers: Answers = answering({ call: (rule, budget) => (rules.get(rule) as Guest).judge(asked(2), answers, budget) });
  for (let i = 0; i < CALL_DEPTH_MAX + 2; i++) {
    // Each finds its next one under the name that its module says.
    rules.set(`r${i}`, new Guest(plan({ name: i === 0 ? 'other' : `r${i}`, calls: ['other'] })));
  }
  const self = rules.get('r0') as Guest;
  const back = self.judge(asked(2), answering({ call: () => assert.fail('a rule came back to itself') }));
  assert.equal(back.result, trap('unauthorised'));
  assert.equal(new Guest(plan({ calls: [] })).judge(asked(2), answering()).result, trap('unauthorised'));

  const guest = new Guest(plan());
  const callers = Array.from({ length: CALL_DEPTH_MAX - 1 }, (_, i) => `r${i}`);
  const within = (names: readonly string[]): Budget => ({ gas: LIMIT, stack_words: 65_536, callers: names });
  assert.equal(guest.judge(asked(2), answering(), within(callers.slice(1))).result, 2);
  assert.equal(guest.judge(asked(2), answering(), within(callers)).result, trap('unauthorised'));
  assert.equal(guest.judge(asked(2), answering(), within(['other'])).result, trap('unauthorised'));

  const cheap = guest.judge(asked(2), answering({ call: () => judged(2, 0) }));
  const dear = guest.judge(asked(2), answering({ call: () => judged(0, 77_777) }));
  assert.deepEqual([cheap.result, dear.result, dear.gas - cheap.gas], [2, 0, 77_777]);
  assert.equal(guest.judge(asked(2), answering({ call: () => judged(trap('host'), 5) })).result, 1);
});

test('GU-9: one that ends for want of what its caller had left ends the caller with the same trap', () => {
  const inner = new Guest(plan({ name: 'other' }));
  const outer = new Guest(plan({ limits: { gas: LIMIT - 1, memory_pages: 4, stack_words: 65_536 } }));
  const calling = (what: number): Answers => answering({ call: (_, budget) => inner.judge(asked(what), answering(), budget) });
  const starved = outer.judge(asked(2), calling(6));
  assert.deepEqual([starved.result, starved.gas], [trap('gas'), LIMIT - 1]);
  const events = readRecord(starved.record);
  assert.deepEqual(
    events.map((event) => [event.name, decodeCall(event.answered).result, decodeCall(event.answered).short]),
    [['call', trap('gas'), true]],
  );
  // Within its own limit it is the callee's error alone.
  const frugal = new Guest(plan({ name: 'other', limits: { gas: 5_000, memory_pages: 4, stack_words: 65_536 } }));
  const survives = outer.judge(asked(2), answering({ call: (_, budget) => frugal.judge(asked(6), answering(), budget) }));
  assert.deepEqual([survives.result, survives.gas > 5_000], [1, true]);
  // GU-9, stack: nested recursion shares one stack, so that the engine's own cannot run out.
  const chain = Array.from({ length: CALL_DEPTH_MAX }, (_, i) => new Guest(plan({ name: `r${i}` })));
  let depth = 0;
  const nested: Answers = answering({
    call: (_, budget) => {
      depth += 1;
      return chain[depth].judge(asked(21), nested, budget);
    },
  });
  const result = chain[0].judge(asked(21), nested);
  assert.equal(result.result, trap('stack'));
  assert.ok(depth > 1 && depth < CALL_DEPTH_MAX, `depth ${depth}`);
});

test('GU-12: a record holds what was asked and answered, and judging from it comes out the same', () => {
  const guest = new Guest(plan());
  const records: Uint8Array[] = [];
  for (const what of [1, 2, 3, 14, 0]) {
    const first = guest.judge(asked(what), answering());
    const record = first.record.slice();
    records.push(record);
    const again = guest.judge(asked(what), answersOf(record));
    assert.deepEqual([again.result, again.gas, hex(again.record)], [first.result, first.gas, hex(record)]);
    if (record.length > 0 && what !== 3) {
      const other = record.slice();
      other[0] = other[0] === 3 ? 4 : 3;
      assert.throws(() => guest.judge(asked(what), answersOf(other)), refused('engine_failed', /asked otherwise/));
    }
  }
  const [read, call, log, oracle, none] = records;
  assert.equal(hex(read), `03${'0000000d'}${hex(utf8('session.calls'))}00000010${hex(encodeInputs([{ value: 5n }]))}`);
  assert.equal(hex(call), `05${'00000005'}${hex(utf8('other'))}00000009${hex(encodeCall(judged(2, 100)))}`);
  assert.equal(hex(log), `06${'00000000'}00000020${hex(fromOctets(tagged('log')(utf8('abc'))))}`);
  assert.equal(hex(oracle), `04${'0000000f'}000000000000ea60${hex(utf8('EUR/USD'))}00000010${'00'.repeat(16)}`);
  assert.equal(none.length, 0);
  assert.deepEqual(
    records.flatMap((record) => readRecord(record).map(eventText)),
    ['read session.calls', 'call other: true, gas 100', 'log', 'oracle EUR/USD'],
  );
});

test('GU-12: records have a bound, and bytes that are none are refused', () => {
  const writer = new RecordWriter();
  const block = new Uint8Array(1_000);
  while (writer.add('log', EMPTY, block)) assert.ok(writer.record.length <= RECORD_BYTES_MAX);
  assert.ok(writer.record.length > RECORD_BYTES_MAX - 1_009);
  assert.equal(readRecord(writer.record).length, 64);
  const floods = new Guest(plan({ limits: { gas: 100_000_000, memory_pages: 4, stack_words: 65_536 } }));
  assert.equal(floods.judge(asked(18), answering()).result, trap('host'));
  for (const text of ['03', '0300000001', '01000000000000000000', '0700000000', '06000000000000000100ff'])
    assert.throws(() => readRecord(Buffer.from(text, 'hex')), refused('rule_inputs', /record/), text);
});

test('compiled modules are kept by all that decides what they are', () => {
  const module = moduleOf('probe');
  assert.equal(compiled(module, 'integer', 4), compiled(module.slice(), 'integer', 4));
  assert.notEqual(compiled(module, 'integer', 4), compiled(module, 'integer', 3));
  const other = { version: 2, costs: { ...SCHEDULE.costs, simple: 2 } };
  const keys = [
    codeKey(module, 'integer', LIMITS, SCHEDULE),
    codeKey(module, 'canonical-nan', LIMITS, SCHEDULE),
    codeKey(module, 'integer', { ...LIMITS, operands: 1 }, SCHEDULE),
    codeKey(module, 'integer', LIMITS, other),
    codeKey(moduleOf('starting'), 'integer', LIMITS, SCHEDULE),
  ];
  assert.equal(new Set(keys).size, keys.length);
  // Another schedule has another code: what the probe costs under it is seen.
  assert.notEqual(compiled(module, 'integer', 4, other).module, compiled(module, 'integer', 4).module);
});
