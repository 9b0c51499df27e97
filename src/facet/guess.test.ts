import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Facets, facetsOf } from './facet.ts';
import { callFlow, userKeys } from './flow.ts';
import { argumentPaths, entryFor, formsOf, guess as guessed, nameWords } from './guess.ts';
import { PAIRS, VERBS } from './lexicon.ts';
import { type Entry, indexTools, type Tools } from './map.ts';
import { parseToolMap } from './map-source.ts';
import { NOUNS } from './things.ts';

const guessing = indexTools(parseToolMap('map: none\nunlisted: guess\ntools: [{ tool: listed, effect: read }]\n'));
const guess = (tool: string, args: Record<string, unknown> = {}, server: string | null = null): Entry => guessed(server, tool, argumentPaths(args).paths).entry;
const kinds = (entry: Entry): Record<string, string> => Object.fromEntries(entry.args.map(({ path, kind }) => [path.join('.'), kind]));

test('T-25: names are cut into words', () => {
  const table: readonly (readonly [string, string])[] = [
    ['send_money', 'send money'],
    ['sendMoney', 'send money'],
    ['GmailSendEmail', 'gmail send email'],
    ['notion-create-pages', 'notion create pages'],
    ['sqlite.read_query', 'sqlite read query'],
    ['EpicFHIRGetPatient2', 'epic fhir get patient 2'],
    ['HTTPGet', 'http get'],
    ['', ''],
    ['__', ''],
  ];
  for (const [name, words] of table) assert.equal(nameWords(name).join(' '), words, name);
  assert.deepEqual(formsOf('cart'), ['cart', 'carts', 'cartes', 'carted', 'carting']);
});

test('T-25: what a name says it does', () => {
  const table: readonly (readonly [string, Entry['effect'], Entry['result']])[] = [
    ['list_issues', 'read', 'records'],
    ['issues_list', 'read', 'records'],
    ['AmazonGetCartDetails', 'read', 'records'],
    ['get_or_create_user', 'write', 'ack'],
    ['search_and_replace', 'write', 'ack'],
    ['search_replace', 'write', 'ack'],
    ['get_delete_policy', 'read', 'records'],
    ['health_check_delete', 'irreversible', 'ack'],
    ['create_issue', 'write', 'ack'],
    ['remove_member', 'irreversible', 'ack'],
    ['check_out', 'irreversible', 'ack'],
    ['web_search', 'read', 'untrusted'],
    ['run_tests', 'write', 'ack'],
    ['get_balance', 'read', 'own'],
    ['weather', 'read', 'directory'],
    ['read_file', 'read', 'untrusted'],
    ['list_files', 'read', 'records'],
    ['fetch_html', 'read', 'untrusted'],
    ['calculate', 'read', 'ack'],
    ['zorb_widget', 'write', 'ack'],
    ['run_python', 'opaque', 'ack'],
    ['工具', 'write', 'ack'],
    ['', 'opaque', 'ack'],
  ];
  for (const [name, effect, result] of table) {
    const entry = guess(name, { id: '1' });
    assert.deepEqual([entry.effect, entry.result], [effect, result], name);
  }
});

test('T-25: a name that says nothing, with arguments that say nothing, is opaque', () => {
  assert.equal(guess('a_tool_that_nobody_knows').effect, 'opaque');
  assert.equal(guess('x', { y: 1 }).effect, 'opaque');
  assert.equal(guess('zorb_widget', { to: 'a' }).effect, 'write');
});

test('T-26: what arguments are', () => {
  assert.deepEqual(kinds(guess('send_email', { recipients: ['a'], subject: 's', body: 'b', send_at: 't', attachments: ['f'] })), {
    attachments: 'obj',
    body: 'text',
    recipients: 'dest',
    send_at: 'time',
    subject: 'text',
  });
  assert.deepEqual(kinds(guess('remove_user', { user: 'u' })), { user: 'obj' });
  assert.deepEqual(kinds(guess('find_user', { email: 'a@x.example' })), { email: 'obj' });
  assert.deepEqual(kinds(guess('update_password', { new_password: 'p' })), { new_password: 'sec' });
  assert.deepEqual(kinds(guess('login', { password: 'p' })), { password: 'obj' });
  assert.deepEqual(kinds(guess('create_order', { lines: [{ sku: 'a', quantity: 1 }], shipTo: { email: 'a@x.example', zip: '1' } })), {
    'lines.quantity': 'qty',
    'lines.sku': 'obj',
    'shipTo.email': 'dest',
    'shipTo.zip': 'qty',
  });
});

