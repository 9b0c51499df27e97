/** Balances by one call are those of the globals. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { code, functionType, moduleOf, name, SECTION, section } from '../../test/vm/binary.ts';
import { admitModule } from './admit.ts';
import { balanceOf } from './balance.ts';
import { ENGINE, type EngineGlobal } from './engine.ts';
import { compileModule, Instance, newMemory } from './instance.ts';

const admitted = admitModule(
  moduleOf(
    section(SECTION.type, [functionType([], [])]),
    section(SECTION.function, [[0]]),
    section(SECTION.export, [[...name('run'), 0, 0]]),
    section(SECTION.code, [code([], [0x41, 1, 0x1a])]),
  ),
  'integer',
);
const make = (): Instance => new Instance(compileModule(admitted.wasm), admitted.facts, newMemory({ min: 0, max: 0 }), {});

test('what is begun stands in the globals, and what stands there is what is left', () => {
  const { gas, stack, exports } = make();
  const trap = exports['ava:trap'] as EngineGlobal;
  const balance = balanceOf(gas, stack, trap);
  for (const units of [0, 1, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER]) {
    trap.value = 7;
    balance.begin(units, 65_536);
    assert.deepEqual([gas.value, stack.value, trap.value], [BigInt(units), 65_536, 0]);
    assert.equal(balance.left(), units);
  }
  gas.value = -3n;
  assert.equal(balance.left(), -3);
});

test('gas is the same in the first calls of an instance and in later ones', () => {
  const kept = make();
  for (let call = 0; call < 6; call++) {
    kept.begin(1_000, 100, 10);
    kept.function('run')();
    assert.deepEqual(kept.returned(), { trap: null, gas: 12 }, `call ${call}`);
    kept.begin(11, 100, 10);
    assert.throws(() => kept.function('run')());
    assert.deepEqual(kept.threw(new ENGINE.RuntimeError()), { trap: 'gas', gas: 11 }, `call ${call}`);
  }
});
