/** The tool maps that come with AVA: sound, beside real servers, and beside what would be guessed without them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { definitionsOf, type ToolDefinition } from '../src/cli/tool-definitions.ts';
import { guess } from '../src/facet/guess.ts';
import { type ArgPath, ENTRIES_MAX, type Entry, type ToolMap } from '../src/facet/map.ts';
import { joinToolMaps, parseToolMap } from '../src/facet/map-source.ts';
import { loadConstitution } from '../src/node/constitution.ts';

const FOLDER = join(import.meta.dirname, '../constitutions/tools');
const maps = new Map(
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.yaml'))
    .map((name): [string, ToolMap] => [name.slice(0, -5), parseToolMap(readFileSync(join(FOLDER, name), 'utf8'), name)]),
);
const text = (path: ArgPath): string => path.join('.');

/** What facets are read from. */
function boundPaths({ money, mail, http, fs, shell, sql }: Entry): ArgPath[] {
  const binding = (value: { readonly path: ArgPath } | null | undefined): (ArgPath | null)[] => [value?.path ?? null];
  const all = [
    money?.amount ?? null,
    ...binding(money?.currency),
    money?.payee ?? null,
    ...(mail?.to ?? []),
    mail?.subject ?? null,
    mail?.body ?? null,
    ...binding(http?.method),
    http?.url ?? null,
    ...binding(fs?.op),
    ...(fs?.paths ?? []),
    shell?.command ?? null,
    shell?.cwd ?? null,
    sql,
  ];
  return all.filter((path): path is ArgPath => path !== null && path.length > 0);
}

test('T-3: maps for many servers, each named as its file, that fit beside each other', () => {
  assert.ok(maps.size >= 20, `${maps.size} maps`);
  for (const [name, map] of maps) {
    assert.equal(map.name, name);
    for (const entry of map.entries) {
      assert.notEqual(entry.server, null, `${name}: ${entry.tool} is for any server`);
      const known = new Set(entry.args.map(({ path }) => text(path)));
      for (const path of boundPaths(entry)) assert.ok(known.has(text(path)), `${name}: ${entry.tool} has a facet of ${text(path)}, which is no argument`);
    }
  }
  assert.ok(joinToolMaps([...maps.values()]).entries.length <= ENTRIES_MAX);
});

test('a map says where it was learnt', () => {
  for (const name of maps.keys()) assert.match(readFileSync(join(FOLDER, `${name}.yaml`), 'utf8'), /^# [^\n]*\n(?:# [^\n]*\n)*map: /, name);
});

test('the starter has them all', () => {
  assert.ok(loadConstitution('starter').tools.length > 100_000);
});

const require = createRequire(import.meta.url);
const program = (name: string): string => join(dirname(require.resolve(`@modelcontextprotocol/server-${name}/package.json`)), 'dist/index.js');
const INSTALLED: readonly (readonly [server: string, args: readonly string[]])[] = [
  ['filesystem', [tmpdir()]],
  ['memory', []],
  ['everything', ['stdio']],
  ['sequential-thinking', []],
];

for (const [server, args] of INSTALLED) {
  test(`the map of ${server} beside the server that is installed`, async () => {
    const entries = new Map(maps.get(server)?.entries.map((entry) => [entry.tool, entry]));
    const definitions = await definitionsOf({ command: [process.execPath, program(server), ...args] }, AbortSignal.timeout(20_000));
    assert.ok(definitions.length > 0);
    for (const { name, paths } of definitions) {
      const entry = entries.get(name);
      assert.ok(entry !== undefined, `no entry for ${name}`);
      const known = new Set(entry.args.map(({ path }) => text(path)));
      for (const path of paths) assert.ok(known.has(text(path)), `${name} takes ${text(path)}, of which the map says nothing`);
      const taken = new Set(paths.map(text));
      for (const path of boundPaths(entry)) assert.ok(taken.has(text(path)) || entriesOf(definitions, path), `${name} has no argument ${text(path)}`);
    }
  });
}

/** An entry of several tools binds what each of them has, if it has it. */
const entriesOf = (definitions: readonly ToolDefinition[], path: ArgPath): boolean =>
  definitions.some(({ paths }) => paths.some((each) => text(each) === text(path)));

test('T-25: guesses beside hand-checked entries: hardly any act is taken for reading', () => {
  const all = [...maps.values()].flatMap((map) => map.entries);
  const missed: string[] = [];
  let acts = 0;
  let same = 0;
  let asked = 0;
  for (const entry of all) {
    const { effect } = guess(
      entry.server,
      entry.tool,
      entry.args.map(({ path }) => path),
    ).entry;
    if (effect === entry.effect) same++;
    if (effect === 'opaque' && entry.effect === 'read') asked++;
    if (entry.effect === 'read') continue;
    acts++;
    if (effect === 'read') missed.push(`${entry.server ?? ''}/${entry.tool}`);
  }
  console.log(
    `${all.length} tools: the same effect for ${same}, readers asked for each time ${asked}, acts taken for reading ${missed.length} of ${acts}: ${missed.join(' ')}`,
  );
  assert.ok(missed.length <= acts * 0.02, missed.join(' '));
  assert.ok(asked <= all.length * 0.01);
  assert.ok(same >= all.length * 0.8);
});
