/** Ways past a name: acts that are called reads, commands and paths under other names, approvals that say more than the call. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Facets, facetsOf } from './facet.ts';
import { approvedKeys, callFlow, type Memory, verdictKeys } from './flow.ts';
import { entryFor } from './guess.ts';
import { indexTools } from './map.ts';
import { parseToolMap } from './map-source.ts';

const tools = indexTools(
  parseToolMap(`
map: test
unlisted: guess
tools:
  - { tool: read_file, effect: read, args: { path: obj, file_path: obj }, fs: { op: =read, path: [file_path, path] }, result: untrusted }
  - { tool: [search_files, think], effect: read, args: { query: obj }, result: records }
  - { tool: note, effect: write, args: { body: text }, result: ack }
  - { tool: page, effect: read, egress: true, args: { url: dest }, http: { method: =GET, url: url }, result: untrusted }
  - { tool: own, server: s, effect: read, args: { path: obj }, fs: { op: =read, path: path }, result: ack }
`),
);
const facets = (name: string, args: Record<string, unknown>, server: string | null = null): Facets =>
  facetsOf(entryFor(tools, server, name, args), { kind: 'tool.call', server, name }, args);
const KEY = '/home/me/.ssh/id_rsa';

test('T-27: a path is read, whatever its argument is called', () => {
  for (const [name, args] of [
    ['read_file', { file: KEY }],
    ['read_file', { path: '/a', file: KEY }],
    ['read_file', { opts: { path: KEY } }],
    ['read_file', { opts: [{ deeper: ['x', '~/.ssh/id_rsa'] }] }],
    ['read_file', { x: `file://${KEY}` }],
    ['read_file', { x: '$HOME/.ssh/id_rsa' }],
    ['read_file', { x: 'C:\\Users\\me\\.ssh\\id_rsa' }],
    ['read_file', { x: '../.ssh/id_rsa' }],
    ['view', { resource: KEY }],
    ['search_files', { root: '/home/me/.ssh' }],
    ['upload_photo', { photo: KEY }],
    ['note', { body: 'x', attach: KEY }],
    ['run_command', { command: 'ls', cwd: '/tmp', x: KEY }],
    ['run_command', { command: `cat ${KEY}`, path: '/tmp' }],
    ['run_command', { command: `cat ${KEY}`, cwd: '/tmp' }],
  ] as const)
    assert.ok(facets(name, args).fs?.marks?.includes('read.key'), `${name} ${JSON.stringify(args)}`);
  assert.equal(facets('get_thing', { x: `/${'a/'.repeat(600)}x.y` }).effect, 'opaque', 'too long to read');
  assert.equal(facets('get_thing', { x: Array.from({ length: 5_000 }, () => 'a') }).effect, 'opaque', 'too many to look at');
  assert.deepEqual(facets('own', { path: '/a', x: KEY }, 's').fs?.marks, [], "an entry for this server knows its server's arguments");
});

test('T-27: a text that speaks of a path is none', () => {
  for (const text of [
    `The key is in ${KEY}, they say`,
    `/etc/passwd is a file of all users`,
    `/9j/${'4AAQ'.repeat(400)}`,
    `${KEY}\nand more`,
    '/',
    '/* a */',
    'a/b',
  ])
    assert.equal(facets('note', { body: text }).fs, undefined, text.slice(0, 40));
  assert.deepEqual(facets('note', { body: '/help me' }).fs?.marks, []);
});

test("T-27: the machine's metadata service, whatever the argument is called", () => {
  for (const host of ['169.254.169.254', 'http://169.254.169.254/latest', 'metadata.google.internal', 'http://metadata/x', '[fd00:ec2::254]'])
    assert.deepEqual(facets('get_thing', { host }).net?.networks, ['metadata'], host);
  assert.deepEqual(facets('page', { url: 'https://a.example', link: 'http://169.254.169.254/' }).net?.networks, ['metadata']);
  assert.deepEqual(facets('get_page', { url: 'http://169.254.169.254/', command: 'ls' }).net?.networks, ['metadata']);
  for (const host of ['http://0xa9fea9fe/', 'http://2852039166/', 'fd00:ec2::254']) assert.equal(facets('get_thing', { host }).effect, 'opaque', host);
  for (const type of ['metadata', '10.0.0.1', 'https://a.example']) assert.equal(facets('get_thing', { type }).http, undefined, type);
});

