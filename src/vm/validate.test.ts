/** Validity (VM-4, VM-5, VM-6): tables by hand, and V8's own answer over random bodies. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../sim/random.ts';
import { type Bytes, code, functionType, limits, moduleOf, name, SECTION, section, sized } from '../../test/vm/binary.ts';
import { wasm } from '../../test/vm/web-assembly.ts';
import { Fault, type FaultName } from '../base/fault.ts';
import { admitModule, type Profile } from './admit.ts';
import type { Limits } from './limits.ts';
import { NAMES, OP } from './opcode.ts';

const [END, ELSE, IF, BLOCK, LOOP, VOID] = [0x0b, 0x05, 0x04, 0x02, 0x03, 0x40];
const [I32, I64, F64] = [0x7f, 0x7e, 0x7c];
const zero = [0x41, 0];
const long = [0x42, 0];

const TYPES = [functionType([], []), functionType(['i32', 'i64'], ['i32']), functionType(['i32'], [])];
/** One function of type `type` with a local of each integer type after its parameters; a table, a memory, three globals. */
function moduleWith(body: Bytes, type = 0): Uint8Array {
  return moduleOf(
    section(SECTION.type, TYPES),
    section(SECTION.function, [[type]]),
    section(SECTION.table, [[0x70, ...limits(2, 2)]]),
    section(SECTION.memory, [limits(1, 2)]),
    section(SECTION.global, [
      [I32, 1, ...zero, END],
      [I64, 0, ...long, END],
    ]),
    section(SECTION.export, [[...name('f'), 0, 0]]),
    section(SECTION.code, [
      code(
        [
          [1, 'i32'],
          [1, 'i64'],
        ],
        body,
      ),
    ]),
  );
}

function slugOf(bytes: Uint8Array, profile: Profile = 'canonical-nan', more: Partial<Limits> = {}): FaultName | 'admitted' {
  try {
    admitModule(bytes, profile, more);
    return 'admitted';
  } catch (error) {
    if (error instanceof Fault) return error.slug;
    throw error;
  }
}

