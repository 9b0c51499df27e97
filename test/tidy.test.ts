/** The house rules as a test. Each rule is also fed a breach, to show that it bites. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { matchesGlob, sep } from 'node:path';
import { test } from 'node:test';
import { SUITES } from '../tools/suites.ts';
import { DIVISIONS, ENTRIES, ROOMS } from './rooms.ts';
import { type Breach, cycles, dead, divisions, layers, roomOf, surfaces } from './tidy/layers.ts';
import { scan } from './tidy/scan.ts';
import { barrels, clauses, names, sizes, words } from './tidy/words.ts';

const root = `${import.meta.dirname}/..`;
const glob = (...patterns: string[]): string[] =>
  globSync(patterns, { cwd: root })
    .map((path) => path.split(sep).join('/'))
    .sort();
const read = (path: string): string => readFileSync(`${root}/${path}`, 'utf8');

const sources = glob('{src,sdk,test,sim,bench,spec,tools,bin}/**/*.{ts,mjs}')
  .filter((path) => !/node_modules\/|^sdk\/dist\/|\.gen\.ts$/.test(path))
  .map((path) => scan(path, read(path)));
const pages = glob('spec/*.md')
  .filter((path) => path !== 'spec/README.md')
  .map((path) => ({ path, text: read(path) }));
const entries = sources.map(({ path }) => path).filter((path) => ENTRIES.some((entry) => matchesGlob(path, entry)));

function clean(breaches: readonly Breach[]): void {
  assert.ok(breaches.length === 0, `\n${breaches.map(({ place, rule, advice }) => `${place}: ${rule}: ${advice}`).join('\n')}`);
}

/** Fails unless the rule objects to each bad file and to none of the good ones. */
function bites(check: (files: ReturnType<typeof scan>[]) => readonly Breach[], bad: Record<string, string>, good: Record<string, string> = {}): void {
  for (const [path, text] of Object.entries(bad)) assert.ok(check([scan(path, text)]).length > 0, `no objection to ${path}: ${text}`);
  for (const [path, text] of Object.entries(good)) assert.deepEqual(check([scan(path, text)]), [], `an objection to ${path}: ${text}`);
}

test('the tree was read', () => {
  assert.ok(sources.length > 20 && entries.length > 5);
});

test('every test file belongs to a suite', () => {
  const lost = sources.filter(({ path }) => path.endsWith('.test.ts') && !SUITES.some(({ files }) => files.some((pattern) => matchesGlob(path, pattern))));
  assert.deepEqual(
    lost.map(({ path }) => path),
    [],
    'name it in tools/suites.ts',
  );
});

test('the scanner tells code from text', () => {
  const code = (text: string): string => scan('x.ts', text).code;
  assert.equal(code("a / b // c / d\n'e / f'"), "a / b         \n'     '");
  assert.equal(code('x = /[/"]\\//g.test(y) / 2'), 'x =          .test(y) / 2');
  assert.equal(code('`a${b / `c${d}`}e` / 2'), '` ${b / ` ${d}`} ` / 2');
  assert.equal(code('return /a/;'), 'return    ;');
  assert.equal(code("'it\\'s' + \"x\" /* y */"), '\'     \' + " "        ');
  assert.deepEqual(scan('x.ts', "import {\n a,\n} from './b.ts'; import './c.ts'; new URL('./d.ts', import.meta.url); // from './e.ts'").imports, [
    { from: './b.ts', line: 3 },
    { from: './c.ts', line: 3 },
    { from: './d.ts', line: 3 },
  ]);
});

test('rooms import only rooms they may, and only their surface', () => {
  bites(
    layers,
    {
      'src/merkle/a.ts': "import { x } from '../rule/ir.ts';",
      'src/rule/a.ts': "import { x } from '../crypto/inner.ts';",
      'src/vm/a.ts': "import { readFileSync } from 'node:fs';",
      'src/machine/a.ts': "import { x } from 'lmdb';",
      'src/nowhere/a.ts': 'export const x = 1;',
      'src/store/a.ts': "import { x } from '../../test/rooms.ts';",
      'src/facet/a.ts': "export { x } from './x.test.ts';",
      'sdk/src/a.ts': "import { readFileSync } from 'node:fs';",
      'sdk/src/b.ts': "import { x } from '../../src/base/bytes.ts';",
      'sdk/src/c.ts': "import { x } from 'lmdb';",
    },
    {
      'src/merkle/a.ts': "import { x } from '../crypto/hash.ts'; import { y } from './inner.ts'; import { z } from '../base/cbor.ts';",
      'src/merkle/a.test.ts': "import { x } from '../rule/ir.ts'; import { test } from 'node:test'; import fc from 'fast-check';",
      'src/crypto/a.ts': "import { hash } from 'node:crypto';",
      'src/store/a.ts': "import { x } from 'lmdb'; import { y } from 'node:fs';",
      'sdk/src/a.ts': "import { x } from './b.ts'; import type { y } from 'ai';",
      'sdk/src/a.test.ts': "import { x } from '../../src/audit/bundle.ts'; import { test } from 'node:test';",
    },
  );
  clean([...surfaces(), ...layers(sources)]);
});

