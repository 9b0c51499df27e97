/** Regular expressions: what they take, what they refuse, and the same answers as another engine. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { automatonBytes, automatonOf, matches } from './automaton.ts';
import { Random } from './program-generator.ts';

const SEED = Number(process.env.AVA_SEED ?? 20261124);
const stands = (expression: string, text: string): boolean => matches(automatonOf(expression), utf8(text));

const TABLE: readonly (readonly [expression: string, matching: readonly string[], others: readonly string[]])[] = [
  ['', ['', 'a'], []],
  ['b', ['abc'], ['ac', '']],
  ['^ab$', ['ab'], ['xab', 'abx', 'ab\n', 'a']],
  ['^$', [''], ['a', '\n']],
  ['\\Aa|b\\z', ['ax', 'xb'], ['xa', 'bx']],
  ['(?m)^b$', ['b', 'a\nb', 'b\na', 'a\nb\nc'], ['ab', 'bc', 'a\nbc']],
  ['(?m)a$\\n^b', ['a\nb', 'xa\nby'], ['ab', 'a\n\nb']],
  ['(?m)$^', ['', 'a\n', '\na'], []],
  ['a.c', ['abc', 'a😀c', 'aéc'], ['a\nc', 'ac']],
  ['(?s)a.c', ['a\nc'], ['ac']],
  ['(?i)héllo', ['HéLLO'], ['HÉLLO']],
  ['(?i:a)b', ['Ab', 'ab'], ['AB']],
  ['a(?i)b|c', ['aB', 'C'], ['Ab']],
  ['(?i-i:a)', ['a'], ['A']],
  ['[^a-y]', ['z', '\n', 'é'], ['a', 'y', '']],
  ['[]a]', [']', 'a'], ['b']],
  ['[a-]', ['-', 'a'], ['b']],
  ['[\\d-z]', ['5', '-', 'z'], ['a']],
  ['[[:alpha:][:^space:]]', ['a', '1'], [' ', '\t']],
  ['^\\D\\S\\W$', ['a1.'], ['1a.', 'aaa']],
  ['[\\x{1F600}-\\x{1F64F}]', ['😀', 'a🙏'], ['🚀', 'é']],
  ['^[^\\x{80}-\\x{10FFFF}]*$', ['abc', ''], ['aé', '😀']],
  ['\\x41\\102\\n\\.', ['AB\n.'], ['AB\n,']],
  ['\\Qa.b\\E+', ['a.bbb'], ['a.', 'axb']],
  ['^a{2}$', ['aa'], ['a', 'aaa']],
  ['^a{2,}$', ['aa', 'aaaa'], ['a']],
  ['^a{0,2}$', ['', 'a', 'aa'], ['aaa']],
  ['a{,2}', ['a{,2}'], ['aa']],
  ['^(ab|a)(bc|c)?$', ['ab', 'abc', 'abbc', 'a', 'ac'], ['abcc']],
  ['^(a*)*b$', ['b', 'aaab'], ['a']],
  ['^(?:a|b)+?c??$', ['a', 'abc'], ['c']],
  ['(?P<name>x)(?<other>y)', ['xy'], ['x']],
  ['^(|a|b)c', ['c', 'ac'], ['dc']],
  ['(){1000}(()*)+a', ['a'], ['b']],
];

test('what stands where', () => {
  for (const [expression, matching, others] of TABLE) {
    for (const text of matching) assert.ok(stands(expression, text), `${expression} in ${JSON.stringify(text)}`);
    for (const text of others)
      if (text !== '' || expression !== '[\\x{1F600}-\\x{1F64F}]') assert.ok(!stands(expression, text), `${expression} not in ${JSON.stringify(text)}`);
  }
});

const REFUSED: readonly (readonly [expression: string, slug: string, message: RegExp])[] = [
  ['(a', 'rule_program', /`\)` expected at 3/],
  ['a)', 'rule_program', /without its `\(` at 2/],
  ['*a', 'rule_program', /nothing to repeat at 1/],
  ['a**', 'rule_program', /a repetition of a repetition at 3/],
  ['a{2}{3}', 'rule_program', /a repetition of a repetition/],
  ['[a', 'rule_program', /`\]` expected/],
  ['[b-a]', 'rule_program', /ends before it begins/],
  ['a{3,2}', 'rule_program', /ends before it begins/],
  ['a{1001}', 'rule_program', /more than 1000 repetitions/],
  ['\\b', 'rule_program', /\\b is not available; write what may stand there/],
  ['\\pL', 'rule_program', /write the ranges/],
  ['(a)\\1', 'rule_program', /cannot be used again/],
  ['(?=a)', 'rule_program', /ahead or back/],
  ['(?<!a)', 'rule_program', /ahead or back/],
  ['(?x)a', 'rule_program', /not a group/],
  ['[[:letter:]]', 'rule_program', /\[:letter:\] is not a class/],
  ['\\y', 'rule_program', /not an escape/],
  ['\\', 'rule_program', /backslash at the end/],
  ['\\x{D800}', 'rule_program', /not a code point/],
  ['('.repeat(200), 'rule_program', /more than 100 levels/],
  ['a'.repeat(1_025), 'rule_bound', /more than 1024 bytes/],
  ['^(a|b)*a(a|b){11}$', 'rule_bound', /too large: more than (?:1024|4096) states/],
  ['((a{1000}){1000}){1000}', 'rule_bound', /too large: more than 20000 parts/],
  ['[^ ]{999}', 'rule_bound', /too large/],
];

test('what is refused, with its place and advice, and in no time', () => {
  for (const [expression, slug, message] of REFUSED) {
    assert.throws(
      () => automatonOf(expression),
      (fault) => {
        assert.ok(fault instanceof Fault, String(fault));
        assert.equal(fault.slug, slug, expression);
        assert.match(fault.message, message);
        return true;
      },
      expression,
    );
  }
});

test('the automaton is minimal, and its bytes are those of its tables', () => {
  for (const [expression, states, classes] of [
    ['', 1, 1],
    ['a', 2, 2],
    ['^a$', 3, 2],
    ['(a|a|b)c', 3, 3],
    ['abc|xbc', 4, 4],
    ['^(a|b)*$', 2, 2],
    ['x*', 1, 1],
  ] as const) {
    const automaton = automatonOf(expression);
    assert.deepEqual([automaton.accepts.length, automaton.classCount], [states, classes], expression);
    assert.equal(automatonBytes(automaton) % 8, 0);
  }
});

/** A random expression that means the same in JavaScript. */
function expression(random: Random, depth: number): string {
  const atoms = ['a', 'b', 'c', '.', '[ab]', '[^a]', '[^bc]', 'é', '😀', '\\n', '\\d'];
  if (depth === 0) return random.pick(atoms);
  const part = (): string => expression(random, depth - 1);
  switch (random.below(8)) {
    case 0:
      return `(?:${part()}|${part()})`;
    case 1:
      return `(?:${part()})${random.pick(['*', '+', '?', '{2}', '{1,2}', '{0,3}', '*?', '+?'])}`;
    case 2:
      return `^${part()}`;
    case 3:
      return `${part()}$`;
    case 4:
      return `(?:|${part()})`;
    default:
      return part() + part();
  }
}

test('the same answers as another engine', () => {
  console.log(`seed ${SEED}`);
  const random = new Random(SEED);
  let found = 0;
  for (let k = 0; k < 700; k++) {
    const source = expression(random, 1 + random.below(4));
    const lines = random.chance(30);
    // From the begin: V8 14 finds no /[^b]$/u at the end of '😀' when it may begin anywhere.
    const other = new RegExp(`^[^]*?(?:${source})`, lines ? 'mu' : 'u');
    for (let s = 0; s < 12; s++) {
      const text = Array.from({ length: random.below(8) }, () => random.pick(['a', 'b', 'c', 'é', '😀', '\n', '7'])).join('');
      // JavaScript's dot and its line ends know more kinds of newlines than these texts have
      const expected = other.test(text);
      if (expected) found += 1;
      assert.equal(stands(lines ? `(?m)${source}` : source, text), expected, `seed ${SEED}: ${source} in ${JSON.stringify(text)}`);
    }
  }
  assert.ok(found > 2_000 && found < 7_000, String(found));
});
