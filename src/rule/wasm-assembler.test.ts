/** The binary format, against published encodings and against what V8 accepts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instantiate } from '../vm/run.ts';
import { assemble, choose, get, I32, I64, i32, i64, Locals, seq, set, signed, unsigned, until } from './wasm-assembler.ts';

test('LEB128 as DWARF 5 §7.6 prints it', () => {
  assert.deepEqual([2, 127, 128, 129, 12_857, 624_485, 0xffffffff].map(unsigned), [
    [2],
    [0x7f],
    [0x80, 1],
    [0x81, 1],
    [0xb9, 0x64],
    [0xe5, 0x8e, 0x26],
    [0xff, 0xff, 0xff, 0xff, 0x0f],
  ]);
  assert.deepEqual([2n, -2n, 127n, -127n, 128n, -128n, 129n, -129n, 63n, 64n, -64n, -65n].map(signed), [
    [2],
    [0x7e],
    [0xff, 0],
    [0x81, 0x7f],
    [0x80, 1],
    [0x80, 0x7f],
    [0x81, 1],
    [0xff, 0x7e],
    [0x3f],
    [0xc0, 0],
    [0x40],
    [0xbf, 0x7f],
  ]);
  assert.deepEqual(signed(-(2n ** 63n)), [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f]);
});

test('constants survive: i32 and i64 of every width', () => {
  for (let bit = 0n; bit < 64n; bit++) {
    for (const value of [(1n << bit) - 1n, 1n << bit, -(1n << bit), -(1n << bit) - 1n].filter((v) => BigInt.asIntN(64, v) === v)) {
      const locals = new Locals();
      const instance = instantiate(
        assemble({
          functions: [
            { locals, result: I32, body: seq(i64.store(i32.const(8), i64.const(value)), i32.const(Number(BigInt.asIntN(32, value)))), exported: 'judge' },
          ],
          memoryPages: 1,
          data: [],
        }),
      );
      assert.equal(instance.judge(), Number(BigInt.asIntN(32, value)));
      assert.equal(instance.view.getBigInt64(8, true), value);
    }
  }
});

test('locals in runs, data, loops, more than 128 locals', () => {
  const locals = new Locals();
  const many = Array.from({ length: 150 }, (_, i) => locals.local(i % 3 === 0 ? I64 : I32));
  const [, sum, at] = many.slice(-3);
  const body = seq(
    until(i32.eq(get(at), i32.const(4)), set(sum, i32.add(get(sum), i32.load8(get(at), 100))), set(at, i32.add(get(at), i32.const(1)))),
    choose(I32, i32.eq(get(sum), i32.const(10)), get(sum), i32.const(-1)),
  );
  const module = {
    functions: [{ locals, result: I32, body, exported: 'judge' }],
    memoryPages: 1,
    data: [{ at: 100, bytes: Uint8Array.of(1, 2, 3, 4) }],
  } as const;
  assert.equal(instantiate(assemble(module)).judge(), 10);
  assert.deepEqual(assemble(module), assemble(module));
  assert.throws(() => assemble({ ...module, data: [{ at: 65_535, bytes: Uint8Array.of(1, 2) }] }));
});
