import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseToolMap } from '../facet/map-source.ts';
import { guessDefinition, mapText } from './map-guess.ts';
import { definitions, definitionsInFile, schemaPaths, type ToolDefinition } from './tool-definitions.ts';

const tool = (name: string, properties: Record<string, unknown>, annotations?: Record<string, boolean>): unknown => ({
  name,
  inputSchema: { type: 'object', properties },
  ...(annotations !== undefined && { annotations }),
});
const read = (...tools: readonly unknown[]): ToolDefinition[] => definitions(tools, 'here');

test('a schema: properties, lists, choices, references; what is left open counts as one value', () => {
  const schema = {
    $defs: { person: { properties: { name: {}, mail: {} } }, loop: { properties: { next: { $ref: '#/$defs/loop' }, at: {} } } },
    properties: {
      to: { type: 'array', items: { $ref: '#/$defs/person' } },
      body: { anyOf: [{ type: 'string' }, { type: 'null' }] },
      where: { oneOf: [{ properties: { city: {} } }, { properties: { zip: {} } }] },
      extra: { type: 'object', additionalProperties: true },
      gone: { $ref: '#/$defs/nothing' },
    },
  };
  assert.deepEqual(
    schemaPaths(schema).paths.map((path) => path.join('.')),
    ['body', 'extra', 'gone', 'to.mail', 'to.name', 'where.city', 'where.zip'],
  );
  assert.deepEqual(schemaPaths(undefined), { paths: [], whole: true });
  assert.equal(schemaPaths({ properties: { a: { $ref: '#/$defs/loop' } }, $defs: schema.$defs }).whole, false);
  fc.assert(fc.property(fc.jsonValue(), (any) => void schemaPaths(any)));
});

test('what a server says of its tools makes an entry stricter, never looser', () => {
  const effect = (name: string, annotations: Record<string, boolean>): string =>
    guessDefinition('s', read(tool(name, { id: {} }, annotations))[0]).entry.effect;
  assert.equal(effect('get_thing', { readOnlyHint: false }), 'write');
  assert.equal(effect('create_thing', { destructiveHint: true }), 'irreversible');
  assert.equal(effect('create_thing', { readOnlyHint: true }), 'write');
  assert.equal(effect('delete_thing', { readOnlyHint: true, destructiveHint: false }), 'irreversible');
  assert.equal(effect('run_python', { readOnlyHint: true }), 'opaque');
});

test('the YAML is a map again, with the same entries; the words of a name become a class of the map', () => {
  const found = read(
    tool('send_email', { to: {}, subject: {}, body: {} }),
    tool('zorb-Widget 2', { target: {}, frob: {} }),
    tool('pay_bill', { amount: {}, recipient: {}, currency: {} }),
    tool('run_command', { command: {}, cwd: {} }),
    tool('query', { sql: {} }),
    tool('move_file', { source: {}, destination: {} }),
    tool('get_page', { url: {} }),
    tool('yes', {}),
  );
  const guessed = found.map((definition) => guessDefinition('shop', definition));
  const text = mapText('shop', 'shop', guessed);
  const map = parseToolMap(text, 'shop.yaml');
  for (const { entry } of guessed) {
    const back = map.entries.find((each) => each.tool === entry.tool);
    assert.ok(back !== undefined, entry.tool);
    const plain = ({ effect, egress, money, mail, http, fs, shell, sql, result, reads }: typeof entry): unknown => ({
      effect,
      egress,
      money,
      mail,
      http,
      fs,
      shell,
      sql,
      result,
      reads,
    });
    assert.deepEqual(plain(back), plain(entry));
    assert.equal(back.intent.length > 0, entry.intent.length > 0);
  }
  assert.ok(map.verbs.some((each) => each.class === 'own/zorb-widget-2' && each.words.includes('zorbed')));
  assert.match(text, /args: .*frob.* {2}# check: frob: the name says nothing/);
});

test('definitions from a file: a list, tools, an answer; else a sentence', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ava-definitions-'));
  try {
    const file = join(folder, 'tools.json');
    const list = [tool('a', {})];
    for (const value of [list, { tools: list }, { jsonrpc: '2.0', id: 1, result: { tools: list } }]) {
      writeFileSync(file, JSON.stringify(value));
      assert.deepEqual(
        definitionsInFile(file).map(({ name }) => name),
        ['a'],
      );
    }
    for (const [value, says] of [
      ['{', /cannot be read as JSON/],
      ['{}', /has no list of tools/],
      ['[{}]', /tool 0 has no `name`/],
    ] as const) {
      writeFileSync(file, value);
      assert.throws(() => definitionsInFile(file), says);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
