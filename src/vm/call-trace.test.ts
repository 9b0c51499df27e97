/** Traced calls: the same result, gas and record as untraced ones, and gas that adds up. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { EMPTY } from '../base/bytes.ts';
import { encodeInputs } from '../rule/input.ts';
import type { GuestCall } from './call-log.ts';
import { EVENTS_MAX } from './call-trace.ts';
import { Guest, type GuestPlan, type Traced } from './guest.ts';
import { type Answers, HOST_FUNCTIONS } from './host.ts';
import { Output } from './output.ts';

const moduleOf = (name: string): Uint8Array => new Uint8Array(readFileSync(`${import.meta.dirname}/../../test/guest/${name}.wasm`));
const plan = (change: Partial<GuestPlan> = {}): GuestPlan => ({
  name: 'probe',
  module: moduleOf('probe'),
  abi: 'buffer',
  limits: { gas: 1_000_000, memory_pages: 4, stack_words: 65_536 },
  inputs: ['args.do', 'args.then'],
  hosts: HOST_FUNCTIONS,
  calls: ['other'],
  reads: ['session.calls'],
  ...change,
});
const asked = (what: number): Uint8Array => encodeInputs([{ value: BigInt(what) }, { value: true }]);
const ANSWERS: Answers = {
  read: () => encodeInputs([{ value: 5n }]),
  oracle: () => encodeInputs([{ missing: 0 }]),
  call: () => ({ result: 2, gas: 77, record: EMPTY, short: false }),
};

/** Gas of those right within a call is no more than its own. */
function addsUp(calls: readonly GuestCall[], whole: number): void {
  const roots = calls.filter(({ depth }) => depth === 0);
  assert.ok(roots.reduce((sum, { gas }) => sum + (gas ?? 0), 0) <= whole);
  calls.forEach((call, i) => {
    if (call.gas === null) return;
    let within = 0;
    for (let j = i + 1; j < calls.length && calls[j].depth > call.depth; j++) if (calls[j].depth === call.depth + 1) within += calls[j].gas ?? 0;
    assert.ok(within <= call.gas, `${call.target}: ${within} within ${call.gas}`);
  });
}

test('a traced call is the same call, whatever it does', () => {
  const guest = new Guest(plan());
  let seen = 0;
  const targets = new Set<string>();
  for (let what = 0; what < 40; what++) {
    const judged = guest.judge(asked(what), ANSWERS);
    const { result, gas, record } = { ...judged, record: judged.record.slice() };
    const traced: Traced = guest.trace(asked(what), ANSWERS);
    assert.deepEqual([traced.result, traced.gas, traced.record], [result, gas, record], `probe ${what}`);
    addsUp(traced.calls, gas);
    assert.ok(traced.calls.length > 0);
    const complete = traced.calls.every((call) => call.gas !== null);
    assert.ok(complete || result >= 16, 'what did not return was ended by a trap');
    seen += traced.calls.length;
    for (const { target } of traced.calls) targets.add(typeof target === 'string' ? target : guest.functionName(target));
    assert.equal(guest.judge(asked(what), ANSWERS).gas, gas, 'and judging goes on as before');
  }
  assert.ok(seen > 100, `${seen} calls`);
  for (const name of ['judge', 'alloc', 'hash', 'read', 'call', 'log']) assert.ok(targets.has(name), `${name} of ${[...targets].join(' ')}`);
});

/** A module of the ABI buffer that calls a function of nothing so many times, and says yes. */
function calling(times: number): Uint8Array {
  const out = new Output();
  const section = (id: number, count: number, write: (part: Output) => void): void => {
    const part = new Output();
    write(part);
    out.section(id, count, part);
  };
  out.bytes(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  section(1, 3, (part) => part.bytes(0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 2, 0x7f, 0x7f, 1, 0x7f));
  section(3, 3, (part) => part.bytes(0, 1, 2));
  section(5, 1, (part) => part.bytes(1, 1, 1));
  section(7, 3, (part) => {
    for (const [name, kind, index] of [
      ['memory', 2, 0],
      ['alloc', 0, 1],
      ['judge', 0, 2],
    ] as const) {
      part.name(name);
      part.bytes(kind, index);
    }
  });
  section(10, 3, (part) => {
    const body = (write: (one: Output) => void): void => {
      const one = new Output();
      write(one);
      part.sized(one);
    };
    body((one) => one.bytes(0, 0x0b));
    body((one) => one.bytes(0, 0x41, 0, 0x0b));
    body((one) => {
      // (loop (call 0) (br_if 0 (i32.lt_u (local.tee 2 (i32.add (local.get 2) (i32.const 1))) (i32.const times)))) (i32.const 2)
      one.bytes(1, 1, 0x7f, 0x03, 0x40, 0x10, 0, 0x20, 2, 0x41, 1, 0x6a, 0x22, 2, 0x41);
      one.s32(times);
      one.bytes(0x49, 0x0d, 0, 0x0b, 0x41, 2, 0x0b);
    });
  });
  return out.done();
}

test('a log that is full is cut, and the call is still the same', () => {
  const limits = { gas: 50_000_000, memory_pages: 4, stack_words: 65_536 };
  for (const [times, left_out] of [
    [1_000, 0],
    [32_766, 0],
    [40_000, 2 * 40_000 + 4 - EVENTS_MAX],
  ] as const) {
    const guest = new Guest(plan({ module: calling(times), limits, hosts: [], calls: [], reads: [] }));
    const { result, gas } = guest.judge(asked(1), ANSWERS);
    const traced = guest.trace(asked(1), ANSWERS);
    assert.deepEqual([traced.result, traced.gas, result], [result, gas, 2]);
    assert.equal(traced.left_out, left_out);
    assert.equal(traced.calls.filter(({ depth }) => depth === 1).length, Math.min(times, (EVENTS_MAX - 3 + 1) >>> 1));
  }
});

for (const [name, abi] of [
  ['opa-allow', 'opa'],
  ['opa-deny', 'opa'],
  ['wapc', 'wapc'],
] as const) {
  test(`${name}: a module of ${abi}`, () => {
    const limits = { gas: 50_000_000, memory_pages: 64, stack_words: 65_536 };
    const guest = new Guest(plan({ module: moduleOf(name), abi, limits }));
    const { result, gas } = guest.judge(asked(1), ANSWERS);
    const traced = guest.trace(asked(1), ANSWERS);
    assert.deepEqual([traced.result, traced.gas], [result, gas]);
    addsUp(traced.calls, gas);
    assert.ok(traced.calls.length > 0);
  });
}
