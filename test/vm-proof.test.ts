/**
 * Gas is exact on every path of every body, and tested in time (VM-10, VM-11): proved for random modules, for the guests of the tests and for the
 * examples; and the proof fails when a charge is changed. AVA_VM_PROOFS sets how many random modules.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Random } from '../sim/random.ts';
import { admitModule } from '../src/vm/admit.ts';
import { type Break, broken } from './vm/build.ts';
import { exposed } from './vm/disassemble.ts';
import { bytesOf } from './vm/program.ts';
import { prove } from './vm/proof.ts';
import { randomProgram } from './vm/random-program.ts';

const MODULES = Number(process.env['AVA_VM_PROOFS'] ?? 200);
const SEED = Number(process.env['AVA_VM_SEED'] ?? 1);
const root = `${import.meta.dirname}/..`;

const programOf = (seed: number): Uint8Array => bytesOf(randomProgram(seed, seed % 2 === 1), false);
const admitted = (seed: number, bytes: Uint8Array): Uint8Array => admitModule(bytes, seed % 2 === 1 ? 'canonical-nan' : 'integer').wasm;

test(`${MODULES} random modules from seed ${SEED}`, () => {
  let instructions = 0;
  for (let seed = SEED; seed < SEED + MODULES; seed++) {
    const bytes = programOf(seed);
    try {
      instructions += prove(bytes, admitted(seed, bytes));
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  console.log(`${MODULES} modules, ${instructions} instructions`);
});

test('guests of the tests, and the examples', () => {
  const files = globSync(['test/guest/*.wasm', 'guest/**/*.wasm'], { cwd: root }).filter((file) => !file.includes('node_modules'));
  assert.ok(files.length > 5);
  for (const file of files) {
    const bytes = exposed(new Uint8Array(readFileSync(`${root}/${file}`)));
    const { wasm } = admitModule(bytes, 'canonical-nan', { exports: 100_000, names_bytes: 1_000_000 });
    assert.ok(prove(bytes, wasm) > 0, file);
  }
});

/** Where a balance is charged with one byte: i64.const, i64.sub, and it is put down. */
function chargesOf(wasm: Uint8Array): number[] {
  const places: number[] = [];
  for (let at = 1; at + 3 < wasm.length; at++) {
    const [op, cost, sub, then] = wasm.subarray(at, at + 4);
    if (op === 0x42 && cost > 1 && cost < 0x3f && sub === 0x7d && (then === 0x24 || then === 0x22 || then === 0x21)) places.push(at + 1);
  }
  return places;
}

test('a charge that is changed by one is found', () => {
  let [found, missed] = [0, 0];
  for (let seed = SEED; seed < SEED + 40; seed++) {
    const random = new Random(seed);
    const bytes = programOf(seed);
    const wasm = admitted(seed, bytes);
    for (const place of chargesOf(wasm)) {
      const changed = Uint8Array.from(wasm);
      changed[place] += random.chance(0.5) ? 1 : -1;
      try {
        prove(bytes, changed);
        missed++;
      } catch {
        found++;
      }
    }
  }
  console.log(`${found} found, ${missed} where no path returns`);
  // what only leads to a trap may be charged more, and what nothing reaches anything
  assert.ok(found > 300 && missed < found / 3);
});

const BREAKS: readonly (readonly [what: string, breaks: readonly Break[]])[] = [
  ['a branch that costs nothing', [['opcode.ts', "'br_if', LABEL, 'branch'", "'br_if', LABEL, 'free'"]]],
  ['a division at the price of an addition', [['schedule.ts', '    divide32: 5,', '    divide32: 1,']]],
  ['a call that costs less', [['schedule.ts', '    call: 32,', '    call: 31,']]],
  ['locals for nothing', [['schedule.ts', '    local: 1,', '    local: 0,']]],
  [
    'a balance that is not written back before a call',
    [['instrument-body.ts', '    this.known = false;\n    if (this.kept) this.writeBack();', '    this.known = false;']],
  ],
  [
    'a balance that is not taken up after a call',
    [
      [
        'instrument-body.ts',
        '    if (!this.kept) return;\n    this.out.op(OP.global_get',
        '    if (this.known || !this.kept) return;\n    if (this.site.facts.loops) return;\n    this.out.op(OP.global_get',
      ],
    ],
  ],
  ['a balance that is not written back at the end', [['instrument-body.ts', '    if (!kept) return;\n    this.writeBack();', '    if (!kept) return;']]],
  [
    'a loop that is not tested',
    [
      [
        'instrument-body.ts',
        '      case at.LOOP:\n        this.charge(value, true);',
        '        this.charge(value, true);\n        return;\n      case at.LOOP:\n        this.charge(value, false);',
      ],
    ],
  ],
  ['a NaN of a division', [['opcode.ts', "of(type, 'div'), { nan: true });", "of(type, 'div'));"]]],
  [
    'a call without the stack',
    [['instrument-body.ts', '    this.out.op(OP.local_get, this.stack);\n    this.out.op(OP.global_set, this.site.meters.stack);', '']],
  ],
  ['an entry that is not tested', [['instrument-body.ts', 'this.charge(entry, true);', 'this.charge(entry, false);']]],
  ['a long way without a test, behind a call', [['pieces.ts', 'if (this.calls) this.untested = UNTESTED_GAS_MAX;', 'if (this.calls) this.untested = 0;']]],
];
for (const [what, breaks] of BREAKS) {
  test(`a broken build is found: ${what}`, async () => {
    const { admitModule: admit } = await broken(breaks);
    const failed = Array.from({ length: 40 }, (_, index) => SEED + index).filter((seed) => {
      const bytes = programOf(seed);
      try {
        prove(bytes, admit(bytes, seed % 2 === 1 ? 'canonical-nan' : 'integer').wasm);
        return false;
      } catch {
        return true;
      }
    });
    assert.ok(failed.length > 0, 'every proof holds');
  });
}
