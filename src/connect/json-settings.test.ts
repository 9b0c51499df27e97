/** Edits of JSON and JSONC: connected and disconnected again every text is the same, whatever its spelling. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { connectJson, disconnectJson, readJson } from './json-settings.ts';
import type { Launch } from './launch.ts';
import type { HookForm, SettingsFile } from './settings.ts';

const launch: Launch = { node: '/usr/bin/node', avactl: '/opt/ava/bin/avactl.mjs', data: '/home/me/.ava', port: 4100 };
const http = { type: 'http', url: 'http://127.0.0.1:4100/v1/hooks/claude-code', timeout: 30, onFailure: 'block' };
const grouped: HookForm = { events: ['PreToolUse', 'PostToolUse'], shape: 'grouped', base: {}, entry: () => http };
const flat: HookForm = {
  events: ['beforeShellExecution'],
  shape: 'flat',
  base: { version: 1 },
  entry: () => ({ command: '/usr/bin/node /opt/ava/bin/avactl.mjs hook cursor || exit 2', failClosed: true }),
};
const file = (hooks: HookForm | null): SettingsFile => ({
  path: 'settings.json',
  scope: 'user',
  syntax: 'json',
  maps: [['mcpServers'], ['projects', '*', 'mcpServers']],
  hooks,
});

/** The value with ordinary objects. */
const plain = (text: string): unknown => structuredClone(readJson('x', text).value);

const TEXTS: Readonly<Record<string, string>> = {
  'two blanks': '{\n  "mcpServers": {\n    "a": {\n      "command": "npx",\n      "args": ["-y", "x"]\n    }\n  }\n}\n',
  'tabs, no newline at the end': '{\n\t"mcpServers": { "a": { "command": "x", "env": { "K": "v" } } },\n\t"z": 1\n}',
  'one line': '{"mcpServers":{"a":{"command":"x","args":[]},"b":{"type":"stdio","command":"y","args":["1"]}},"hooks":{}}',
  'carriage returns': '{\r\n    "mcpServers": {\r\n        "a": { "command": "x" }\r\n    }\r\n}\r\n',
  'comments and trailing commas': '// top\n{\n  /* servers */\n  "mcpServers": {\n    "a": { "command": "x", /* why */ "args": ["1",], }, // a\n  },\n}\n',
  'a byte order mark': '\uFEFF{ "mcpServers": { "a": { "command": "x", "args": ["é", "😀"] } } }\n',
  'of a project': '{ "projects": { "/p": { "mcpServers": { "a": { "command": "x", "args": ["--", "y"] } }, "history": [] } } }',
  'hooks of others':
    '{\n  "hooks": {\n    "PreToolUse": [ { "matcher": "Bash", "hooks": [ { "type": "command", "command": "lint" } ] } ],\n    "Stop": []\n  }\n}\n',
  'an empty list of hooks': '{ "hooks": { "PreToolUse": [] } }',
  empty: '',
  'an empty object': '{}',
  'nothing of ours': '{ "model": "x" }\n',
  'by a URL': '{ "mcpServers": { "web": { "type": "http", "url": "https://example.org/mcp" }, "odd": 3, "bare": {} } }',
};

test('connected, twice connected, disconnected: the old text', () => {
  for (const [name, text] of Object.entries(TEXTS)) {
    for (const hooks of [null, grouped, flat]) {
      const one = connectJson(file(hooks), text, launch);
      assert.equal(connectJson(file(hooks), one.text, launch).text, one.text, `${name}: twice is once`);
      if (hooks === null && one.servers.every(({ state }) => state !== 'wrapped')) assert.equal(one.text, text, `${name}: nothing to do`);
      readJson('x', one.text);
      const back = disconnectJson(file(null), one.text, text);
      if (text.trim() !== '' && !(hooks === flat && !text.includes('"version"'))) assert.equal(back, text, name);
      assert.ok(!/avactl|v1\/hooks/.test(back), name);
    }
  }
});

test('what is wrapped keeps its command, arguments and environment', () => {
  const { text, servers } = connectJson(file(grouped), TEXTS['tabs, no newline at the end'], launch);
  assert.deepEqual(plain(text), {
    mcpServers: {
      a: { command: '/usr/bin/node', args: ['/opt/ava/bin/avactl.mjs', 'wrap', '--name', 'a', '--data', '/home/me/.ava', '--', 'x'], env: { K: 'v' } },
    },
    z: 1,
    hooks: { PreToolUse: [{ hooks: [http] }], PostToolUse: [{ hooks: [http] }] },
  });
  assert.deepEqual(servers, [{ name: 'a', path: ['mcpServers', 'a'], state: 'wrapped' }]);
});

test('another port or folder replaces what stands there; hooks of others stay where they are', () => {
  const one = connectJson(file(grouped), TEXTS['hooks of others'], launch).text;
  const moved = { ...grouped, entry: () => ({ ...http, url: 'http://127.0.0.1:4200/v1/hooks/claude-code' }) };
  const two = connectJson(file(moved), one, { ...launch, port: 4200 }).text;
  assert.ok(!two.includes(':4100/') && two.split(':4200/').length === 3);
  assert.equal(disconnectJson(file(null), two, TEXTS['hooks of others']), TEXTS['hooks of others']);
});

