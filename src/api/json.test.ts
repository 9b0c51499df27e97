import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, type FaultName } from '../base/fault.ts';
import { parseJson, textOf } from './json.ts';
import { parseStrictly } from './json-strict.ts';
import { type Json, pathTooDeep } from './json-value.ts';
import { random } from './random.fixture.ts';

/** What a text gives: its value, or the slug and path of its fault. */
function outcome(text: string, parse = (t: string): Json => parseJson(t)): Json | Fault {
  try {
    return parse(text);
  } catch (error) {
    assert.ok(error instanceof Fault, String(error));
    return error;
  }
}

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

test('N-12 to N-16: what is refused, with its code and place', () => {
  const table: readonly (readonly [text: string, slug: FaultName, path: string])[] = [
    ['{"a":1,"a":1}', 'key_duplicate', '$.a'],
    ['{"a":{"b":1,"\\u0062":2}}', 'key_duplicate', '$.a.b'],
    ['{"a":{"__proto__":1}}', 'key_forbidden', '$.a.__proto__'],
    ['{"\\u005f_proto__":1}', 'key_forbidden', '$.__proto__'],
    ['{"amount":-0}', 'not_finite', '$.amount'],
    ['{"amount":-0.0}', 'not_finite', '$.amount'],
    ['{"amount":-1e-400}', 'not_finite', '$.amount'],
    ['[1e400]', 'not_finite', '$[0]'],
    ['[1,[-1e309]]', 'not_finite', '$[1][0]'],
    ['{"a":{"b":9007199254740992}}', 'integer_too_large', '$.a.b'],
    ['{"a":9007199254740993}', 'integer_too_large', '$.a'],
    ['{"a":-9007199254740992}', 'integer_too_large', '$.a'],
    ['{"a":1e21}', 'integer_too_large', '$.a'],
    ['{"a":1e+21}', 'integer_too_large', '$.a'],
    ['{"a":12345678901234567890.0}', 'integer_too_large', '$.a'],
    ['["\\ud800"]', 'text_malformed', '$[0]'],
    ['["\\uD800x"]', 'text_malformed', '$[0]'],
    ['["\\udc00\\ud800"]', 'text_malformed', '$[0]'],
    ['{"a b":[0,1e999]}', 'not_finite', "$['a b'][1]"],
    [`{"a":${nested(20)}}`, 'too_deep', `$.a${'[0]'.repeat(19)}`],
    [nested(100_000), 'too_deep', `$${'[0]'.repeat(20)}`],
  ];
  for (const [text, slug, path] of table) {
    for (const parse of [(t: string) => parseJson(t), (t: string) => parseStrictly(t, 20)]) {
      const got = outcome(text, parse);
      assert.ok(got instanceof Fault, text.slice(0, 60));
      assert.equal(got.slug, slug, text.slice(0, 60));
      assert.equal(got.context.path, path);
    }
  }
});

test('N-11: malformed JSON says at which offset', () => {
  const table: readonly (readonly [text: string, offset: number])[] = [
    ['', 0],
    ['{', 1],
    ['{"a"', 4],
    ['{"a":}', 5],
    ['{"a":1,}', 7],
    ['[1,]', 3],
    ['[1 2]', 3],
    ['01', 1],
    ['-', 0],
    ['.5', 0],
    ['1.', 1],
    ['+1', 0],
    ['NaN', 0],
    ['[Infinity]', 1],
    ['tru', 0],
    ["{'a':1}", 1],
    ['"a', 2],
    ['"\t"', 1],
    ['"\\x"', 1],
    ['"\\u12g4"', 1],
    ['\ufeff{}', 0],
    ['{}{}', 2],
    ['// c\n1', 0],
    ['[1]\u00a0', 3],
  ];
  for (const [text, offset] of table) {
    const got = outcome(text);
    assert.ok(got instanceof Fault, text);
    assert.equal(got.slug, 'request_json', text);
    assert.equal(got.context.offset, offset, text);
    assert.throws(() => JSON.parse(text), SyntaxError);
  }
});

