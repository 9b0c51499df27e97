/**
 * Every float instruction on every kind of NaN (VM-14), as constants, which compilers compute by themselves, and as
 * arguments: the bits are those of the reference, on each of the engine's compilers.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { NumberType } from './vm/binary.ts';
import { bitCall } from './vm/bit-call.ts';
import { Metered } from './vm/metered.ts';
import { hasFloat, NUMBER_OPERATIONS, type Operation } from './vm/operation.ts';
import { bytesOf, type Instruction, type Program } from './vm/program.ts';
import { compute, ReferenceTrap } from './vm/reference-number.ts';
import { TIERS } from './vm/tier.ts';

/** NaNs quiet and signalling, of both signs, with payloads; and what makes one. */
const VALUES: Record<NumberType, readonly bigint[]> = {
  f32: [0x7fa0_0001n, 0xffa0_0001n, 0x7fc0_0000n, 0xffc0_0000n, 0x7fc1_2345n, 0xffff_ffffn, 0x7f80_0001n, 0x3f80_0000n, 0x8000_0000n, 0n, 0x7f80_0000n],
  f64: [
    (0x7ff4n << 48n) | 5n,
    (0xfff4n << 48n) | 5n,
    0x7ff8n << 48n,
    0xfff8n << 48n,
    (0x7ff8n << 48n) | 77n,
    (1n << 64n) - 1n,
    (0x7ff0n << 48n) | 1n,
    0x3ff0n << 48n,
    1n << 63n,
    0n,
    0x7ff0n << 48n,
  ],
  i32: [0n, 1n, 0x7fa0_0001n, 0xffc0_0001n],
  i64: [0n, 1n, (0x7ff4n << 48n) | 5n],
};
const OPERATIONS = NUMBER_OPERATIONS.filter(hasFloat);

function expected(operation: Operation, args: readonly bigint[]): string {
  try {
    return String(compute(operation, args));
  } catch (error) {
    if (error instanceof ReferenceTrap) return error.trap;
    throw error;
  }
}

function check(operation: Operation): number {
  const { params, result, name } = operation;
  assert.ok(result !== null);
  const [first, second] = [VALUES[params[0]], params.length > 1 ? VALUES[params[1]] : null];
  const inputs = first.flatMap((a) => (second === null ? [[a]] : second.map((b) => [a, b])));
  const apply: Instruction = { kind: 'operation', operation, offset: 0, align: 0 };
  const program: Program = {
    floats: true,
    types: [
      { params: [], results: [result] },
      { params, results: [result] },
    ],
    imports: [],
    functions: [
      ...inputs.map((args) => ({
        type: 0,
        locals: [],
        body: [...args.map((bits, index): Instruction => ({ kind: 'const', type: params[index], bits })), apply],
      })),
      { type: 1, locals: [], body: [...params.map((_, index): Instruction => ({ kind: 'local.get', index })), apply] },
    ],
    table: null,
    memory: null,
    globals: [],
    start: null,
  };
  const { admitted, module } = Metered.admit(bytesOf(program, false), 'canonical-nan');
  const metered = new Metered({ admitted, module, imports: {} });
  const general = bitCall(metered.instance.exports[inputs.length], params, [result]);
  for (const [index, args] of inputs.entries()) {
    const constant = bitCall(metered.instance.exports[index], [], [result]);
    const ended = [metered.run(() => constant([])), metered.run(() => general(args))];
    for (const { trap, results } of ended)
      assert.equal(trap ?? String(results[0]), expected(operation, args), `${name} ${args.map((bits) => bits.toString(16)).join(' ')}`);
  }
  return inputs.length;
}

test('every float instruction on every kind of NaN', () => {
  const cases = OPERATIONS.reduce((sum, operation) => sum + check(operation), 0);
  assert.ok(cases > 2_000);
});

if (process.env['AVA_VM_COMPILER'] === undefined) {
  for (const tier of ['baseline', 'optimising'] as const) {
    test(`on the ${tier} compiler alone`, () => {
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      const { status, stdout } = spawnSync(process.execPath, [...TIERS[tier], fileURLToPath(import.meta.url)], {
        encoding: 'utf8',
        env: { ...env, AVA_VM_COMPILER: tier },
      });
      assert.equal(status, 0, stdout);
    });
  }
}
