/** Modes from the command line, on a real node: a preview of the past, rules that bind earlier or later, the floor. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { avactl, here } from './real/avactl.ts';

const scratch = mkdtempSync(join(tmpdir(), 'ava-modes-'));
const data = join(scratch, 'data');
const on = ['--data', data];
const law = join(scratch, 'law');
mkdirSync(law);
writeFileSync(join(law, 'constitution.yaml'), 'constitution: modes\nversion: 1\ndefault: allow\nrules: [floor.yaml, few.yaml, none.yaml, even.yaml]\n');
const rule = (name: string, judge: string, ...more: string[]): string =>
  [`rule: ${name}`, `title: about ${name}`, 'scope: tool.count', 'inputs: { args.n: int }', `judge: ${judge}`, ...more, ''].join('\n');
writeFileSync(join(law, 'floor.yaml'), rule('base/floor', 'args.n < 1000', 'mode: floor'));
writeFileSync(join(law, 'few.yaml'), rule('count/few', 'args.n < 8', 'mode: observe', 'until: 2030-01-01'));
writeFileSync(join(law, 'none.yaml'), rule('count/none', 'args.n < 20', 'mode: observe', 'otherwise: escalate'));
writeFileSync(join(law, 'even.yaml'), rule('even', 'args.n % 2 == 0 || args.n < 9', 'mode: observe', 'otherwise: escalate'));

const verdict = async (n: number): Promise<string> => {
  const ran = await here(['decide', 'count', '--args', JSON.stringify({ n }), '--json', ...on]);
  return (JSON.parse(ran.stdout) as { verdict: string }).verdict;
};

before(async () => {
  const ran = await avactl(['up', '--detach', '--port', '0', '--constitution', law, ...on]);
  assert.equal(ran.code, 0, ran.stderr);
});
after(async () => {
  await avactl(['down', ...on]);
  rmSync(scratch, { recursive: true, force: true });
});

test('D-17: preview, enforce, observe', async () => {
  for (let n = 0; n < 12; n++) assert.equal(await verdict(n), 'allow');
  assert.equal(await verdict(1_000), 'deny', 'the floor binds; what observes would have said counts no more');
  const shown = await here(['enforce', '--preview', ...on]);
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(
    shown.stdout,
    /^7 days, 13 calls: 4 more would be denied, 0 more escalated; 2 rules cause 100 %|^7 days, 13 calls: 4 more would be denied, 0 more escalated; all from 2 rules/,
  );
  assert.match(shown.stdout, /count\/few +4 +0\n +even +0 +2\n/);
  const one = JSON.parse((await here(['enforce', 'even', '--preview', '--days', '1', '--json', ...on])).stdout) as object;
  assert.deepEqual(one, { days: 1, calls: 13, denied: 0, escalated: 2, rules: [{ rule: 'even', denied: 0, escalated: 2 }] });
  assert.match((await here(['enforce', '--preview', '--days', '0', ...on])).stderr, /--days/);

  const enforced = await avactl(['enforce', 'count/', '--reason', 'it is time', ...on]);
  assert.equal(enforced.code, 0, enforced.stderr);
  assert.match(enforced.stdout, /^count\/few is enforced until 2\d{3}-\d\d-\d\d\ncount\/none is enforced until /);
  assert.equal(await verdict(9), 'deny');
  assert.match((await here(['rules', 'list', ...on])).stdout, /count\/few +enforce until 2\d{3}-\d\d-\d\d \(law: observe until 2030-01-01\)/);
  assert.match((await here(['rules', 'show', 'count/few', ...on])).stdout, /said by +node: it is time/);
  assert.match((await here(['enforce', 'count/few', ...on])).stdout, /^1 rule is so already\.\n$/);
  const observed = await here(['observe', 'count/few', '--until', '2020-01-01', ...on]);
  assert.match(observed.stderr, /a date to come/);
  assert.equal((await here(['observe', 'count/few', ...on])).code, 0);
  assert.equal(await verdict(9), 'allow');
  assert.match((await here(['log', '--all', '-n', '50', ...on])).stdout, /mode +count\/few: observe until /);
  assert.match((await here(['observe', 'base/floor', ...on])).stderr, /AVA-4051/);
  assert.match((await here(['observe', 'cuont/few', ...on])).stderr, /count\/few/);
  assert.match((await here(['enforce', ...on])).stderr, /Name a rule/);
  assert.equal((await avactl(['down', ...on])).code, 0);
  assert.equal((await here(['verify', data])).code, 0, 'a ledger with modes replays');
});
