import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonical } from './canonical.ts';
import { find, type Source } from './input.ts';
import { evaluate } from './interpret.ts';
import { lower } from './lower.ts';
import { parse } from './parse.ts';
import { printValue } from './print.ts';
import { scopeOf } from './scope.ts';
import { parseType } from './type-text.ts';

const scope = scopeOf(
  new Map(
    Object.entries({
      'a.t': 'bool',
      'a.f': 'bool',
      'a.e': 'bool',
      'a.n': 'int',
      'a.s': 'string(16)',
      'a.xs': 'list(int, 5)',
      'a.none': 'list(int, 5)',
      'a.words': 'list(string(8), 5)',
      'a.m': 'map(string(8), int, 4)',
      'a.grid': 'list(list(int, 3), 3)',
      'a.wrong': 'int',
      'a.long': 'string(4)',
      'a.absent': 'int',
      'b.absent': 'int',
      'a.many': 'list(int, 2)',
    }).map(([path, type]) => [path, parseType(type)]),
  ),
);

/** `a.e` is absent: reading it is an error. `b` is not there at all. */
const source: Source = {
  a: {
    t: true,
    f: false,
    n: 7,
    s: 'héllo',
    xs: [3, 1, 2],
    none: [],
    words: ['b', 'a', '😀', '\uffff'],
    m: { b: 2, a: 1 },
    grid: [[1, 2], [3], []],
    wrong: '7',
    long: 'hello',
    many: [1, 2, 3],
    absent: null,
  },
};

const value = (text: string): string => {
  const program = canonical(lower(parse(text), scope));
  return printValue(
    evaluate(
      program,
      program.inputs.map((input) => find(input, source)),
    ),
  );
};

