/** What lint and diff say of rules that are wrong on purpose, and that their examples are true. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { ENVIRONMENT } from '../law/rule.ts';
import { type Compared, diff } from './diff.ts';
import { type Finding, lint } from './lint.ts';
import { openSolver } from './solver.ts';

const solver = await openSolver();
assert.ok(solver !== null, 'z3-solver is not installed');
const folder = mkdtempSync(join(tmpdir(), 'ava-lint-'));
after(async () => {
  await solver.close();
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;
function rule(text: string): string {
  files += 1;
  const path = join(folder, `rule-${files}.yaml`);
  writeFileSync(path, text);
  return path;
}

const head = (judge: string, more = ''): string => `rule: a/rule\ntitle: A rule\nscope: effect.write\njudge: ${JSON.stringify(judge)}\n${more}`;
const TESTED = 'tests:\n  - { given: {}, expect: pass }\n  - { given: {}, expect: fail }\n';
const INPUTS = 'inputs: { args.amount: int, args.to: "string(32)" }\n';

const findings = async (text: string): Promise<readonly Finding[]> => (await lint(rule(text), ENVIRONMENT, solver)).findings;
const codes = async (text: string): Promise<readonly string[]> =>
  (await findings(text)).filter(({ code }) => code !== 'test-fails').map(({ severity, code }) => `${severity} ${code}`);

test('one rule: what it never, always and sometimes does', async () => {
  assert.deepEqual(await codes(head('args.amount < 0 && args.amount > 0', INPUTS + TESTED)), ['error never-passes', 'warning unused-input']);
  assert.deepEqual(await codes(head('flow.refused >= 0', TESTED)), ['error always-passes']);
  assert.deepEqual(await codes(head('1 / 0 == 1', TESTED)), ['error always-error']);
  assert.deepEqual(await codes(head('effect != "write"', TESTED)), ['note never-passes']);
  assert.deepEqual(await codes(head('flow.refused == 0', TESTED)), []);
  assert.deepEqual(await codes(head('flow.refused == 0')), ['warning untested', 'warning untested']);
  assert.deepEqual(await codes(head('flow.refused <= 3', `params: { most: { value: 1 } }\n${TESTED}`)), ['warning unused-param']);
  assert.deepEqual(await codes(head('flow.refused >= params.least', `params: { least: { value: 2, min: 0, max: 9 } }\n${TESTED}`)), ['note vacuous-param']);
});

test('an error is shown with inputs that give it', async () => {
  const [found] = (await findings(head('args.amount * 2 < 100', `inputs: { args.amount: int }\n${TESTED}`))).filter(({ code }) => code === 'may-fail');
  assert.equal(found.line, 4);
  const given: unknown = parse(found.example?.given ?? '');
  assert.deepEqual(given, { args: {}, effect: 'write' });
  const guarded = head('!has(args.amount) || args.amount * 2 < 100', `inputs: { args.amount: int }\n${TESTED}`);
  const overflow = (await findings(guarded)).find(({ code }) => code === 'may-fail');
  const { args } = parse(overflow?.example?.given ?? '', { intAsBigInt: true }) as { args: { amount: bigint } };
  assert.ok(BigInt.asIntN(64, args.amount * 2n) !== args.amount * 2n, `${args.amount} doubled fits`);
});

test('files that do not compile are findings with their place and the nearest name', async () => {
  const [found] = await findings('rule: a/rule\ntitle: t\nscope: all\njudge: flow.refusd == 0\n');
  assert.deepEqual([found.severity, found.code, found.line, found.column], ['error', 'rule-name', 4, 13]);
  assert.match(found.message, /`flow\.refused`\?/);
});

test('a test that gives what nothing reads is told, with the path that was meant', async () => {
  const given = (text: string): string => head('flow.refused == 0', `tests:\n  - { given: ${text}, expect: error }\n`);
  const told = async (text: string): Promise<readonly string[]> =>
    (await findings(given(text))).filter(({ code }) => code === 'given-unknown').map(({ line, message }) => `${line} ${message}`);
  assert.deepEqual(await told('{ money: { amout: 6 } }'), ['6 test `test 1` gives `money.amout`, which no rule can read; `money.amount`?']);
  assert.deepEqual(await told('{ flwo: 1 }'), ['6 test `test 1` gives `flwo`, which no rule can read; `flow`?']);
  assert.deepEqual(await told('{ args: { anything: { else: 1 } }, flow: { refused: 1 }, mail: { to: [a@x.com] } }'), []);
});

test('a failing test is an error at its place', async () => {
  const [found] = await findings(
    head('flow.refused == 0', 'tests:\n  - { given: { flow: { refused: 1 } }, expect: pass }\n  - { given: { flow: { refused: 1 } }, expect: fail }\n'),
  );
  assert.deepEqual([found.code, found.line], ['test-fails', 6]);
});

/** A constitution of rules given as [name, fields]. */
function law(name: string, rules: Readonly<Record<string, string>>, more = ''): string {
  const at = join(folder, name);
  mkdirSync(at, { recursive: true });
  const names = Object.keys(rules);
  writeFileSync(
    join(at, 'constitution.yaml'),
    `constitution: ${name}\nversion: 1\ndefault: allow\n${more}rules: [${names.map((one) => `${one}.yaml`).join(', ')}]\n`,
  );
  for (const one of names) writeFileSync(join(at, `${one}.yaml`), `rule: ${one}\ntitle: ${one}\n${rules[one]}${TESTED}`);
  return at;
}