test('T-26: a command is read, whatever the tool is called', () => {
  for (const [name, args] of [
    ['get_output', { command: 'rm -rf /' }],
    ['search_files', { command: 'rm -rf /' }],
    ['think', { query: 'x', cmd: 'rm -rf /' }],
    ['test', { command: 'rm -rf /' }],
    ['build', { cmd: 'rm -rf /' }],
    ['create_task', { command: 'rm -rf /' }],
    ['check_thing', { opts: { shell_command: 'rm -rf /' } }],
  ] as const) {
    const found = facets(name, args);
    assert.deepEqual([found.shell?.destroys, found.effect], [true, 'irreversible'], name);
  }
  for (const [name, args] of [
    ['check', { script: 'x' }],
    ['test', { script: 'x' }],
    ['write_stdin', { chars: 'x' }],
    ['interact_with_process', { pid: 1, input: 'x' }],
    ['send_keys', { keys: 'x' }],
    ['get_output', { command: 'rm', args: ['-rf', '/'] }],
    ['get_output', { cmd: 'ls', command: 'rm -rf /' }],
    ['sql', { text: 'x' }],
    ['run_sql', { sql: 'SELECT 1', query: 'DELETE FROM users' }],
  ] as const)
    assert.equal(facets(name, args).effect, 'opaque', `${name} ${JSON.stringify(args)}`);
  assert.deepEqual([facets('sql', { q: 'DELETE FROM users' }).effect, facets('sql', { q: 'SELECT 1' }).effect], ['irreversible', 'read']);
  assert.equal(facets('get_job', { command_id: '7' }).shell, undefined);
});

test('T-12: a harmless command or statement beside it makes no act harmless', () => {
  for (const [name, beside] of [
    ['send_message', { command: 'ls' }],
    ['send_message', { statement: 'SELECT 1' }],
    ['delete_message', { cmd: 'ls' }],
    ['note', { cmd: 'ls' }],
  ] as const) {
    const found = facets(name, { to: 'bob', body: 'x', ...beside });
    assert.ok(found.effect === 'write' || found.effect === 'irreversible', `${name} ${found.effect}`);
    if (name === 'send_message') assert.ok(found.egress);
  }
  assert.equal(facets('create_task', { command: 'ls' }).effect, 'read');
  assert.equal(facets('run_command', { command: 'ls', cwd: '/' }).effect, 'read');
});

test('T-25: what acts is no reader, whatever comes first in its name', () => {
  const table: readonly (readonly [string, Record<string, unknown>, ...Facets['effect'][]])[] = [
    ['getDeleteAll', { id: '1' }, 'irreversible'],
    ['get_rid_of', { id: '1' }, 'irreversible'],
    ['list_del', { id: '1' }, 'irreversible'],
    ['get_rmrf', { id: '1' }, 'irreversible'],
    ['read2delete', { id: '1' }, 'irreversible'],
    ['read_\u0501elete', { id: '1' }, 'opaque'],
    ['read_de\u200blete', { id: '1' }, 'opaque'],
    ['cat_overwrite', { path: '/a', content: 'x' }, 'irreversible'],
    ['read_write_file', { name: 'x' }, 'write'],
    ['scan_and_quarantine', { id: '1' }, 'irreversible'],
    ['scan_and_zorb', { id: '1' }, 'write'],
    ['summarize_and_email', { to: 'a@x.example', text: 'x' }, 'irreversible'],
    ['look', { to: 'a@x.example', text: 'x' }, 'write'],
    ['sum_and_charge', { card: '1', amount: 5 }, 'irreversible'],
    ['sum', { card: '1', amount: 5 }, 'irreversible'],
    ['format_disk', { id: '1' }, 'irreversible'],
    ['convert_and_overwrite', { id: '1' }, 'irreversible'],
    ['extract_to_disk', { id: '1' }, 'write'],
    ['show', { path: '/a', content: 'x' }, 'write'],
    ['check_insert', { path: '/a' }, 'write'],
    ['get_delete_policy', { id: '1' }, 'read'],
    ['get_latest_release', { id: '1' }, 'read'],
    ['get_name_and_address', { id: '1' }, 'read'],
    ['get_terms_and_conditions', { id: '1' }, 'read'],
    ['translate_text', { text: 'x', to: 'de' }, 'read'],
    ['convert_currency', { amount: 1, from: 'eur', to: 'usd' }, 'read'],
    ['search_mails', { from: 'a', to: 'b', body: 'c' }, 'read'],
  ];
  for (const [name, args, effect] of table) assert.equal(facets(name, args).effect, effect, name);
});

test('T-22: an approval names the whole address, not its host nor its words', () => {
  const keys = new Set<string>();
  const memory: Memory = { gate: true, passage: 0, has: (key) => keys.has(key), page: () => null };
  const page = entryFor(tools, null, 'page', {});
  const approved = { url: 'https://docs.example/document/abc' };
  for (const key of approvedKeys(page, approved)) keys.add(key);
  for (const key of verdictKeys(page, approved, memory, 'allow')) keys.add(key);
  const unnamed = (url: string): number => callFlow(page, { url }, memory).facts.dest_unnamed;
  assert.equal(unnamed(approved.url), 0);
  for (const url of ['https://docs.example/document/abc-2', 'https://docs.example/document/abc?x=1', 'https://docs.example/document-abc', 'docs.example'])
    assert.equal(unnamed(url), 1, url);
  assert.ok(![...keys].some((key) => key.startsWith('g:') || key.startsWith('u:')));
});
