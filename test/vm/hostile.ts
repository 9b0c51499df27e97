/** Modules that mean harm, each by name: what must become of it, and its bytes. */
import { code, functionType, HEADER, limits, moduleOf, type NumberType, name, SECTION, s, section, sized, u, VALUE_TYPE, vector } from './binary.ts';

/** Refused as one of these, or run (its start function, then `run`) until one of these traps. */
export interface Hostile {
  readonly name: string;
  readonly refused?: readonly ('wasm_malformed' | 'wasm_invalid' | 'wasm_refused' | 'wasm_bound')[];
  readonly trap?: string | null;
  readonly bytes: () => Uint8Array;
}

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));
const flat = (parts: readonly (readonly number[])[]): number[] => {
  const out: number[] = [];
  for (const part of parts) for (const byte of part) out.push(byte);
  return out;
};

interface Parts {
  readonly types?: readonly (readonly number[])[];
  readonly imports?: readonly (readonly number[])[];
  /** Types of the functions; the first is exported as `run` where it takes and gives nothing. */
  readonly functions?: readonly number[];
  readonly table?: readonly number[];
  readonly memory?: readonly number[];
  readonly globals?: readonly (readonly number[])[];
  readonly start?: number;
  readonly elements?: readonly (readonly number[])[];
  readonly bodies?: readonly (readonly number[])[];
  readonly data?: readonly (readonly number[])[];
  /** Index of the exported function. */
  readonly run?: number;
}
const NOTHING = functionType([], []);

function assemble({
  types = [NOTHING],
  imports = [],
  functions = [0],
  table,
  memory,
  globals = [],
  start,
  elements = [],
  bodies = [code([], [])],
  data = [],
  run = imports.length,
}: Parts): Uint8Array {
  return moduleOf(
    section(SECTION.type, types),
    section(SECTION.import, imports),
    section(
      SECTION.function,
      functions.map((type) => u(type)),
    ),
    section(SECTION.table, table === undefined ? [] : [table]),
    section(SECTION.memory, memory === undefined ? [] : [memory]),
    section(SECTION.global, globals),
    section(SECTION.export, functions.length === 0 ? [] : [[...name('run'), 0, ...u(run)]]),
    start === undefined ? [] : [SECTION.start, ...sized(u(start))],
    section(SECTION.element, elements),
    [SECTION.code, ...sizedFlat([u(bodies.length), ...bodies])],
    section(SECTION.data, data),
  );
}
/** Without a spread, for what is large. */
function sizedFlat(parts: readonly (readonly number[])[]): number[] {
  const content = flat(parts);
  return flat([u(content.length), content]);
}
/** A code entry that may be large. */
function largeCode(locals: readonly (readonly [number, NumberType])[], body: readonly number[]): number[] {
  return sizedFlat([vector(locals.map(([count, type]) => [...u(count), VALUE_TYPE[type]])), body, [0x0b]]);
}

const one = (body: readonly number[], more: Parts = {}): Uint8Array => assemble({ bodies: [code([], body)], ...more });
const FOREVER = [0x03, 0x40, 0x0c, 0, 0x0b];
const TABLE = (min: number): number[] => [0x70, ...limits(min, min)];
const types = (count: number, params: number): number[][] =>
  times(count, () =>
    functionType(
      times(params, () => 'i64'),
      [],
    ),
  );
const spin = (body: readonly number[]): number[] => [0x03, 0x40, ...body, 0x0c, 0, 0x0b];
const LARGE = [...u(0xffff_ffff)];
function zeroesAfter(head: readonly number[], zeroes: number): Uint8Array {
  const bytes = new Uint8Array(head.length + zeroes);
  bytes.set(head);
  return bytes;
}
const raw = (...sections: (readonly number[])[]): Uint8Array => moduleOf(...sections);

