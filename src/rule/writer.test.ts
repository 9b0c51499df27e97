/** The planned writer makes the bytes of the generic one, whatever the source holds. AVA_FUZZ_COUNT sets how many. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inputBytesMax, type Source, type SourceValue, segments, writeInputs } from './input.ts';
import type { Input } from './ir.ts';
import { Random } from './program-generator.ts';
import { BOOL, INT, list, map, str, type Type } from './type.ts';
import { planWriter } from './writer.ts';

const COUNT = Number(process.env.AVA_FUZZ_COUNT ?? 3_000);
const SEED = Number(process.env.AVA_FUZZ_SEED ?? 20_262);
const SPAWNED = 'AVA_FUZZ_SPAWNED';

/** Paths that share parents, that every object inherits, that look like code. */
const PATHS = [
  'a.x',
  'a.y',
  'a.b.c',
  'a.b.d',
  'a.b',
  'z',
  'args.to',
  'args.constructor',
  'args.constructor.name',
  '__proto__',
  '__proto__.q',
  'a.__proto__.w',
  'toString',
  'hasOwnProperty.call',
  'agent.sum(money.amount,86400000)',
  'p.0',
  'p.length',
  '"];throw 1;//',
  '`${x}`.\\u0041\n',
  'k0.value',
  'source',
  'a.',
  '.',
  'é.😀',
] as const;
const LETTERS = ['a', 'b', 'z', '~', ' ', '\0', '\u007f', '\u0080', 'é', '\u07ff', '\u0800', '日', '😀', '\uffff', '\ud800', '\udc00'] as const;
const INTEGERS = [
  0,
  -0,
  1,
  -1,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  -(2 ** 31) - 1,
  2 ** 32,
  -(2 ** 32),
  2 ** 32 - 1,
  2 ** 53 - 1,
  -(2 ** 53) + 1,
  2 ** 53,
  1e300,
  0.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
];
const BIGS = [0n, -1n, 2n ** 32n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 63n, -(2n ** 63n) - 1n, 2n ** 64n];

function randomType(random: Random, depth: number): Type {
  switch (random.below(depth > 0 ? 7 : 4)) {
    case 0:
      return BOOL;
    case 1:
      return INT;
    case 2:
    case 3:
      return str(random.pick([0, 1, 7, 8, 9, 47, 48, 49, 64, 300]));
    case 4:
    case 5:
      return list(randomType(random, depth - 1), random.below(5));
    default:
      return map(str(random.pick([1, 4, 60])), randomType(random, depth - 1), random.below(5));
  }
}

function randomText(random: Random, bytes: number): string {
  const length = random.chance(30) ? random.pick([bytes, bytes + 1, Math.max(0, bytes - 1)]) : random.below(Math.min(bytes, 70) + 1);
  const plain = random.chance(60);
  return Array.from({ length }, () => (plain ? 'k' : random.pick(LETTERS.slice(0, random.chance(10) ? 16 : 14)))).join('');
}

function randomValue(random: Random, type: Type): SourceValue {
  if (random.chance(3)) return random.pick<SourceValue>([null, undefined, true, 0, 7n, 'other', [], {}, [null], { k: undefined }, [[1]], ['\ud800']]);
  switch (type.kind) {
    case 'bool':
      return random.chance(50);
    case 'int':
      return random.chance(50) ? random.below(1_000) - 500 : random.chance(70) ? random.pick(INTEGERS) : random.pick(BIGS);
    case 'str':
      return randomText(random, type.bytes);
    case 'list':
      return Array.from({ length: random.below(type.length + 1) + (random.chance(3) ? 1 : 0) }, () => randomValue(random, type.item));
    case 'map': {
      const size = random.below(type.length + 1) + (random.chance(3) ? 1 : 0);
      return Object.fromEntries(Array.from({ length: size }, () => [random.chance(5) ? '__proto__' : randomText(random, 3), randomValue(random, type.value)]));
    }
    default:
      return null;
  }
}

const define = (target: object, key: string, value: SourceValue): unknown =>
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });

function randomSource(random: Random, inputs: readonly Input[]): Source {
  const source = (random.chance(20) ? Object.create(null) : {}) as Record<string, SourceValue>;
  for (const { path, type } of inputs) {
    if (random.chance(10)) continue;
    let at: object = source;
    const parts = segments(path);
    for (const part of parts.slice(0, -1)) {
      if (!Object.hasOwn(at, part)) define(at, part, random.chance(5) ? random.pick<SourceValue>([null, 7, [], 'text', true]) : {});
      const inner = (at as Source)[part];
      if (typeof inner === 'object' && inner !== null) at = inner;
    }
    if (!Array.isArray(at)) define(at, parts[parts.length - 1], randomValue(random, type));
  }
  return source;
}