test('VM-4, VM-5: bodies', () => {
  const table: readonly (readonly [FaultName | 'admitted', string, Bytes, number?])[] = [
    ['admitted', 'nothing', []],
    ['admitted', 'operands of any type after unreachable', [0x00, 0x6a, 0x1a]],
    ['admitted', 'what a block gives', [BLOCK, I32, ...zero, END, 0x1a]],
    ['admitted', 'an if without else', [...zero, IF, VOID, END]],
    ['admitted', 'a branch out of two blocks', [BLOCK, VOID, BLOCK, VOID, 0x0c, 1, END, END]],
    ['admitted', 'a loop is entered again without values', [LOOP, I32, ...zero, ...zero, 0x0d, 0, END, 0x1a]],
    ['admitted', 'a value goes along with a branch', [BLOCK, I32, ...zero, 0x0c, 0, END, 0x1a]],
    ['admitted', 'labels of different types in dead code', [BLOCK, I32, BLOCK, I64, 0x00, 0x0e, 1, 0, 1, END, 0x00, END, 0x1a]],
    ['admitted', 'a result', [...zero, ...long, 0x1a], 1],
    ['admitted', 'sign extension', [...zero, 0xc0, 0x1a]],
    ['admitted', 'memory.copy', [...zero, ...zero, ...zero, 0xfc, 10, 0, 0]],
    ['wasm_invalid', 'a missing operand', [0x6a, 0x1a]],
    ['wasm_invalid', 'an operand below the block', [...zero, BLOCK, VOID, 0x1a, END]],
    ['wasm_invalid', 'an operand of another type', [...zero, ...long, 0x6a, 0x1a]],
    ['wasm_invalid', 'a value left over', [...zero]],
    ['wasm_invalid', 'a value left over after unreachable', [0x00, ...zero]],
    ['wasm_invalid', 'a result missing', [], 1],
    ['wasm_invalid', 'a result of another type', [...long], 1],
    ['wasm_invalid', 'an if with a result without else', [...zero, IF, I32, ...zero, END, 0x1a]],
    ['wasm_invalid', 'a label that is not there', [0x0c, 1]],
    ['wasm_invalid', 'labels with and without a value', [BLOCK, I32, 0x00, 0x0e, 1, 0, 1, END, 0x1a]],
    ['wasm_invalid', 'a local that is not there', [0x20, 2, 0x1a]],
    ['wasm_invalid', 'a global that is not there', [0x23, 2, 0x1a]],
    ['wasm_invalid', 'a global that cannot be set', [...long, 0x24, 1]],
    ['wasm_invalid', 'a function that is not there', [0x10, 1]],
    ['wasm_invalid', 'a type that is not there', [...zero, 0x11, 3, 0]],
    ['wasm_invalid', 'too great an alignment', [...zero, 0x28, 3, 0, 0x1a]],
    ['wasm_invalid', 'select of two types', [...zero, ...long, ...zero, 0x1b, 0x1a]],
    ['wasm_malformed', 'an alignment past 32 bits', [...zero, 0x28, 32, 0, 0x1a]],
    ['wasm_malformed', 'an else without if', [BLOCK, VOID, ELSE, END]],
    ['wasm_malformed', 'code after the end', [END]],
    ['wasm_malformed', 'no such instruction', [0xff]],
    ['wasm_malformed', 'no such instruction', [0xfc, 18]],
    ['wasm_malformed', 'no such block type', [BLOCK, 0x41, END]],
    ['wasm_malformed', 'memory.grow of another memory', [...zero, 0x40, 1, 0x1a]],
    ['wasm_malformed', 'too long a constant', [0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0x1a]],
    ['wasm_malformed', 'half a constant', [0x44, 0, 0]],
    ['wasm_malformed', 'more labels than bytes', [...zero, 0x0e, 0xff, 0xff, 3, 0]],
    ['wasm_refused', 'tail calls', [0x12, 0]],
    ['wasm_refused', 'SIMD', [0xfd, 12]],
    ['wasm_refused', 'threads', [0xfe, 0]],
    ['wasm_refused', 'exceptions', [0x08, 0]],
    ['wasm_refused', 'passive segments', [...zero, ...zero, ...zero, 0xfc, 8, 0, 0]],
    ['wasm_refused', 'table mutation', [...zero, 0x25, 0, 0x1a]],
    ['wasm_refused', 'reference types', [0xd2, 0, 0x1a]],
    ['wasm_refused', 'multi-value', [BLOCK, 0, END]],
  ];
  for (const [slug, what, body, type] of table) assert.equal(slugOf(moduleWith(body, type)), slug, what);
});

test('a body that ends too early is malformed', () => {
  const [types, functions] = [section(SECTION.type, TYPES), section(SECTION.function, [[0]])];
  for (const body of [[0], [0, BLOCK, VOID, END], [0, 0x41]])
    assert.equal(slugOf(moduleOf(types, functions, section(SECTION.code, [sized(body)]))), 'wasm_malformed');
});