const TABLES: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'logic forgives an error from either side where the other decides': [
    ['a.e && false', 'false'],
    ['false && a.e', 'false'],
    ['a.e && true', 'error'],
    ['true && a.e', 'error'],
    ['a.e || true', 'true'],
    ['true || a.e', 'true'],
    ['a.e || false', 'error'],
    ['!a.e', 'error'],
    ['!(a.e && a.f)', 'true'],
    ['1 / 0 > 1 || a.t', 'true'],
    ['1 / 0 > 1 && a.t', 'error'],
    ['a.t && a.e && a.f', 'false'],
  ],
  'a choice needs its condition and one branch': [
    ['a.t ? 1 : 1 / 0', '1'],
    ['a.f ? 1 / 0 : 2', '2'],
    ['a.t ? 1 / 0 : 2', 'error'],
    ['a.e ? 1 : 1', 'error'],
  ],
  'all and exists forgive like logic': [
    ['a.xs.all(x, x > 0)', 'true'],
    ['a.xs.all(x, x > 1)', 'false'],
    ['[1, 0, 3].all(x, 6 / x > 2)', 'false'],
    ['[1, 0, 2].all(x, 6 / x > 2)', 'error'],
    ['[0, 2].exists(x, 6 / x == 3)', 'true'],
    ['[0, 1].exists(x, 6 / x == 3)', 'error'],
    ['a.none.all(x, x / 0 > 1)', 'true'],
    ['a.none.exists(x, x / 0 > 1)', 'false'],
    ['a.absent > 1 || a.xs.exists(x, x == 3)', 'true'],
    ['[a.e].all(x, false)', 'error'],
  ],
  'exists_one, filter and map do not forgive': [
    ['a.xs.exists_one(x, x > 2)', 'true'],
    ['a.xs.exists_one(x, x > 1)', 'false'],
    ['[0, 1, 2].exists_one(x, 2 / x == 2)', 'error'],
    ['a.xs.filter(x, x > 1)', '[3, 2]'],
    ['[1, 0].filter(x, 1 / x > 0)', 'error'],
    ['a.xs.map(x, x * x)', '[9, 1, 4]'],
    ['[1, 0].map(x, 1 / x)', 'error'],
    ['[1, 0].map(x, x > 0, 1 / x)', '[1]'],
    ['[1, 0].map(x, 1 / x > 0, x)', 'error'],
    ['a.xs.map(x, 5)', '[5, 5, 5]'],
    ['a.m.map(k, k)', '["a", "b"]'],
    ['a.m.map(k, a.m[k])', '[1, 2]'],
    ['a.m.filter(k, a.m[k] > 1)', '["b"]'],
  ],
  'folds within folds see the items around them': [
    ['a.grid.map(row, row.map(x, x + size(row)))', '[[3, 4], [4], []]'],
    ['a.xs.map(x, a.xs.filter(y, y < x))', '[[1, 2], [], [1]]'],
    ['a.xs.exists(x, a.xs.all(y, x >= y))', 'true'],
    ['a.xs.map(x, a.xs.map(x, x * 10))', '[[30, 10, 20], [30, 10, 20], [30, 10, 20]]'],
    ['a.grid.exists_one(row, row.exists(x, a.xs.exists(y, x + y == 6)))', 'true'],
  ],
  'integers have 64 bits and errors': [
    ['9223372036854775807 + 1', 'error'],
    ['-9223372036854775808 - 1', 'error'],
    ['-(-9223372036854775808)', 'error'],
    ['-9223372036854775808 / -1', 'error'],
    ['-9223372036854775808 % -1', 'error'],
    ['3037000500 * 3037000500', 'error'],
    ['-9223372036854775808 * -1', 'error'],
    ['1 / 0', 'error'],
    ['1 % 0', 'error'],
    ['-7 / 2', '-3'],
    ['-7 % 2', '-1'],
    ['7 % -2', '1'],
    ['9223372036854775806 + 1', '9223372036854775807'],
  ],
  'texts go by code point': [
    ['"😀" > "\\uffff"', 'true'],
    ['"a" < "b"', 'true'],
    ['"a" < "aa"', 'true'],
    ['"B" < "a"', 'true'],
    ['"é" == "e\\u0301"', 'false'],
    ['size("😀é")', '2'],
    ['size(a.s)', '5'],
    ['a.s.startsWith("hé")', 'true'],
    ['a.s.endsWith("")', 'true'],
    ['"".contains("")', 'true'],
    ['"aab".contains("ab")', 'true'],
    ['"aab".contains("ba")', 'false'],
    ['a.s + "!"', '"héllo!"'],
    ['false < true', 'true'],
    ['true <= true', 'true'],
  ],
  'lists and maps': [
    ['a.xs[0]', '3'],
    ['a.xs[3]', 'error'],
    ['a.xs[-1]', 'error'],
    ['a.m["a"]', '1'],
    ['a.m["c"]', 'error'],
    ['has(a.m.a)', 'true'],
    ['has(a.m.c)', 'false'],
    ['"a" in a.m', 'true'],
    ['2 in a.xs', 'true'],
    ['9 in a.xs', 'false'],
    ['[1, 2] in a.grid', 'true'],
    ['1 in []', 'false'],
    ['a.xs + [9] + []', '[3, 1, 2, 9]'],
    ['{"b": 2, "a": 1}', '{"a": 1, "b": 2}'],
    ['{"b": 2, "a": 1} == a.m', 'true'],
    ['{"a": 1, "a": 1}', 'error'],
    ['{a.s: 1, "h" + "éllo": 2}', 'error'],
    ['{2: 1, -1: 2}', '{-1: 2, 2: 1}'],
    ['[1 / 0, 2]', 'error'],
    ['{"a": 1 / 0}', 'error'],
    ['[[1]] == [[1]]', 'true'],
    ['[1] == [1, 1]', 'false'],
    ['size(a.m)', '2'],
    ['{"x": {"y": 1}}.x.y', '1'],
  ],
  'what is absent, of another type or too large': [
    ['has(a.n)', 'true'],
    ['has(a.absent)', 'false'],
    ['has(b.absent)', 'error'],
    ['has(a.wrong)', 'error'],
    ['has(a.long)', 'error'],
    ['a.absent == 1', 'error'],
    ['a.wrong == 7', 'error'],
    ['size(a.long)', 'error'],
    ['size(a.many)', 'error'],
    ['has(a.absent) && a.absent > 1', 'false'],
    ['has(a.absent) ? a.absent : 3', '3'],
  ],
  'cel.bind shares': [
    ['cel.bind(x, a.n + 1, x * x)', '64'],
    ['cel.bind(x, 1 / 0, 5)', '5'],
    ['a.xs.map(x, cel.bind(y, x + 1, y * y))', '[16, 4, 9]'],
  ],
};

for (const [name, rows] of Object.entries(TABLES)) {
  test(name, () => {
    for (const [text, expected] of rows) assert.equal(value(text), expected, text);
  });
}
