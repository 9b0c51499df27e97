/**
 * Errors of the disk, injected into a real node's system calls by strace: a failed sync is never tried again, a block
 * that was not synced is never answered, and the next start keeps every promise.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Random } from '../sim/random.ts';
import { fsck } from '../src/audit/fsck.ts';
import { Auditor } from './real/auditor.ts';
import { showFailed } from './real/failed-disk.ts';
import { writeLaw } from './real/law.ts';
import { Promises, startLoad } from './real/load.ts';
import { endAll, RealNode, scratch } from './real/process.ts';

const folder = scratch('disk-error');
const constitution = writeLaw(folder.path);
const SEED = Number(process.env['AVA_SEED'] ?? Math.floor(performance.timeOrigin) % 1_000_000);
const CLEAN = { code: 0, signal: null };
after(async () => {
  await endAll();
  folder.remove();
});

/** Runs under strace with one call failing; one thread of the pool makes the calls' order the same each time. */
const injected =
  (call: string, error: string, when: string, trace: string) =>
  (command: readonly string[]): readonly string[] => [
    ...['strace', '-f', '-qq', '--seccomp-bpf', '-y', '-o', trace, '-e', 'trace=fdatasync,fsync,pwrite64'],
    ...['-e', `inject=${call}:error=${error}:when=${when}`, 'env', 'UV_THREADPOOL_SIZE=1', ...command],
  ];

/** Whole calls: where another thread comes in between, strace tells of one in two lines. */
function callsOf(trace: string): readonly string[] {
  const begun = new Map<string, string>();
  const calls: string[] = [];
  for (const line of trace.split('\n')) {
    const [, thread, first] = /^([0-9]+) +(.*) <unfinished \.\.\.>$/.exec(line) ?? [];
    const [, resumed, rest] = /^([0-9]+) +<\.\.\. \w+ resumed>(.*)$/.exec(line) ?? [];
    if (thread !== undefined) begun.set(thread, first);
    else calls.push(resumed === undefined ? line : (begun.get(resumed) ?? '') + rest);
  }
  return calls;
}

/** Calls on the log in the order of the trace, from the failed one on. */
function afterFailure(trace: string): readonly string[] {
  const lines = callsOf(readFileSync(trace, 'utf8')).filter((line) => /\/log\/[0-9]{8}\.log>/.test(line));
  const at = lines.findIndex((line) => line.includes('(INJECTED)'));
  assert.ok(at >= 0, 'the log met the error');
  return lines.slice(at + 1);
}

const CASES: readonly (readonly [call: string, error: string, when: string])[] = [
  ['fdatasync', 'EIO', '2'],
  ['fdatasync', 'EIO', '4'],
  ['fdatasync', 'EIO', '30+'],
  ['pwrite64', 'ENOSPC', '25+'],
  ['pwrite64', 'EIO', '40+'],
];

test('the log meets an error', { timeout: 120_000 }, async () => {
  console.log(`disk error: seed ${SEED}`);
  const random = new Random(SEED);
  const dir = join(folder.path, 'data');
  const promises = new Promises();
  const auditor = new Auditor(dir);
  let node = await RealNode.start({ dir, constitution });
  const { session } = await node.client.openSession('agent');
  assert.deepEqual(await node.stop(), CLEAN);
  for (const [call, error, when] of CASES) {
    const trace = join(folder.path, `${call}-${error}-${when}`);
    const before = promises.answers;
    node = await RealNode.start({ dir, constitution, wrap: injected(call, error, when, trace) });
    const load = startLoad({ client: node.client, random, promises, clients: 3, name: `agent-${trace}`.slice(-60), ends: ['disk_failed'] });
    await load.done;
    assert.deepEqual(promises.unexpected, []);
    await showFailed(node, promises, session);
    await node.stop();
    assert.deepEqual(afterFailure(trace), [], `${call} ${error} ${when}: the log is left alone`);
    await auditor.check(promises);
    console.log(`disk error: ${call} ${error} from call ${when}: ${promises.answers - before} answers before it`);
    node = await RealNode.start({ dir, constitution });
    assert.equal((await node.client.decide({ session, action: { kind: 'tool.call', name: 'balance', args: {} } })).verdict, 'allow');
    assert.deepEqual(await node.stop(), CLEAN, node.err);
    assert.equal((await fsck(dir)).entries, (await auditor.check(promises)).entries);
  }
});

test('a start that meets an error says so in one line, and the next one goes on', { timeout: 60_000 }, async () => {
  const dir = join(folder.path, 'start');
  let node = await RealNode.start({ dir, constitution });
  const { session } = await node.client.openSession('agent');
  assert.deepEqual(await node.stop(), CLEAN);
  node = new RealNode({ dir, constitution, wrap: injected('fdatasync', 'EIO', '1+', join(folder.path, 'at-start')) });
  assert.equal(await node.answers(), false);
  assert.equal((await node.exit).code, 1);
  assert.match(node.err, /^AVA-5003 [^\n]*EIO[^\n]*\n$/);
  node = await RealNode.start({ dir, constitution });
  await node.client.input(session, 'still here');
  assert.deepEqual(await node.stop(), CLEAN, node.err);
  assert.equal((await fsck(dir)).entries, 2);
});