test('VM-4: modules', () => {
  const types = section(SECTION.type, TYPES);
  const functions = section(SECTION.function, [[0]]);
  const bodies = section(SECTION.code, [code([], [])]);
  const memory = section(SECTION.memory, [limits(1, 1)]);
  const table = section(SECTION.table, [[0x70, ...limits(1, 1)]]);
  const exported = (...items: readonly Bytes[]): number[] => section(SECTION.export, items);
  const invalid: readonly (readonly [string, Uint8Array])[] = [
    ['a type that is not there', moduleOf(types, section(SECTION.function, [[9]]), bodies)],
    ['an export twice', moduleOf(memory, exported([...name('a'), 2, 0], [...name('a'), 2, 0]))],
    ['an export of nothing', moduleOf(memory, exported([...name('a'), 2, 1]))],
    ['a start function that is not there', moduleOf(types, functions, [SECTION.start, 1, 1], bodies)],
    ['a start function with a parameter', moduleOf(types, section(SECTION.function, [[2]]), [SECTION.start, 1, 0], bodies)],
    ['a memory of more than 4 GiB', moduleOf(section(SECTION.memory, [limits(1, 65_537)]))],
    ['less than the least', moduleOf(section(SECTION.memory, [limits(2, 1)]))],
    ['an element that is not there', moduleOf(types, functions, table, section(SECTION.element, [[0, ...zero, END, 1, 1]]), bodies)],
    ['an element segment without table', moduleOf(types, functions, section(SECTION.element, [[0, ...zero, END, 0]]), bodies)],
    ['a data segment without memory', moduleOf(section(SECTION.data, [[0, ...zero, END, 0]]))],
    ['an offset of another type', moduleOf(memory, section(SECTION.data, [[0, ...long, END, 0]]))],
    ['a global of another type', moduleOf(section(SECTION.global, [[I64, 0, ...zero, END]]))],
    [
      'a global from one that is not imported',
      moduleOf(
        section(SECTION.global, [
          [I32, 0, ...zero, END],
          [I32, 0, 0x23, 0, END],
        ]),
      ),
    ],
  ];
  for (const [what, bytes] of invalid) {
    assert.equal(slugOf(bytes), 'wasm_invalid', what);
    assert.equal(wasm.validate(bytes), what.includes('not imported'), `V8: ${what}`);
  }
});

test('VM-6: profiles', () => {
  const float = [0x44, ...Array.from({ length: 8 }, () => 0), 0x1a];
  assert.equal(slugOf(moduleWith(float)), 'admitted');
  assert.equal(slugOf(moduleWith(float), 'integer'), 'wasm_refused');
  const floatBlock = [BLOCK, F64, 0x00, END, 0x1a];
  assert.equal(slugOf(moduleWith(floatBlock)), 'admitted');
  assert.equal(slugOf(moduleWith(floatBlock), 'integer'), 'wasm_refused');
  const only: readonly (readonly [string, Uint8Array])[] = [
    ['a float in a type', moduleOf(section(SECTION.type, [functionType(['f32'], [])]))],
    ['a float global', moduleOf(section(SECTION.global, [[F64, 0, 0x44, ...Array.from({ length: 8 }, () => 0), END]]))],
    ['a float local', moduleOf(section(SECTION.type, TYPES), section(SECTION.function, [[0]]), section(SECTION.code, [code([[1, 'f32']], [])]))],
    ['a memory without maximum', moduleOf(section(SECTION.memory, [limits(1)]))],
    ['a table without maximum', moduleOf(section(SECTION.table, [[0x70, ...limits(1)]]))],
    ['a long table number', moduleWith([...zero, 0x11, 0, 0x80, 0])],
  ];
  for (const [what, bytes] of only) {
    assert.equal(slugOf(bytes), 'admitted', what);
    assert.notEqual(slugOf(bytes, 'integer'), 'admitted', what);
  }
  const memory = section(SECTION.memory, [limits(1, 1)]);
  const never: readonly (readonly [string, Uint8Array])[] = [
    ['an import by a reserved name', moduleOf(section(SECTION.type, TYPES), section(SECTION.import, [[...name('ava:x'), ...name('a'), 0, 0]]))],
    ['an export by a reserved name', moduleOf(memory, section(SECTION.export, [[...name('ava:gas'), 2, 0]]))],
    ['data outside the memory', moduleOf(memory, section(SECTION.data, [[0, 0x41, 0xff, 0xff, 3, END, 2, 1, 1]]))],
    ['data far outside the memory', moduleOf(memory, section(SECTION.data, [[0, 0x41, 0x7f, END, 1, 1]]))],
    [
      'elements outside the table',
      moduleOf(
        section(SECTION.type, TYPES),
        section(SECTION.function, [[0]]),
        section(SECTION.table, [[0x70, ...limits(1, 9)]]),
        section(SECTION.element, [[0, 0x41, 1, END, 1, 0]]),
        section(SECTION.code, [code([], [])]),
      ),
    ],
  ];
  for (const [what, bytes] of never) assert.equal(slugOf(bytes), 'wasm_refused', what);
});