test('N-12: what is exact passes, integral floats as integers', () => {
  assert.deepEqual(parseJson(' {"amount" : 50.0, "x":[1e2, 0.10, 1E-2, 9007199254740991]}\n'), { amount: 50, x: [100, 0.1, 0.01, 9007199254740991] });
  assert.deepEqual(parseJson('{"b":1,"10":2,"constructor":{},"toString":null}'), { b: 1, '10': 2, constructor: {}, toString: null });
  assert.deepEqual(parseJson('["\\ud83d\\ude00","\\/","\\u0041"]'), ['😀', '/', 'A']);
  assert.deepEqual(parseJson('"__proto__"'), '__proto__');
  assert.deepEqual(parseJson(nested(20)), JSON.parse(nested(20)));
  assert.equal(outcome('[1e-400]') instanceof Fault, false);
});

test('N-10: bytes that are not UTF-8 are refused', () => {
  assert.equal(textOf(Buffer.from('{"ü":1}')), '{"ü":1}');
  for (const bytes of [[0xff], [0x22, 0xc3, 0x22], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
    assert.throws(
      () => textOf(Buffer.from(bytes)),
      (error) => error instanceof Fault && error.slug === 'request_json',
    );
  }
  assert.throws(() => parseJson(textOf(Buffer.from('\ufeff{}'))), Fault);
});

test('the path to what is too deep', () => {
  assert.equal(pathTooDeep({ a: [1, { b: {} }] }, 4), null);
  assert.equal(pathTooDeep({ a: [1, { b: {} }] }, 3), '$.a[1].b');
});

const seed = Number(process.env.AVA_SEED ?? Date.now() % 1_000_000);
const rounds = Number(process.env.AVA_FUZZ ?? 60_000);

test(`differential: the same value as JSON.parse or a fault (seed ${seed}, ${rounds} rounds)`, () => {
  const { pick, below } = random(seed);
  const atoms = [
    '0',
    '-0',
    '1',
    '50.0',
    '1e2',
    '1e400',
    '1e-7',
    '9007199254740991',
    '9007199254740993',
    '1E+21',
    '0.1',
    '-12.50',
    '""',
    '"a"',
    '"\\ud800"',
    '"\\ud83d\\ude00"',
    '"\\u0000"',
    '"é€😀"',
    '"\\n"',
    'true',
    'false',
    'null',
    '"__proto__"',
    '-',
    '01',
  ];
  const keys = ['"a"', '"b"', '"10"', '"__proto__"', '"\\u0061"', '"constructor"', '""', '"ü"'];
  const spaces = ['', '', '', '', ' ', '\n', '\t ', '\u00a0'];
  const make = (depth: number): string => {
    const kind = depth > 5 ? 0 : below(4);
    if (kind < 2) return pick(atoms);
    const items = Array.from({ length: below(4) }, () => (kind === 2 ? make(depth + 1) : `${pick(keys)}${pick(spaces)}:${pick(spaces)}${make(depth + 1)}`));
    const joined = items.join(`${pick(spaces)},${pick(spaces)}`);
    return kind === 2 ? `[${joined}]` : `{${joined}}`;
  };
  const junk = ['{', '}', '[', ']', '"', ',', ':', '\\', '0', 'e', '-', '.', ' ', 'u', '\u0007', '\ud800'];
  let values = 0;
  for (let i = 0; i < rounds; i++) {
    let text = make(0);
    if (below(3) === 0) {
      const at = below(text.length + 1);
      text = text.slice(0, at) + (below(2) === 0 ? pick(junk) : '') + text.slice(at + below(2));
    }
    let expected: unknown;
    let valid = true;
    try {
      expected = JSON.parse(text);
    } catch {
      valid = false;
    }
    for (const parse of [(t: string) => parseJson(t), (t: string) => parseStrictly(t, 20)]) {
      const got = outcome(text, parse);
      if (!(got instanceof Fault)) {
        values += 1;
        assert.ok(valid, text);
        assert.deepEqual(got, expected, text);
      } else assert.ok(got.slug !== 'request_json' || !valid || !text.isWellFormed(), `${text}: ${got.message}`);
    }
  }
  assert.ok(values > rounds / 4);
});
