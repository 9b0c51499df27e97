import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Fault } from '../base/fault.ts';
import { readRuns } from './runs.ts';

const folder = mkdtempSync(join(tmpdir(), 'ava-runs-'));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string, data: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, data);
  return path;
};

test('runs, plain and gzipped; answers about them are not read', () => {
  const text = `${JSON.stringify({ suite: 's', user_task: 'u1', injection_task: null, attack: null, user_prompt: 'p', utility: true, steps: [{ tool: 't', args: { a: null, b: { c: null } }, result: { x: 1 }, error: null, needed: true }] })}\n\n${JSON.stringify({ trace: 'own', steps: [{ tool: 't', args: null, result: 'r', error: 'bad', user: 'hello' }] })}\n`;
  const runs = readRuns(file('a.jsonl.gz', gzipSync(text)));
  assert.deepEqual(runs, readRuns(file('a.jsonl', text)));
  assert.deepEqual(runs, [
    { trace: 's/u1/none/none', user_prompt: 'p', steps: [{ tool: 't', args: { a: null, b: { c: null } }, result: { x: 1 }, error: null, user: null }] },
    { trace: 'own', user_prompt: null, steps: [{ tool: 't', args: {}, result: 'r', error: 'bad', user: 'hello' }] },
  ]);
  assert.deepEqual(readRuns(file('empty', '')), []);
});

test('a line that is no run is named', () => {
  const good = '{"trace":"a","steps":[]}';
  const table: readonly (readonly [line: string, says: RegExp])[] = [
    ['{', /:2 is not JSON/],
    ['[]', /:2 is not an object/],
    ['null', /:2 is not an object/],
    ['{"trace":"a"}', /:2 has no list `steps`/],
    ['{"steps":[]}', /:2 has neither `trace`/],
    ['{"trace":"a","steps":[1]}', /:2 step 0 is not an object/],
    ['{"trace":"a","steps":[{}]}', /:2 step 0 has no `tool`/],
    ['{"trace":"a","steps":[{"tool":"t","args":[]}]}', /:2 step 0 has `args`/],
    ['{"trace":"a","user_prompt":5,"steps":[]}', /:2 has a `user_prompt`/],
  ];
  for (const [line, says] of table)
    assert.throws(
      () => readRuns(file('b', `${good}\n${line}\n`)),
      (error) => error instanceof Fault && error.slug === 'usage' && says.test(error.message),
      line,
    );
  assert.throws(
    () => readRuns(join(folder, 'none')),
    (error) => error instanceof Fault && /no file/.test(error.message),
  );
  assert.throws(
    () => readRuns(file('c.gz', Buffer.from([0x1f, 0x8b, 1, 2]))),
    (error) => error instanceof Fault && /cannot be read/.test(error.message),
  );
  assert.throws(
    () => readRuns(folder),
    (error) => error instanceof Fault && /cannot be read/.test(error.message),
  );
});
