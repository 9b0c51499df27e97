/** Instrumented modules, run by their contract (VM-1, VM-8, VM-12 to VM-19). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bytes, code, functionType, limits, moduleOf, name, SECTION, section } from '../../test/vm/binary.ts';
import { GAS, Metered } from '../../test/vm/metered.ts';
import { type Imports, wasm } from '../../test/vm/web-assembly.ts';
import { Fault } from '../base/fault.ts';
import { admitModule } from './admit.ts';
import { INSTRUMENTER_VERSION } from './schedule.ts';

const [END, ELSE, IF, BLOCK, LOOP, VOID, I32] = [0x0b, 0x05, 0x04, 0x02, 0x03, 0x40, 0x7f];
const ZERO = [0x41, 0];
const GET = [0x20, 0];
const HOST_TYPE = 2;

interface Function {
  readonly type?: number;
  readonly locals?: Parameters<typeof code>[0];
  readonly body: Bytes;
}

/** Function 0 is the host's `double`; the others are exported as `f1`, `f2`, …; all are in a table, or none. Memory 1 to 4 pages, a mutable global 7. */
function moduleOfFunctions(functions: readonly Function[], start?: number, listed = true): Uint8Array {
  const indices = functions.map((_, i) => i + 1);
  return moduleOf(
    section(SECTION.type, [functionType([], []), functionType(['i32'], ['i32']), functionType(['i32'], ['i32']), functionType([], ['i32'])]),
    section(SECTION.import, [[...name('env'), ...name('double'), 0, HOST_TYPE]]),
    section(
      SECTION.function,
      functions.map(({ type }) => [type ?? 1]),
    ),
    section(SECTION.table, [[0x70, ...limits(8, 8)]]),
    section(SECTION.memory, [limits(1, 4)]),
    section(SECTION.global, [[I32, 1, 0x41, 7, END]]),
    section(SECTION.export, [[...name('m'), 2, 0], [...name('double'), 0, 0], ...indices.map((i) => [...name(`f${i}`), 0, i])]),
    start === undefined ? [] : [SECTION.start, 1, start],
    section(SECTION.element, [[0, ...ZERO, END, ...(listed ? [functions.length + 1, 0, ...indices] : [0])]]),
    section(
      SECTION.code,
      functions.map(({ locals, body }) => code(locals ?? [], body)),
    ),
    section(SECTION.data, [[0, ...ZERO, END, 1, 42]]),
  );
}

const IMPORTS: Imports = { env: { double: (x: number) => 2 * x } };

function instanceOf(bytes: Uint8Array, memory_pages = 3, imports: Imports = IMPORTS): Metered {
  const admitted = admitModule(bytes, 'integer', { memory_pages });
  return new Metered({ admitted, module: new wasm.Module(admitted.wasm), imports });
}

type Call = (...args: readonly number[]) => number | undefined;
function call(metered: Metered, name: string, args: readonly number[] = [0], limit = GAS, words?: number): ReturnType<Metered['run']> {
  const f = metered.instance.exports[name] as Call;
  return metered.run(() => [BigInt(f(...args) ?? 0)], limit, words);
}

test('VM-1, VM-8, VM-18, VM-19: what an instrumented module imports, exports and keeps', () => {
  const bytes = moduleOfFunctions([{ body: GET }, { type: 0, body: [0x41, 9, 0x24, 0] }], 2);
  const { wasm: made, facts } = admitModule(bytes, 'integer', { memory_pages: 3 });
  assert.deepEqual(admitModule(bytes, 'integer', { memory_pages: 3 }).wasm, made, 'the same bytes each time');
  assert.deepEqual(
    wasm.Module.imports(new wasm.Module(made)).map(({ module, name: field }) => [module, field]),
    [
      ['env', 'double'],
      ['ava:', 'ava:memory'],
    ],
  );
  assert.deepEqual(admitModule(bytes, 'integer', { memory_pages: 9 }).facts.memory, { min: 1, max: 4, imported: false }, 'no more than declared');
  const { instance, memory, global } = instanceOf(bytes);
  assert.deepEqual(Object.keys(instance.exports), ['m', 'double', 'f1', 'f2', 'ava:gas', 'ava:stack', 'ava:trap', 'ava:start', 'ava:global:0', 'ava:table:0']);
  assert.equal(instance.exports['m'], memory);
  assert.equal(new Uint8Array(memory?.buffer ?? new ArrayBuffer(0))[0], 42, 'data is there');
  assert.equal(global.call({ instance } as Metered, 'ava:global:0').value, 7, 'the start function did not run');
  assert.deepEqual(
    [facts.memory, facts.tables, facts.mutableGlobals, facts.start, facts.functions, facts.instrumenter],
    [{ min: 1, max: 3, imported: false }, 1, [0], true, 3, INSTRUMENTER_VERSION],
  );
  assert.deepEqual(facts.imports[0], { module: 'env', name: 'double', kind: 'function', index: 0, type: { params: [I32], results: [I32] }, global: null });
  assert.deepEqual(
    facts.exports.map(({ name: exported, kind, index }) => [exported, kind, index]),
    [
      ['m', 'memory', 0],
      ['double', 'function', 0],
      ['f1', 'function', 1],
      ['f2', 'function', 2],
    ],
  );
});