test('what its owner changed since is kept', () => {
  const text = TEXTS['two blanks'];
  const one = connectJson(file(grouped), text, launch).text;
  const changed = one
    .replace('"-y"', '"--yes"')
    .replace('"mcpServers": {', '"mcpServers": {\n    "new": { "command": "n" },')
    .replace(/\n}\n$/, ',\n  "theme": "dark"\n}\n');
  const back = disconnectJson(file(null), changed, text);
  assert.deepEqual(plain(back), { mcpServers: { new: { command: 'n' }, a: { command: 'npx', args: ['--yes', 'x'] } }, theme: 'dark' });
  // and without the old text
  assert.deepEqual(plain(disconnectJson(file(null), changed, null)), plain(back));
});

test('what cannot be read is refused with its place', () => {
  const table: readonly (readonly [text: string, line: number, column: number])[] = [
    ['{ "mcpServers": }', 1, 17],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3],
    ['{ "mcpServers": { "a": { "command": "x" }, "a": { "command": "y" } } }', 1, 44],
    ['[1]', 1, 1],
    ['{ "a": ', 1, 8],
  ];
  for (const [text, line, column] of table)
    assert.throws(() => connectJson(file(grouped), text, launch), { slug: 'settings_malformed', context: { path: 'settings.json', line, column } }, text);
});

test('any settings come back byte for byte (seeded)', () => {
  const word = fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }).filter((text) => text !== '__proto__' && text.isWellFormed());
  const server = fc.record(
    { command: word, args: fc.array(word, { maxLength: 3 }), env: fc.dictionary(word, word, { maxKeys: 2 }) },
    { requiredKeys: ['command'] },
  );
  const settings = fc.record(
    {
      mcpServers: fc.dictionary(word, fc.oneof(server, fc.record({ url: fc.constant('http://x') })), { maxKeys: 4 }),
      other: fc.jsonValue({ maxDepth: 2 }),
      hooks: fc.dictionary(fc.constantFrom('PreToolUse', 'Stop'), fc.array(fc.record({ hooks: fc.array(fc.record({ command: word })) }), { maxLength: 2 })),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(settings, fc.constantFrom(0, 1, 2, 4, '\t'), fc.boolean(), (value, indent, windows) => {
      const json = JSON.stringify(value, null, indent);
      const text = windows ? json.replaceAll('\n', '\r\n') : json;
      const one = connectJson(file(grouped), text, launch).text;
      const back = disconnectJson(file(null), one, text);
      // of an empty object only its blanks may differ
      assert.deepEqual(readJson('x', back).value, readJson('x', text).value);
      if (!/\{\s*\}|\[\s*\]/.test(text)) assert.equal(back, text);
      for (const { state } of connectJson(file(grouped), text, launch).servers) assert.notEqual(state, 'direct');
    }),
    { seed: 20261124, numRuns: 300 },
  );
});

test('a server at an address goes through a gateway, its headers by the environment, and comes back as it was', () => {
  const text = `{ "mcpServers": {
  "Web": { "type": "http",  "url": "https://example.org/mcp", "headers": {"Authorization": "Bearer t"}, "note": 1 },
  "bare": {"url":"http://127.0.0.1:9/mcp"},
  "asks": { "url": "https://example.org/mcp", "headers": { "Authorization": "Bearer \${input:token}" } },
  "old": { "type": "sse", "url": "https://example.org/sse" }
} }`;
  const one = connectJson(file(null), text, launch, () => true);
  assert.deepEqual(
    one.servers.map(({ name, state }) => `${name} ${state}`),
    ['Web wrapped', 'bare wrapped', 'asks remote', 'old remote'],
  );
  const { mcpServers } = plain(one.text) as { mcpServers: Record<string, unknown> };
  assert.deepEqual(mcpServers['Web'], {
    type: 'stdio',
    command: '/usr/bin/node',
    args: ['/opt/ava/bin/avactl.mjs', 'wrap', '--name', 'web', '--data', '/home/me/.ava', '--', 'https://example.org/mcp'],
    env: { AVA_SERVER_HEADERS: '{"Authorization":"Bearer t"}' },
    note: 1,
  });
  assert.equal(connectJson(file(null), one.text, launch, () => true).text, one.text);
  assert.equal(disconnectJson(file(null), one.text, text), text);
  // changed since, or without the old file: the same values
  assert.deepEqual(plain(disconnectJson(file(null), one.text, null)), plain(text));
  const changed = disconnectJson(file(null), one.text.replace('"note": 1', '"note": 2'), text);
  assert.deepEqual(plain(changed), plain(text.replace('"note": 1', '"note": 2')));
  assert.equal(connectJson(file(null), text, launch, (name) => name === 'x').text, text);
});
