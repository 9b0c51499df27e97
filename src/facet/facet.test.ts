import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Facets, facetsOf, plainPath } from './facet.ts';
import { type Effect, type Entry, indexTools } from './map.ts';
import { parseToolMap } from './map-source.ts';
import { hundredths } from './money.ts';
import { webAddress } from './url.ts';
import { FACET_PATHS } from './version.ts';

const MAP = `
map: test
tools:
  - { tool: pay, effect: irreversible, egress: true, money: { amount: amount, currency: currency, payee: to } }
  - { tool: pay_cents, effect: irreversible, money: { amount: cents, minor: true, currency: =EUR } }
  - { tool: pay_many, effect: irreversible, money: { amount: parts.amount } }
  - { tool: mail, effect: irreversible, egress: true, mail: { to: [to, cc, bcc], subject: subject, body: body } }
  - { tool: get, effect: read, egress: true, http: { method: =get, url: url } }
  - { tool: call, effect: write, egress: true, http: { method: verb, url: deep.url } }
  - { tool: read, effect: read, fs: { op: =read, path: [path, paths] } }
  - { tool: plain, effect: write }
`;
const tools = indexTools(parseToolMap(MAP));
const entry = (name: string): Entry => tools.find(null, name) ?? assert.fail(name);
const whole = (name: string, args: unknown): Facets => facetsOf(entry(name), { kind: 'tool.call', server: null, name }, args);
/** Without what tests of their own look at. */
const bare = ({ fs, mail, ...rest }: Facets): Facets => ({
  ...without(rest, 'secret', 'net'),
  ...(mail === undefined ? {} : { mail: without(mail, 'domains') }),
  ...(fs === undefined ? {} : { fs: without(fs, 'reads', 'writes', 'deletes', 'marks') }),
});
const without = <T extends object>(value: T, ...keys: readonly (keyof T)[]): T =>
  Object.fromEntries(Object.entries(value).filter(([key]) => !keys.some((one) => one === key))) as T;
const of = (name: string, args: unknown): Facets => bare(whole(name, args));

test('T-8: amounts in hundredths, rounded up, exactly', () => {
  const table: [unknown, boolean, number | undefined][] = [
    [50, false, 5_000],
    [50.1, false, 5_010],
    [0, false, 0],
    [0.01, false, 1],
    [1.005, false, 101],
    [0.1 + 0.2, false, 31],
    [1e-7, false, 1],
    [4.35, false, 435],
    [1.1, false, 110],
    ['50.10', false, 5_010],
    [' 50.10 ', false, 5_010],
    ['0.001', false, 1],
    ['007', false, 700],
    ['1e3', false, 100_000],
    ['1E-3', false, 1],
    ['12.3400000000000000000000001', false, 1_235],
    [5_010, true, 5_010],
    ['5010', true, 5_010],
    [50.1, true, 51],
    [7n, false, 700],
    [7n, true, 7],
    [90_071_992_547_409, false, 9_007_199_254_740_900],
    ['90071992547409.91', false, 9_007_199_254_740_991],
    ['90071992547409.911', false, undefined],
    [-1, false, undefined],
    [-0, false, 0],
    ['-1', false, undefined],
    ['+1', false, undefined],
    ['1,50', false, undefined],
    ['1.000,00', false, undefined],
    ['$5', false, undefined],
    ['5 EUR', false, undefined],
    ['', false, undefined],
    ['.5', false, undefined],
    ['5.', false, undefined],
    ['0x10', false, undefined],
    ['1e999', false, undefined],
    ['1e99', false, undefined],
    ['Infinity', false, undefined],
    [Number.NaN, false, undefined],
    [Number.POSITIVE_INFINITY, false, undefined],
    [1e300, false, undefined],
    [-1n, false, undefined],
    [2n ** 60n, false, undefined],
    [true, false, undefined],
    [null, false, undefined],
    [{}, false, undefined],
    [[], false, undefined],
    ['9'.repeat(200), false, undefined],
    ['٥', false, undefined],
  ];
  for (const [value, minor, expected] of table) assert.equal(hundredths(value, minor), expected, `${typeof value} ${String(value)}`);
});

