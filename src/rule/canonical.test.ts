import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { admit, lift } from './admit.ts';
import { canonical } from './canonical.ts';
import { GAS_MAX, MEMORY_PAGES_MAX } from './cost.ts';
import { decodeProgram, encodeProgram } from './ir.ts';
import { lower } from './lower.ts';
import { parse } from './parse.ts';
import { printProgram } from './print.ts';
import { makeProgram, Random } from './program-generator.ts';
import { scopeOf } from './scope.ts';
import { apply, isFoldTerm, type Term } from './term.ts';

const SEED = Number(process.env.AVA_SEED ?? 1);
const PROGRAMS = Number(process.env.AVA_PROGRAMS ?? 2_000);
const LIMITS = { gas: GAS_MAX, memory_pages: MEMORY_PAGES_MAX };

/** The same term written otherwise: and/or commuted, regrouped, repeated; sides of == swapped; nothing shared. */
function rewritten(term: Term, random: Random): Term {
  if (isFoldTerm(term)) {
    const { range, predicate, body } = term;
    return { ...term, range: rewritten(range, random), predicate: predicate && rewritten(predicate, random), body: rewritten(body, random) };
  }
  if (!('operands' in term)) return { ...term };
  const operands = term.operands.map((operand) => rewritten(operand, random));
  if (term.op === 'eq' && random.chance(50)) return { ...term, operands: operands.reverse() };
  if (term.op !== 'and' && term.op !== 'or') return { ...term, operands };
  for (let i = operands.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [operands[i], operands[j]] = [operands[j], operands[i]];
  }
  if (random.chance(40)) operands.push(random.pick(operands));
  if (operands.length > 2 && random.chance(50)) operands.splice(0, 2, apply(term.op, operands[0], operands[1]));
  return { ...term, operands };
}

test(`random programs come back unchanged, however they are written (seed ${SEED})`, () => {
  const random = new Random(SEED);
  let nested = 0;
  for (let i = 0; i < PROGRAMS; i++) {
    const { term, program } = makeProgram(random, { depth: 3 + (i % 4), beyondCel: i % 2 === 0 });
    const bytes = encodeProgram(program);
    assert.equal(compare(encodeProgram(canonical(lift(decodeProgram(bytes)))), bytes), 0, `program ${i} changes when it is written again`);
    assert.equal(compare(encodeProgram(canonical(rewritten(term, random))), bytes), 0, `program ${i} depends on how it was written`);
    admit(bytes, LIMITS);
    if (program.nodes.some((node) => node.imm > 1 && node.op === 'elem')) nested += 1;
  }
  assert.ok(nested > PROGRAMS / 10, `only ${nested} programs have folds that depend on an outer item`);
});

test(`a changed byte is refused or is another canonical program (seed ${SEED})`, () => {
  const random = new Random(SEED + 1);
  let refused = 0;
  for (let i = 0; i < PROGRAMS; i++) {
    const bytes = encodeProgram(makeProgram(random, { depth: 3 }).program);
    const changed = bytes.slice();
    changed[random.below(bytes.length)] ^= 1 << random.below(8);
    try {
      const { program } = admit(changed, LIMITS);
      assert.equal(compare(encodeProgram(program), changed), 0);
    } catch (fault) {
      assert.ok(fault instanceof Fault && /^(rule|cbor)_/.test(fault.slug), String(fault));
      refused += 1;
    }
  }
  assert.ok(refused > PROGRAMS / 2);
});

test(`a printed program compiles to itself (seed ${SEED})`, () => {
  const random = new Random(SEED + 2);
  for (let i = 0; i < PROGRAMS / 4; i++) {
    const { program, inputs } = makeProgram(random, { depth: 3 + (i % 3) });
    const { text, spans } = printProgram(program);
    if (text.length > 12_000) continue;
    const scope = scopeOf(new Map(inputs.map((input) => [input.path, input.type])));
    assert.equal(compare(encodeProgram(canonical(lower(parse(text), scope))), encodeProgram(program)), 0, text);
    assert.deepEqual(spans.get(program.out), [0, text.length]);
  }
});
