import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hex } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { parse } from './parse.ts';
import type { Expression, Literal } from './syntax.ts';

/** A tree as one line: every operator with its operands in parentheses. */
function show(e: Expression): string {
  const row = (items: readonly Expression[]): string => items.map(show).join(' ');
  switch (e.kind) {
    case 'literal':
      return showLiteral(e.literal);
    case 'name':
      return (e.global ? '.' : '') + e.name;
    case 'select':
      return `${show(e.target)}.${e.field.text}`;
    case 'index':
      return `${show(e.target)}[${show(e.index)}]`;
    case 'call':
      return `(${e.name.text}${e.target === undefined ? '' : ` @${show(e.target)}`} ${row(e.args)})`;
    case 'unary':
      return `(${e.operator} ${show(e.operand)})`;
    case 'binary':
      return `(${e.operator} ${show(e.left)} ${show(e.right)})`;
    case 'logic':
      return `(${e.operator} ${row(e.operands)})`;
    case 'choice':
      return `(? ${show(e.condition)} ${show(e.then)} ${show(e.otherwise)})`;
    case 'list':
      return `[${row(e.items)}]`;
    case 'map':
      return `{${e.entries.map((entry) => `${show(entry.key)}:${show(entry.value)}`).join(' ')}}`;
    case 'has':
      return `(has ${show(e.target)} ${e.field.text})`;
    case 'fold':
      return `(${e.macro} ${show(e.range)} ${e.variable.text}${e.predicate === undefined ? '' : ` ${show(e.predicate)}`} ${show(e.body)})`;
    case 'bind':
      return `(bind ${e.variable.text} ${show(e.value)} ${show(e.body)})`;
  }
}

function showLiteral(literal: Literal): string {
  if (literal.type === 'string') return JSON.stringify(literal.value);
  if (literal.type === 'bytes') return `b'${hex(literal.value)}'`;
  return `${literal.value}${literal.type === 'uint' ? 'u' : literal.type === 'double' ? 'd' : ''}`;
}

const TREES: readonly (readonly [string, string])[] = [
  // precedence and association
  ['a || b && c', '(|| a (&& b c))'],
  ['a && b && c', '(&& a b c)'],
  ['(a && b) && c', '(&& (&& a b) c)'],
  ['a == b != c', '(!= (== a b) c)'],
  ['1 + 2 * 3 - 4', '(- (+ 1 (* 2 3)) 4)'],
  ['(1 + 2) * 3', '(* (+ 1 2) 3)'],
  ['8 / 4 / 2 % 3', '(% (/ (/ 8 4) 2) 3)'],
  ['a < b + 1', '(< a (+ b 1))'],
  ['x in xs && y', '(&& (in x xs) y)'],
  ['a ? b : c ? d : e', '(? a b (? c d e))'],
  ['a || b ? c : d', '(? (|| a b) c d)'],
  ['!a.b', '(! a.b)'],
  ['!!a', '(! (! a))'],
  ['-x.y', '(- x.y)'],
  ['--1', '(- -1)'],
  ['a-1', '(- a 1)'],
  ['a - -1', '(- a -1)'],
  ['-(1)', '(- 1)'],
  ['-9223372036854775808', '-9223372036854775808'],
  // members, calls, literals
  ['a.b[0].c(1, 2)', '(c @a.b[0] 1 2)'],
  ['f()', '(f )'],
  ['.a.b', '.a.b'],
  ['a.if', 'a.if'],
  ['[1, 2,]', '[1 2]'],
  ['[]', '[]'],
  ['{}', '{}'],
  ['{"a": 1, 2: [3],}', '{"a":1 2:[3]}'],
  ['true == false', '(== true false)'],
  ['null', 'null'],
  ['0x1F', '31'],
  ['7u', '7u'],
  ['0xFFu', '255u'],
  ['1.5', '1.5d'],
  ['1e3', '1000d'],
  ['.5', '0.5d'],
  ['-2.5', '-2.5d'],
  // strings
  [`'it''`.slice(0, 4), '"it"'],
  [`"it's"`, `"it's"`],
  [`'a\\n\\t\\\\\\''`, JSON.stringify("a\n\t\\'")],
  ['"\\x41\\u00e9\\U0001F600\\101"', JSON.stringify('Aé😀A')],
  ['r"\\d+"', JSON.stringify('\\d+')],
  ["R'''a\"\\\nb'''", JSON.stringify('a"\\\nb')],
  ['"""a "quoted" word"""', JSON.stringify('a "quoted" word')],
  [`''''''`, '""'],
  ['b"\\x00\\377é"', "b'00ffc3a9'"],
  ['rb"\\n"', "b'5c6e'"],
  ['"a" // comment "\n + "b"', '(+ "a" "b")'],
  // macros
  ['has(a.b.c)', '(has a.b c)'],
  ['has(a["b-c"])', '(has a b-c)'],
  ['xs.all(x, x > 1)', '(all xs x (> x 1))'],
  ['xs.exists(x, x)', '(exists xs x x)'],
  ['xs.exists_one(x, x)', '(exists_one xs x x)'],
  ['xs.existsOne(x, x)', '(exists_one xs x x)'],
  ['xs.map(x, x + 1)', '(map xs x (+ x 1))'],
  ['xs.map(x, x > 1, x + 1)', '(map xs x (> x 1) (+ x 1))'],
  ['xs.filter(x, x > 1)', '(filter xs x (> x 1))'],
  ['cel.bind(a, b + 1, a * a)', '(bind a (+ b 1) (* a a))'],
  ['xs.all(x)', '(all @xs x)'],
];