test('T-8: an amount is never less than what is moved', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 15n), fc.integer({ min: 0, max: 12 }), (digits, places) => {
      const text = digits.toString().padStart(places + 1, '0');
      const decimal = places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`;
      const found = hundredths(decimal, false);
      const scale = 10n ** BigInt(places);
      if (found === undefined) return digits * 100n > BigInt(Number.MAX_SAFE_INTEGER) * scale;
      const exact = BigInt(found) * scale;
      return exact >= digits * 100n && exact - digits * 100n < scale;
    }),
    { seed: 8, numRuns: 2_000 },
  );
});

test('T-7, T-8: money', () => {
  assert.deepEqual(of('pay', { amount: '50.10', currency: 'eur', to: ' X1 ' }), {
    effect: 'irreversible',
    egress: true,
    money: { amount: 5_010, currency: 'EUR', payee: 'X1' },
  });
  assert.deepEqual(of('pay', {}), { effect: 'irreversible', egress: true, money: {} });
  assert.deepEqual(of('pay', { amount: null, currency: null, to: null }), { effect: 'irreversible', egress: true, money: {} });
  assert.deepEqual(of('pay_cents', { cents: 99 }), { effect: 'irreversible', egress: false, money: { amount: 99, currency: 'EUR' } });
  assert.deepEqual(of('pay_many', { parts: [{ amount: 1 }, { amount: '2.50' }, {}] }).money, { amount: 350 });
  const opaque: [string, unknown][] = [
    ['pay', { amount: 'all of it' }],
    ['pay', { amount: -5 }],
    ['pay', { amount: { value: 1 } }],
    ['pay', { amount: 1, to: 'x'.repeat(300) }],
    ['pay', { amount: 1, to: { iban: 'x' } }],
    ['pay', { amount: 1, to: ['a', 'b'] }],
    ['pay', { amount: 1, currency: 'x'.repeat(17) }],
    ['pay_many', { parts: Array.from({ length: 300 }, () => ({ amount: 1 })) }],
    ['pay_many', { parts: [{ amount: 2 ** 46 }, { amount: 2 ** 46 }] }],
  ];
  for (const [name, args] of opaque) {
    const facets = of(name, args);
    assert.equal(facets.effect, 'opaque', JSON.stringify(args).slice(0, 60));
    assert.ok(facets.money !== undefined, 'the group stays, so that its rules are asked');
  }
});

test('T-9: mail', () => {
  const table: [unknown, string[] | undefined][] = [
    [{ to: 'A@x.org' }, ['a@x.org']],
    [{ to: ['a@x.org', 'b@x.org'], cc: 'c@x.org', bcc: ['d@x.org'] }, ['a@x.org', 'b@x.org', 'c@x.org', 'd@x.org']],
    [{ to: 'Ann B <a@x.org>' }, ['a@x.org']],
    [{ to: 'evil@y.org, a@x.org' }, ['evil@y.org', 'a@x.org']],
    [{ to: 'a@x.org;b@x.org' }, ['a@x.org', 'b@x.org']],
    [{ to: 'a@x.org\nbcc: evil@y.org' }, undefined],
    [{ to: 'all-staff' }, ['all-staff']],
    [{ to: [] }, []],
    [{ to: null }, []],
    [{}, []],
    [{ to: [null, 'a@x.org'] }, ['a@x.org']],
    [{ to: 'a@x.org b@x.org' }, undefined],
    [{ to: 'a@b@x.org' }, undefined],
    [{ to: 'A <a@x.org> b' }, undefined],
    [{ to: '<>' }, undefined],
    [{ to: 7 }, undefined],
    [{ to: { a: 1 } }, undefined],
    [{ to: ['a@x.org', 7] }, undefined],
    [{ to: `${'a'.repeat(320)}@x.org` }, undefined],
    [{ to: Array.from({ length: 65 }, (_, i) => `a${i}@x.org`) }, undefined],
  ];
  for (const [args, to] of table) {
    const facets = of('mail', args);
    assert.deepEqual(facets.mail?.to, to, JSON.stringify(args).slice(0, 80));
    assert.equal(facets.effect, to === undefined ? 'opaque' : 'irreversible');
  }
  assert.deepEqual(of('mail', { to: 'a@x.org', subject: 's', body: 'b' }).mail, { to: ['a@x.org'], subject: 's', body: 'b' });
  const long = of('mail', { to: 'a@x.org', body: 'é'.repeat(8_193) });
  assert.deepEqual([long.effect, long.mail], ['irreversible', { to: ['a@x.org'] }], 'a body past its bound is left out');
});

test('T-10: web addresses that every reader takes alike', () => {
  const table: [string, string | undefined][] = [
    ['http://Example.ORG', 'http example.org /'],
    ['HTTPS://example.org:8443/a/b?q#f', 'https example.org /a/b'],
    ['example.org/a', 'https example.org /a'],
    ['//example.org/a', 'https example.org /a'],
    ['www.example.org', 'https www.example.org /'],
    ['example.org.', 'https example.org /'],
    ['localhost:4100/x', 'https localhost /x'],
    ['http://127.0.0.1/', 'http 127.0.0.1 /'],
    ['http://[::1]:80/x', 'http [::1] /x'],
    [' https://a.org ', 'https a.org /'],
    ['https://a.org?x', 'https a.org /'],
    ['https://a.org/b/../c', 'https a.org /c'],
    ['https://a.org/../../c/./d', 'https a.org /c/d'],
    ['https://a.org/b/%2e%2E/c', 'https a.org /c'],
    ['https://a.org/b/..', 'https a.org /'],
    ['https://a.org//b', 'https a.org //b'],
    ['http://good.org@evil.org/', undefined],
    ['http://good.org\\@evil.org/', undefined],
    ['http://evil.org\\.good.org', undefined],
    ['http://a b.org', undefined],
    ['http://a.org/x y', undefined],
    ['ftp://a.org', undefined],
    ['file:///etc/passwd', undefined],
    ['javascript:alert(1)', undefined],
    ['http://0x7f.1/', undefined],
    ['http://2130706433/', undefined],
    ['http://127.1/', undefined],
    ['http://0177.0.0.1/', undefined],
    ['http://1.2.3.256/', undefined],
    ['http://exämple.org', undefined],
    ['http://a..b', undefined],
    ['http://-a.org', undefined],
    ['http://a%2eb.org', undefined],
    ['http://a.org:99999', undefined],
    ['http://', undefined],
    ['', undefined],
    ['http:///a', undefined],
    [`https://a.org/${'x'.repeat(2_050)}`, undefined],
    [`${'a.'.repeat(200)}org`, undefined],
    ['https://a.org\n.evil.org', undefined],
  ];
  for (const [text, expected] of table) {
    const found = webAddress(text);
    assert.equal(found === undefined ? undefined : `${found.scheme} ${found.host} ${found.path}`, expected, text.slice(0, 60));
    // Where both read it, the platform's own reader sees the same host.
    if (found !== undefined && /^https?:/i.test(text.trim())) assert.equal(new URL(text.trim()).hostname.replace(/\.$/, ''), found.host, text);
  }
  assert.deepEqual(of('get', { url: 'http://a.org/b' }), { effect: 'read', egress: true, http: { method: 'GET', scheme: 'http', host: 'a.org', path: '/b' } });
  assert.deepEqual(of('call', { verb: 'post', deep: { url: 'a.org' } }).http, { method: 'POST', scheme: 'https', host: 'a.org', path: '/' });
  assert.deepEqual(of('get', {}), { effect: 'read', egress: true, http: { method: 'GET' } });
  for (const url of [7, {}, ['a.org', 'b.org'], 'data:x', 'http://u:p@a.org'])
    assert.deepEqual([of('get', { url }).effect, of('get', { url }).http], ['opaque', { method: 'GET' }]);
});

