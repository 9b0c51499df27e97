import assert from 'node:assert/strict';
import { test } from 'node:test';
import { facetsOf } from './facet.ts';
import { networkOf } from './host.ts';
import { type Entry, indexTools } from './map.ts';
import { parseToolMap } from './map-source.ts';
import { pathKinds } from './path-kind.ts';
import { asPattern } from './shell-pattern.ts';

test('T-41: kinds of paths, case or no case', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['/home/me/.SSH/Id_Rsa', 'key'],
    ['certs/server.pem', 'key'],
    ['/home/me/.ssh/config', 'startup'],
    ['/home/me/.ssh/known_hosts', ''],
    ['/home/me/.ssh/authorized_keys', 'startup'],
    ['.env.production', 'environment'],
    ['.env.sample', ''],
    ['/run/secrets/x', 'credential'],
    ['/proc/7/environ', 'system,credential'],
    ['/etc/nginx/nginx.conf', 'system'],
    ['/home', 'home'],
    ['/Users/ann/Documents', 'main'],
    ['/Users/ann/work/app', ''],
    ['/usr/local/bin', 'system'],
    ['/opt', 'system'],
    ['/opt/app', ''],
    ['../..', 'work'],
    ['../x', ''],
    ['.git/config', 'startup,repository'],
    ['.claude/settings.local.json', 'client'],
    ['~/.ava', 'ava,main'],
  ];
  for (const [path, kinds] of rows) assert.equal(pathKinds(path, null).join(), kinds, path);
  assert.deepEqual(pathKinds('/home/me/project', '/home/me/project/src'), ['work']);
  assert.deepEqual(pathKinds('~/project', '/home/me/project'), ['work']);
});

test('T-34, T-41: a pattern is all that it may mean', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['/*', 'root'],
    ['~/*', 'home'],
    ['~/.*', 'home,key,credential,environment,history,startup,client'],
    ['~/.s?h/id_*', 'key'],
    ['~/.[a-s]*/id_rsa', 'key'],
    ['*.log', ''],
    ['*', 'work'],
    ['/e??/sh*', 'system,credential'],
    ['src/*', ''],
    ['.e*', 'environment'],
    ['*.ts', ''],
  ];
  for (const [path, kinds] of rows) {
    const found = pathKinds(asPattern(path), null).join();
    if (path === '~/.*') assert.match(found, /^home,.*environment/, path);
    else assert.equal(found, kinds, path);
  }
});

test('T-42: networks, however a host is written', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['example.org', 'public'],
    ['localhost', 'loopback'],
    ['a.localhost', 'loopback'],
    ['127.1.2.3', 'loopback'],
    ['0.0.0.0', 'loopback'],
    ['10.0.0.1', 'private'],
    ['172.15.0.1', 'public'],
    ['172.16.0.1', 'private'],
    ['100.64.1.1', 'private'],
    ['169.254.169.254', 'metadata'],
    ['100.100.100.200', 'metadata'],
    ['[::ffff:7f00:1]', 'loopback'],
    ['[0:0:0:0:0:ffff:a9fe:a9fe]', 'metadata'],
    ['[fd00:ec2::254]', 'metadata'],
    ['[fc00::1]', 'private'],
    ['[2606:4700::1]', 'public'],
    ['[1:2:3]', 'private'],
    ['app-10-0-0-1.nip.io', 'private'],
    ['printer.local', 'private'],
  ];
  for (const [host, network] of rows) assert.equal(networkOf(host), network, host);
});

const tools = indexTools(
  parseToolMap(`
map: test
tools:
  - { tool: read, effect: read, fs: { op: =read, path: path } }
  - { tool: list, effect: read, fs: { op: =list, path: path } }
  - { tool: act, effect: write, fs: { op: op, path: path } }
  - { tool: get, effect: read, egress: true, http: { method: =GET, url: url } }
  - { tool: mail, effect: irreversible, egress: true, mail: { to: to } }
  - { tool: run, effect: write, egress: true, shell: { command: command, cwd: cwd } }
  - { tool: query, effect: read, sql: sql }
`),
);
const of = (name: string, args: unknown) => facetsOf(tools.find(null, name) as Entry, { kind: 'tool.call', server: null, name }, args);

test('T-11: what a tool for files touches', () => {
  assert.deepEqual(of('read', { path: '/home/me/.ssh/id_rsa' }).fs?.marks, ['read.key']);
  assert.deepEqual(of('list', { path: '/home/me/.ssh' }).fs?.marks, []);
  assert.deepEqual(of('act', { op: 'delete_file', path: '/home/me' }).fs?.marks, ['delete.home']);
  assert.deepEqual(of('act', { op: 'frobnicate', path: '.env' }).fs?.marks, ['delete.environment', 'read.environment', 'write.environment']);
  assert.deepEqual(of('read', { path: 'a\ue002' }), { effect: 'opaque', egress: false, fs: { op: 'read' } });
});

test('T-9, T-42: domains and networks', () => {
  assert.deepEqual(of('mail', { to: 'a@x.example, b@X.example' }).mail?.domains, ['x.example']);
  assert.equal(of('mail', { to: 'all-staff' }).mail?.domains, undefined);
  assert.deepEqual(of('get', { url: 'http://[::ffff:10.0.0.1]/' }).net, { hosts: ['[::ffff:10.0.0.1]'], networks: ['private'] });
  assert.deepEqual(of('get', { url: 'http://0x7f.1/' }).net, {});
});

test('T-30, T-39: lines and statements of a call', () => {
  const facets = of('run', { command: ['rm', '-rf', "it's"], cwd: '/home/me/p' });
  assert.deepEqual([facets.effect, facets.egress, facets.fs?.deletes, facets.secret], ['write', false, ["/home/me/p/it's"], undefined]);
  assert.deepEqual([of('run', { command: 'rm -rf .', cwd: '/home/me/p' }).fs?.marks, of('run', {}).effect], [['delete.work'], 'read']);
  for (const command of [7, { a: 1 }, ['ls', 7], 'x'.repeat(70_000)]) assert.equal(of('run', { command }).effect, 'opaque');
  assert.deepEqual([of('query', { sql: 'delete from t' }).sql?.unbounded, of('query', { sql: 'delete from t' }).effect], [true, 'irreversible']);
  assert.equal(of('query', { sql: ['select 1', 'drop table t'] }).effect, 'irreversible');
  assert.deepEqual(of('run', { command: 'psql -c "truncate t"' }).sql, { verbs: ['truncate'], tables: ['t'], unbounded: true, opaque: false });
});
