/** VM-14: whatever NaN goes in, and however one is made, the one that comes out is the canonical one; bit operations keep bits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bytes, code, functionType, moduleOf, name, SECTION, section } from '../../test/vm/binary.ts';
import { wasm } from '../../test/vm/web-assembly.ts';
import { admitModule } from './admit.ts';
import { NAMES, NAN, POP2 } from './opcode.ts';

const F32_NANS = [0x7fc00000, 0xffc00000, 0x7fa00001, 0xff800001, 0x7fffffff, 0xffffffff];
const F64_NANS = [0x7ff8000000000000n, 0xfff8000000000000n, 0x7ff0000000000001n, 0xfff4000000000002n, 0x7fffffffffffffffn, 0xffffffffffffffffn];
const F32_BITS = [...F32_NANS, 0, 0x80000000, 0x3f800000, 0x7f800000, 0xff800000, 0x00000001];
const F64_BITS = [...F64_NANS, 0n, 0x8000000000000000n, 0x3ff0000000000000n, 0x7ff0000000000000n, 0xfff0000000000000n, 1n];

type Run = (...bits: readonly (number | bigint)[]) => number | bigint;

/** A function over bits: reinterpret the parameters, the instruction, reinterpret the result. */
function over(op: number, from: 'f32' | 'f64', to: 'f32' | 'f64', operands: number): Run {
  const param = from === 'f32' ? 'i32' : 'i64';
  const operand = (index: number): Bytes => [0x20, index, from === 'f32' ? 0xbe : 0xbf];
  const body = [...operand(0), ...(operands === 2 ? operand(1) : []), op, to === 'f32' ? 0xbc : 0xbd];
  const bytes = moduleOf(
    section(SECTION.type, [functionType([param, param], [to === 'f32' ? 'i32' : 'i64'])]),
    section(SECTION.function, [[0]]),
    section(SECTION.export, [[...name('run'), 0, 0]]),
    section(SECTION.code, [code([], body)]),
  );
  const instance = new wasm.Instance(new wasm.Module(admitModule(bytes, 'canonical-nan').wasm));
  (instance.exports['ava:gas'] as { value: bigint }).value = 1n << 60n;
  return instance.exports['run'] as Run;
}

const isNan32 = (bits: number): boolean => (bits & 0x7fffffff) >>> 0 > 0x7f800000;
const isNan64 = (bits: bigint): boolean => (bits & 0x7fffffffffffffffn) > 0x7ff0000000000000n;

test('the table of instructions that make NaNs', () => {
  const made = NAMES.filter((_, op) => NAN[op] !== 0);
  const each = 'ceil floor trunc nearest sqrt add sub mul div min max'.split(' ');
  assert.deepEqual(new Set(made), new Set([...each.flatMap((op) => [`f32.${op}`, `f64.${op}`]), 'f32.demote_f64', 'f64.promote_f32']));
});

test('every NaN that an instruction makes is canonical', () => {
  let nans = 0;
  for (const [op, nan] of NAN.entries()) {
    if (nan === 0) continue;
    const to = nan === 0x7d ? 'f32' : 'f64';
    const from = NAMES[op] === 'f32.demote_f64' ? 'f64' : NAMES[op] === 'f64.promote_f32' ? 'f32' : to;
    const operands = POP2[op] === 0 ? 1 : 2;
    const run = over(op, from, to, operands);
    const inputs: readonly (number | bigint)[] = from === 'f32' ? F32_BITS : F64_BITS;
    for (const a of inputs)
      for (const b of operands === 2 ? inputs : [inputs[0]]) {
        const bits = run(a, b);
        if (typeof bits === 'number' ? !isNan32(bits) : !isNan64(BigInt.asUintN(64, bits))) continue;
        nans++;
        if (typeof bits === 'number') assert.equal(bits, 0x7fc00000, `${NAMES[op]} of ${a}, ${b}`);
        else assert.equal(bits, 0x7ff8000000000000n, `${NAMES[op]} of ${a}, ${b}`);
      }
  }
  assert.ok(nans > 500, `${nans}`);
});

test('abs, neg and copysign keep the bits of a NaN', () => {
  for (const bits of F32_NANS) {
    assert.equal(Number(over(0x8b, 'f32', 'f32', 1)(bits, 0)) >>> 0, bits & 0x7fffffff);
    assert.equal(Number(over(0x8c, 'f32', 'f32', 1)(bits, 0)) >>> 0, (bits ^ 0x80000000) >>> 0);
    assert.equal(Number(over(0x98, 'f32', 'f32', 2)(bits, 0)) >>> 0, bits & 0x7fffffff);
  }
  for (const bits of F64_NANS) {
    assert.equal(BigInt.asUintN(64, BigInt(over(0x99, 'f64', 'f64', 1)(bits, 0n))), bits & 0x7fffffffffffffffn);
    assert.equal(BigInt.asUintN(64, BigInt(over(0x9a, 'f64', 'f64', 1)(bits, 0n))), bits ^ 0x8000000000000000n);
  }
});