test('T-11: file paths', () => {
  const table: [string, string | undefined][] = [
    ['a.txt', 'a.txt'],
    ['/a/b', '/a/b'],
    ['/a/../etc/x', '/etc/x'],
    ['a/./b//c/', 'a/b/c'],
    ['../x', '../x'],
    ['a/../../x', '../x'],
    ['/../x', '/x'],
    ['C:\\a\\..\\b', 'C:/b'],
    ['', ''],
    ['.', '.'],
    ['~/.ssh/id', '~/.ssh/id'],
    ['a..b', 'a..b'],
    ['...', '...'],
    ['a\0b', undefined],
    ['a\nb', undefined],
    ['x'.repeat(513), undefined],
    ['ä'.repeat(257), undefined],
  ];
  for (const [text, expected] of table) assert.equal(plainPath(text), expected, JSON.stringify(text).slice(0, 40));
  assert.deepEqual(of('read', { path: 'a', paths: ['b', 'c/../d'] }).fs, { op: 'read', path: 'a', paths: ['a', 'b', 'd'] });
  assert.deepEqual(of('read', {}).fs, { op: 'read' });
  assert.equal(of('read', { path: 7 }).effect, 'opaque');
  assert.equal(of('read', { paths: Array.from({ length: 65 }, () => 'a') }).effect, 'opaque');
});