test('VM-7: limits of bodies and spaces', () => {
  const past: readonly (readonly [Partial<Limits>, Uint8Array])[] = [
    [{ locals: 3 }, moduleWith([...zero], 1)],
    [{ blocks: 1 }, moduleWith([BLOCK, VOID, END, BLOCK, VOID, END])],
    [{ nesting: 1 }, moduleWith([BLOCK, VOID, BLOCK, VOID, END, END])],
    [{ operands: 2 }, moduleWith([...zero, ...zero, ...zero, 0x1a, 0x1a, 0x1a])],
    [{ merges: 12 }, moduleWith([...zero, IF, VOID, END, BLOCK, VOID, ...zero, 0x0d, 0, END])],
    [{ merges_total: 12 }, moduleWith([...zero, IF, VOID, END, BLOCK, VOID, ...zero, 0x0d, 0, END])],
    [{ branch_labels: 1 }, moduleWith([...zero, 0x0e, 2, 0, 0, 0])],
    [{ branch_labels_total: 3 }, moduleWith([...zero, 0x0e, 2, 0, 0, 0, ...zero, 0x0e, 2, 0, 0, 0])],
    [{ memory_pages: 0 }, moduleWith([])],
    [{ table_entries: 1 }, moduleWith([])],
    [{ instrumented_bytes: 100 }, moduleWith([])],
    [{ instrumented_body_bytes: 10 }, moduleWith([])],
  ];
  for (const [limit, bytes] of past) {
    assert.equal(slugOf(bytes), 'admitted');
    assert.equal(slugOf(bytes, 'integer', limit), 'wasm_bound', Object.keys(limit).join());
  }
});

/** A random instruction of 1.0 with its immediates, which may or may not fit. */
function instruction(random: Random): number[] {
  const kind = random.below(12);
  const label = random.below(4);
  if (kind < 4) return random.pick([zero, long, [0x20, random.below(3)], [0x43, 0, 0, 0, 0], [0x23, random.below(2)]]);
  if (kind === 4) return [random.pick([BLOCK, LOOP, IF]), random.pick([VOID, I32, I64])];
  if (kind === 5) return [random.pick([END, END, ELSE])];
  if (kind === 6) return random.pick([[0x0c, label], [0x0d, label], [0x0e, 1, label, random.below(4)], [0x0f], [0x00]]);
  if (kind === 7) return random.pick([[0x1a], [0x1b], [0x21, random.below(3)], [0x22, random.below(3)], [0x24, 0], [0x10, 0], [0x11, random.below(3), 0]]);
  if (kind === 8)
    return random.pick([
      [0x28, 2, 0],
      [0x37, 3, 8],
      [0x3f, 0],
      [0x40, 0],
      [0xfc, 11, 0],
      [0xfc, 0],
    ]);
  for (;;) {
    const op = 0x45 + random.below(0xc5 - 0x45);
    if (NAMES[op] !== undefined) return [op];
  }
}

test('VM-5: random bodies are valid where V8 says so', () => {
  const seed = 20_261_124;
  const random = new Random(seed);
  const seen = { valid: 0, invalid: 0 };
  for (let round = 0; round < 30_000; round++) {
    const body: number[] = [];
    let open = 0;
    for (let length = random.below(14); length >= 0; length--) {
      const next = instruction(random);
      if (next[0] === BLOCK || next[0] === LOOP || next[0] === IF) open++;
      else if (next[0] === OP.end && --open < 0) break;
      body.push(...next);
    }
    for (; open > 0; open--) body.push(END);
    const bytes = moduleWith(body, random.below(3));
    const valid = wasm.validate(bytes);
    const slug = slugOf(bytes);
    seen[valid ? 'valid' : 'invalid']++;
    assert.equal(slug === 'admitted', valid, `seed ${seed}, round ${round}: ${slug}: ${body.map((byte) => byte.toString(16)).join(' ')}`);
    if (valid) assert.ok(wasm.validate(admitModule(bytes, 'canonical-nan').wasm), `seed ${seed}, round ${round}: the instrumented module is not valid`);
  }
  assert.ok(seen.valid > 500 && seen.invalid > 500, `valid ${seen.valid}, invalid ${seen.invalid}`);
});
