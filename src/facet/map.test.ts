import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../base/fault.ts';
import { decodeToolMap, encodeToolMap, indexTools } from './map.ts';
import { joinToolMaps, parseToolMap } from './map-source.ts';

const GOOD = `
map: office
verbs: { mail: [send, Write], delete: [delete] }
nouns: { mail: [mail, message] }
delegable: mail
tools:
  - tool: [send_mail, post_mail]
    effect: irreversible
    egress: true
    args: { to: dest, parts.body: text }
    mail: { to: [to, cc] }
    intent: mail
    about: [mail]
    result: ack
    reads: [private]
  - { tool: read, server: [a, b], effect: read, result: records, metadata: [sender] }
  - { tool: read, effect: write }
`;

test('T-3, T-6: a map is read, sorted, and survives its bytes', () => {
  const map = parseToolMap(GOOD);
  assert.deepEqual(
    map.entries.map((entry) => `${entry.server ?? '*'} ${entry.tool}`),
    ['* post_mail', '* read', 'a read', 'b read', '* send_mail'],
  );
  assert.deepEqual(map.verbs, [
    { class: 'delete', words: ['delete'] },
    { class: 'mail', words: ['send', 'write'] },
  ]);
  assert.equal(map.entries[1].result, 'untrusted', 'what is not said is not trusted');
  const bytes = encodeToolMap(map);
  assert.deepEqual(decodeToolMap(bytes), map);
  assert.deepEqual(encodeToolMap(parseToolMap(GOOD.replace('[mail, message]', '[message, mail]'))), bytes, 'the order of words is no law');
  assert.throws(
    () => decodeToolMap(bytes.slice(0, -1)),
    (fault) => fault instanceof Fault && fault.slug.startsWith('cbor_'),
  );
});

test('T-6: shell, sql and unlisted are of version 2, which no map that version 1 holds is written in', () => {
  const later = `map: x\nunlisted: guess\ntools:\n  - { tool: run, effect: write, shell: { command: command } }\n  - { tool: query, effect: write, sql: a.b }\n`;
  const map = parseToolMap(later);
  assert.deepEqual([map.unlisted, map.entries[0].sql, map.entries[1].shell], ['guess', ['a', 'b'], { command: ['command'], cwd: null }]);
  const bytes = encodeToolMap(map);
  assert.deepEqual([bytes[1], encodeToolMap(parseToolMap(GOOD))[1]], [2, 1]);
  assert.deepEqual(decodeToolMap(bytes), map);
  const plain = encodeToolMap(parseToolMap('map: x\ntools: []\n'));
  const raised = Uint8Array.from([0x87, 2, ...plain.subarray(2), 0]);
  assert.throws(
    () => decodeToolMap(raised),
    (fault) => fault instanceof Fault && fault.slug === 'cbor_range',
  );
});

test("T-4: a server's own entry goes before the one for any", () => {
  const tools = indexTools(parseToolMap(GOOD));
  assert.equal(tools.find('a', 'read')?.effect, 'read');
  assert.equal(tools.find('c', 'read')?.effect, 'write');
  assert.equal(tools.find(null, 'read')?.effect, 'write');
  assert.equal(tools.find('a', 'unknown'), null);
  assert.equal(tools.find(null, '__proto__'), null);
});

test('T-16: a word means its classes, else those of the word without an ending', () => {
  const tools = indexTools(parseToolMap(GOOD));
  const table: [string, string[]][] = [
    ['send', ['v:mail']],
    ['sends', ['v:mail']],
    ['sending', ['v:mail']],
    ['writing', ['v:mail']],
    ['deleted', ['v:delete']],
    ['mail', ['n:mail']],
    ['messages', ['n:mail']],
    ['red', []],
    ['bees', []],
  ];
  for (const [word, expected] of table) assert.deepEqual(tools.meanings(word), expected, word);
});