test('docs/architecture.md shows every room as it is', () => {
  const page = read('docs/architecture.md');
  for (const room of new Set(sources.map(({ path }) => roomOf(path)))) {
    if (room !== undefined) assert.ok(page.includes(`| \`${room}\` | ${ROOMS[room]?.sentence} |`), `the row of ${room}: ${ROOMS[room]?.sentence}`);
  }
});

test('no import cycles', () => {
  const cycle = [scan('src/a/x.ts', "import { y } from './y.ts';"), scan('src/a/y.ts', "export { x } from './x.ts';")];
  assert.equal(cycles(cycle).length, 1);
  assert.equal(cycles(cycle.slice(1)).length, 0);
  clean(cycles(sources));
});

test('pure rooms are pure; nothing escapes the type checker', () => {
  const bad = [
    'async () => 1',
    'new Date()',
    'Math.random()',
    'a.localeCompare(b)',
    'a.toLocaleString()',
    'JSON.stringify(a)',
    'Math.exp(a)',
    'console.log(a)',
    'export default a',
  ];
  for (const text of bad) bites(words, { 'src/machine/a.ts': text }, { 'src/machine/a.test.ts': text.replace('default', ''), 'sim/a.ts': text });
  const off = [
    'x as ' + 'any',
    'const x: ' + 'any = 1',
    'new Map<string, any>()',
    '// @ts-' + 'ignore',
    '/* TO' + 'DO: more */',
    'test.sk' + 'ip(x)',
    '{ sk' + 'ip: true }',
  ];
  for (const text of off) bites(words, { 'src/cli/a.ts': text, 'test/a.ts': text });
  bites(words, {}, { 'src/machine/a.ts': "// any Date\nconst many = 'as any';", 'src/cli/a.ts': 'const skip = { only: 1 };' });
  clean(words(sources));
});

test('pure rooms do not divide floats', () => {
  const check = (files: ReturnType<typeof scan>[]): Breach[] => divisions(files, { 'src/rule/known.ts': [1, 'exact'] });
  bites(
    check,
    { 'src/rule/a.ts': 'const x = a / b;', 'src/rule/known.ts': 'a / b; c /= d;' },
    { 'src/rule/a.ts': "// a / b\nconst x = /a/.test('b / c');", 'src/rule/known.ts': 'a / b', 'src/cli/a.ts': 'a / b' },
  );
  for (const path of Object.keys(DIVISIONS))
    assert.ok(
      sources.some((source) => source.path === path),
      `${path} of DIVISIONS does not exist`,
    );
  clean(divisions(sources, DIVISIONS));
});

test('names, barrels, sizes', () => {
  bites(names, { 'src/rule/utils.ts': '', 'src/helpers/x.ts': '', 'test/common/x.ts': '' }, { 'src/rule/utility-price.ts': '' });
  bites(
    barrels,
    { 'src/rule/index.ts': "// all\nexport * from './a.ts';\nexport { type b, c } from './b.ts';\n" },
    { 'src/rule/a.ts': "export { b } from './b.ts';\nexport const c = 1;" },
  );
  bites(sizes, { 'src/rule/a.ts': '\n'.repeat(401), 'src/rule/a.test.ts': '\n'.repeat(601) }, { 'src/rule/a.ts': '\n'.repeat(400) });
  clean([...names(sources), ...barrels(sources), ...sizes(sources)]);
});

test('no dead files', () => {
  const files = [scan('src/a.ts', "import './b.ts';"), scan('src/b.ts', "new Worker('./c.ts')"), scan('src/c.ts', ''), scan('src/d.ts', '')];
  assert.deepEqual(
    dead(files, ['src/a.ts']).map(({ place }) => place),
    ['src/d.ts:1'],
  );
  clean(dead(sources, entries));
});

test('every clause of spec/ is cited, and every citation has its clause', () => {
  const page = { path: 'spec/x.md', text: '# X\n\n**Q-1** One.\n\n**Q-2** Two, as Q-1 says.\n' };
  const at = (text: string, ...more: (typeof page)[]): string[] => clauses([page, ...more], [scan('src/a.ts', text)]).map(({ place }) => place);
  assert.deepEqual(at('// Q-1 and Q-2'), []);
  assert.deepEqual(at('// Q-1'), ['spec/x.md:5']);
  assert.deepEqual(at('// Q-1, Q-2\n// Q-3'), ['src/a.ts:2']);
  assert.deepEqual(at('// Q-1, Q-2, P-256, SHA-256, Z-1'), []);
  assert.deepEqual(at('// Q-1, Q-2', { path: 'spec/y.md', text: 'Q-2 Again.\nQ-3 Other page.' }), ['spec/y.md:1', 'spec/y.md:2']);
  clean(clauses(pages, sources));
});