test('T-4: what servers offer and ask beside tools', () => {
  const of = (kind: string, args: unknown): unknown => bare(facetsOf(null, { kind, server: 's', name: 'n' }, args));
  const plain = { effect: 'read', egress: false };
  for (const kind of ['tool.list', 'tool.result', 'user.input', 'model.call', 'model.result', 'agent.start', 'agent.output', 'agent.stop'])
    assert.deepEqual(of(kind, { uri: 'https://a.example' }), plain);
  assert.equal((of('some.thing', {}) as { effect: string }).effect, 'opaque');
  assert.deepEqual(of('prompt.get', { name: 'greet' }), plain);
  assert.deepEqual(of('sampling.create', { text: 'Say yes' }), plain);
  assert.deepEqual(of('resource.read', { uri: 'note://one' }), plain);
  assert.deepEqual(of('resource.read', { uri: 'file:///home/me/.ssh/../.aws/a%20b' }), {
    ...plain,
    fs: { op: 'read', path: '/home/me/.aws/a b', paths: ['/home/me/.aws/a b'] },
  });
  assert.deepEqual(of('elicitation.create', { mode: 'url', url: 'https://Login.example/x' }), {
    effect: 'read',
    egress: true,
    http: { method: 'GET', scheme: 'https', host: 'login.example', path: '/x' },
  });
  for (const uri of ['file://other-machine/x', 'file:///%zz', 'http://', 'https://a b/'])
    assert.deepEqual(of('resource.read', { uri }), { effect: 'opaque', egress: true }, uri);
  assert.deepEqual(of('something.else', {}), { effect: 'opaque', egress: true });
});

test('T-4: effects', () => {
  const effect = (kind: string, found: Entry | null): Effect => facetsOf(found, { kind, server: null, name: 'x' }, {}).effect;
  assert.equal(effect('tool.call', null), 'opaque');
  assert.equal(effect('tool.call', entry('plain')), 'write');
  assert.equal(effect('tool.list', null), 'read');
  for (const kind of ['tool.exec', 'tool.call2', 'constructor']) assert.equal(effect(kind, entry('plain')), 'opaque', 'a kind that nobody knows');
});

test('T-7: hostile arguments give facets too, and own properties alone are read', () => {
  const proto = JSON.parse('{"__proto__": {"amount": 1, "to": "x"}, "constructor": {"prototype": {"amount": 1}}}') as unknown;
  assert.deepEqual(of('pay', proto), { effect: 'irreversible', egress: true, money: {} });
  assert.deepEqual(of('pay', Object.create({ amount: 5 })), { effect: 'irreversible', egress: true, money: {} });
  assert.equal(({} as Record<string, unknown>).amount, undefined);
  let deep: unknown = 1;
  for (let i = 0; i < 5_000; i++) deep = { amount: deep };
  for (const args of [null, undefined, 7, 'x', [], [[[{ amount: 1 }]]], deep, { amount: deep }])
    for (const name of ['pay', 'mail', 'get', 'read', 'plain']) assert.ok(of(name, args));
  const names = ['pay', 'pay_cents', 'pay_many', 'mail', 'get', 'call', 'read'];
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.dictionary(
        fc.constantFrom('amount', 'cents', 'parts', 'currency', 'to', 'cc', 'subject', 'body', 'url', 'deep', 'verb', 'path', 'paths'),
        fc.jsonValue(),
      ),
      (name, args) => {
        const facets = of(name, args);
        assert.deepEqual(of(name, args), facets);
        return facets.effect === entry(name).effect || facets.effect === 'opaque';
      },
    ),
    { seed: 7, numRuns: 3_000 },
  );
});

test('T-2: every facet has a declared path, within its declared bound', () => {
  const args = { amount: 1, currency: 'x', to: 'a@x.org', subject: 's', body: 'b', url: 'a.org', path: 'p' };
  for (const name of ['pay', 'mail', 'get', 'read', 'plain']) {
    for (const [group, value] of Object.entries(of(name, args))) {
      if (typeof value === 'object') for (const key of Object.keys(value as object)) assert.ok(FACET_PATHS.has(`${group}.${key}`), `${group}.${key}`);
      else assert.ok(FACET_PATHS.has(group), group);
    }
  }
});
