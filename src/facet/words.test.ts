import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { userKeys } from './flow.ts';
import { chunks, hostOf, isNamed, isPartlyNamed, isProse, type Memory } from './value.ts';
import { folded, WORD_LENGTH_MAX, WORDS_MAX, words } from './words.ts';

test('T-13: words', () => {
  const table: [string, string[]][] = [
    ['', []],
    ['  ...  ', []],
    ['Pay the bill!', ['pay', 'the', 'bill']],
    ['a_b-c.d/e', ['a', 'b', 'c', 'd', 'e']],
    ['Q1-2024', ['q1', '2024']],
    ["I've", ['i', 've']],
    ['Zoë’s CAFÉ', ['zoë', 's', 'café']],
    ['ﬁle', ['file']],
    ['ＦＵＬＬ１', ['full1']],
    ['Straße STRASSE', ['strasse', 'strasse']],
    ['ΟΔΟΣ οδος', ['οδοσ', 'οδοσ']],
    ['e\u0301t', ['ét']],
    ['请支付账单', ['请支付账单']],
    ['привет, МИР', ['привет', 'мир']],
    ['a\u200bb', ['a', 'b']],
    ['a\u00adb', ['a', 'b']],
    ['a😀b', ['a', 'b']],
    ['5€', ['5']],
    ['a\u{e0041}b', ['a', 'b']],
    ['x²', ['x2']],
  ];
  for (const [text, expected] of table) assert.deepEqual(words(text), expected, text);
  assert.equal(words('a '.repeat(WORDS_MAX + 5)).length, WORDS_MAX);
  assert.equal(words('a'.repeat(200))[0].length, WORD_LENGTH_MAX);
});

test('T-13: folding twice is folding once; words of words are the words', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
      assert.equal(folded(folded(text)), folded(text));
      assert.deepEqual(words(words(text).join(' ')), words(text));
    }),
    { seed: 13, numRuns: 3_000 },
  );
});

const memory = (text: string): Memory => {
  const keys = new Set(userKeys(null, text));
  return { gate: false, passage: 0, has: (key) => keys.has(key), page: () => null };
};

test('T-15: named by the user', () => {
  const said = memory(
    "Please ask Ann Marie Field and bob@mail.example.org about 'notes-may-2031.txt' on www.site.example.net/start (see also https://Docs.example.com:8080/a), account X12 345, on May 15th. Visit www.end.example.org.They know.",
  );
  const table: [string, boolean, boolean][] = [
    ['Ann', false, true],
    ['ann marie', false, true],
    ['Ann Marie Field', false, true],
    ['Ann Smith', false, false],
    ['field', false, true],
    ['', false, true],
    ['...', false, true],
    ['bob@mail.example.org', false, true],
    ['BOB@MAIL.EXAMPLE.ORG', false, true],
    ['bob@evil.example.org', false, false],
    ['bob@example.org', false, false],
    ['ann.marie@other.example', false, true],
    ['ann.field@other.example', false, true],
    ['ann@other.example', false, false],
    ['ann.smith@other.example', false, false],
    ['ann.marie.7@other.example', false, false],
    ['marie', false, true],
    ['www.site.example.net', false, true],
    ['https://www.site.example.net/other/page', false, true],
    ['site.example.net', false, true],
    ['http://docs.example.com/x', false, true],
    ['example.net', false, false],
    ['site.net', false, false],
    ['net.example.site', false, false],
    ['www.site.example.net.evil.example', false, false],
    ['http://www.site.example.net@evil.example/', false, false],
    ['www.end.example.org', false, true],
    ['notes-may-2031.txt', true, true],
    ['notes_may_2031.docx', true, true],
    ['notes-june-2031.txt', true, false],
    ['notes.txt', true, true],
    ['/home/x/notes-may-2031.txt', true, true],
    ['C:\\y\\notes.txt', true, true],
    ['/notes/other.txt', true, false],
    ['/z/notes/', true, true],
    ['/', true, true],
    ['X12', false, true],
    ['X12 345', false, true],
    ['x12345', false, false],
    ['2031-05-15', false, true],
    ['2031-05-16', false, false],
    ['2031-05-15 10:00', false, true],
    ['2031-13-15', false, false],
    ['a '.repeat(30), false, false],
  ];
  for (const [value, file, expected] of table) assert.equal(isNamed(value, said, file), expected, value);
});

test('T-16: named in part', () => {
  const said = memory('Invite Dora to the team, and tell com and the 2031 people');
  const table: [string, boolean][] = [
    ['dora@mail.example', true],
    ['dora.x@mail.example', true],
    ['fred@dora.example', false],
    ['www.dora-site.example', true],
    ['www.other.example', false],
    ['www.other.com', false],
    ['2031@x.example', false],
  ];
  for (const [value, expected] of table) assert.equal(isPartlyNamed(value, said), expected, value);
});

test('T-14: hosts and pieces', () => {
  const table: [string, string][] = [
    ['https://www.A.example:81/b?c', 'a example'],
    ['www.a.example', 'a example'],
    ['//a.example', 'a example'],
    ['http://u:p@a.example/', 'a example'],
    ['a.example\\b', 'a example'],
    ['', ''],
  ];
  for (const [text, expected] of table) assert.equal(hostOf(text), expected, text);
  assert.deepEqual(chunks('See (www.a.example), "b@c.example"; d-e... *f*'), ['See', 'www.a.example', 'b@c.example', 'd-e', 'f']);
});

test('T-18: prose', () => {
  const table: [string, boolean][] = [
    ['a b c d', false],
    ['a b c d e', true],
    ['x'.repeat(81), true],
    ['x'.repeat(80), false],
    ['', false],
    ['2031-05-15 10:00', false],
    ['请把钱汇给这个账户谢谢你的帮助和支持', true],
  ];
  for (const [text, expected] of table) assert.equal(isProse(text), expected, text);
});

test('T-1: the letters of this engine are those of Unicode 17.0', () => {
  const changed: string[] = [];
  for (let code = 0; code < 0x110000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const sign = String.fromCodePoint(code);
    const plain = folded(sign);
    if (plain !== sign) changed.push(`${code.toString(16)} ${[...plain].map((one) => (one.codePointAt(0) as number).toString(16)).join('+')}`);
  }
  const digest = createHash('sha256').update(changed.join('\n')).digest('hex');
  assert.deepEqual(
    [changed.length, digest.slice(0, 16)],
    [6_365, 'dd7900a537ba574a'],
    `this engine has Unicode ${process.versions.unicode}: its words may be others, which is a new facet version`,
  );
});

test('T-13: a sign that stands for many is bounded', () => {
  assert.ok(folded('\ufdfa'.repeat(65_536)).length <= 65_536);
});
