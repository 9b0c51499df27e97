/** Imports say what their source says: each makes rules that compile, pass their own tests and lint, and answer probes. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { ENVIRONMENT } from '../law/rule.ts';
import type { Source } from '../rule/input.ts';
import { Random } from '../rule/program-generator.ts';
import { type ImportReport, importRules } from './import.ts';
import { lint } from './lint.ts';
import { readAuthored } from './load.ts';
import { openSolver } from './solver.ts';
import { verdictOf } from './stance.ts';

const solver = await openSolver();
assert.ok(solver !== null, 'z3-solver is not installed');
const root = mkdtempSync(join(tmpdir(), 'ava-import-'));
after(async () => {
  await solver.close();
  rmSync(root, { recursive: true, force: true });
});

let folders = 0;
function write({ files }: ImportReport): string {
  folders += 1;
  const folder = join(root, String(folders));
  for (const { name, text } of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** The rules of an import; that they compile, pass their tests and lint is asserted. */
async function rulesOf(report: ImportReport, proved = true): Promise<(source: Source) => string> {
  const folder = write(report);
  const { findings } = await lint(folder, ENVIRONMENT, proved ? solver : null);
  assert.deepEqual(
    findings.filter(({ severity }) => severity === 'error').map(({ message, file }) => `${file}: ${message}`),
    [],
  );
  const { rules } = readAuthored(folder, ENVIRONMENT);
  assert.ok(rules.every(({ manifest }) => manifest.tests.length > 0));
  return (source) =>
    verdictOf(rules, 'allow', {
      agent: { name: 'a' },
      context: {},
      args: {},
      ...source,
      action: { kind: 'tool.call', name: 'none', ...(source['action'] as object) },
    });
}

const call = (name: string, args: Source = {}, more: Source = {}): Source => ({ action: { name }, args, ...more });
const because = (parts: ImportReport['refused']): readonly string[] => parts.map(({ text, why }) => `${text}: ${why}`);

test('Claude Code permissions: deny before ask before allow, reading free', async () => {
  const settings = {
    permissions: {
      allow: ['Bash(npm run test:*)', 'Bash(git diff *)', 'Edit(src/**)', 'WebFetch(domain:docs.rs)', 'mcp__github__get_issue', 'mcp__memory'],
      ask: ['Bash(git push:*)', 'Edit(/package.json)'],
      deny: ['Read(./.env)', 'Read(**/*.pem)', 'Bash(rm:*)', 'WebFetch(domain:evil.org)', 'Edit(//etc/**)', 'Write(docs/**)', 'Read(src/[a-z])', 'mcp__*'],
      additionalDirectories: ['../x'],
    },
  };
  const report = importRules('/home/me/project/.claude/settings.json', JSON.stringify(settings), null, ENVIRONMENT);
  assert.equal(report.kind, 'claude');
  assert.deepEqual(
    report.refused.map(({ text }) => text),
    ['deny: Write(docs/**)', 'deny: Read(src/[a-z])', 'deny: mcp__*', 'additionalDirectories'],
  );
  // A dozen patterns over paths and commands: a solver takes its time.
  const verdict = await rulesOf(report, false);
  const cases: readonly (readonly [string, Source])[] = [
    ['allow', call('Read', { file_path: '/home/me/project/a.ts' })],
    ['deny', call('Read', { file_path: '/home/me/project/.env' })],
    ['deny', call('Grep', { path: '/x/y.pem' })],
    ['allow', call('Bash', { command: 'npm run test' })],
    ['allow', call('Bash', { command: 'npm run test --watch' })],
    ['escalate', call('Bash', { command: 'npm run testing' })],
    ['escalate', call('Bash', { command: 'npm run test && curl evil.org' })],
    ['deny', call('Bash', { command: 'npm run test; rm -rf /' })],
    ['deny', call('Bash', { command: 'rm' })],
    ['escalate', call('Bash', { command: 'rmdir x' })],
    ['escalate', call('Bash', { command: 'git push origin' })],
    ['escalate', call('Bash', { command: 'ls' })],
    ['allow', call('Edit', { file_path: '/home/me/project/src/a/b.ts' })],
    ['escalate', call('Edit', { file_path: '/home/me/project/package.json' })],
    ['deny', call('Write', { file_path: '/etc/passwd' })],
    ['allow', call('WebFetch', { url: 'https://docs.rs/x' })],
    ['escalate', call('WebFetch', { url: 'https://docs.rs.evil.com/x' })],
    ['escalate', call('WebFetch', { url: 'https://docs.rs:x@evil.com/' })],
    ['deny', call('WebFetch', { url: 'https://EVIL.org:8080/x' })],
    ['deny', call('WebFetch', { url: 'http://me@evil.org/' })],
    ['allow', call('mcp__github__get_issue')],
    ['allow', { action: { name: 'get_issue', server: 'github' } }],
    ['escalate', { action: { name: 'get_issue', server: 'gitlab' } }],
    ['allow', { action: { name: 'anything', server: 'memory' } }],
  ];
  for (const [expected, source] of cases) assert.equal(verdict(source), expected, JSON.stringify(source));
});

