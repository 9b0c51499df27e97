/** What a guest costs beside its own gas (GU-2, GU-4, GU-9, GU-15): it runs nothing that nobody pays for, and stands on no stack that nobody counts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bytes, code, functionType, limits, moduleOf, name, SECTION, s, section, sized, u } from '../../test/vm/binary.ts';
import { EMPTY } from '../base/bytes.ts';
import { Guest, type GuestPlan } from './guest.ts';
import type { Answers, Judged } from './host.ts';
import { BUILTINS } from './opa-builtin.ts';
import type { Policy } from './opa-policy.ts';
import { trapResult } from './trap.ts';

const PAGE_GAS = 8_192;
/** Of an instance with these few exports and functions. */
const RENEWAL = 128 * (256 + 16 * 3 + 3);
const NO_ANSWERS: Answers = { read: assert.fail, oracle: assert.fail, call: assert.fail };
const INPUT = new Uint8Array(16);

const exported = (what: string, kind: number, index: number): number[] => [...name(what), kind, index];

/** A guest of the ABI `buffer`: function 0 runs first, `judge` has this body. */
function guestOf(judge: Bytes, { start = [], pages = [1, 4], gas = 10_000_000, memory_pages = 4 }: GuestParts = {}): Guest {
  const types = [functionType([], []), functionType(['i32'], ['i32']), functionType(['i32', 'i32'], ['i32'])];
  const module = moduleOf(
    section(SECTION.type, types),
    section(SECTION.function, [[0], [1], [2]]),
    section(SECTION.memory, [limits(...pages)]),
    section(SECTION.export, [exported('memory', 2, 0), exported('alloc', 0, 1), exported('judge', 0, 2)]),
    [SECTION.start, ...sized(u(0))],
    section(SECTION.code, [code([[1, 'i32']], start), code([], [0x41, ...s(1024)]), code([], judge)]),
    // The start function takes it away again.
    section(SECTION.data, [[0, 0x41, ...s(60_000), 0x0b, ...sized([7])]]),
  );
  const plan: GuestPlan = { name: 'a', module, abi: 'buffer', limits: { gas, memory_pages, stack_words: 65_536 }, inputs: [], hosts: [], calls: [], reads: [] };
  return new Guest(plan);
}
interface GuestParts {
  readonly start?: Bytes;
  readonly pages?: readonly [number, number];
  readonly gas?: number;
  readonly memory_pages?: number;
}

/** Takes the data away and makes memory grow by a page. */
const SHORT_START = [0x41, ...s(60_000), 0x41, 0, 0x3a, 0, 0, 0x41, 1, 0x40, 0, 0x1a];
/** And counts to three million. */
const LONG_START = [...SHORT_START, ...[0x03, 0x40, 0x20, 0, 0x41, 1, 0x6a, 0x22, 0, 0x41, ...s(3_000_000), 0x49, 0x0d, 0, 0x0b]];
const GAS = 64_000_000;
/** 2 where the byte at 60,000 is 0 and there are two pages, else a trap; then a page more. */
const GROWS = [0x41, ...s(60_000), 0x2d, 0, 0, 0x3f, 0, 0x41, 2, 0x47, 0x72, 0x04, 0x40, 0x00, 0x0b, 0x41, 1, 0x40, 0, 0x1a, 0x41, 2];

test('GU-2, GU-4: a module is made ready once, however often its instance is lost', () => {
  const guest = guestOf(GROWS, { start: LONG_START, gas: GAS });
  const first = guest.judge(INPUT, NO_ANSWERS);
  assert.equal(first.result, 2);
  const begin = process.cpuUsage();
  for (let i = 0; i < 300; i++) assert.deepEqual(guest.judge(INPUT, NO_ANSWERS), first);
  const { user, system } = process.cpuUsage(begin);
  // Making it ready takes milliseconds on any of the engine's compilers.
  assert.ok((user + system) / 1000 < 300, `${(user + system) / 1000} ms`);
});

test('GU-4: it is not made ready again to compare, where that takes long; else it is', () => {
  for (const start of [LONG_START, SHORT_START]) {
    const guest = guestOf(GROWS, { start, gas: GAS });
    const input = new Uint8Array(64);
    // Some of these are judged twice.
    for (let i = 0; i < 600; i++) {
      input[0] = i;
      input[1] = i >> 8;
      assert.equal(guest.judge(input, NO_ANSWERS).result, 2);
    }
  }
});

const budget = (gas: number) => ({ gas, stack_words: 65_536, callers: ['other'] });
const ask = (guest: Guest, gas: number): Judged => guest.judge(INPUT, NO_ANSWERS, budget(gas));

