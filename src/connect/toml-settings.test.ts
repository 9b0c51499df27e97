/** Edits of TOML: connected and disconnected again every text is the same; what has another form is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'smol-toml';
import type { Launch } from './launch.ts';
import type { HookForm, SettingsFile } from './settings.ts';
import { connectToml, disconnectToml, readToml } from './toml-settings.ts';

const launch: Launch = { node: '/usr/bin/node', avactl: '/opt/ava/bin/avactl.mjs', data: '/home/me/.ava', port: 4200 };
const hook = { type: 'command', command: "/usr/bin/node /opt/ava/bin/avactl.mjs hook codex --data '/home/m e/.ava' || exit 2", timeout: 30 };
const hooks: HookForm = { events: ['UserPromptSubmit', 'PreToolUse', 'PostToolUse'], shape: 'grouped', base: {}, entry: () => hook };
const file = (form: HookForm | null): SettingsFile => ({ path: 'config.toml', scope: 'user', syntax: 'toml', maps: [['mcp_servers']], hooks: form });

const TEXTS: Readonly<Record<string, string>> = {
  tables: `model = "x"  # best
[mcp_servers.files]   # mine
command = 'npx'
args = [
  "-y",  # yes
  "a # b", "/home"
]
env = { A = "b" }

[mcp_servers."odd name"]
  command = "mem"
[mcp_servers.web]
url = "https://example.org"
[tui]
x = 1`,
  'dotted and inline': '[mcp_servers]\ninl = { command = "k", args = ["a"], startup_timeout_sec = 20 }\ndot.command = "d"\ndot.args = []\n',
  'from the root': 'mcp_servers.a.command = """x"""\nmcp_servers.a.args = [\'\'\'y\'\'\']\n',
  'hooks of others': '[[hooks.PreToolUse]]\nmatcher = "Bash"\n[[hooks.PreToolUse.hooks]]\ntype = "command"\ncommand = """echo\n[not.a.header]\n"""\n',
  'carriage returns': '[mcp_servers.a]\r\ncommand = "x"\r\nargs = ["1"]\r\n',
  empty: '',
};

test('connected, twice connected, disconnected: the old text', () => {
  for (const [name, text] of Object.entries(TEXTS)) {
    for (const form of [null, hooks]) {
      const one = connectToml(file(form), text, launch);
      assert.equal(connectToml(file(form), one.text, launch).text, one.text, `${name}: twice is once`);
      for (const { state } of one.servers) assert.notEqual(state, 'direct', name);
      assert.equal(disconnectToml(file(null), one.text, text), text, name);
    }
  }
});

test('what stands there then', () => {
  const { text } = connectToml(file(hooks), TEXTS['tables'], launch);
  const value = readToml('x', text) as { mcp_servers: Record<string, unknown>; hooks: Record<string, unknown>; tui: unknown };
  assert.equal(
    JSON.stringify(value.mcp_servers['odd name']),
    JSON.stringify({
      command: '/usr/bin/node',
      args: ['/opt/ava/bin/avactl.mjs', 'wrap', '--name', 'odd-name', '--data', '/home/me/.ava', '--url', 'http://127.0.0.1:4200', '--', 'mem'],
    }),
  );
  assert.equal(JSON.stringify(value.hooks['PreToolUse']), JSON.stringify([{ hooks: [hook] }]));
  assert.equal(JSON.stringify(value.tui), '{"x":1}');
});

test('what its owner changed since is kept', () => {
  const one = connectToml(file(hooks), TEXTS['tables'], launch).text;
  const changed = one.replace('x = 1', 'x = 2').replace('"https://example.org"', '"https://example.com"');
  const wanted = TEXTS['tables'].replace('x = 1', 'x = 2').replace('"https://example.org"', '"https://example.com"');
  assert.equal(disconnectToml(file(null), changed, TEXTS['tables']), wanted);
  const foreign = `${one}\n[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = "command"\ncommand = "bell"\n`;
  assert.match(disconnectToml(file(null), foreign, TEXTS['tables']), /\[\[hooks\.Stop\]\]/);
});

test('what cannot be read or edited is refused with its place', () => {
  assert.throws(() => connectToml(file(hooks), 'a = 1\nb = [', launch), { slug: 'settings_malformed' });
  assert.throws(() => connectToml(file(hooks), 'a = 1\nhooks = { PreToolUse = [] }\n', launch), {
    slug: 'settings_malformed',
    context: { path: 'config.toml', line: 2, column: 1 },
  });
  // one table holds several servers
  assert.throws(() => connectToml(file(null), 'mcp_servers = { a = { command = "x" } }\n', launch), { slug: 'settings_malformed' });
});

test('any tables come back byte for byte (seeded)', () => {
  const word = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => text !== '__proto__');
  const server = fc.record(
    { command: word, args: fc.array(word, { maxLength: 3 }), env: fc.dictionary(word, word, { maxKeys: 2 }) },
    { requiredKeys: ['command'] },
  );
  const settings = fc.record({ model: word, mcp_servers: fc.dictionary(word, server, { maxKeys: 4 }), tui: fc.dictionary(word, fc.integer(), { maxKeys: 2 }) });
  fc.assert(
    fc.property(settings, fc.boolean(), (value, ends) => {
      const toml = stringify(value);
      const text = ends ? toml : toml.trimEnd();
      const one = connectToml(file(hooks), text, launch);
      for (const { state } of one.servers) assert.notEqual(state, 'direct');
      assert.equal(disconnectToml(file(null), one.text, text), text);
    }),
    { seed: 20261124, numRuns: 200 },
  );
});