test('VM-8: custom sections go, a memory that is imported is imported as ava:memory', () => {
  const custom = [0, 3, 1, 0x61, 0x62];
  const bytes = moduleOf(custom, section(SECTION.import, [[...name('env'), ...name('memory'), 2, ...limits(2, 9)]]), custom);
  const { wasm: made, facts } = admitModule(bytes, 'integer', { memory_pages: 5 });
  assert.deepEqual(facts.memory, { min: 2, max: 5, imported: true });
  assert.deepEqual(wasm.Module.imports(new wasm.Module(made)), [{ module: 'ava:', name: 'ava:memory', kind: 'memory' }]);
  assert.equal(made.includes(0x62), false);
});

test('VM-16: the start function runs when called, under gas', () => {
  const metered = instanceOf(
    moduleOfFunctions(
      [
        { type: 0, body: [0x41, 9, 0x24, 0] },
        { type: 0, body: [LOOP, VOID, 0x0c, 0, END] },
      ],
      1,
    ),
  );
  assert.deepEqual(metered.start(), { trap: null, results: [], gas: 3n });
  assert.equal(metered.global('ava:global:0').value, 9);
  const endless = instanceOf(moduleOfFunctions([{ type: 0, body: [LOOP, VOID, 0x0c, 0, END] }], 1));
  assert.deepEqual(endless.start(1_000n), { trap: 'gas', results: [], gas: 1_000n });
});

test('VM-9, VM-11: gas ends what does not end, at the limit and not before', () => {
  // counts down from its parameter: 1 at the head, and 1 + 2 + 1 + 1 + 1 + 1 + 2 for each round
  const count: Function = { body: [BLOCK, VOID, LOOP, VOID, ...GET, 0x45, 0x0d, 1, ...GET, 0x41, 1, 0x6b, 0x21, 0, 0x0c, 0, END, END, ...GET] };
  const metered = instanceOf(moduleOfFunctions([count]));
  const gas = (rounds: number): bigint => call(metered, 'f1', [rounds]).gas;
  const each = gas(1) - gas(0);
  assert.equal(gas(1_000), gas(0) + 1_000n * each);
  assert.deepEqual(call(metered, 'f1', [1_000], gas(1_000)), { trap: null, results: [0n], gas: gas(1_000) });
  assert.deepEqual(call(metered, 'f1', [1_000], gas(1_000) - 1n), { trap: 'gas', results: [], gas: gas(1_000) - 1n });
  assert.equal(call(metered, 'f1', [-1], 1_000_000n).trap, 'gas');
});

test('VM-9: a balance below zero at the end is out of gas, though nothing tested it', () => {
  const metered = instanceOf(moduleOfFunctions([{ body: [...GET, IF, VOID, 0x01, 0x01, 0x01, END, ...ZERO] }]));
  assert.equal(call(metered, 'f1', [1]).gas, 7n);
  assert.deepEqual(call(metered, 'f1', [1], 6n), { trap: 'gas', results: [], gas: 6n });
  assert.deepEqual(call(metered, 'f1', [0], 4n), { trap: null, results: [0n], gas: 4n });
});

test('VM-12: the balance is the same in a local as in the global', () => {
  const add: Function = { body: [...GET, 0x41, 1, 0x6a] };
  const body = [...GET, IF, VOID, ...GET, 0x10, 1, 0x1a, ...GET, 0x10, 1, 0x0f, END, ...ZERO];
  const metered = instanceOf(moduleOfFunctions([add, { body }, { body: [LOOP, VOID, END, ...body] }]));
  for (const argument of [0, 5]) {
    const [plain, kept] = [call(metered, 'f2', [argument]), call(metered, 'f3', [argument])];
    assert.deepEqual(kept, { ...plain, gas: plain.gas + 1n });
    for (let limit = 0n; limit < kept.gas; limit += 7n) assert.equal(call(metered, 'f3', [argument], limit).trap, 'gas');
  }
});

