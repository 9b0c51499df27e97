/** Halts from the command line to the verdict, on a real node: signed with the key in its data folder, kept over a restart. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { avactl, here, type Ran } from './real/avactl.ts';

const scratch = mkdtempSync(join(tmpdir(), 'ava-halt-'));
const data = join(scratch, 'data');
const on = ['--data', data];
const law = join(scratch, 'law');

function write(path: string, text: string): void {
  writeFileSync(join(law, path), text);
}
mkdirSync(law);
write('constitution.yaml', 'constitution: halted\nversion: 1\ndefault: allow\nrules: [small.yaml, frail.yaml, slow.yaml]\n');
write('small.yaml', 'rule: small\ntitle: Small numbers only\nscope: tool.count\ninputs: { args.n: int }\njudge: args.n < 10\non_fault: escalate\n');
write(
  'frail.yaml',
  'rule: frail\ntitle: Divides\nscope: tool.share\ninputs: { args.n: int }\njudge: 100 / args.n > 1\nbreaker: { faults: 2, window: 1h, open: 1h, probes: 1 }\n',
);

write(
  'slow.yaml',
  'rule: slow\ntitle: Loops\nscope: tool.loop\nprogram: probe.wasm\ninputs: { args.do: int, args.say: bool }\nhosts: [hash, verify, read, oracle, call, log]\nreads: [session.calls]\ncalls: [small]\non_fault: escalate\nlimits: { gas: 100000000, memory_pages: 4, timeout_ms: 1 }\n',
);
copyFileSync(`${import.meta.dirname}/guest/probe.wasm`, join(law, 'probe.wasm'));

const json = <T>({ stdout, stderr }: Ran): T => {
  assert.ok(stdout !== '', stderr);
  return JSON.parse(stdout) as T;
};
interface Decided {
  readonly verdict: string;
  readonly receipt: string;
  readonly reasons: readonly { readonly cause: string }[];
}
const ask = async (tool: string, args: object): Promise<Decided> =>
  json<Decided>(await here(['decide', tool, '--args', JSON.stringify(args), '--json', ...on]));
const decide = async (tool: string, n: number): Promise<string> => {
  const { verdict, reasons } = await ask(tool, { n });
  return `${verdict} ${reasons[0]?.cause ?? ''}`.trim();
};
const up = async (): Promise<void> => {
  const ran = await avactl(['up', '--detach', '--port', '0', '--constitution', law, ...on]);
  assert.equal(ran.code, 0, ran.stderr);
};

before(up);
after(async () => {
  await avactl(['down', ...on]);
  rmSync(scratch, { recursive: true, force: true });
});

test('D-13: halt, what the others see of it, a restart, and the end', async () => {
  assert.equal(await decide('count', 5), 'allow');
  const halted = await avactl(['halt', 'rule', 'small', '--for', '2h', '--reason', 'lets 5 through', ...on]);
  assert.equal(halted.code, 0, halted.stderr);
  assert.match(halted.stdout, /^Halted small until .* UTC: lets 5 through\n.*denied.*\n`avactl resume rule small` ends it\.\n$/);
  assert.equal(await decide('count', 5), 'deny halt');
  assert.match((await here(['status', ...on])).stdout, /small is stopped: halted until .* UTC, by node: lets 5 through/);
  assert.match((await here(['rules', 'list', ...on])).stdout, /small is stopped: halted until/);
  assert.match((await here(['rules', 'show', 'small', ...on])).stdout, /halted by +node: lets 5 through/);
  const events = (await here(['log', '--all', '-n', '50', ...on])).stdout;
  assert.match(events, /halt +small halted until .* UTC: lets 5 through/);
  assert.equal((await avactl(['down', ...on])).code, 0);
  assert.equal((await here(['verify', data])).code, 0, 'a ledger with a halt replays');
  await up();
  assert.equal(await decide('count', 5), 'deny halt', 'it outlives a restart');
  const resumed = await here(['resume', 'rule', 'small', '--json', ...on]);
  assert.equal(resumed.code, 0, resumed.stderr);
  const { receipt } = json<{ receipt: string }>(resumed);
  assert.match((await here(['show', receipt, ...on])).stdout, /rule_resume\n {2}rule +small\n/);
  assert.equal(await decide('count', 5), 'allow');
});

test('D-11: a rule that keeps failing is not asked, and everyone can see it', async () => {
  assert.deepEqual([await decide('share', 0), await decide('share', 0), await decide('share', 5)], ['deny fault', 'deny fault', 'deny breaker']);
  assert.match((await here(['status', ...on])).stdout, /frail is stopped: breaker open until/);
  assert.match((await here(['rules', 'show', 'frail', ...on])).stdout, /breaker +2 faults within 60 min open it for 60 min; 1 decision without one close it/);
  const { stopped } = json<{ stopped: readonly { rule: string; breaker: string }[] }>(await here(['status', '--json', ...on]));
  assert.deepEqual(
    stopped.map(({ rule, breaker }) => [rule, breaker]),
    [['frail', 'open']],
  );
  const url = readFileSync(join(data, 'address'), 'utf8').trim();
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /^ava_breakers_open 1$/m);
  assert.match(metrics, /^ava_rules_halted 0$/m);
  const findings = (await here(['doctor', '--port', new URL(url).port, ...on])).stdout;
  assert.match(findings, /warn +rule +frail: breaker open until/);
});

test('D-14: a guest that takes longer than it may: its verdict stands, and the node trips its breaker', async () => {
  const first = await ask('loop', { do: 6, say: true });
  assert.deepEqual([first.verdict, first.reasons[0].cause], ['escalate', 'gas'], 'the gas decides');
  const deadline = Date.now() + 10_000;
  let cause = '';
  while (cause !== 'breaker' && Date.now() < deadline) cause = (await ask('loop', { do: 0, say: true })).reasons[0]?.cause ?? '';
  assert.equal(cause, 'breaker');
  const events = (await here(['log', '--all', '-n', '50', '--json', ...on])).stdout;
  assert.match(events, /"type":"breaker"[^\n]*"rule":"slow"/, 'the trip stands in the ledger');
});

test('explain --trace: from the running node, and from the folder without one', async () => {
  const { receipt } = await ask('count', { n: 50 });
  const guest = await ask('loop', { do: 1, say: true });
  const live = await here(['explain', receipt, '--trace', ...on]);
  assert.equal(live.code, 0, live.stderr);
  assert.match(live.stdout, /^ {2}args\.n < 10 +→ {2}false$/m);
  assert.equal((await avactl(['down', ...on])).code, 0);
  const still = await here(['explain', receipt, '--trace', ...on]);
  assert.equal(still.stdout, live.stdout);
  assert.match((await here(['explain', guest.receipt, '--trace', ...on])).stdout, /^slow {2}not run: its breaker is open/m);
  await up();
});

test('what a halt needs', async () => {
  const elsewhere = join(scratch, 'elsewhere');
  const url = readFileSync(join(data, 'address'), 'utf8').trim();
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, 'node.seed'), new Uint8Array(32).fill(9));
  const table: readonly (readonly [args: readonly string[], exit: number, says: RegExp])[] = [
    [['halt', 'rule', 'small', ...on], 64, /--reason TEXT says why/],
    [['halt', 'rule', 'small', '--reason', 'x', '--for', '1', ...on], 64, /--for is a time such as 90m, 12h or 7d, not `1`/],
    [['halt', 'rule', 'small', '--reason', 'x', '--for', '0h', ...on], 64, /--for is a time/],
    [['halt', 'rule', 'small', '--reason', 'x', '--for', '31d', ...on], 64, /AVA-4039 A halt ends in the future, within 30 days/],
    [['halt', 'rule', 'smal', '--reason', 'x', ...on], 1, /No rule is called `smal`; `small`\?/],
    [['resume', 'rule', 'small', ...on], 1, /AVA-4040 Rule `small` is not halted/],
    [['halt', 'rule', 'small', '--reason', 'x', '--data', elsewhere, '--url', url], 78, /is not one of a validator of the network at/],
    [['halt', 'rule', 'small', '--reason', 'x', '--data', join(scratch, 'nowhere'), '--url', url], 78, /The node.s key .* is missing/],
  ];
  for (const [args, exit, says] of table) {
    const { code, stderr } = await here(args);
    assert.deepEqual([code, says.test(stderr)], [exit, true], stderr);
  }
});
