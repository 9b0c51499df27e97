import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sqlFacts } from './sql.ts';

test('T-39: verbs, tables and effects', () => {
  const rows: readonly (readonly [string, string[], string[], string])[] = [
    ['select a.b from t as a join u.v on 1 = 1', ['select'], ['t', 'u.v'], 'read'],
    ['SELECT * FROM "T x", [y], `z`', ['select'], ['T x', 'y', 'z'], 'read'],
    ["insert into t values ('a;b'' -- c')", ['insert'], ['t'], 'write'],
    ['update only t set a = 1 where id = $1', ['update'], ['t'], 'write'],
    ['delete from t where id in (select id from u)', ['delete'], ['t', 'u'], 'irreversible'],
    ['-- a comment\nselect 1 /* from t */', ['select'], [], 'read'],
    ['create table if not exists t (a int); drop index i', ['create', 'drop'], ['t'], 'irreversible'],
    ['explain analyze delete from t where a = b', ['explain', 'delete'], ['t'], 'irreversible'],
    ['with x as (insert into t select 1 returning a) select * from x', ['with', 'insert'], ['t', 'x'], 'write'],
    ['select * from t for update', ['select'], ['t'], 'read'],
    ['insert into t values (1) on conflict do update set a = 2', ['insert'], ['t'], 'write'],
    ['pragma table_info(t)', ['pragma'], [], 'read'],
    ['select $$; drop table t; --$$', ['select'], [], 'read'],
    ['', [], [], 'read'],
  ];
  for (const [sql, verbs, tables, effect] of rows) {
    const facts = sqlFacts(sql);
    assert.deepEqual([facts.verbs, facts.tables, facts.effect, facts.opaque], [verbs, tables, effect, false], sql);
  }
});

test('T-39: what touches all rows', () => {
  const all = [
    'delete from t',
    'update t set a = 1',
    'delete from t where 1=1',
    'delete from t where true',
    "delete from t where 'a' = 'a'",
    'delete from t where id = id',
    'delete from t where a = 1 or 1=1',
    'delete from t where a = 1 or true',
    'truncate t',
    'drop table t',
    'drop database d',
    'with d as (delete from t) select 1',
    "delete from t where a like '%'",
    'delete from t where id is not null',
    'select 1; delete from t',
    'delete from t returning *',
    'delete /* where id = 1 */ from t',
    "update t set a = 'where id = 1'",
  ];
  for (const sql of all) assert.equal(sqlFacts(sql).unbounded, true, sql);
  const some = [
    'delete from t where id = 1',
    'update t set a = 1 where b = c',
    "delete from t where a = 'x' or b = 'y'",
    'drop index i',
    'alter table t drop column c',
    'select * from t',
    'delete from t where id = other.id',
    'delete from t using u where t.a = u.a',
  ];
  for (const sql of some) assert.equal(sqlFacts(sql).unbounded, false, sql);
});

test('T-39: what readers take in different ways is opaque, and never a fault', () => {
  const opaque = [
    "select '\\'; drop table t; --'",
    'select /*! 1 */',
    'select /* /* */ */ 1',
    'select 1 # 2\n, 3',
    'select 1--2',
    "select E'\\''",
    "select 'a",
    'do $$ begin end $$',
    "execute 'drop table t'",
    'call p()',
    'select load_extension(a)',
    'select pg_read_file(a)',
    "copy t to '/tmp/x'",
    'zap t',
    `select ${'('.repeat(70_000)}`,
    'prepare p as select 1',
    "select * into outfile '/x' from t",
    '; ; )(',
  ];
  for (const sql of opaque) assert.equal(sqlFacts(sql).opaque, true, sql.slice(0, 40));
  assert.deepEqual(sqlFacts("copy t from program 'id'").programs, ['id']);
  assert.deepEqual(sqlFacts("select load_file('/etc/passwd')").files, ['/etc/passwd']);
});