test('T-26: which facets they show', () => {
  const facets = (tool: string, args: Record<string, unknown>): Facets => facetsOf(guess(tool, args), { kind: 'tool.call', server: null, name: tool }, args);
  const pays = facets('send_money', { recipient: 'X1', amount: 5 });
  assert.deepEqual([pays.effect, pays.egress, pays.money], ['irreversible', true, { amount: 500, payee: 'X1' }]);
  const page = facets('get_page', { url: 'https://a.example/b' });
  assert.deepEqual([page.effect, page.http?.method, page.http?.host], ['read', 'GET', 'a.example']);
  const file = facets('delete_file', { path: '/a/b' });
  assert.deepEqual([file.effect, file.fs?.op, file.fs?.path], ['irreversible', 'delete', '/a/b']);
  assert.equal(guess('execute_sql', { query: 'SELECT 1' }).sql?.join(), 'query');
  assert.equal(guess('run_command', { command: 'ls', cwd: '/' }).shell?.command.join(), 'command');
  for (const [tool, beside] of [
    ['run_command', 'args'],
    ['start_process', 'argv'],
    ['execute_command', 'arguments'],
  ])
    assert.equal(facets(tool, { command: 'rm', [beside]: ['-rf', '/'] }).effect, 'opaque', `${tool} ${beside}: the command is not all of it`);
});

/** T-21 of a user's text and a call that is guessed, after something was read. */
function intended(text: string, tool: string, args: Record<string, unknown>): boolean {
  const keys = new Set(userKeys(guessing, text));
  const memory = { gate: true, passage: 0, has: (key: string) => keys.has(key), page: () => null };
  return callFlow(entryFor(guessing, null, tool, args), args, memory).facts.intended;
}

test('T-25: by which words a user means it', () => {
  assert.ok(intended('Please pay the bill', 'send_money', { recipient: 'x' }));
  assert.ok(intended('Put two lamps into my basket', 'add_to_cart', { sku: 'x' }));
  assert.ok(intended('Zorb that widget', 'zorb_widget', { id: 'x' }));
  assert.ok(intended('Please get rid of the old invoices', 'delete_invoice', { id: 'x' }));
  assert.ok(!intended('Summarise my invoices', 'delete_invoice', { id: 'x' }));
  assert.ok(!intended('Summarise my mails', 'zorb_widget', { id: 'x' }));
  assert.ok(!intended('What is on my calendar?', 'send_money', { recipient: 'x' }));
});

test('T-4: a guess stands in only where the map says so', () => {
  const opaque = indexTools(parseToolMap('map: none\ntools: [{ tool: listed, effect: read }]\n'));
  const effect = (tools: Tools, tool: string): string | undefined => entryFor(tools, null, tool, {})?.effect;
  assert.equal(effect(opaque, 'get_x'), undefined);
  assert.equal(effect(guessing, 'get_x'), 'read');
  assert.equal(effect(guessing, 'listed'), 'read');
  assert.equal(entryFor(guessing, 's', 'get_x', { a: 1 }), entryFor(guessing, 's', 'get_x', { a: 2 }));
});

test('what was guessed before changes nothing: calls that differ never share an entry', () => {
  const odd = fc.string({ unit: fc.constantFrom('a', '_', ' ', ':', '1', '\0', '\u0001', '…', 'to'), maxLength: 6 });
  const call = fc.tuple(fc.option(odd), odd, fc.dictionary(odd, fc.oneof(fc.constant(1), fc.dictionary(odd, fc.constant(1), { maxKeys: 2 })), { maxKeys: 3 }));
  fc.assert(
    fc.property(fc.array(call, { maxLength: 12 }), (calls) => {
      for (const [server, tool, args] of calls) {
        const { paths, whole } = argumentPaths(args);
        assert.deepEqual(entryFor(guessing, server, tool, args), guessed(server, tool, paths, whole).entry);
      }
    }),
    { numRuns: 300 },
  );
});

test('the lexicon: one act a word of a name, known classes', () => {
  const classes = new Set(VERBS.map((verb) => verb.class));
  for (const to of [...Object.values(PAIRS), ...NOUNS.flatMap((noun) => noun.acts)]) assert.ok(classes.has(to), to);
  for (const level of ['strong', 'weak'] as const) {
    const words = VERBS.flatMap((verb) => verb[level].split(' ').filter((word) => word !== ''));
    assert.deepEqual(
      words.filter((word, i) => words.indexOf(word) !== i),
      [],
    );
  }
  assert.equal(new Set(NOUNS.map((noun) => noun.class)).size, NOUNS.length);
});

test('total: any name and arguments give an entry; too many arguments are opaque', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.option(fc.string()), fc.jsonValue(), (tool, server, args) => {
      const entry = entryFor(guessing, server, tool, args);
      assert.ok(entry !== null && entry.args.length <= 32);
      callFlow(entry, args, { gate: true, passage: 2, has: () => false, page: () => null });
    }),
  );
  const many = Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`a${i}`, 1]));
  assert.equal(entryFor(guessing, null, 'create_thing', many)?.effect, 'opaque');
  assert.equal(entryFor(guessing, null, 'get_thing', many)?.effect, 'read');
});

test('T-25: the order in which a caller wrote his arguments makes no difference, also where not all is looked at', () => {
  for (const args of [
    { '': {}, file_path: false, constructor: {} },
    { a: 'x', deep: { b: { c: { d: { e: { f: { g: { h: { i: 1 } } } } } } } }, to: 'y' },
    Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`name_${(i * 37) % 200}`, i])),
  ]) {
    const backwards = Object.fromEntries(Object.entries(args).reverse());
    assert.deepEqual(argumentPaths(backwards), argumentPaths(args));
  }
});
