/** The binary format, byte by byte: what is refused, and why (VM-2, VM-3, VM-4, VM-7). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bytes, code, functionType, limits, moduleOf, name, SECTION, section, sized, u } from '../../test/vm/binary.ts';
import { Fault, type FaultName } from '../base/fault.ts';
import { decode } from './decode.ts';
import { LIMITS, type Limits } from './limits.ts';

const type = section(SECTION.type, [functionType([], [])]);
const functions = section(SECTION.function, [[0]]);
const bodies = section(SECTION.code, [code([], [])]);
const custom = (content: Bytes): number[] => [0, ...sized(content)];
const memory = section(SECTION.memory, [limits(1, 1)]);
const global = (init: Bytes, valueType = 0x7f, mutability = 0): number[] => [SECTION.global, ...sized([1, valueType, mutability, ...init])];
const data = (content: Bytes): number[] => [SECTION.data, ...sized([1, ...content])];

function slugOf(bytes: Uint8Array, more: Partial<Limits> = {}): FaultName | 'decodes' {
  try {
    decode(bytes, { ...LIMITS, ...more });
    return 'decodes';
  } catch (error) {
    if (error instanceof Fault) return error.slug;
    throw error;
  }
}

test('what decodes', () => {
  const good: readonly (readonly [string, Uint8Array])[] = [
    ['nothing but the header', moduleOf()],
    ['a function', moduleOf(type, functions, bodies)],
    [
      'custom sections anywhere, twice',
      moduleOf(custom(name('a')), type, custom([...name('é'), 1, 2]), functions, custom(name('a')), bodies, custom(name('a'))),
    ],
    ['a section without items', moduleOf([SECTION.type, 1, 0])],
    ['a length of five bytes', moduleOf([SECTION.type, 0x81, 0x80, 0x80, 0x80, 0x00, 0])],
    ['a data count', moduleOf(memory, [12, 1, 1], data([0, 0x41, 0, 0x0b, 1, 7]))],
    ['an i64 of ten bytes', moduleOf(global([0x42, ...Array.from({ length: 9 }, () => 0xff), 0x7f, 0x0b], 0x7e))],
  ];
  for (const [what, bytes] of good) assert.equal(slugOf(bytes), 'decodes', what);
});

test('VM-2, VM-3: what is malformed', () => {
  const bad: readonly (readonly [string, Uint8Array])[] = [
    ['no bytes', new Uint8Array(0)],
    ['half a header', moduleOf().subarray(0, 6)],
    ['another magic', Uint8Array.of(0, 0x61, 0x73, 0x6e, 1, 0, 0, 0)],
    ['another version', Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0)],
    ['a section that goes past the end', moduleOf([SECTION.type, 5, 0])],
    ['a section longer than its content', moduleOf([SECTION.type, 2, 0, 0])],
    ['a section shorter than its content', moduleOf([SECTION.type, 2, 1, 0x60])],
    ['sections out of order', moduleOf(functions, type, bodies)],
    ['a section twice', moduleOf(type, type)],
    ['a section that does not exist', moduleOf([14, 0])],
    ['data count after code', moduleOf(type, functions, bodies, [12, 1, 0])],
    ['an integer of six bytes', moduleOf([SECTION.type, 0x81, 0x80, 0x80, 0x80, 0x80, 0x00, 0])],
    ['unused bits of an integer', moduleOf([SECTION.type, 0x81, 0x80, 0x80, 0x80, 0x10, 0])],
    ['unused bits of an i32', moduleOf(global([0x41, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x0b]))],
    ['an i32 of six bytes', moduleOf(global([0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, 0x0b]))],
    ['unused bits of an i64', moduleOf(global([0x42, ...Array.from({ length: 9 }, () => 0x80), 0x7e, 0x0b], 0x7e))],
    ['an i64 of eleven bytes', moduleOf(global([0x42, ...Array.from({ length: 10 }, () => 0x80), 0, 0x0b], 0x7e))],
    ['a name that is not UTF-8', moduleOf(custom([2, 0xc0, 0x80]))],
    ['a surrogate in a name', moduleOf(custom([3, 0xed, 0xa0, 0x80]))],
    ['a name past its section', moduleOf(custom([5, 0x61]))],
    ['a custom section without a name', moduleOf(custom([]))],
    ['another form of type', moduleOf([SECTION.type, ...sized([1, 0x40, 0, 0])])],
    ['another value type', moduleOf([SECTION.type, ...sized([1, 0x60, 1, 0x40, 0])])],
    ['another kind of import', moduleOf([SECTION.import, ...sized([1, ...name('a'), ...name('b'), 4, 0])])],
    ['another kind of export', moduleOf([SECTION.export, ...sized([1, ...name('a'), 4, 0])])],
    ['another element type', moduleOf([SECTION.table, ...sized([1, 0x30, 0, 1])])],
    ['other limits', moduleOf([SECTION.memory, ...sized([1, 8, 1])])],
    ['another mutability', moduleOf(global([0x41, 0, 0x0b], 0x7f, 2))],
    ['more functions than bodies', moduleOf(type, functions)],
    ['more bodies than functions', moduleOf(type, bodies)],
    ['a body past its section', moduleOf(type, functions, [SECTION.code, ...sized([1, 3, 0, 0x0b])])],
    ['2^32 locals', moduleOf(type, functions, [SECTION.code, ...sized([1, ...sized([2, ...u(0xffff_ffff), 0x7f, 1, 0x7f, 0x0b])])])],
    ['a data count that is not so', moduleOf(memory, [12, 1, 2], data([0, 0x41, 0, 0x0b, 0]))],
    ['data past its section', moduleOf(memory, data([0, 0x41, 0, 0x0b, 5, 1]))],
    ['a segment of another form', moduleOf(memory, data([9, 0x41, 0, 0x0b, 0]))],
    ['a count past what is there', moduleOf([SECTION.type, ...sized([...u(1_000)])])],
  ];
  for (const [what, bytes] of bad) assert.equal(slugOf(bytes), 'wasm_malformed', what);
});

test('VM-4: what belongs to later versions is refused by its name', () => {
  const later: readonly (readonly [string, Uint8Array])[] = [
    ['several results', moduleOf([SECTION.type, ...sized([1, 0x60, 0, 2, 0x7f, 0x7f])])],
    ['garbage-collected types', moduleOf([SECTION.type, ...sized([1, 0x5f, 0])])],
    ['SIMD', moduleOf([SECTION.type, ...sized([1, 0x60, 1, 0x7b, 0])])],
    ['reference types', moduleOf([SECTION.type, ...sized([1, 0x60, 1, 0x70, 0])])],
    ['tables of anything but functions', moduleOf([SECTION.table, ...sized([1, 0x6f, 0, 1])])],
    ['several tables', moduleOf([SECTION.table, ...sized([2, 0x70, 0, 1, 0x70, 0, 1])])],
    ['several memories', moduleOf([SECTION.memory, ...sized([2, 0, 1, 0, 1])])],
    ['threads', moduleOf([SECTION.memory, ...sized([1, 3, 1, 1])])],
    ['memory64', moduleOf([SECTION.memory, ...sized([1, 4, 1])])],
    ['exceptions', moduleOf([13, 1, 0])],
    ['passive', moduleOf(memory, data([1, 0]))],
    ['name their memory', moduleOf(memory, data([2, 0, 0x41, 0, 0x0b, 0]))],
  ];
  for (const [what, bytes] of later) {
    assert.throws(
      () => decode(bytes, LIMITS),
      (error) => error instanceof Fault && error.slug === 'wasm_refused' && error.message.includes(what),
      what,
    );
  }
});

test('a constant expression is one constant or one global', () => {
  for (const init of [[0x0b], [0x01, 0x0b], [0x41, 0, 0x41, 0, 0x0b], [0x41, 0, 0x41, 0, 0x6a, 0x0b], [0x45, 0x0b]])
    assert.equal(slugOf(moduleOf(global(init))), 'wasm_invalid', init.join());
});

test('VM-7: no count goes past its limit', () => {
  const many = (count: number): number[] => Array.from({ length: count }, () => 0);
  const imports = (kind: Bytes): Uint8Array => moduleOf(type, section(SECTION.import, [[...name('a'), ...name('b'), ...kind]]));
  const past: readonly (readonly [Partial<Limits>, Uint8Array])[] = [
    [{ module_bytes: 7 }, moduleOf()],
    [{ types: 0 }, moduleOf(type)],
    [{ params: 1 }, moduleOf(section(SECTION.type, [functionType(['i32', 'i32'], [])]))],
    [{ params_total: 2 }, moduleOf(section(SECTION.type, [functionType(['i32', 'i32'], []), functionType(['i32'], [])]))],
    [{ imports: 0 }, imports([0, 0])],
    [{ imported_tables: 0 }, imports([1, 0x70, 0, 1])],
    [{ imported_globals: 0 }, imports([3, 0x7f, 0])],
    [{ name_bytes: 0 }, imports([0, 0])],
    [{ names_bytes: 3 }, imports([0, 0])],
    [{ functions: 1 }, moduleOf(type, [SECTION.function, 3, 2, ...many(2)])],
    [{ globals: 0 }, moduleOf(global([0x41, 0, 0x0b]))],
    [{ exports: 0 }, moduleOf(memory, section(SECTION.export, [[...name('m'), 2, 0]]))],
    [{ custom_sections: 1 }, moduleOf(custom(name('a')), custom(name('b')))],
    [{ element_segments: 0 }, moduleOf([SECTION.element, ...sized([1, 0, 0x41, 0, 0x0b, 0])])],
    [{ elements: 1 }, moduleOf([SECTION.element, ...sized([1, 0, 0x41, 0, 0x0b, 2, 0, 0])])],
    [{ data_segments: 0 }, moduleOf(memory, data([0, 0x41, 0, 0x0b, 0]))],
    [{ data_bytes: 1 }, moduleOf(memory, data([0, 0x41, 0, 0x0b, 2, 1, 1]))],
    [{ body_bytes: 2 }, moduleOf(type, functions, section(SECTION.code, [code([], [0x01])]))],
    [{ locals: 9 }, moduleOf(type, functions, section(SECTION.code, [code([[10, 'i32']], [])]))],
    [{ locals_total: 9 }, moduleOf(type, functions, section(SECTION.code, [code([[10, 'i32']], [])]))],
  ];
  for (const [limit, bytes] of past) {
    assert.equal(slugOf(bytes, limit), 'wasm_bound', Object.keys(limit).join());
  }
});

test('a fault names the byte and the function', () => {
  const bytes = moduleOf(type, functions, section(SECTION.code, [code([[100_000, 'i32']], [])]));
  assert.throws(
    () => decode(bytes, LIMITS),
    (error) => error instanceof Fault && error.slug === 'wasm_bound' && error.context['function'] === 0 && Number(error.context['offset']) > 8,
  );
});
