/** What is published stays: costs and their hash (VM-9), the numbers of traps (VM-17). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hex } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { SCHEDULE, scheduleHash, scheduleOf } from './schedule.ts';
import { ENGINE_FAULT, TRAPS, trapNumber, trapOf } from './trap.ts';

test('VM-9: a published schedule keeps its hash', () => {
  assert.equal(SCHEDULE.version, 1);
  assert.equal(scheduleOf(1), SCHEDULE);
  assert.equal(hex(scheduleHash(SCHEDULE)), 'bb1cb74cd64993a878e9c5286ecc1f70a6277c97d4fe87ef67ea6551f985dc2b');
  assert.throws(
    () => scheduleOf(2),
    (error) => error instanceof Fault && error.slug === 'internal',
  );
});

test('VM-9, VM-11: nothing that repeats is free, and what joins pieces is', () => {
  const { free, loop, call, call_indirect } = SCHEDULE.costs;
  assert.ok(free === 0 && loop >= 1 && call >= 30 && call_indirect >= 45);
});

test('VM-17: the numbers of traps', () => {
  const numbers = {
    trap: 1,
    unreachable: 2,
    gas: 3,
    memory: 4,
    stack: 5,
    unauthorised: 6,
    transition: 7,
    proof: 8,
    threshold: 9,
    halt: 10,
    host: 11,
    exit: 12,
  };
  assert.deepEqual(Object.fromEntries(Object.entries(TRAPS).map(([name, [number]]) => [name, number])), numbers);
  for (const [name, number] of Object.entries(numbers)) {
    const found = trapOf(number);
    assert.equal(found, name);
    if (found !== undefined) assert.equal(trapNumber(found), number);
  }
  for (const number of [0, 13, ENGINE_FAULT]) assert.equal(trapOf(number), undefined);
});
