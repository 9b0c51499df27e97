/** The limit of the stack is met before the engine's own, whatever compiler made the code (VM-15, GU-5). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { EMPTY } from '../src/base/bytes.ts';
import '../src/audit/baseline.ts';
import { Guest, type GuestPlan } from '../src/vm/guest.ts';
import type { Answers, Budget } from '../src/vm/host.ts';
import { trapResult } from '../src/vm/trap.ts';
import { code, functionType, limits, moduleOf, name, SECTION, s, section, sized } from './vm/binary.ts';

/** Values that are computed before a call, and again after it: the optimising compiler keeps them, the frame does not count them. */
const VALUES = 1_500;
const GAS = 1_000_000_000;

// Hot at once.
setFlagsFromString('--wasm-tiering-budget=1000');
setFlagsFromString('--wasm-sync-tier-up');

const exported = (what: string, kind: number, index: number): number[] => [...name(what), kind, index];
const plan = (change: Partial<GuestPlan>): GuestPlan => ({
  name: 'a',
  module: EMPTY,
  abi: 'buffer',
  limits: { gas: GAS, memory_pages: 1, stack_words: 65_536 },
  inputs: [],
  hosts: ['call'],
  calls: ['b'],
  reads: [],
  ...change,
});

/** `judge` goes as deep as the first four bytes of its input say; at the bottom it asks for `b` where it may ask. */
function deep(values: number, asks: boolean): Uint8Array {
  const value = (i: number): number[] => [0x20, 0, 0x42, ...s(i * 7919 + 3), 0x85, 0x20, 1, 0x42, ...s(i * 31_337 + 1), 0x85, 0x7e];
  const sum: number[] = [];
  for (let i = 0; i < values; i++) sum.push(0x20, 3, 0x42, 3, 0x7e, ...value(i), 0x7c, 0x21, 3);
  const down = [0x20, 0, 0x20, 1, 0x20, 2, 0x41, 1, 0x6b, 0x10, asks ? 1 : 0, 0x20, 3, 0x7c, 0x21, 3];
  const bottom = asks ? [0x41, 0, 0x41, 1, 0x10, 0, 0x1a] : [];
  const f = code([[1, 'i64']], [...sum, 0x20, 2, 0x04, 0x40, ...down, 0x05, ...bottom, 0x0b, ...sum, 0x20, 3]);
  const judge = [0x20, 0, 0x29, 3, 0, 0x42, 7, 0x20, 0, 0x28, 2, 8, 0x10, asks ? 1 : 0, 0x1a, 0x41, 2];
  const first = asks ? 1 : 0;
  return moduleOf(
    section(SECTION.type, [functionType(['i32', 'i32'], ['i32']), functionType(['i64', 'i64', 'i32'], ['i64']), functionType(['i32'], ['i32'])]),
    section(SECTION.import, asks ? [[...name('ava'), ...name('call'), 0, 0]] : []),
    section(SECTION.function, [[1], [2], [0]]),
    section(SECTION.memory, [limits(1, 1)]),
    section(SECTION.export, [exported('alloc', 0, first + 1), exported('judge', 0, first + 2)]),
    section(SECTION.code, [f, code([], [0x41, ...s(1024)]), code([], judge)]),
    section(SECTION.data, [[0, 0x41, 0, 0x0b, ...sized([0x62])]]),
  );
}

function input(depth: number): Uint8Array {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setInt32(8, depth, true);
  return bytes;
}
const NOBODY: Answers = { read: assert.fail, oracle: assert.fail, call: assert.fail };

test('a hot guest runs into its own limit, and not into the engine’s', () => {
  const guest = new Guest(plan({ module: deep(VALUES, false) }));
  const cold = guest.judge(input(2), NOBODY);
  for (let i = 0; i < 200; i++) assert.deepEqual(guest.judge(input(2), NOBODY), cold);
  for (let i = 0; i < 3; i++) assert.equal(guest.judge(input(1_000_000), NOBODY).result, trapResult('stack'));
  assert.deepEqual(guest.judge(input(2), NOBODY), cold);
});

test('so does one that is called from deep inside another', () => {
  const outer = new Guest(plan({ module: deep(VALUES, true) }));
  const inner = new Guest(plan({ name: 'b', module: deep(VALUES + 1, false) }));
  const calls = (depth: number): Answers => ({ ...NOBODY, call: (_, budget: Budget) => inner.judge(input(depth), NOBODY, budget) });
  for (let i = 0; i < 200; i++) assert.equal(outer.judge(input(2), calls(2)).result, 2);
  assert.equal(outer.judge(input(2_000), calls(1_000_000)).result, trapResult('stack'));
  assert.equal(outer.judge(input(2_000), calls(100)).result, 2);
});
