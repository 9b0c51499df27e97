import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyse } from './analysis.ts';
import { canonical } from './canonical.ts';
import { isFold, NO_PREDICATE, type Node, type Op, PROFILE_CORE, type Program } from './ir.ts';
import { lower } from './lower.ts';
import { parse } from './parse.ts';
import { scopeOf } from './scope.ts';
import { typeText } from './type.ts';
import { parseType } from './type-text.ts';

/** `in 0`, `any 0 - 3 2`: operation, immediate or operands, a fold's count last. */
function node(text: string): Node {
  const [op, ...words] = text.split(' ');
  const numbers = words.map((word) => (word === '-' ? NO_PREDICATE : Number(word)));
  if (isFold(op as Op)) return { op: op as Op, imm: 0, operands: numbers.slice(0, 3), count: numbers[3] };
  const immediate = ['const', 'in', 'present', 'elem', 'key'].includes(op);
  return { op: op as Op, imm: immediate ? numbers[0] : 0, operands: immediate ? [] : numbers, count: 0 };
}

function program(out: number, ...nodes: readonly string[]): Program {
  const inputs = [
    { path: 'xs', type: parseType('list(int, 4)') },
    { path: 'n', type: parseType('int') },
  ];
  return { profile: PROFILE_CORE, inputs, consts: [], nodes: nodes.map(node), out };
}

/** Two folds over xs, `elem < n` in each. */
const TWO = ['in 0', 'in 1', 'any 0 - 4 2', 'elem 1', 'lt 3 1', 'any 0 - 7 2', 'elem 1', 'lt 6 1'];

const REFUSED: readonly (readonly [Program, string])[] = [
  [program(5, ...TWO.slice(0, 5), 'not 4'), 'node 5: operand 4 is out of sight'],
  [program(5, ...TWO.slice(0, 7), 'lt 3 1'), 'node 7: operand 3 is out of sight'],
  [program(2, 'in 0', 'in 1', 'any 0 - 5 3', 'any 0 - 5 1', 'elem 2', 'lt 1 1'), 'node 3: operand 5 is out of sight'],
  [program(5, ...TWO.slice(0, 5), 'any 0 - 4 0'), 'node 5: operand 4 is out of sight'],
  [program(5, 'in 0', 'in 1', 'any 0 - 4 2', 'elem 1', 'lt 3 1', 'any 4 - 2 0'), 'node 5: operand 4 is out of sight'],
  [program(4, ...TWO.slice(0, 5)), 'node 4: the answer is a node of a fold'],
  [program(1, 'in 0', 'any 0 - 2 1', 'not 1'), 'node 2: operand 1 is out of sight'],
  [program(1, 'in 0', 'any 0 - 3 2', 'any 0 - 4 2', 'elem 1', 'elem 1'), "node 2: a fold owns nodes that are not its region's"],
  [program(1, 'in 0', 'any 0 - 2 1', 'elem 2'), 'node 2: level 2 is not open'],
  [program(1, 'in 0', 'any 0 - 2 1', 'elem 0'), 'node 2: level 0 is not open'],
];

test('regions nest and operands are in sight', () => {
  assert.equal(analyse(program(5, ...TWO)).gas, 2 + 2 * (1 + 4 * 3));
  for (const [refused, message] of REFUSED) assert.throws(() => analyse(refused), { slug: 'rule_program', message });
});

test('types, what can fail and levels of each node', () => {
  const types = { xs: 'list(int, 4)', s: 'string(5)', m: 'map(string(3), int, 2)' };
  const scope = scopeOf(new Map(Object.entries(types).map(([path, type]) => [path, parseType(type)])));
  const rows = (text: string): readonly string[] => {
    const of = canonical(lower(parse(text), scope));
    const { types: found, canFail, level, owner } = analyse(of);
    return of.nodes.map(({ op }, i) => `${op} ${typeText(found[i])}${canFail[i] ? ' can fail' : ''} ${level[i]} ${owner[i]}`);
  };
  assert.deepEqual(rows('["a", "bc"].map(w, w + "d")[0] < "x"'), [
    'const string(1) 0 -1',
    'const string(2) 0 -1',
    'list list(string(2), 2) 0 -1',
    'const string(1) 0 -1',
    'collect list(string(3), 2) 0 -1',
    'elem string(2) 1 4',
    'add string(3) 1 4',
    'const int 0 -1',
    'get string(3) can fail 0 -1',
    'const string(1) 0 -1',
    'lt bool can fail 0 -1',
  ]);
  assert.deepEqual(rows('[1].all(x, 2 < x + 3)'), [
    'const int 0 -1',
    'list list(int, 1) 0 -1',
    'const int 0 -1',
    'const int 0 -1',
    'all bool can fail 0 -1',
    'elem int 1 4',
    'add int can fail 1 4',
    'lt bool can fail 1 4',
  ]);
  assert.deepEqual(rows('has(m.a)'), ['in map(string(3), int, 2) can fail 0 -1', 'const string(1) 0 -1', 'has bool can fail 0 -1']);
});
