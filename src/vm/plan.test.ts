/** Where bodies are charged and tested (VM-9, VM-10, VM-11), read off their plans. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bytes, code, functionType, limits, moduleOf, SECTION, section } from '../../test/vm/binary.ts';
import { Fault } from '../base/fault.ts';
import { decode } from './decode.ts';
import { LIMITS } from './limits.ts';
import { CHARGE, CHARGE_TESTED, ENTER, LOOP } from './pieces.ts';
import { Planner } from './plan.ts';
import { SCHEDULE } from './schedule.ts';

const [END, ELSE, IF, BLOCK, LOOP_OP, VOID] = [0x0b, 0x05, 0x04, 0x02, 0x03, 0x40];
const I32 = 0x7f;
const BR = (label: number): number[] => [0x0c, label];
const BR_IF = (label: number): number[] => [0x0d, label];
/** Two instructions, cost 2. */
const NOTHING = [0x41, 0, 0x1a];
/** Cost 1. */
const ZERO = [0x41, 0];
const NOP = 0x01;
const CALL = [0x10, 0];

const decoded = (body: Bytes, locals: Parameters<typeof code>[0] = []): ReturnType<typeof decode> =>
  decode(
    moduleOf(
      section(SECTION.type, [functionType([], [])]),
      section(SECTION.function, [[0]]),
      section(SECTION.memory, [limits(1, 1)]),
      section(SECTION.code, [code(locals, body)]),
    ),
    LIMITS,
  );

/** The charges of a body in their order: `E` the entry, `L` a loop, `T` tested, `C` not; each with its cost, those of 0 left out. */
function charges(body: Bytes, locals?: Parameters<typeof code>[0], costs = SCHEDULE.costs): string {
  const module = decoded(body, locals);
  const { kind, value } = new Planner(module, costs).plan(0, module.bodies[0]);
  const letters = new Map([
    [ENTER, 'E'],
    [CHARGE, 'C'],
    [CHARGE_TESTED, 'T'],
    [LOOP, 'L'],
  ]);
  const parts: string[] = [];
  for (const [i, one] of kind.entries()) {
    const letter = letters.get(one);
    if (letter !== undefined && (letter !== 'C' || value[i] > 0)) parts.push(`${letter}${value[i]}`);
  }
  return parts.join(' ');
}

test('VM-10: pieces, joined and lifted', () => {
  const table: readonly (readonly [string, string, Bytes])[] = [
    ['nothing', 'E0', []],
    ['straight on', 'E4', [...NOTHING, ...NOTHING]],
    ['a block that nothing branches to', 'E4', [BLOCK, VOID, ...NOTHING, END, ...NOTHING]],
    ['a loop charges at its head; what comes after it joins what stood before', 'E4 L3', [...NOTHING, LOOP_OP, VOID, ...NOTHING, END, ...NOTHING]],
    ['but not when a branch leaves it', 'E3 L4 C4', [NOP, BLOCK, VOID, LOOP_OP, VOID, ...ZERO, ...BR_IF(1), ...NOTHING, END, ...NOTHING, END, ...NOTHING]],
    ['a branch back', 'E1 L5', [NOP, LOOP_OP, VOID, ...NOTHING, ...BR(0), END]],
    ['an if', 'E5 C2', [...ZERO, IF, VOID, ...NOTHING, END, ...NOTHING]],
    ['both arms: the lesser is lifted', 'E7 C1', [...ZERO, IF, VOID, ...NOTHING, ELSE, ...NOTHING, NOP, END, ...NOTHING]],
    ['what comes after a block joins what stood before', 'E6 C3', [NOP, BLOCK, VOID, ...ZERO, ...BR_IF(0), NOP, NOP, NOP, END, ...NOTHING]],
    [
      'but not over a branch further out',
      'E5 C4 C1 C2',
      [NOP, BLOCK, VOID, BLOCK, VOID, ...ZERO, ...BR_IF(0), ...ZERO, NOP, ...BR_IF(1), NOP, END, NOP, NOP, END, NOP].flat(),
    ],
    ['nor over a return', 'E3 C1 C2', [...ZERO, IF, VOID, 0x0f, END, ...NOTHING]],
    ['over unreachable it does', 'E5 C1', [...ZERO, IF, VOID, 0x00, END, ...NOTHING]],
    ['nor over a branch back to a loop outside', 'E0 L4 C2 C2', [LOOP_OP, VOID, ...ZERO, IF, VOID, ...BR(1), END, ...NOTHING, END]],
    ['a table of three', 'E5 C1', [BLOCK, VOID, ...ZERO, 0x0e, 2, 0, 0, 0, NOP, END]],
  ];
  for (const [what, expected, body] of table) assert.equal(charges(body), expected, what);
});