test('GU-9: a caller pays for putting a guest back, and for the instance that it loses', () => {
  const pages: readonly [number, number] = [3, 4];
  const guest = guestOf([0x41, 2], { pages });
  const alone = guest.judge(INPUT, NO_ANSWERS).gas;
  assert.equal(ask(guest, 1_000_000).gas, alone + 3 * PAGE_GAS);
  assert.deepEqual(ask(guest, alone + 3 * PAGE_GAS), { result: 2, gas: alone + 3 * PAGE_GAS, record: EMPTY, short: false });
  assert.deepEqual(ask(guest, alone + 3 * PAGE_GAS - 1), { result: trapResult('gas'), gas: alone + 3 * PAGE_GAS - 1, record: EMPTY, short: true });
  assert.deepEqual(ask(guest, 3 * PAGE_GAS - 1), { result: trapResult('gas'), gas: 3 * PAGE_GAS - 1, record: EMPTY, short: true });

  const lost = guestOf([0x00, 0x41, 2], { pages });
  const trapped = lost.judge(INPUT, NO_ANSWERS);
  assert.deepEqual([trapped.result, trapped.short], [trapResult('unreachable'), false]);
  assert.equal(ask(lost, 1_000_000).gas, trapped.gas + 3 * PAGE_GAS + RENEWAL);
  // No more than the caller has.
  assert.deepEqual(ask(lost, trapped.gas + 3 * PAGE_GAS + 5), { ...trapped, gas: trapped.gas + 3 * PAGE_GAS + 5 });

  // What the rule's own limit does not cover is still paid for; that it ended is its own fault.
  const poor = guestOf([0x41, 2], { pages, gas: alone - 1, start: [] });
  assert.deepEqual(ask(poor, 1_000_000), { result: trapResult('gas'), gas: alone - 1 + 3 * PAGE_GAS + RENEWAL, record: EMPTY, short: false });
});

test('GU-15: builtins are paid for by what they compare and write out', () => {
  const text = (what: string) => JSON.stringify(Array.from({ length: 100 }, () => what));
  const dumps = [text(`${'a'.repeat(180)}b`), text(`${'a'.repeat(180)}c`), '"%.99f%f"', '[1e300,2.5]'];
  let charged = 0;
  const policy = {
    dump: (value: number) => dumps[value],
    charge: (units: number) => {
      charged += units;
    },
    value: () => 1,
  } as unknown as Policy;
  assert.equal(BUILTINS.get('strings.any_prefix_match')?.(policy, [0, 1]), 1);
  assert.equal(charged, 100 * 100 * 182);
  charged = 0;
  assert.equal(BUILTINS.get('sprintf')?.(policy, [2, 3]), 1);
  assert.equal(charged, 512);
});

test('GU-15: builtins do not stand on each other', () => {
  const types = [functionType(['i32', 'i32', 'i32'], ['i32']), functionType(['i32'], ['i32']), functionType(['i32', 'i32'], ['i32'])];
  types.push(
    functionType([], ['i32']),
    functionType(
      Array.from({ length: 7 }, () => 'i32' as const),
      ['i32'],
    ),
  );
  const functions = ['opa_malloc', 'opa_json_parse', 'opa_json_dump', 'opa_value_dump', 'opa_heap_ptr_get', 'opa_eval', 'builtins'];
  const number = (value: number): number[] => code([], [0x41, ...s(value)]);
  const text = (at: number, what: string): number[] => [0, 0x41, ...s(at), 0x0b, ...sized([...new TextEncoder().encode(what), 0])];
  // Dumping a value asks the host for a builtin, which has a value dumped.
  const module = moduleOf(
    section(SECTION.type, types),
    section(SECTION.import, [[...name('env'), ...name('opa_builtin1'), 0, 0]]),
    section(SECTION.function, [[1], [2], [1], [1], [3], [4], [3]]),
    section(SECTION.memory, [limits(1, 1)]),
    section(
      SECTION.export,
      functions.map((what, i) => exported(what, 0, 1 + i)),
    ),
    section(SECTION.code, [
      ...[4096, 7, 1024].map(number),
      code([], [0x41, 1, 0x41, 0, 0x41, 5, 0x10, 0]),
      number(8192),
      code([], [0x41, 3, 0x10, 4]),
      number(9),
    ]),
    section(SECTION.data, [text(1024, '{"hex.encode":1}')]),
  );
  const limit = { gas: 1_000_000_000, memory_pages: 4, stack_words: 65_536 };
  const guest = new Guest({ name: 'a', module, abi: 'opa', limits: limit, inputs: [], hosts: [], calls: [], reads: [] });
  assert.equal(guest.judge(EMPTY, NO_ANSWERS).result, trapResult('unauthorised'));
});
