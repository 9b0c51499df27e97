import assert from 'node:assert/strict';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Random } from '../../sim/random.ts';
import { scratchFolder } from '../../sim/scratch.ts';
import { octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { type Change, StateStore } from './state.ts';

const SEED = Number(process.env.AVA_SEED ?? 20_261_124);
console.log(`seed ${SEED}`);

async function fill(path: string, entries: number): Promise<void> {
  const store = await StateStore.open(path);
  await store.load();
  await store.write(
    7,
    Array.from({ length: entries }, (_, i): Change => [Buffer.from(`key ${i}`), Buffer.alloc(100, i)]),
    entries,
  );
  await store.close();
}

test('what was written comes back with its height', async (t) => {
  const path = join(scratchFolder(t), 'state');
  const random = new Random(SEED);
  const model = new Map<string, string>();
  let height = 0;
  for (let life = 0; life < 3; life++) {
    const store = await StateStore.open(path);
    assert.equal(store.dropped, null);
    const found = await store.load();
    if (life === 0) assert.equal(found, null);
    else {
      assert.equal(found?.height, height);
      assert.deepEqual(new Map(found?.entries.map(([key, value]) => [octets(key), octets(value)])), model);
    }
    for (let i = 0; i < 5; i++) {
      const changes: Change[] = [];
      for (let n = 0; n < 100; n++) {
        const key = `k${random.below(300)}`;
        const value = random.chance(0.3) ? null : random.octets(random.below(40));
        if (value === null) model.delete(key);
        else model.set(key, value);
        changes.push([Buffer.from(key, 'latin1'), value === null ? null : Buffer.from(value, 'latin1')]);
      }
      height += 3;
      await store.write(height, changes, model.size);
    }
    await store.close();
  }
});

test('writing does not hold the event loop', async (t) => {
  const store = await StateStore.open(join(scratchFolder(t), 'state'));
  await store.load();
  const changes = Array.from({ length: 20_000 }, (_, i): Change => [Buffer.from(`key ${i}`), Buffer.alloc(100, i)]);
  let turns = 0;
  let writing = true;
  const count = (): void => {
    turns += 1;
    if (writing) setImmediate(count);
  };
  setImmediate(count);
  const write = store.write(1, changes, changes.length);
  assert(store.busy);
  await assert.rejects(store.write(2, [], 0), (e) => e instanceof Fault && e.slug === 'internal');
  await write;
  writing = false;
  assert(turns > 10, `${turns} turns`);
  await store.close();
});

/** Damages the store, and expects it thrown away, reported, and of use again. */
async function dropsAfter(t: Parameters<typeof scratchFolder>[0], damage: (path: string) => void): Promise<void> {
  const path = join(scratchFolder(t), 'state');
  await fill(path, 500);
  damage(path);
  const store = await StateStore.open(path);
  const found = await store.load();
  assert(found === null);
  assert.match(String(store.dropped), /./);
  await store.write(9, [[Buffer.from('a'), Buffer.from('b')]], 1);
  await store.close();
  const again = await StateStore.open(path);
  assert.equal((await again.load())?.height, 9);
  assert.equal(again.dropped, null);
  await again.close();
}

test('a foreign file is thrown away', (t) => dropsAfter(t, (path) => writeFileSync(join(path, 'data.mdb'), 'not an environment')));
test('an empty file is thrown away', (t) => dropsAfter(t, (path) => truncateSync(join(path, 'data.mdb'), 0)));
test('a cut file is thrown away', (t) =>
  dropsAfter(t, (path) => truncateSync(join(path, 'data.mdb'), Math.floor(statSync(join(path, 'data.mdb')).size / 8192) * 4096)));
test('zeros are thrown away', (t) => dropsAfter(t, (path) => writeFileSync(join(path, 'data.mdb'), Buffer.alloc(65_536))));
test('a start that never ended is not tried again', (t) => dropsAfter(t, (path) => writeFileSync(join(path, 'opening'), '')));

test('a flipped bit in a value is found', (t) =>
  dropsAfter(t, (path) => {
    const file = join(path, 'data.mdb');
    const bytes = readFileSync(file);
    const value = Buffer.alloc(100, 77);
    const fd = openSync(file, 'r+');
    // pages that LMDB has given up still hold copies: all are changed
    for (let at = bytes.indexOf(value); at >= 0; at = bytes.indexOf(value, at + 100)) writeSync(fd, Buffer.from([76]), 0, 1, at + 50);
    closeSync(fd);
  }));

test('a store that says another count is thrown away', async (t) => {
  const path = join(scratchFolder(t), 'state');
  const store = await StateStore.open(path);
  await store.load();
  await store.write(1, [[Buffer.from('a'), Buffer.from('b')]], 2);
  await store.close();
  const again = await StateStore.open(path);
  assert.equal(await again.load(), null);
  assert.match(String(again.dropped), /1 entries, not 2/);
  await again.close();
});

test('drop empties it, and a folder in the way is a fault', async (t) => {
  const folder = scratchFolder(t);
  await fill(join(folder, 'state'), 10);
  const store = await StateStore.open(join(folder, 'state'));
  await store.drop();
  assert.equal(await store.load(), null);
  await store.close();
  await assert.rejects(store.load(), (e) => e instanceof Fault && e.slug === 'disk_failed');
  mkdirSync(join(folder, 'file'));
  writeFileSync(join(folder, 'file', 'in-the-way'), '');
  await assert.rejects(StateStore.open(join(folder, 'file', 'in-the-way', 'state')), (e) => e instanceof Fault && e.slug === 'disk_failed');
  assert(existsSync(join(folder, 'file', 'in-the-way')), 'nothing outside was removed');
});
