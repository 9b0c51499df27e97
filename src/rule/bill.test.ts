import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyse } from './analysis.ts';
import { bill } from './bill.ts';
import { makeProgram, Random } from './program-generator.ts';

test('the items of a bill are the gas of the program', () => {
  const random = new Random(11);
  for (let n = 0; n < 200; n++) {
    const { program } = makeProgram(random, { beyondCel: true });
    const items = bill(program);
    assert.equal(items.length, program.nodes.length);
    assert.equal(
      items.reduce((sum, { gas, rounds }) => sum + gas * rounds, 0),
      analyse(program).gas,
    );
  }
});