test('patterns of commands with stars within', async () => {
  const report = importRules(
    '/p/.claude/settings.json',
    JSON.stringify({ permissions: { deny: ['Bash(git * main --force*)'], defaultMode: 'bypassPermissions' } }),
    null,
    ENVIRONMENT,
  );
  const verdict = await rulesOf(report, false);
  assert.equal(verdict(call('Bash', { command: 'git push origin main --force-with-lease' })), 'deny');
  assert.equal(verdict(call('Bash', { command: 'git push origin dev' })), 'allow');
});

test('.mcp.json: known servers, and what is loose in them', async () => {
  const file = {
    mcpServers: {
      fs: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem', '.'] },
      exact: { command: 'npx', args: ['server-memory@1.2.3'] },
      web: { type: 'http', url: 'http://example.org/mcp', headers: { Authorization: 'Bearer x' } },
    },
  };
  const report = importRules('.mcp.json', JSON.stringify(file), null, ENVIRONMENT);
  assert.deepEqual(
    report.changed.map(({ text }) => text),
    ['fs', 'web', 'web'],
  );
  assert.ok(!JSON.stringify(report).includes('Bearer'));
  const verdict = await rulesOf(report);
  assert.deepEqual(
    ['fs', 'web', 'other'].map((server) => verdict({ action: { server } })),
    ['allow', 'allow', 'deny'],
  );
  assert.equal(verdict({}), 'allow');
});

test('agent-governance-toolkit: both forms, the first match by priority', async () => {
  const documents = importRules(
    'policy.yaml',
    `version: "1.0"
name: My Policy
rules:
  - { name: no-mail, condition: { field: tool_name, operator: in, value: [send_email, send_mail] }, action: block, priority: 90 }
  - { name: admins, condition: { field: args.to, operator: eq, value: "admin@x.org" }, action: allow, priority: 95 }
  - { name: tokens, condition: { field: token_count, operator: gt, value: 4096 }, action: deny }
  - { name: pattern, condition: { field: tool_name, operator: matches, value: "^exec_" }, action: deny }
defaults: { action: allow }
`,
    null,
    ENVIRONMENT,
  );
  assert.deepEqual(because(documents.refused).length, 1);
  const verdict = await rulesOf(documents);
  assert.equal(verdict(call('send_mail', { to: 'x@y' })), 'deny');
  assert.equal(verdict(call('send_mail', { to: 'admin@x.org' })), 'allow');
  assert.equal(verdict(call('read', {}, { context: { token_count: 4097 } })), 'deny');
  assert.equal(verdict(call('read', {}, { context: { token_count: 4096 } })), 'allow');
});

test('agent-governance-toolkit: random expressions answer as its own engine reads them', async () => {
  const seed = Number(process.env['AVA_SEED'] ?? 7);
  const random = new Random(seed);
  const TOOLS = ['pay', 'mail', 'read'];
  const term = (): string =>
    random.pick([
      `tool == '${random.pick(TOOLS)}'`,
      `tool != '${random.pick(TOOLS)}'`,
      `tool in ['${random.pick(TOOLS)}', '${random.pick(TOOLS)}']`,
      `tool not in ['${random.pick(TOOLS)}']`,
      `facts.n ${random.pick(['<', '<=', '>', '>=', '==', '!='])} ${random.below(4)}`,
      'facts.secret',
      'facts.secret == false',
    ]);
  const expression = (): string => Array.from({ length: 1 + random.below(3) }, term).join(random.pick([' and ', ' or ']));
  /** As the source's engine evaluates it. */
  const meets = (text: string, facts: Readonly<Record<string, unknown>>, tool: string): boolean => {
    if (text.includes(' or ')) return text.split(' or ').some((part) => meets(part, facts, tool));
    if (text.includes(' and ')) return text.split(' and ').every((part) => meets(part, facts, tool));
    const [, path, operator, value] = /^(\S+)(?: (not in|\S+) (.*))?$/.exec(text) as RegExpExecArray;
    const got = path === 'tool' ? tool : facts[path.slice(6)];
    if (operator === undefined) return Boolean(got);
    if (operator === 'in' || operator === 'not in') return (operator === 'in') === value.includes(`'${String(got)}'`);
    if (value.startsWith("'")) return (operator === '==') === (got === value.slice(1, -1));
    if (value === 'false') return got === false;
    const [a, b] = [Number(got), Number(value)];
    return { '<': a < b, '<=': a <= b, '>': a > b, '>=': a >= b, '==': a === b, '!=': a !== b }[operator] === true;
  };
  for (let n = 0; n < 40; n++) {
    const rules = Array.from({ length: 1 + random.below(4) }, (_, i) => ({
      name: `r${i}`,
      ruleAction: random.pick(['allow', 'deny', 'require_approval']),
      condition: expression(),
      priority: random.below(3),
    }));
    const fallback = random.pick(['allow', 'deny']);
    const report = importRules(
      'p.json',
      JSON.stringify({ apiVersion: 'governance.toolkit/v1', name: 'random', default_action: fallback, rules }),
      'agt',
      ENVIRONMENT,
    );
    if (report.files.length === 0) continue;
    const authored = readAuthored(write(report), ENVIRONMENT);
    assert.deepEqual([authored.findings, report.refused], [[], []], JSON.stringify(rules));
    const sorted = [...rules].sort((a, b) => b.priority - a.priority);
    for (let k = 0; k < 20; k++) {
      const tool = random.pick(TOOLS);
      const facts = { ...(random.chance(70) && { n: random.below(5) }), ...(random.chance(70) && { secret: random.chance(50) }) };
      const outcome = sorted.find(({ condition }) => meets(condition, facts, tool))?.ruleAction ?? fallback;
      const source: Source = { action: { kind: 'tool.call', name: tool }, context: { facts } };
      assert.equal(
        verdictOf(authored.rules, 'allow', source),
        outcome === 'require_approval' ? 'escalate' : outcome,
        `seed ${seed}: ${JSON.stringify({ rules, fallback, tool, facts })}`,
      );
    }
  }
});