test('VM-10: the same gas whether the caller pays for entering or the function itself', () => {
  const inner: Function = { locals: [[5, 'i32']], body: [...GET, IF, I32, ...GET, 0x01, ELSE, ...ZERO, END] };
  const outer: Function = { body: [...GET, 0x10, 1, 0x1a, ...GET, IF, I32, ...GET, 0x10, 1, ELSE, ...GET, 0x41, 1, 0x10, 2, 0x6a, END] };
  const endless: Function = { body: [...GET, 0x10, 3] };
  const functions = [inner, outer, endless];
  const [paid, self] = [true, false].map((listed) => instanceOf(moduleOfFunctions(functions, undefined, !listed)));
  for (const argument of [0, 1]) for (const f of ['f1', 'f2']) assert.deepEqual(call(paid, f, [argument]), call(self, f, [argument]));
  assert.equal(call(paid, 'f1', [1]).gas, 5n + 1n + 2n + 2n);
  for (const metered of [paid, self]) {
    assert.equal(call(metered, 'f1', [1], 9n).trap, 'gas');
    assert.equal(call(metered, 'f3', [1], 1_000n).trap, 'gas');
    assert.equal(call(metered, 'f3').trap, 'stack');
  }
});

test('VM-13: host calls are charged wherever they come from', () => {
  const direct: Function = { body: [...GET, 0x10, 0] };
  const indirect: Function = { body: [...GET, ...ZERO, 0x11, 1, 0] };
  let calls = 0;
  const metered = instanceOf(moduleOfFunctions([direct, indirect]), 3, { env: { double: () => ++calls } });
  assert.deepEqual(call(metered, 'double'), { trap: null, results: [1n], gas: 128n });
  assert.deepEqual(call(metered, 'f1'), { trap: null, results: [2n], gas: 1n + 34n + 128n });
  assert.deepEqual(call(metered, 'f2'), { trap: null, results: [3n], gas: 2n + 50n + 128n });
  assert.equal(calls, 3);
  assert.equal(call(metered, 'f1', [4], 162n).trap, 'gas');
  assert.equal(calls, 3, 'what is not paid is not called');
});

test('VM-13: memory grows as far as declared and allowed, and is paid first', () => {
  const bytes = moduleOfFunctions([{ body: [...GET, 0x40, 0] }, { type: 3, body: [0x3f, 0] }]);
  const grow = (pages: number, limit?: bigint): ReturnType<typeof call> => call(instanceOf(bytes, 3), 'f1', [pages], limit);
  assert.deepEqual(grow(0), { trap: null, results: [1n], gas: 33n + 4_096n });
  assert.deepEqual(grow(2), { trap: null, results: [1n], gas: 33n + 4_096n + 2n * 8_192n });
  assert.deepEqual(grow(3), { trap: 'memory', results: [], gas: 33n + 4_096n }, 'declared, but not allowed');
  assert.deepEqual(grow(4), { trap: null, results: [-1n], gas: 33n + 4_096n }, 'not declared');
  assert.deepEqual(grow(-1), { trap: null, results: [-1n], gas: 33n + 4_096n });
  assert.deepEqual(grow(2, 20_000n), { trap: 'gas', results: [], gas: 20_000n });
  const metered = instanceOf(bytes, 4);
  for (const before of [1n, 2n, 3n]) assert.deepEqual(call(metered, 'f1', [1]).results, [before]);
  assert.deepEqual([call(metered, 'f1', [1]).results, call(metered, 'f2').results], [[-1n], [4n]]);
});

test('VM-13: an engine that refuses memory is at fault itself', () => {
  const admitted = admitModule(moduleOfFunctions([{ body: [...GET, 0x40, 0] }]), 'integer', { memory_pages: 3 });
  // A memory that cannot grow stands for an engine without any left.
  const bytes = admitted.wasm.slice();
  const at = bytes.findIndex((_, i) => bytes[i] === 0x40 && bytes[i + 1] === 0 && bytes[i - 2] === 0x20);
  assert.ok(at > 0);
  bytes.set([0x41, 0x7f, 0x01, 0x01], at - 2);
  const metered = new Metered({ admitted, module: new wasm.Module(bytes), imports: IMPORTS });
  assert.throws(() => call(metered, 'f1', [1]));
  assert.equal(metered.global('ava:trap').value, 255);
});

