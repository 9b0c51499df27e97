/** Host functions on whatever a guest may give them: an answer or a trap, charged first, and nothing written but where it should be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../sim/random.ts';
import { ENGINE, type EngineGlobal } from './engine.ts';
import { type Answers, HOST_FUNCTIONS, HOST_TYPES, Host, type HostFunction, HostTrap, type Judged } from './host.ts';
import { I64 } from './module.ts';
import { RECORD_BYTES_MAX, readRecord } from './record.ts';
import { SCHEDULE } from './schedule.ts';

const SEED = Number(process.env['AVA_SEED'] ?? 33);
const ROUNDS = Number(process.env['AVA_ROUNDS'] ?? 20_000);
console.log(`seed ${SEED}, ${ROUNDS} rounds`);

const BYTES = 65_536;
/** Lengths and addresses at every edge, as the i32 that a host function gets. */
const EDGES = [0, 1, 7, 8, 31, 32, 63, 64, 65, 1_024, 1_025, BYTES - 32, BYTES - 1, BYTES, BYTES + 1, 0x7fffffff, -0x80000000, -32, -8, -1];
const ANSWER = new Uint8Array(40).fill(9);

function side(random: Random) {
  const memory = new ENGINE.Memory({ initial: 1, maximum: 1 });
  const bytes = new Uint8Array(memory.buffer);
  for (let i = 0; i < 4_096; i++) bytes[i] = random.below(256);
  bytes.set(Buffer.from('session.calls'), 64);
  bytes.set(Buffer.from('other'), 128);
  const gas: EngineGlobal = { value: 0n };
  const host = new Host({ name: 'me', hosts: HOST_FUNCTIONS, calls: ['other'], reads: ['session.calls'] }, SCHEDULE.costs);
  host.bind(memory, gas, { value: 100 });
  return { bytes, gas, host, functions: host.functions() as Record<HostFunction, (...args: (number | bigint)[]) => number | undefined> };
}

test('any arguments: an answer or a trap, paid for before it is given', () => {
  const random = new Random(SEED);
  const { bytes, gas, host, functions } = side(random);
  const seen = new Map<string, number>();
  const answers: Answers = {
    read: (path) => {
      assert.equal(path, 'session.calls');
      return ANSWER;
    },
    oracle: () => ANSWER,
    call: (rule, budget): Judged => {
      assert.equal(rule, 'other');
      assert.deepEqual([BigInt(budget.gas), budget.stack_words, budget.callers], [gas.value, 100, ['me']]);
      return { result: 2, gas: 77, record: ANSWER, short: false };
    },
  };
  for (let i = 0; i < ROUNDS; i++) {
    if (i % 64 === 0) host.begin(answers, []);
    const name = HOST_FUNCTIONS[random.below(HOST_FUNCTIONS.length)];
    const start = BigInt(random.below(3) === 0 ? random.below(300_000) : 1_000_000_000);
    gas.value = start;
    const args = HOST_TYPES[name].params.map((type): number | bigint => {
      if (type === I64) return BigInt(EDGES[random.below(EDGES.length)]) << 32n;
      return random.below(2) === 0 ? EDGES[random.below(EDGES.length)] : random.below(4_096);
    });
    if (random.below(3) === 0) {
      // Names that are known, so that an answer comes.
      if (name === 'read' || name === 'call') [args[0], args[1]] = name === 'read' ? [64, 13] : [128, 5];
    }
    const before = bytes.slice();
    let end: string;
    try {
      const answer = functions[name](...args);
      assert.equal(answer === undefined, HOST_TYPES[name].results.length === 0);
      assert.ok((gas.value as bigint) >= 0n && (gas.value as bigint) < start, name);
      end = 'answer';
      const room = Number(args[args.length - 1]) >>> 0;
      const place = Number(args[name === 'hash' ? 2 : args.length - 2]) >>> 0;
      const wrote = name === 'hash' ? 32 : (name === 'read' || name === 'oracle') && room >= ANSWER.length ? ANSWER.length : 0;
      if (wrote > 0) before.set(bytes.subarray(place, place + wrote), place);
    } catch (error) {
      assert.ok(error instanceof HostTrap, String(error));
      end = error.trap;
      assert.equal(error.trap === 'gas', (gas.value as bigint) < 0n, `${name} ${end}`);
    }
    assert.ok(Buffer.compare(bytes, before) === 0, `${name}(${args.join()}) wrote elsewhere`);
    bytes.set(Buffer.from('session.calls'), 64);
    bytes.set(Buffer.from('other'), 128);
    seen.set(`${name} ${end}`, (seen.get(`${name} ${end}`) ?? 0) + 1);
    assert.ok(host.record.length <= RECORD_BYTES_MAX);
    readRecord(host.record);
  }
  for (const name of HOST_FUNCTIONS)
    for (const end of ['answer', 'host', 'gas']) assert.ok((seen.get(`${name} ${end}`) ?? 0) > 0, `${name} never came to ${end}`);
  assert.ok((seen.get('read unauthorised') ?? 0) > 0 && (seen.get('call unauthorised') ?? 0) > 0);
});

test('GU-11: what each function costs', () => {
  const { gas, host, functions } = side(new Random(SEED));
  host.begin({ read: () => ANSWER, oracle: () => ANSWER, call: () => ({ result: 0, gas: 5, record: ANSWER, short: false }) }, []);
  const cost = (name: HostFunction, ...args: (number | bigint)[]): number => {
    gas.value = 1_000_000n;
    functions[name](...args);
    return 1_000_000 - Number(gas.value);
  };
  assert.equal(cost('hash', 0, 0, 0), 1_000);
  assert.equal(cost('hash', 0, 1, 0), 1_200);
  assert.equal(cost('hash', 0, 64, 0), 1_200);
  assert.equal(cost('hash', 0, 65, 4_096), 1_400);
  assert.equal(cost('verify', 1, 0, 32, 0, 64, 0, 0), 250_000);
  assert.equal(cost('verify', 1, 0, 32, 0, 64, 0, 65), 250_400);
  assert.equal(cost('verify', 7, 0, 0, 0, 0, 0, 0), 250_000);
  assert.equal(cost('log', 0, 0), 1_000);
  assert.equal(cost('log', 0, 1_024), 2_024);
  const known = side(new Random(SEED));
  known.host.begin({ read: () => ANSWER, oracle: () => ANSWER, call: () => ({ result: 0, gas: 5, record: ANSWER, short: false }) }, []);
  for (const [name, args, units] of [
    ['read', [64, 13, 256, 64], 4_013 + 40],
    ['read', [64, 13, 256, 0], 4_013 + 40],
    ['oracle', [64, 7, 5n, 256, 64], 4_007 + 40],
    ['call', [128, 5], 4_005 + 5],
  ] as const) {
    known.gas.value = 1_000_000n;
    known.functions[name](...args);
    assert.equal(1_000_000 - Number(known.gas.value), units, name);
  }
});
