/** The checks of spec/ in Python, which share no code with src/: one test a program. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hex } from '../src/base/bytes.ts';
import { analyse } from '../src/rule/analysis.ts';
import { makeFullProgram } from '../src/rule/full-generator.ts';
import { makeFullSource } from '../src/rule/full-values.ts';
import { find, writeInputs } from '../src/rule/input.ts';
import { judge } from '../src/rule/interpret.ts';
import { encodeProgram, PROFILE_FULL, programId } from '../src/rule/ir.ts';
import { printProgram } from '../src/rule/print.ts';
import { Random } from '../src/rule/program-generator.ts';
import { endAll, RealNode, scratch } from './real/process.ts';

const root = `${import.meta.dirname}/..`;
const programs = globSync('spec/check/*.py', { cwd: root }).sort();

test('there are programs', () => assert.ok(programs.length > 0));

for (const program of programs) {
  test(program, () => {
    const { status, stdout, stderr } = spawnSync('python3', [program], { cwd: root, encoding: 'utf8' });
    assert.equal(status, 0, `${stdout}${stderr}`);
    assert.match(stdout, /[1-9]\d* checks/, 'the program says how much it checked');
  });
}

test('random programs of profile 1 have the same form, costs, buffers and answers', () => {
  const seed = Number(process.env.AVA_SEED ?? 5);
  console.log(`seed ${seed}`);
  const random = new Random(seed);
  const folder = scratch('rules-python');
  const file = join(folder.path, 'rules.json');
  writeFileSync(file, vectorsOf(Array.from({ length: 500 }, () => randomVector(random)).filter((one) => one !== undefined)));
  const { status, stdout, stderr } = spawnSync('python3', ['spec/check/rule_full.py', file], { cwd: root, encoding: 'utf8' });
  assert.equal(status, 0, `seed ${seed}: ${stdout}${stderr}`);
  assert.match(stdout, /[1-9]\d{3,} checks/);
  folder.remove();
});

/** A program with three sources; none where it is of profile 0. */
function randomVector(random: Random): object | undefined {
  const { program, inputs } = makeFullProgram(random, { depth: 3 + random.below(3) });
  if (program.profile !== PROFILE_FULL) return undefined;
  const bytes = encodeProgram(program);
  const { gas, input_bytes, const_bytes, arena_bytes } = analyse(program);
  const sources = [0, 1, 2].map(() => makeFullSource(random, inputs));
  const cases = sources.map((source) => ({
    buffer: hex(writeInputs(program.inputs, source)),
    answer: judge(
      program,
      program.inputs.map((input) => find(input, source)),
    ),
  }));
  return { source: printProgram(program).text, bytes: hex(bytes), id: hex(programId(bytes)), gas, input_bytes, const_bytes, arena_bytes, sources, cases };
}

/** JSON whose integers have all their digits. */
const vectorsOf = (positive: readonly object[]): string =>
  JSON.stringify({ positive }, (_, value: unknown) => (typeof value === 'bigint' ? `@@${value}@@` : value)).replace(/"@@(-?\d+)@@"/g, '$1');

after(endAll);

test('bundles of a real node with the starter constitution', { timeout: 60_000 }, async () => {
  const folder = scratch('bundle-python');
  const node = await RealNode.start({ dir: join(folder.path, 'data'), constitution: 'starter' });
  const { client } = node;
  const { session } = await client.openSession('agent', 'Please pay the rent of 950.10 to Ann and read notes.txt');
  const calls: readonly (readonly [name: string, args: Record<string, unknown>])[] = [
    ['send_money', { recipient: 'Ann', amount: 950.1, subject: 'rent' }],
    ['send_money', { recipient: 'Ann', amount: 20_000.001, subject: 'rent' }],
    ['read_text_file', { path: '/home/me/../me/.ssh/id_ed25519' }],
    ['send_email', { recipients: ['Ann <a@x.example>', 'b@x.example'], subject: 's', body: 'b' }],
    ['get_webpage', { url: 'http://10.0.0.1/%2e%2e/admin' }],
    ['nobody_knows_this', { deep: [{ n: -1.5 }] }],
  ];
  const verdicts = new Set<string>();
  const file = join(folder.path, 'proof.ava');
  const audit = (bytes: Uint8Array, network: string) => {
    writeFileSync(file, bytes);
    return spawnSync('python3', ['spec/check/bundle.py', file, network], { cwd: root, encoding: 'utf8' });
  };
  const { network } = await client.health();
  for (const [name, args] of calls) {
    const { verdict, receipt, gas } = await client.decide({ session, action: { kind: 'tool.call', name, args } });
    verdicts.add(verdict);
    const bytes = await client.bundle(receipt);
    const { stdout, stderr } = audit(bytes, network);
    // What a tool without an entry does is guessed (T-25), which is not made again there.
    const again = name === 'nobody_knows_this' ? 'not judged again' : 'judged again, the same';
    assert.equal(stdout.trim(), `verified: receipt ${receipt} ${verdict}, gas ${gas}; ${again}`, stderr);
    const flipped = Uint8Array.from(bytes);
    flipped[flipped.length >> 1] ^= 1;
    assert.match(audit(flipped, network).stderr, /^REFUSED: /);
  }
  assert.deepEqual([...verdicts].sort(), ['allow', 'deny', 'escalate']);
  await node.stop();
  folder.remove();
});