test('VM-13: memory.fill and memory.copy are paid by the byte, before', () => {
  const fill: Function = { body: [...ZERO, 0x41, 7, ...GET, 0xfc, 11, 0, ...ZERO] };
  const copy: Function = { body: [0x41, 16, ...ZERO, ...GET, 0xfc, 10, 0, 0, ...ZERO] };
  const metered = instanceOf(moduleOfFunctions([fill, copy]));
  for (const f of ['f1', 'f2']) {
    for (const [length, bytes] of [
      [0, 0n],
      [1, 1n],
      [8, 1n],
      [9, 2n],
      [4_096, 512n],
    ] as const)
      assert.deepEqual(call(metered, f, [length]), { trap: null, results: [0n], gas: 4n + 64n + bytes });
    assert.equal(call(metered, f, [4_096], 579n).trap, 'gas');
    assert.equal(call(metered, f, [-1]).trap, 'trap', 'outside the memory');
  }
});

test('VM-15: recursion ends at the words of its frames', () => {
  // 8 + a parameter + two locals + one operand
  const recurse: Function = { locals: [[2, 'i64']], body: [...GET, IF, I32, ...GET, 0x41, 1, 0x6b, 0x10, 1, ELSE, ...ZERO, END] };
  const leaf: Function = { body: [...GET] };
  const large: Function = { locals: [[56, 'i64']], body: [...GET] };
  const metered = instanceOf(moduleOfFunctions([recurse, leaf, large]));
  assert.equal(metered.admitted.facts.frameWords, 8 + 1 + 56 + 1);
  const words = 8 + 1 + 2 + 2;
  for (const depth of [0, 1, 10, 500]) {
    assert.equal(call(metered, 'f1', [depth], GAS, (depth + 1) * words).trap, null);
    assert.equal(call(metered, 'f1', [depth], GAS, (depth + 1) * words - 1).trap, 'stack');
  }
  assert.equal(call(metered, 'f2', [0], GAS, 0).trap, null, 'a small leaf is not counted');
  assert.equal(call(metered, 'f3', [0], GAS, 65).trap, 'stack', 'a large one is');
  assert.equal(call(metered, 'f3', [0], GAS, 66).trap, null);
});

test('VM-15: calls one after the other do not add up, from host functions neither', () => {
  const twice: Function = { body: [...GET, 0x10, 0, 0x1a, ...GET, 0x10, 0, 0x1a, ...GET, 0x10, 0] };
  const left: number[] = [];
  const metered: Metered = instanceOf(moduleOfFunctions([twice]), 3, {
    env: { double: () => left.push(Number(metered.global('ava:stack').value)) },
  });
  assert.equal(call(metered, 'f1', [1], GAS, 100).trap, null);
  assert.deepEqual(left, [90, 90, 90]);
});

test('VM-17, VM-18: how it ended', () => {
  const divide: Function = { body: [0x41, 1, ...GET, 0x6d] };
  const load: Function = { body: [...GET, 0x28, 2, 0] };
  const indirect: Function = { body: [...GET, 0x11, 0, 0, ...ZERO] };
  const unreachable: Function = { body: [LOOP, VOID, 0x00, END, ...ZERO] };
  const metered = instanceOf(moduleOfFunctions([divide, load, indirect, unreachable]));
  const traps: readonly (readonly [string, number, string])[] = [
    ['f1', 0, 'trap'],
    ['f2', 65_536, 'trap'],
    ['f2', -1, 'trap'],
    ['f3', 1, 'trap'],
    ['f3', 7, 'trap'],
    ['f3', 100, 'trap'],
    ['f4', 0, 'unreachable'],
  ];
  for (const [f, argument, trap] of traps) assert.equal(call(metered, f, [argument]).trap, trap, `${f} ${argument}`);
  assert.equal(call(metered, 'f4', [0]).gas, 3n, 'written back before unreachable');
});

test('a fault of admission says where', () => {
  const bytes = moduleOfFunctions([{ body: GET }, { body: [0x6a] }]);
  assert.throws(
    () => admitModule(bytes, 'integer'),
    (error) => error instanceof Fault && error.slug === 'wasm_invalid' && error.context['function'] === 2 && bytes[Number(error.context['offset'])] === 0x6a,
  );
});