/** Asserts that both writers agree on this source, in a memory that holds something else. */
function agree(inputs: readonly Input[], write: ReturnType<typeof planWriter>, source: Source, memory: Uint8Array, note: string): void {
  const expected = writeInputs(inputs, source);
  const used = write(source, memory, new DataView(memory.buffer));
  assert.equal(Buffer.compare(memory.subarray(0, used), expected), 0, note);
}

test('planned and generic writer agree on random inputs and sources', () => {
  console.log(`seed ${SEED}, ${COUNT} plans`);
  const random = new Random(SEED);
  const tags = [0, 0, 0, 0];
  for (let k = 0; k < COUNT; k++) {
    const inputs = PATHS.filter(() => random.chance(30)).map((path) => ({ path, type: randomType(random, 3) }));
    const write = planWriter(inputs);
    const memory = new Uint8Array(inputBytesMax(inputs));
    for (let s = 0; s < 8; s++) {
      const source = randomSource(random, inputs);
      memory.fill(random.below(256));
      agree(inputs, write, source, memory, `seed ${SEED}, plan ${k}, source ${s}`);
      inputs.forEach((_, i) => {
        tags[memory[i * 16] === 0 ? memory[i * 16 + 8] : 3] += 1;
      });
    }
  }
  console.log(`absent, parent missing, unfit, written: ${tags.join(', ')}`);
  assert.ok(
    tags.every((count) => count > COUNT),
    'too few of a kind',
  );
});

test('texts of every length around the limits of loop, word and type', () => {
  for (const bytes of [0, 1, 7, 8, 47, 48, 49, 50, 100]) {
    const inputs: Input[] = [
      { path: 'a', type: str(bytes) },
      { path: 'b', type: str(bytes) },
    ];
    const write = planWriter(inputs);
    const memory = new Uint8Array(inputBytesMax(inputs) + 16);
    for (let length = 0; length <= 102; length++) {
      for (const last of ['', 'z', 'é', '日', '😀', '\ud800', '\udc00']) {
        const text = 'x'.repeat(length) + last;
        memory.fill(0xff);
        agree(inputs, write, { a: text, b: text }, memory, `${bytes} bytes, ${length} and ${last}`);
        assert.ok(
          memory.subarray(inputBytesMax(inputs)).every((byte) => byte === 0xff),
          'wrote past the bound',
        );
      }
    }
  }
});

test('keys of a map go by code point, as UTF-8 does', () => {
  const inputs: Input[] = [{ path: 'm', type: map(str(8), INT, 8) }];
  const write = planWriter(inputs);
  const memory = new Uint8Array(inputBytesMax(inputs));
  for (const keys of [
    ['😀', '\uffff'],
    ['\uffff', '😀'],
    ['b', 'a', '2', '10', 'é', '😀a', '😀', '\ue000'],
  ]) {
    agree(inputs, write, { m: Object.fromEntries(keys.map((key, n) => [key, n])) }, memory, keys.join());
    assert.notEqual(memory[0], 0);
  }
});

test('only own properties are read', () => {
  const inputs: Input[] = ['constructor', 'a.toString', '__proto__', '__proto__.x', 'polluted', 'a.polluted'].map((path) => ({ path, type: str(20) }));
  const write = planWriter(inputs);
  const memory = new Uint8Array(inputBytesMax(inputs));
  agree(inputs, write, { a: {} }, memory, 'inherited names');
  define(Object.prototype, 'polluted', 'inherited');
  try {
    agree(inputs, write, { a: {} }, memory, 'a polluted prototype');
    assert.equal(memory[4 * 16], 0);
    agree(inputs, write, { polluted: 'own', a: { polluted: 'own' } }, memory, 'own beside a polluted prototype');
    assert.notEqual(memory[4 * 16], 0);
  } finally {
    Reflect.deleteProperty(Object.prototype, 'polluted');
  }
});

// not again in the process that this starts
if (process.env[SPAWNED] === undefined) {
  test('a process that forbids generated code gets the same bytes', () => {
    const env = { ...process.env, [SPAWNED]: '1', AVA_FUZZ_COUNT: '50', NODE_TEST_CONTEXT: undefined };
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--disallow-code-generation-from-strings', fileURLToPath(import.meta.url)], {
      env,
      encoding: 'utf8',
    });
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    assert.match(stdout, /50 plans/);
  });
}