test('expressions and their trees', () => {
  for (const [source, tree] of TREES) assert.equal(show(parse(source)), tree, source);
});

const long = (part: string, times: number): string => part.repeat(times);

const REFUSED: readonly (readonly [source: string, slug: string, message: string])[] = [
  ['', 'rule_syntax', '1:1 an expression expected at the end'],
  ['1 +', 'rule_syntax', '1:4 an expression expected at the end'],
  ['a b', 'rule_syntax', '1:3 an operator or the end expected, `b` found'],
  ['(a', 'rule_syntax', '1:3 `)` expected at the end'],
  ['[1 2]', 'rule_syntax', '1:4 `,` or `]` expected, `2` found'],
  ['f(1,)', 'rule_syntax', '1:5 an expression expected, `)` found'],
  ['[,]', 'rule_syntax', '1:2 an expression expected, `,` found'],
  ['{1}', 'rule_syntax', '1:3 `:` expected, `}` found'],
  ['a ? b', 'rule_syntax', '1:6 `:` expected at the end'],
  ['a.in', 'rule_syntax', '1:3 a field name expected, `in` found'],
  ['a..b', 'rule_syntax', '1:3 a field name expected, `.` found'],
  ['if', 'rule_syntax', '1:1 `if` is a reserved word'],
  ['!-x', 'rule_syntax', '1:2 an operand of `!` expected, `-` found'],
  ['a = b', 'rule_syntax', '1:3 `=` is not an operator; `==`?'],
  ['a & b', 'rule_syntax', '1:3 `&` is not an operator; `&&`?'],
  ['a @ b', 'rule_syntax', '1:3 `@` has no meaning here'],
  ['12abc', 'rule_syntax', '1:1 `12abc` is not a number'],
  ['0x', 'rule_syntax', '1:1 `0x` is not a number'],
  ['9223372036854775808', 'rule_syntax', '1:1 `9223372036854775808` is past 64 bits'],
  ['-9223372036854775809', 'rule_syntax', '1:2 `9223372036854775809` is past 64 bits'],
  ['18446744073709551616u', 'rule_syntax', '1:1 `18446744073709551616u` is past 64 bits'],
  ['"abc', 'rule_syntax', '1:1 the string has no end'],
  ['"a\nb"', 'rule_syntax', '1:1 the string has no end on its line; long strings have three quotes'],
  ['"\\q"', 'rule_syntax', '1:1 `\\q` is not an escape; a backslash is written \\\\'],
  ['"\\ud800"', 'rule_syntax', '1:1 `\\ud800` is not a code point'],
  ['"\\U00110000"', 'rule_syntax', '1:1 `\\U00110000` is not a code point'],
  ['b"\\u0041"', 'rule_syntax', '1:1 bytes have no \\u escape'],
  ['bb"a"', 'rule_syntax', '1:1 `bb` is not a prefix of a string'],
  ['a\n  && b\n  && "é😀" ? 1 : $', 'rule_syntax', '3:17 `$` has no meaning here'],
  ['has(a)', 'rule_syntax', '1:5 `has` takes a field, for example has(args.to)'],
  ['xs.all(1, true)', 'rule_syntax', '1:8 the first argument of `all` names a variable'],
  ['a.?b', 'rule_unsupported', '1:2 optional values are not available; write `has(x) ? x : y`'],
  ['a[?0]', 'rule_unsupported', '1:2 optional values are not available; write `has(x) ? x : y`'],
  ['[?a]', 'rule_unsupported', '1:2 optional values are not available; write `has(x) ? x : y`'],
  ['{?"a": b}', 'rule_unsupported', '1:2 optional values are not available; write `has(x) ? x : y`'],
  ['a.Foo{b: 1}', 'rule_unsupported', '1:1 a message is built here; use a map, for example {"name": value}'],
  [long('(', 600), 'rule_bound', '1:129 more than 128 levels'],
  [long('[', 600), 'rule_bound', '1:129 more than 128 levels'],
  [`${long('!', 600)}a`, 'rule_bound', '1:129 more than 128 levels'],
  [`a${long('.b', 200)}`, 'rule_bound', '1:1 more than 128 levels'],
  [`1${long('+1', 200)}`, 'rule_bound', '1:256 more than 128 levels'],
  [long('true?1:', 600), 'rule_bound', '1:897 more than 128 levels'],
  [`"${long('a', 16_384)}"`, 'rule_bound', '1:1 the expression has more than 16384 bytes'],
];

test('what is refused, with its place', () => {
  for (const [source, slug, message] of REFUSED) {
    assert.throws(
      () => parse(source),
      (fault) => {
        assert.ok(fault instanceof Fault);
        assert.deepEqual([fault.slug, fault.message], [slug, message], source.slice(0, 40));
        return true;
      },
      source.slice(0, 40),
    );
  }
});

test('a chain of && or || is one level, however long', () => {
  const { depth } = parse(`a${long(' && a', 1_000)}`);
  assert.equal(depth, 2);
});