export const HOSTILE: readonly Hostile[] = [
  { name: 'an empty loop without end', trap: 'gas', bytes: () => one(FOREVER) },
  { name: 'a loop that computes without end', trap: 'gas', bytes: () => assemble({ bodies: [code([[1, 'i64']], spin([0x20, 0, 0x42, 1, 0x7c, 0x21, 0]))] }) },
  { name: 'a loop that leaves by br_table into itself', trap: 'gas', bytes: () => one([0x03, 0x40, 0x41, 7, 0x0e, ...vector([[0], [0]]), 0, 0x0b]) },
  { name: 'a loop in the start function', trap: 'gas', bytes: () => one(FOREVER, { start: 0 }) },
  { name: 'recursion', trap: 'stack', bytes: () => one([0x10, 0]) },
  {
    name: 'recursion with many arguments',
    trap: 'stack',
    bytes: () =>
      assemble({
        types: [
          NOTHING,
          functionType(
            times(60, () => 'i64'),
            [],
          ),
        ],
        functions: [0, 1],
        bodies: [code([], [...flat(times(60, () => [0x42, 1])), 0x10, 1]), code([], [...flat(times(60, (index) => [0x20, ...u(index)])), 0x10, 1])],
      }),
  },
  { name: 'recursion with 4,000 locals', trap: 'stack', bytes: () => assemble({ bodies: [code([[4000, 'i64']], [0x10, 0])] }) },
  {
    name: 'recursion out of deep operands',
    trap: 'stack',
    bytes: () => one([...flat(times(900, () => [0x41, 1])), 0x10, 0, ...flat(times(900, () => [0x1a]))]),
  },
  { name: 'mutual recursion', trap: 'stack', bytes: () => assemble({ functions: [0, 0], bodies: [code([], [0x10, 1]), code([], [0x10, 0])] }) },
  {
    name: 'mutual recursion through a table',
    trap: 'stack',
    bytes: () =>
      assemble({
        functions: [0, 0],
        table: TABLE(2),
        elements: [[0, 0x41, 0, 0x0b, ...vector([[0], [1]])]],
        bodies: [code([], [0x41, 1, 0x11, 0, 0]), code([], [0x41, 0, 0x11, 0, 0])],
      }),
  },
  {
    name: 'recursion that returns each time: exponential',
    trap: 'gas',
    bytes: () =>
      assemble({
        types: [NOTHING, functionType(['i32'], [])],
        functions: [0, 1],
        bodies: [code([], [0x41, 40, 0x10, 1]), code([], [0x20, 0, 0x04, 0x40, ...flat(times(2, () => [0x20, 0, 0x41, 1, 0x6b, 0x10, 1])), 0x0b])],
      }),
  },
  { name: 'memory that grows page by page', trap: 'memory', bytes: () => one(spin([0x41, 1, 0x40, 0, 0x1a]), { memory: limits(0) }) },
  { name: 'memory that grows to all there is at once', trap: 'memory', bytes: () => one([0x41, ...s(60_000), 0x40, 0, 0x1a], { memory: limits(0) }) },
  { name: 'memory that asks for no page for ever', trap: 'gas', bytes: () => one(spin([0x41, 0, 0x40, 0, 0x1a]), { memory: limits(1, 1) }) },
  {
    name: 'memory filled for ever',
    trap: 'gas',
    bytes: () => one(spin([0x41, 0, 0x41, 1, 0x41, ...s(16_777_216), 0xfc, 11, 0]), { memory: limits(256, 256) }),
  },
  {
    name: 'memory copied for ever',
    trap: 'gas',
    bytes: () => one(spin([0x41, 0, 0x41, 1, 0x41, ...s(16_777_215), 0xfc, 10, 0, 0]), { memory: limits(256, 256) }),
  },
  { name: 'a fill of 4 GiB', trap: 'gas', bytes: () => one([0x41, 0, 0x41, 1, 0x41, 0x7f, 0xfc, 11, 0], { memory: limits(1, 1) }) },
  { name: 'host calls without end', trap: 'gas', bytes: () => one(spin([0x10, 0]), { imports: [[...name('h'), ...name('f'), 0, 0]] }) },
  {
    name: 'a start function that floods the host',
    trap: 'gas',
    bytes: () => one(spin([0x10, 0]), { imports: [[...name('h'), ...name('f'), 0, 0]], start: 1 }),
  },
  { name: 'divisions that trap', trap: 'trap', bytes: () => one([0x41, 1, 0x41, 0, 0x6d, 0x1a]) },
  { name: 'a call of an empty table', trap: 'trap', bytes: () => one([0x41, 3, 0x11, 0, 0], { table: TABLE(10) }) },
  { name: 'a memory of 4 GiB', refused: ['wasm_bound'], bytes: () => one([], { memory: limits(65_536) }) },
  { name: 'a memory of more than 4 GiB', refused: ['wasm_invalid'], bytes: () => one([], { memory: limits(65_537) }) },
  { name: 'a table of a billion entries', refused: ['wasm_bound'], bytes: () => one([], { table: TABLE(1_000_000_000) }) },
  {
    name: '300 overlapping element segments',
    refused: ['wasm_bound'],
    bytes: () => one([], { table: TABLE(1000), elements: times(300, () => [0, 0x41, 0, 0x0b, ...vector(times(900, () => [0]))]) }),
  },
  {
    name: '40,000 elements',
    refused: ['wasm_bound'],
    bytes: () => one([], { table: TABLE(10_000), elements: times(4, () => [0, 0x41, 0, 0x0b, ...vector(times(10_000, () => [0]))]) }),
  },
  { name: '3,000 data segments', refused: ['wasm_bound'], bytes: () => one([], { memory: limits(1, 1), data: times(3_000, () => [0, 0x41, 0, 0x0b, 0]) }) },
  {
    name: 'data that overlaps itself over 2,000 segments',
    trap: null,
    bytes: () => one([], { memory: limits(1, 1), data: times(2_000, () => [0, 0x41, 0, 0x0b, ...sized(times(1_000, () => 9))]) }),
  },
  { name: 'data outside the memory', refused: ['wasm_refused'], bytes: () => one([], { memory: limits(1, 1), data: [[0, 0x41, ...s(65_536), 0x0b, 1, 7]] }) },
  { name: '50,000 locals', refused: ['wasm_bound'], bytes: () => assemble({ bodies: [code([[50_000, 'i32']], [])] }) },
  {
    name: '4 billion locals in one run',
    refused: ['wasm_bound', 'wasm_malformed', 'wasm_invalid'],
    bytes: () => assemble({ bodies: [code([[0xffff_ffff, 'i32']], [])] }),
  },
  {
    name: '8 billion locals in two runs',
    refused: ['wasm_bound', 'wasm_malformed'],
    bytes: () =>
      assemble({
        bodies: [
          code(
            times(2, () => [0xffff_ffff, 'i32']),
            [],
          ),
        ],
      }),
  },
  {
    name: '4,000 locals in each of 100 functions',
    refused: ['wasm_bound'],
    bytes: () => assemble({ functions: times(100, () => 0), bodies: times(100, () => code([[4_000, 'i64']], [])) }),
  },
  {
    name: '100,000 functions',
    refused: ['wasm_bound'],
    bytes: () => assemble({ functions: times(100_000, () => 0), bodies: times(100_000, () => [2, 0, 0x0b]) }),
  },
  { name: '20,000 functions', trap: null, bytes: () => assemble({ functions: times(20_000, () => 0), bodies: times(20_000, () => [2, 0, 0x0b]) }) },
  { name: '100,000 types', refused: ['wasm_bound'], bytes: () => assemble({ types: times(100_000, () => NOTHING) }) },
  { name: 'a type of 1,000 parameters', refused: ['wasm_bound'], bytes: () => assemble({ types: [NOTHING, ...types(1, 1_000)] }) },
  { name: '4,000 types of 64 parameters', refused: ['wasm_bound'], bytes: () => assemble({ types: [NOTHING, ...types(4_000, 64)] }) },
  {
    name: 'one type of 64 parameters, 15,000 calls of it',
    trap: 'gas',
    bytes: () =>
      assemble({
        types: [NOTHING, ...types(1, 64)],
        functions: [0, 1],
        bodies: [largeCode([], [0x03, 0x40, ...flat(times(1_500, () => [...flat(times(64, () => [0x42, 0])), 0x10, 1])), 0x0c, 0, 0x0b]), code([], [])],
      }),
  },
  {
    name: 'a br_table of 100,000 labels',
    refused: ['wasm_bound'],
    bytes: () => assemble({ bodies: [largeCode([], [0x41, 0, 0x0e, ...u(100_000), ...times(100_001, () => 0)])] }),
  },
  { name: 'a br_table of 4 billion labels in ten bytes', refused: ['wasm_bound', 'wasm_malformed'], bytes: () => one([0x41, 0, 0x0e, ...LARGE, 0, 0]) },
  {
    name: '60 br_tables of 4,000 labels',
    refused: ['wasm_bound'],
    bytes: () => assemble({ bodies: [largeCode([], flat(times(60, () => [0x02, 0x40, 0x41, 0, 0x0e, ...u(4_000), ...times(4_001, () => 0), 0x0b])))] }),
  },
  {
    name: 'a br_table of 4,000 labels',
    trap: 'gas',
    bytes: () => assemble({ bodies: [largeCode([], spin([0x02, 0x40, 0x41, ...s(77), 0x0e, ...u(4_000), ...times(4_001, () => 0), 0x0b]))] }),
  },
  {
    name: '100,000 nested blocks',
    refused: ['wasm_bound'],
    bytes: () => assemble({ bodies: [largeCode([], flat([times(100_000, () => [0x02, 0x40]).flat(), times(100_000, () => 0x0b)]))] }),
  },
  {
    name: '100,000 nested ifs',
    refused: ['wasm_bound'],
    bytes: () => assemble({ bodies: [largeCode([], flat([flat(times(100_000, () => [0x41, 1, 0x04, 0x40])), times(100_000, () => 0x0b)]))] }),
  },
  {
    name: '1,000 nested loops, each without end',
    trap: 'gas',
    bytes: () => assemble({ bodies: [largeCode([], flat([flat(times(1_000, () => [0x03, 0x40])), [0x0c, 0], times(1_000, () => 0x0b)]))] }),
  },
  {
    // One of 16,000 took an optimising compiler 15 s and 2.9 GB.
    name: '5,000 ifs, each on what the one before left',
    refused: ['wasm_bound'],
    bytes: () => assemble({ bodies: [largeCode([[1, 'i32']], flat(times(5_000, () => [0x20, 0, 0x04, 0x40, 0x20, 0, 0x41, 1, 0x6a, 0x21, 0, 0x0b])))] }),
  },
  {
    name: '50,000 blocks one after the other',
    refused: ['wasm_bound'],
    bytes: () => assemble({ bodies: [largeCode([], flat(times(50_000, () => [0x02, 0x40, 0x0b])))] }),
  },
  {
    name: 'a body of 300,000 bytes',
    refused: ['wasm_bound'],
    bytes: () =>
      assemble({
        bodies: [
          largeCode(
            [],
            times(300_000, () => 0x01),
          ),
        ],
      }),
  },
  {
    name: '100,000 operands at once',
    refused: ['wasm_bound'],
    bytes: () => assemble({ bodies: [largeCode([], flat([flat(times(100_000, () => [0x41, 1])), times(100_000, () => 0x1a)]))] }),
  },
  {
    name: 'many floats to make canonical',
    refused: ['wasm_bound'],
    bytes: () =>
      assemble({
        functions: times(16, () => 0),
        bodies: times(16, () => largeCode([[1, 'f64']], flat(times(49_000, () => [0x20, 0, 0x9f, 0x21, 0])).slice(0, 5 * 48_000))),
      }),
  },
  {
    name: 'a quarter of a million br_ifs',
    trap: null,
    bytes: () => assemble({ functions: times(6, () => 0), bodies: times(6, () => largeCode([], flat(times(43_000, () => [0x41, 0, 0x0d, 0])))) }),
  },
  { name: '1,000 custom sections', refused: ['wasm_bound'], bytes: () => raw(...times(1_000, () => [0, 1, 0])) },
  {
    name: 'a name of 1 MB',
    refused: ['wasm_bound'],
    bytes: () => raw(section(SECTION.type, [NOTHING]), flat([[SECTION.import], sizedFlat([[1], u(1_000_000), times(1_000_000, () => 0x61), [1, 0x62, 0, 0]])])),
  },
  { name: '10,000 imports', refused: ['wasm_bound'], bytes: () => assemble({ imports: times(10_000, () => [...name('h'), ...name('f'), 0, 0]) }) },
  {
    name: '10,000 exports',
    refused: ['wasm_bound'],
    bytes: () =>
      raw(
        section(SECTION.type, [NOTHING]),
        section(SECTION.function, [[0]]),
        section(
          SECTION.export,
          times(10_000, (index) => [...name(`e${index}`), 0, 0]),
        ),
        section(SECTION.code, [[2, 0, 0x0b]]),
      ),
  },
  { name: '10,000 globals', refused: ['wasm_bound'], bytes: () => assemble({ globals: times(10_000, () => [0x7f, 1, 0x41, 0, 0x0b]) }) },
  { name: 'a module of 5 MB', refused: ['wasm_bound'], bytes: () => zeroesAfter([...HEADER, 0, ...u(5_000_002), 1, 0x61], 5_000_000) },
  {
    name: 'an export that takes the place of the meter',
    refused: ['wasm_refused'],
    bytes: () =>
      raw(
        section(SECTION.type, [NOTHING]),
        section(SECTION.function, [[0]]),
        section(SECTION.export, [[...name('ava:gas'), 0, 0]]),
        section(SECTION.code, [[2, 0, 0x0b]]),
      ),
  },
  {
    name: 'an import from the place of the memory',
    refused: ['wasm_refused'],
    bytes: () => one([], { imports: [[...name('ava:'), ...name('ava:memory'), 0, 0]] }),
  },
  // counts of 4 billion in a few bytes, in every vector there is
  ...([1, 2, 3, 4, 5, 6, 7, 9, 10, 11] as const).map(
    (id): Hostile => ({
      name: `section ${id} with 4 billion items`,
      refused: ['wasm_malformed', 'wasm_bound', 'wasm_invalid', 'wasm_refused'],
      bytes: () => raw([id, ...sized(LARGE)]),
    }),
  ),
  { name: 'a section longer than the module', refused: ['wasm_malformed'], bytes: () => raw([1, ...LARGE, 1]) },
  { name: 'a length of six bytes', refused: ['wasm_malformed'], bytes: () => raw([1, 0x81, 0x80, 0x80, 0x80, 0x80, 0x00, 0]) },
  { name: 'a length past 32 bits', refused: ['wasm_malformed'], bytes: () => raw([1, 0xff, 0xff, 0xff, 0xff, 0x7f, 0]) },
  { name: 'a constant that never ends', refused: ['wasm_malformed'], bytes: () => one([0x42, ...times(10_000, () => 0x80), 0, 0x1a]) },
  { name: 'a type of 4 billion parameters', refused: ['wasm_malformed', 'wasm_bound'], bytes: () => raw([1, ...sized([1, 0x60, ...LARGE, 0x7f])]) },
  { name: 'a name of 4 GB', refused: ['wasm_malformed', 'wasm_bound'], bytes: () => raw(section(SECTION.type, [NOTHING]), [2, ...sized([1, ...LARGE, 0x61])]) },
  {
    name: 'a name that is no UTF-8',
    refused: ['wasm_malformed'],
    bytes: () => raw(section(SECTION.type, [NOTHING]), section(SECTION.import, [[2, 0xc0, 0x80, 1, 0x61, 0, 0]])),
  },
  { name: 'nothing', refused: ['wasm_malformed'], bytes: () => new Uint8Array(0) },
  { name: 'a header alone of another version', refused: ['wasm_malformed'], bytes: () => Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0) },
  { name: 'a component', refused: ['wasm_malformed'], bytes: () => Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0) },
];
