/**
 * The libraries of guest/ (AssemblyScript, Rust): a probe in each says in the trace what it finds. Both must say the same as
 * a model of these few lines, over random inputs.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromUtf8, hex, utf8 } from '../src/base/bytes.ts';
import { sha256 } from '../src/crypto/hash.ts';
import { ENVIRONMENT } from '../src/law/rule.ts';
import { type GuestRule, readRule } from '../src/rule/compile.ts';
import { encodeInputs, find, type Source, type SourceValue } from '../src/rule/input.ts';

const root = join(import.meta.dirname, '..', 'guest', 'probe');
const ACCENTS = 'é€😀';
const seed = Number(process.env['AVA_SEED'] ?? 41);

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  alloc(length: number): number;
  judge(address: number, length: number): number;
}
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Exports };
};

function probe(language: string): {
  readonly rule: GuestRule;
  run(source: Source, state: Source, other: number): { result: number; lines: readonly string[] };
} {
  const rule = readRule(
    readFileSync(join(root, language, 'rule.yaml'), 'utf8'),
    ENVIRONMENT,
    (file) => new Uint8Array(readFileSync(join(root, language, file))),
  ) as GuestRule;
  const compiled = new WebAssembly.Module(rule.module);
  return {
    rule,
    run(source, state, other) {
      const lines: string[] = [];
      const asked: string[] = [];
      const bytes = (at: number, length: number): Uint8Array => new Uint8Array(exports.memory.buffer).slice(at, at + length);
      const give = (value: Uint8Array, out: number, room: number): number => {
        if (value.length <= room) new Uint8Array(exports.memory.buffer).set(value, out);
        return value.length;
      };
      const { exports } = new WebAssembly.Instance(compiled, {
        ava: {
          hash: (at: number, length: number, out: number) => give(Buffer.from(sha256(bytes(at, length)), 'latin1'), out, 32),
          verify(suite: number, key: number, ...[length, , signature, , message]: number[]) {
            asked.push(`verify ${suite} ${length} ${signature} ${message}`);
            return bytes(key, length)[0] === 97 ? 1 : 0;
          },
          read(path: number, length: number, out: number, room: number) {
            const name = fromUtf8(bytes(path, length));
            const input = rule.reads.find((one) => one.path === name);
            assert.ok(input !== undefined, name);
            return give(encodeInputs([find(input, state)]), out, room);
          },
          oracle(feed: number, length: number, age: bigint, out: number, room: number) {
            asked.push(`oracle ${fromUtf8(bytes(feed, length))} ${age}`);
            return give(encodeInputs([{ missing: 0 }]), out, room);
          },
          call(name: number, length: number) {
            asked.push(`call ${fromUtf8(bytes(name, length))}`);
            return other;
          },
          log: (at: number, length: number) => void lines.push(fromUtf8(bytes(at, length))),
        },
      });
      const buffer = encodeInputs(rule.inputs.map((input) => find(input, source)));
      const at = exports.alloc(buffer.length);
      assert.equal(at % 8, 0);
      new Uint8Array(exports.memory.buffer).set(buffer, at);
      const result = exports.judge(at, buffer.length);
      const size = utf8(String((source['args'] as Source)['key'] ?? '')).length;
      if (result !== 1) assert.deepEqual(asked, [`verify 1 ${size} ${size} ${size}`, 'oracle prices/gold 60000', 'call other/rule']);
      return { result, lines };
    },
  };
}

const compare = (a: string, b: string): number => Buffer.compare(utf8(a), utf8(b));

function describe(value: SourceValue): string {
  if (value === undefined || value === null) return 'absent';
  if (typeof value === 'string') return `"${value}"`;
  if (Array.isArray(value)) return `[${value.map(describe).join(',')}]`;
  if (typeof value !== 'object') return String(value);
  const map = value as Source;
  const keys = Object.keys(map).sort(compare);
  return `{${keys.map((key) => `"${key}":${describe(map[key])}`).join(',')}}`;
}

/** What both probes must say. */
function expected(args: Source, agent: SourceValue, state: Source): readonly string[] {
  const lines = [args.flag, args.number, args.key, args.list, args.map, args.nested, agent].map(describe);
  if (args.key === undefined) return lines;
  const key = args.key as string;
  const list = (args.list ?? []) as readonly string[];
  const map = (args.map ?? {}) as Source;
  const at = (name: string): string => describe(Object.hasOwn(map, name) ? map[name] : undefined);
  const relation = (found: boolean, word: string): string => (found ? `${word} ` : '');
  return [
    ...lines,
    list.map((item) => ['<', '=', '>'][Math.sign(compare(item, key)) + 1]).join(''),
    `${at(key)} ${at('a')} ${at(ACCENTS)}`,
    `${relation(key === ACCENTS, 'is')}${relation(key.startsWith(ACCENTS), 'starts')}${relation(key.endsWith(ACCENTS), 'ends')}.`,
    key === '' ? 'empty' : String(utf8(key)[0]),
    hex(sha256(utf8(key))),
    key.startsWith('a') ? 'verified' : 'not verified',
    describe((state['agent'] as Source)['name']),
    describe((state['session'] as Source)['labels']),
    'absent',
    describe(args.map),
  ];
}

/** A small generator: the same numbers for a seed everywhere. */
function random(from: number): (below: number) => number {
  let state = from >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const WORDS = ['', 'a', 'aa', 'b', 'ab', ACCENTS, `${ACCENTS}a`, `a${ACCENTS}`, 'é', '€', '😀', '\uffff', '\u0000', 'z'.repeat(40), 'ß"\\\n'];

function sources(count: number): readonly { args: Source; agent: Source; state: Source }[] {
  const below = random(seed);
  const word = (): string => WORDS[below(WORDS.length)];
  const many = <T>(most: number, one: () => T): T[] => Array.from({ length: below(most + 1) }, one);
  const int = (): number | bigint => [0, 1, -1, 2 ** 40, -(2 ** 53) + 1, 2n ** 63n - 1n, -(2n ** 63n)][below(7)];
  const mapOf = <T>(most: number, key: () => string, value: () => T): Record<string, T> => Object.fromEntries(many(most, () => [key(), value()]));
  return Array.from({ length: count }, () => {
    const args: Record<string, SourceValue> = {
      flag: below(2) === 1,
      key: word(),
      list: many(16, word),
      map: mapOf(12, word, () => many(3, int)),
      nested: many(4, () =>
        mapOf(
          4,
          () => Array.from(word()).slice(0, 3).join(''),
          () => many(4, () => Array.from(word()).slice(0, 3).join('')),
        ),
      ),
      number: int(),
    };
    for (const name of Object.keys(args)) if (below(8) === 0) delete args[name];
    const agent = below(4) === 0 ? {} : { name: `${word()}${word()}` };
    return { args, agent, state: { agent: below(4) === 0 ? {} : { name: word() }, session: { labels: many(16, word) } } };
  });
}

test(`AssemblyScript and Rust read what the writer wrote, seed ${seed}`, () => {
  const probes = ['assemblyscript', 'rust'].map(probe);
  for (const { args, agent, state } of sources(400)) {
    for (const other of [0, 1, 2]) {
      const lines = expected(args, agent['name'], state);
      for (const { run } of probes) assert.deepEqual(run({ args, agent }, state, other), { result: args['key'] === undefined ? 1 : other, lines });
    }
  }
});