test('T-3: what is wrong is named with its place', () => {
  const table: [string, string, RegExp][] = [
    ['map: x\ntools:\n  - { tool: a, efect: read }\n', 'map_field', /^tools\.yaml:3:16 `efect` is not a field of a tool; `effect`\?$/],
    ['map: x\ntools:\n  - { tool: a, effect: raed }\n', 'map_field', /:3:24 `raed` is not one of read, write, irreversible, opaque; `read`\?$/],
    ['map: x\ntools:\n  - { effect: read }\n', 'map_field', /:3:5 `tool` is missing/],
    ['map: x\ntools:\n  - { tool: a }\n', 'map_field', /`effect` is missing/],
    ['tools: []\n', 'map_field', /:1:1 `map` is missing/],
    ['map: x\n', 'map_field', /`tools` is missing/],
    ['map: X y\ntools: []\n', 'map_field', /:1:6 `X y` is not a name/],
    ['map: x\ntools:\n  - { tool: a, effect: read, intent: pay }\n', 'map_field', /:3:38 `pay` is no class of `verbs`/],
    ['map: x\nverbs: { pay: [two words] }\ntools: []\n', 'map_field', /:2:16 `two words` is not one word/],
    ['map: x\ntools:\n  - { tool: a, effect: read, args: { __proto__: dest } }\n', 'map_field', /not a path into the arguments/],
    ['map: x\ntools:\n  - { tool: a, effect: read, args: { a..b: dest } }\n', 'map_field', /not a path into the arguments/],
    ['map: x\ntools:\n  - { tool: a, effect: read, args: { a: dset } }\n', 'map_field', /`dset` is not one of .*; `dest`\?$/],
    ['map: x\ntools:\n  - { tool: a, effect: read, egress: yes }\n', 'map_field', /true or false is expected/],
    ['map: x\ntools:\n  - { tool: a, effect: read, money: {} }\n', 'map_field', /`money.amount` is missing/],
    ['map: x\ntools:\n  - { tool: a, effect: read, shell: {} }\n', 'map_field', /`shell.command` is missing/],
    ['map: x\nunlisted: gess\ntools: []\n', 'map_field', /:2:11 `gess` is not one of opaque, guess; `guess`\?$/],
    ['map: x\ntools:\n  - { tool: a, effect: read }\n  - { tool: a, effect: write }\n', 'map_field', /:4:5 the tool `a` has two entries/],
    ['map: x\nmap: y\ntools: []\n', 'map_yaml', /:2:1 /],
    ['map: [\n', 'map_yaml', /^tools\.yaml:\d+:\d+ /],
    ['map: !!js/function x\ntools: []\n', 'map_yaml', /:1:6 /],
    ['', 'map_field', /must be a map/],
    ['- a\n', 'map_field', /must be a map/],
    [`map: x\ntools: []\n#${'x'.repeat(1_048_576)}`, 'map_yaml', /more than 1048576 characters/],
  ];
  for (const [source, slug, message] of table) {
    assert.throws(
      () => parseToolMap(source),
      (fault) => fault instanceof Fault && fault.slug === slug && message.test(fault.message),
      `${source.slice(0, 60)}: ${message}`,
    );
  }
});

test('T-3: maps are joined: classes by name, a tool once a server; the first says what is unlisted', () => {
  const one = parseToolMap(
    'map: one\nunlisted: guess\nverbs: { pay: [pay] }\ntools: [{ tool: b, effect: read }, { tool: a, server: x, effect: write, intent: pay }]\n',
  );
  const two = parseToolMap('map: two\nverbs: { pay: [settle], send: [send] }\nnouns: { bill: [bill] }\ndelegable: send\ntools: [{ tool: a, effect: read }]\n');
  const joined = joinToolMaps([one, two]);
  assert.deepEqual([joined.name, joined.unlisted, joined.delegable], ['one', 'guess', ['send']]);
  assert.deepEqual(joined.verbs, [
    { class: 'pay', words: ['pay', 'settle'] },
    { class: 'send', words: ['send'] },
  ]);
  assert.deepEqual(
    joined.entries.map(({ tool, server }) => [tool, server]),
    [
      ['a', null],
      ['a', 'x'],
      ['b', null],
    ],
  );
  assert.deepEqual(decodeToolMap(encodeToolMap(joined)), joined);
  assert.throws(() => joinToolMaps([one, one]), /`a` has an entry in a map before|`b` has an entry in a map before/);
});

test("T-25: any map may mean the lexicon's classes, none may define them", () => {
  const map = parseToolMap('map: x\ntools: [{ tool: a, effect: write, intent: en/send, about: [en/mail] }]\n');
  assert.ok(indexTools(map).meanings('emailed').includes('v:en/send'));
  assert.ok(!indexTools(parseToolMap('map: x\ntools: []\n')).meanings('send').includes('v:en/send'));
  assert.throws(() => parseToolMap('map: x\ntools: [{ tool: a, effect: write, intent: en/sent }]\n'), /no class of `verbs`; `en\/send`\?/);
  assert.throws(() => parseToolMap('map: x\nverbs: { en/send: [send] }\ntools: []\n'), /choose another name/);
});
