/** Pins: first use, change, agreement, and a file that several processes share (MG-40 to MG-43). */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Fault } from '../base/fault.ts';
import { changedFields, definitionDigest, definitionOf } from './definition.ts';
import { PINS_NAME, Pins } from './pin.ts';

const root = mkdtempSync(join(tmpdir(), 'ava-pins-'));
after(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const folder = (): string => join(root, `${++folders}`);
const tool = (description: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  name: 'send',
  description,
  inputSchema: { type: 'object' },
  ...more,
});

test('MG-40: the digest is of what counts, whatever the order of keys', () => {
  const digest = (given: Record<string, unknown>): string => definitionDigest(definitionOf(given));
  const plain = digest({ name: 'a', description: 'd', inputSchema: { type: 'object', required: ['x'] } });
  assert.equal(digest({ inputSchema: { required: ['x'], type: 'object' }, description: 'd', name: 'a' }), plain);
  assert.equal(digest({ name: 'a', description: 'd', inputSchema: { type: 'object', required: ['x'] }, _meta: { at: 1 }, icons: [] }), plain);
  const others: Record<string, unknown>[] = [
    { name: 'b', description: 'd', inputSchema: { type: 'object', required: ['x'] } },
    { name: 'a', description: 'd\u200b', inputSchema: { type: 'object', required: ['x'] } },
    { name: 'a', description: 'd', inputSchema: { type: 'object', required: ['y'] } },
    { name: 'a', description: 'd', inputSchema: { type: 'object', required: ['x'] }, annotations: { readOnlyHint: true } },
    { name: 'a', title: 'd', inputSchema: { type: 'object', required: ['x'] } },
    { name: 'a', description: 'd', inputSchema: { type: 'object', required: ['x'] }, outputSchema: {} },
  ];
  assert.equal(new Set([plain, ...others.map(digest)]).size, others.length + 1);
  let deep: unknown = 1;
  let deeper: unknown = 2;
  for (let i = 0; i < 100; i++) [deep, deeper] = [[deep], [deeper]];
  assert.notEqual(digest({ name: 'a', inputSchema: deep }), digest({ name: 'a', inputSchema: deeper }), 'also what stands very deep');
  assert.deepEqual(changedFields(definitionOf(tool('a')), definitionOf(tool('b', { title: 't' }))), ['title', 'description']);
});

test('MG-41, MG-42: the first use pins, a change waits, another process sees both', () => {
  const path = folder();
  const [gateway, people] = [new Pins(path), new Pins(path)];
  assert.deepEqual([...gateway.check('mail', [tool('one')])], [['send', 'new']]);
  assert.deepEqual([...gateway.check('mail', [tool('one')])], [['send', 'same']]);
  assert.deepEqual([...gateway.check('post', [tool('two')])], [['send', 'new']], 'by server');
  assert.equal(statSync(join(path, PINS_NAME)).mode & 0o777, 0o600);
  assert.deepEqual([...gateway.check('mail', [tool('two')])], [['send', 'changed']]);
  assert.deepEqual([...gateway.check('mail', [tool('three')])], [['send', 'changed']]);
  const [change, ...more] = people.changes();
  assert.deepEqual([change.server, change.tool, change.fields, more.length], ['mail', 'send', ['description'], 0]);
  assert.deepEqual([change.before.description, change.after.description], ['one', 'three']);
  assert.deepEqual(people.changes('post'), []);
  assert.deepEqual(people.accept('mail', ['other']), []);
  assert.deepEqual(people.accept('mail', ['send']), ['send']);
  assert.equal(gateway.state('mail', 'send', definitionDigest(tool('three'))), 'same');
  assert.equal(gateway.state('mail', 'send', definitionDigest(tool('one'))), 'changed');
  assert.throws(
    () => people.accept('nobody', []),
    (error) => error instanceof Fault && error.slug === 'upstream_unknown',
  );
});

test('a tool that is again as it was pinned waits no longer', () => {
  const pins = new Pins(folder());
  pins.check('mail', [tool('one')]);
  pins.check('mail', [tool('two')]);
  assert.equal(pins.changes().length, 1);
  assert.deepEqual([...pins.check('mail', [tool('one')])], [['send', 'same']]);
  assert.equal(pins.changes().length, 0);
});

test('names such as __proto__ are names', () => {
  const pins = new Pins(folder());
  assert.deepEqual(
    [...pins.check('mail', [{ name: '__proto__' }, { name: 'constructor' }])],
    [
      ['__proto__', 'new'],
      ['constructor', 'new'],
    ],
  );
  assert.deepEqual([...new Pins(folder()).pinned()], []);
});

test('MG-42: a file that is not ours refuses; a lock that was left behind does not hold', () => {
  const path = folder();
  const pins = new Pins(path);
  pins.check('mail', [tool('one')]);
  const lock = join(path, `${PINS_NAME}.lock`);
  writeFileSync(lock, '');
  utimesSync(lock, new Date(Date.now() - 60_000), new Date(Date.now() - 60_000));
  assert.deepEqual([...pins.check('post', [tool('one')])], [['send', 'new']]);
  assert.equal(existsSync(lock), false);
  for (const text of [
    '',
    '{',
    '[]',
    '{"version":2,"servers":{}}',
    '{"version":1,"servers":{"A b":{}}}',
    '{"version":1,"servers":{"a":{"pinned":{"x":1},"offered":{}}}}',
  ]) {
    writeFileSync(join(path, PINS_NAME), text);
    for (const use of [() => new Pins(path).check('mail', [tool('one')]), () => new Pins(path).state('mail', 'send', ''), () => new Pins(path).changes()])
      assert.throws(use, (error) => error instanceof Fault && error.slug === 'config', text);
  }
});