const of = (all: readonly Finding[], code: string): readonly string[] => all.filter((one) => one.code === code).map(({ rule: name }) => name);

test('a constitution: rules that change nothing, alone and together, and grants that are taken back', async () => {
  const at = law('shadows', {
    wide: 'scope: effect.write\njudge: flow.refused == 0\n',
    narrow: 'scope: effect.write\njudge: flow.refused < 5\n',
    softer: 'scope: effect.write\njudge: flow.refused == 0\notherwise: escalate\non_fault: escalate\n',
    left: 'scope: facet.money\njudge: "!has(money.amount) || money.amount < 100"\n',
    right: 'scope: facet.money\njudge: "!has(money.amount) || money.amount > 10"\n',
    both: 'scope: facet.money\njudge: "!has(money.amount) || money.amount == 50"\n',
    granting: 'scope: facet.money\ngrants: true\njudge: has(money.amount)\n',
  });
  const { findings: found } = await lint(at, ENVIRONMENT, solver);
  assert.deepEqual(of(found, 'shadowed'), ['narrow', 'softer', 'left', 'right']);
  const shadow = found.find((one) => one.code === 'shadowed' && one.rule === 'narrow');
  assert.match(shadow?.message ?? '', /`wide` stops too/);
  assert.deepEqual(of(found, 'conflict'), ['granting']);
});

test('a scope that no tool is in', async () => {
  const at = law(
    'typo',
    { money: 'scope: [tool.send_mony]\njudge: flow.refused == 0\n', mail: 'scope: [facet.mail]\njudge: flow.refused == 0\n' },
    'tools: tools.yaml\n',
  );
  writeFileSync(
    join(at, 'tools.yaml'),
    'map: small\ntools:\n  - { tool: send_money, effect: irreversible, egress: true, args: { sum: qty }, money: { amount: sum } }\n',
  );
  const { findings: found } = await lint(at, ENVIRONMENT, solver);
  const [money, mail] = found.filter(({ code }) => code === 'never-matches');
  assert.match(money.message, /send_mony.*`send_money`\?/);
  assert.match(mail.message, /facet `mail`/);
});

const outcome = ({ looser, stricter }: Compared): readonly string[] =>
  [looser, stricter].map((one) => (one.kind === 'example' ? one.example.outcome : one.kind));

test('diff: looser and stricter, by example or proved to be neither', async () => {
  const compare = async (before: string, now: string): Promise<readonly string[]> => {
    const report = await diff(rule(before), rule(now), ENVIRONMENT, solver);
    const [change] = report.rules;
    return change === undefined ? ['same'] : [...change.words.map(({ text }) => text), ...(change.meaning === null ? ['no meaning'] : outcome(change.meaning))];
  };
  const limit = (most: number, more = ''): string =>
    head('flow.refused <= params.most', `params: { most: { value: ${most}, min: 0, max: 99 } }\n${more}${TESTED}`);
  assert.deepEqual(await compare(limit(3), limit(3)), ['same']);
  assert.deepEqual(await compare(limit(3), limit(4)), ['`most` is 4, was 3', 'was deny, becomes allow', 'none']);
  assert.deepEqual(await compare(limit(3), limit(3, 'otherwise: escalate\n')), [
    'where the expression is false, a call is escalated, not denied',
    'was deny, becomes escalate',
    'none',
  ]);
  assert.deepEqual((await compare(limit(3), limit(3).replace('effect.write', 'effect.read'))).slice(2), ['was deny, becomes allow', 'was allow, becomes deny']);
  assert.deepEqual(await compare(head('flow.refused < 3', TESTED), head('!(flow.refused >= 3)', TESTED)), ['has another expression', 'none', 'none']);
  assert.deepEqual((await compare(head('size(args.to) < 9', INPUTS + TESTED), head('args.to.startsWith("a")', INPUTS + TESTED))).slice(1), [
    'was deny, becomes allow',
    'was allow, becomes deny',
  ]);
});

test('diff: a rule that another one covers changes no verdict of the constitution', async () => {
  const wide = 'scope: effect.write\njudge: flow.refused == 0\n';
  const before = law('before', { wide, narrow: 'scope: effect.write\njudge: flow.refused < 5\n' });
  const now = law('now', { wide });
  const report = await diff(before, now, ENVIRONMENT, solver);
  assert.deepEqual(
    report.rules.map(({ rule: name, kind, meaning }) => [name, kind, meaning && outcome(meaning)]),
    [['narrow', 'removed', ['was deny, becomes allow', 'none']]],
  );
  assert.deepEqual(report.verdict && outcome(report.verdict), ['none', 'none']);
});

test('without a solver the rest is still found', async () => {
  const { findings: found, solved } = await lint(rule(head('args.amount < 3', INPUTS)), ENVIRONMENT, null);
  assert.equal(solved, false);
  assert.deepEqual(
    found.map(({ code }) => code),
    ['unused-input', 'untested', 'untested'],
  );
});