test('Cedar: what needs no entities is translated, the rest is named with its place', async () => {
  const source = `// who may what
@id("view") permit(principal == User::"alice", action in [Action::"view", Action::"list"], resource);
permit(principal, action == Action::"pay", resource == Account::"a1")
  when { context.amount <= 1000 && context.currency == "EUR" }
  unless { context has frozen && context.frozen };
forbid(principal, action, resource) when { context.tags.contains("secret") };
permit(principal, action == Action::"get", resource) when { context.name like "img*.png" || ["a", "b"].contains(context.name) };
forbid(principal in Group::"guests", action, resource);
permit(principal, action, resource) when { resource.owner == principal };
permit(principal, action, resource) when { context.a == context.b };
permit(principal, action, resource) when { ip("1.2.3.4").isLoopback() };
`;
  const report = importRules('p.cedar', source, null, ENVIRONMENT);
  assert.deepEqual(
    because(report.refused).map((text) => /: (\d+:\d+ .*)$/.exec(text)?.[1].slice(0, 28)),
    ['8:1 `principal in`: rules kn', '9:52 attributes of `resource', '10:54 `==` of two attributes', '11:57 `isLoopback` of someth'],
  );
  assert.match(because(report.refused)[0], /nothing else stops/);
  const verdict = await rulesOf(report);
  const by = (name: string, agent: string, context: Source): Source => ({ action: { name }, agent: { name: agent }, context });
  assert.equal(verdict(by('view', 'alice', {})), 'allow');
  assert.equal(verdict(by('view', 'bob', {})), 'deny');
  assert.equal(verdict(by('view', 'alice', { tags: ['secret'] })), 'deny');
  const pay = { amount: 1000, currency: 'EUR', resource: 'a1' };
  assert.equal(verdict(by('pay', 'x', pay)), 'allow');
  assert.equal(verdict(by('pay', 'x', { ...pay, frozen: true })), 'deny');
  assert.equal(verdict(by('pay', 'x', { ...pay, frozen: false })), 'allow');
  assert.equal(verdict(by('pay', 'x', { ...pay, amount: 1001 })), 'deny');
  assert.equal(verdict(by('get', 'x', { name: 'img1.png' })), 'allow');
  assert.equal(verdict(by('get', 'x', { name: 'b' })), 'allow');
  assert.equal(verdict(by('get', 'x', {})), 'deny');
  assert.throws(() => importRules('p.cedar', 'permit(principal, action resource);', null, ENVIRONMENT), /1:26 `,` expected before `resource`/);
});

test('Rego becomes a guest rule with what it reads', () => {
  const report = importRules(
    'p.rego',
    'package my.policy\n\nallow if { input.action.name == "read"; input.args.path != "/etc"; not input.user.admin }\n',
    null,
    ENVIRONMENT,
  );
  const yaml = report.files.find(({ name }) => name.endsWith('rule.yaml'))?.text ?? '';
  assert.match(yaml, /uses: \[action\.name\]/);
  assert.match(yaml, /"args\.path": "string\(1024\)"/);
  assert.match(yaml, /abi: opa/);
  assert.deepEqual(
    report.refused.map(({ text, line }) => [text, line]),
    [['input.user.admin', 3]],
  );
});

test('what is no such file is said', () => {
  assert.throws(() => importRules('x.json', '{"a":1}', null, ENVIRONMENT), /neither permissions, mcpServers nor rules/);
  assert.throws(() => importRules('x.json', '{}', 'cedarr', ENVIRONMENT), /`cedar`\?/);
  assert.throws(() => importRules('x.yaml', ': :\n - [', null, ENVIRONMENT), /cannot be read/);
});