test('VM-9: costs of entering, calling and branching', () => {
  assert.equal(charges([], [[10, 'i32']]), 'E10');
  assert.equal(charges(CALL), 'E32');
  assert.equal(charges([...ZERO, 0x11, 0, 0]), 'E49');
  assert.equal(charges([...ZERO, 0x28, 2, 0, 0x1a]), 'E4');
  assert.equal(charges([...ZERO, 0x40, 0, 0x1a]), 'E34');
  assert.equal(charges([...ZERO, ...ZERO, 0x6d, ...ZERO, 0x6c, 0x1a]), 'E11');
  assert.equal(charges([BLOCK, VOID, ...ZERO, 0x0e, 16, ...Array.from({ length: 17 }, () => 0), END]), 'E8');
});

test('VM-11: what a path costs without a test is bounded', () => {
  const nops = (count: number): number[] => Array.from({ length: count }, () => NOP);
  assert.equal(charges(nops(4_096)), 'E4096');
  assert.equal(charges(nops(5_000)), 'E4097 C903', 'a long piece is split');
  assert.equal(charges(nops(10_000)), 'E4097 T4097 C1806', 'and tested again when what follows it would be too much');
  const arm = (count: number): number[] => [...ZERO, IF, VOID, ...nops(count), END];
  assert.equal(charges([...arm(3_000), ...arm(3_000), ...arm(3_000)]), 'E9 C3000 T3000 T3000');
  assert.equal(charges([...CALL, ...arm(1)]), 'E35 T1', 'after a call the next piece is tested');
  assert.equal(charges([...CALL, ...arm(0), NOP]), 'E35 T1', 'and not joined');
  assert.equal(charges([...CALL, ...ZERO, IF, VOID, NOP, NOP, ELSE, NOP, END]), 'E35 T2 T1', 'nor lifted');
  assert.equal(
    charges([BLOCK, VOID, ...ZERO, IF, VOID, ...nops(3_000), ...BR(1), END, NOP, END, ...nops(2_000)]),
    'E3 C3002 C1 T2000',
    'the costliest path counts',
  );
  assert.equal(charges([LOOP_OP, VOID, ...nops(3_000), END, ...arm(3_000)]), 'E3 L3001 C3000', 'a loop tests');
});

test('VM-10: a body that could cost 2^31 is refused', () => {
  const costs = { ...SCHEDULE.costs, simple: 0x4000_0000 };
  assert.equal(charges([NOP], [], costs), `E${0x4000_0000}`);
  assert.throws(
    () => charges([NOP, NOP], [], costs),
    (error) => error instanceof Fault && error.slug === 'wasm_bound' && error.context['function'] === 0,
  );
});

test('splices are in order and within the body', () => {
  const module = decoded([...ZERO, IF, I32, ...ZERO, 0x00, ELSE, ...ZERO, END, 0x1a, ...CALL, 0x0f]);
  const { at, next } = new Planner(module, SCHEDULE.costs).plan(0, module.bodies[0]);
  for (const [i, from] of at.entries()) {
    assert.ok(from >= module.bodies[0].code && next[i] >= from && next[i] <= module.bodies[0].end);
    if (i > 0) assert.ok(from >= next[i - 1]);
  }
});
