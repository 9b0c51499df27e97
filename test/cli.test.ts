/** avactl end to end: the real program, a real node in the background, real files. */
import assert from 'node:assert/strict';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { avactl, here, type Ran, start, stranger } from './real/avactl.ts';

const scratch = mkdtempSync(join(tmpdir(), 'ava-cli-'));
const data = join(scratch, 'data');
const on = ['--data', data];
const KEY_ARGS = ['--args', '{"path":"/home/me/.ssh/id_ed25519"}'];

interface Decided {
  readonly verdict: string;
  readonly receipt: string;
  readonly session: string;
  readonly permit?: string;
  readonly reasons: readonly { readonly rule: string }[];
}

/** The JSON on stdout. */
function json<T>({ stdout, stderr }: Ran): T {
  assert.ok(stdout !== '', `nothing on stdout; stderr: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** One line on stderr: code, sentence, next step; under it the line of a file that it names. */
function faultIs({ code, stdout, stderr }: Ran, exit: number, says: RegExp): void {
  assert.equal(code, exit, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, /^AVA-\d{4} [^\n]+[.?!]\n(?: +\d+ │ [^\n]*\n +│ +\^\n)?$/);
  assert.match(stderr, says);
}

let denied: Decided;
let url = '';

before(async () => {
  const ran = await avactl(['up', '--detach', '--port', '0', '--json', ...on]);
  assert.equal(ran.code, 0, ran.stderr);
  const started = json<{ url: string; created: boolean; rules: { floor: number; observed: number }; observed_until_ms: number }>(ran);
  url = started.url;
  assert.ok(started.created && started.rules.floor > 0 && started.rules.observed > 0 && started.observed_until_ms > 0);
  const answer = await avactl(['decide', 'read_text_file', ...KEY_ARGS, '--json', ...on]);
  assert.equal(answer.code, 3);
  denied = json<Decided>(answer);
});

after(async () => {
  await avactl(['down', ...on]);
  rmSync(scratch, { recursive: true, force: true });
});

test('decide: verdict, reasons, exit code; flags or stdin; with or without a session', async () => {
  assert.equal(denied.verdict, 'deny');
  assert.equal(denied.reasons[0].rule, 'floor/credential-files');
  const people = await here(['decide', 'read_text_file', ...KEY_ARGS, ...on]);
  assert.match(people.stdout, /^DENY {2}read_text_file\n {2}DENY floor\/credential-files: .*\n {4}.*\n {2}receipt .*\n {2}avactl explain /);
  const allowed = await avactl(['decide', '-', '--json', ...on], { stdin: '{"action":{"kind":"tool.call","name":"list_allowed_directories","args":{}}}' });
  assert.equal(allowed.code, 0);
  assert.ok(json<Decided>(allowed).permit !== undefined);
  const dry = await here(['decide', 'list_allowed_directories', '--dry-run', '--json', '--session', denied.session, ...on]);
  assert.equal(dry.code, 0);
  assert.equal(json<Decided>(dry).permit, undefined);
  assert.equal(json<Decided>(dry).session, denied.session);
  assert.equal((await here(['decide', 'a_tool_that_nobody_knows', ...on])).code, 4);
});

test('decide: bad input', async () => {
  const table: readonly (readonly [args: readonly string[], exit: number, says: RegExp, stdin?: string])[] = [
    [['decide'], 64, /needs TOOL/],
    [['decide', 'x', '--args', '{'], 64, /AVA-4001 --args is not JSON/],
    [['decide', 'x', '--args', '[1]'], 64, /--args is a JSON object/],
    [['decide', 'x', '--args', '{"a":9007199254740993}'], 64, /AVA-4004 .*9007199254740993 is past 2\^53\. Send a string/],
    [['decide', 'x', '--context', '5'], 64, /--context is a JSON object/],
    [['decide', 'x', '--kind', 'Nonsense Kind'], 64, /AVA-4002/],
    [['decide', 'x', '--session', 'nobody'], 1, /AVA-4020/],
    [['decide', 'x', '--args', JSON.stringify({ a: 'x'.repeat(70_000) })], 64, /AVA-4003/],
    [['decide', '-'], 64, /stdin is not JSON/i, ''],
    [['decide', '-'], 64, /`action` is missing/, '{"tool":"x"}'],
    [['decide', '-'], 64, /AVA-4002 .*permits/, '{"permits":true,"action":{"kind":"tool.call","name":"x","args":{}}}'],
  ];
  for (const [args, exit, says, stdin] of table)
    faultIs(stdin === undefined ? await here([...args, ...on]) : await avactl([...args, ...on], { stdin }), exit, says);
  const ran = await here(['decide', 'x', '--session', 'nobody', '--json', ...on]);
  assert.deepEqual(Object.keys(JSON.parse(ran.stderr) as object).slice(0, 4), ['code', 'fault', 'detail', 'next']);
});

test('log: columns, what was asked, the rule; JSON is a line an event', async () => {
  const { code, stdout } = await here(['log', ...on]);
  assert.equal(code, 0);
  assert.match(stdout, /^\d\d:\d\d:\d\d DENY {6}read_text_file +\/home\/me\/\.ssh\/id_ed25519 +floor\/credential-files +\d+\.\d+\.[0-9a-f]{12}$/m);
  const events = (await here(['log', '--json', '-a', '-n', '1000', ...on])).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string });
  assert.ok(events.some(({ type }) => type === 'session') && events.some(({ type }) => type === 'decision'));
  assert.equal((await here(['log', '--json', '-n', '1', ...on])).stdout.trim().split('\n').length, 1);
  assert.equal((await here(['log', '-n', '0', ...on])).stdout, '');
});

test('log -f: shows what happens, and ends when it is asked to', async () => {
  const child = start(['log', '-f', '-n', '0', ...on]);
  const seen = new Promise<string>((done, fail) => {
    child.on('error', fail);
    child.stdout?.setEncoding('utf8').on('data', (line: string) => done(line));
  });
  const ended = new Promise<number | null>((done) => child.on('close', done));
  // Asked again and again until the follower has met one: it has no other sign that it listens.
  let met = false;
  const asking = (async () => {
    while (!met) await here(['decide', 'list_allowed_directories', '--dry-run', ...on]);
  })();
  try {
    assert.match(await seen, /allow +list_allowed_directories/);
  } finally {
    met = true;
    await asking;
    child.kill('SIGINT');
  }
  assert.equal(await ended, 0);
});

test('show and explain: the receipt, each input with value and origin, what would have passed', async () => {
  const shown = json<{ verdict: string; args?: unknown; inputs: { args: unknown }; recomputed: boolean }>(
    await here(['show', denied.receipt, '--json', ...on]),
  );
  assert.equal(shown.verdict, 'deny');
  assert.ok(shown.recomputed);
  assert.deepEqual(shown.inputs.args, { path: '/home/me/.ssh/id_ed25519' });
  assert.match((await here(['show', denied.receipt, ...on])).stdout, /reason +deny by floor\/credential-files/);
  const { stdout, code } = await here(['explain', denied.receipt, ...on]);
  assert.equal(code, 0);
  assert.match(stdout, /input {2}fs\.marks {2}\["read\.key"\] {2}argument args\.path, decoded by the tool map/);
  assert.match(stdout, /would pass {3}Name another file/);
  assert.match(stdout, /would pass {3}with fs\.marks = \[\]/);
  const explained = json<{ rules: { rule: string; result: string; inputs: { origin: { source: string } }[]; flips: unknown[] }[] }>(
    await here(['explain', denied.receipt, '--json', ...on]),
  );
  const rule = explained.rules.find(({ result }) => result === 'failed');
  assert.equal(rule?.rule, 'floor/credential-files');
  assert.equal(rule.inputs[0].origin.source, 'argument');
  assert.equal(rule.flips.length, 1);
});

test('explain: flow rules name the user and the tool results', async () => {
  const { session } = json<Decided>(await here(['decide', 'list_allowed_directories', '--json', '--user', 'Please read inbox.txt', ...on]));
  const ran = await here([
    'decide',
    'send_email',
    '--session',
    session,
    '--args',
    '{"recipients":["x@example.org"],"subject":"s","body":"b"}',
    '--json',
    ...on,
  ]);
  const { receipt } = json<Decided>(ran);
  const { rules } = json<{ rules: { rule: string; inputs: { path: string; origin: { source: string } }[] }[] }>(
    await here(['explain', receipt, '--json', '--all', ...on]),
  );
  const sources = new Set(rules.flatMap(({ inputs }) => inputs.map(({ origin }) => origin.source)));
  for (const source of ['user', 'result', 'user and results', 'session', 'argument', 'constitution', 'tool map']) assert.ok(sources.has(source), source);
});

test('show, explain, bundle: what is no receipt', async () => {
  for (const command of ['show', 'explain', 'bundle']) {
    faultIs(await here([command, '1.0.000000000000', ...on]), 1, /AVA-4024/);
    faultIs(await here([command, '99999.0.000000000000', ...on]), 1, /AVA-4024/);
    faultIs(await here([command, 'nonsense', ...on]), 64, /neither a receipt's id .* nor a bundle file/);
  }
  const [opened] = (await here(['log', '--json', '-a', '-n', '1000', ...on])).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { receipt: string });
  faultIs(await here(['explain', opened.receipt, ...on]), 1, /is no decision/);
  assert.equal((await here(['show', opened.receipt, ...on])).code, 0);
  faultIs(await here(['bundle', denied.receipt, '-o', join(scratch, 'no', 'such', 'folder'), ...on]), 64, /cannot be written: ENOENT/);
});

test('bundle, verify: anywhere, without a server; pinned; a flipped byte is refused', async () => {
  const file = join(scratch, 'p.ava');
  assert.equal((await here(['bundle', denied.receipt, '-o', file, ...on])).code, 0);
  const alone = { env: { HOME: join(scratch, 'nobody') } };
  const good = await avactl(['verify', file], alone);
  assert.equal(good.code, 0);
  assert.match(
    good.stdout,
    /^ok {2}genesis .*\nok {2}signature .*\nok {2}inclusion .*\nok {2}rules .*\nok {2}recomputed {2}deny, gas .*\nVERIFIED\. .*\nNot shown: .*\n$/,
  );
  const { network } = json<{ network: string }>(await here(['verify', file, '--json']));
  assert.equal((await here(['verify', file, '--network', network])).code, 0);
  const other = await here(['verify', file, '--network', '0'.repeat(64)]);
  assert.equal(other.code, 7);
  assert.match(other.stdout, /^FAILED\. the bundle is of network /);
  faultIs(await here(['verify', file, '--network', 'xyz']), 64, /64 lower-case hex/);
  faultIs(await here(['verify', join(scratch, 'none')]), 64, /no file or folder/);
  assert.equal((await here(['explain', file])).code, 0);
  const bytes = readFileSync(file);
  for (const at of [0, 40, bytes.length >> 1, bytes.length - 40, bytes.length - 1]) {
    const copy = Buffer.from(bytes);
    copy[at] ^= 1;
    writeFileSync(`${file}.bad`, copy);
    const bad = await here(['verify', `${file}.bad`, '--json']);
    assert.equal(bad.code, 7, `byte ${at}`);
    assert.equal(json<{ verified: boolean }>(bad).verified, false);
  }
  for (const [name, content] of [
    ['empty', ''],
    ['text', 'hello'],
    ['cut', bytes.subarray(0, 900)],
  ] as const) {
    writeFileSync(join(scratch, name), content);
    assert.equal((await here(['verify', join(scratch, name)])).code, 7, name);
  }
});

test('verify a ledger: while its node runs, a copy, a flipped byte, and what is none', async () => {
  const live = await here(['verify', data]);
  assert.equal(live.code, 0, live.stdout);
  assert.match(live.stdout, /^VERIFIED\. /m);
  const copy = join(scratch, 'copy');
  mkdirSync(join(copy, 'log'), { recursive: true });
  for (const name of ['version', 'genesis.cbor']) copyFileSync(join(data, name), join(copy, name));
  for (const name of readdirSync(join(data, 'log'))) copyFileSync(join(data, 'log', name), join(copy, 'log', name));
  const [segment] = readdirSync(join(copy, 'log'));
  assert.equal(json<{ verified: boolean; blocks: number }>(await here(['verify', copy, '--json'])).verified, true);
  const bytes = readFileSync(join(copy, 'log', segment));
  const at = bytes.indexOf('read_text_file');
  assert.ok(at > 0);
  bytes[at] ^= 1;
  writeFileSync(join(copy, 'log', segment), bytes);
  const bad = await here(['verify', copy]);
  assert.equal(bad.code, 7);
  assert.match(bad.stdout, /^FAILED\. block \d+: /);
  mkdirSync(join(scratch, 'foreign'));
  writeFileSync(join(scratch, 'foreign', 'x'), '');
  faultIs(await here(['verify', join(scratch, 'foreign')]), 78, /AVA-1003/);
  faultIs(await here(['verify', join(scratch)]), 78, /AVA-1003/);
});

test('a second node on the folder, a port in use, a foreign folder, a constitution that does not compile: one line, nothing written', async () => {
  faultIs(await avactl(['up', '--port', '0', ...on]), 78, /AVA-1002 .* is in use by process \d+/);
  const fresh = join(scratch, 'fresh');
  const { port, server } = await stranger();
  faultIs(await avactl(['up', '--port', String(port), '--data', fresh]), 78, /AVA-1001 Port \d+ is in use/);
  faultIs(await here(['status', '--port', String(port)]), 5, /AVA-1005 .*status 418 is no node/);
  server.close();
  faultIs(await avactl(['up', '--port', '0', '--data', join(scratch, 'foreign')]), 78, /AVA-1003 .* is no data folder/);
  assert.deepEqual(readdirSync(join(scratch, 'foreign')), ['x']);
  faultIs(await avactl(['up', '--port', '70000', '--data', fresh]), 64, /--port is a whole number from 0 to 65535/);
  assert.ok(!existsSync(fresh));
  faultIs(await avactl(['up', '--detach', '--port', '0', ...on]), 78, /AVA-1002/);
  const law = join(scratch, 'law');
  cpSync(join(import.meta.dirname, '../constitutions/peers'), law, { recursive: true });
  const [rule] = readdirSync(join(law, 'rules')).sort();
  writeFileSync(join(law, 'rules', rule), 'rule: a/b\ntitle: t\nscope: all\njudge: money.amout == 1\n');
  faultIs(await avactl(['up', '--port', '0', '--data', join(scratch, 'fresh2'), '--constitution', law]), 65, /AVA-20\d\d .*:4:\d+ .*`money\.amount`\?/);
  const unknown = (law: string): Promise<Ran> => avactl(['up', '--port', '0', '--data', join(scratch, 'fresh2'), '--constitution', law]);
  faultIs(await unknown('startr'), 78, /^AVA-1007 No constitution that comes with AVA is called `startr`; `starter`\?/);
  faultIs(await unknown(join(scratch, 'nowhere')), 78, /^AVA-1007 [^ ]*constitution\.yaml: the file cannot be read \(ENOENT\)/);
});

test('npm runs it from the package: files are where it was called', async () => {
  const folder = join(scratch, 'elsewhere');
  mkdirSync(folder);
  const made = await avactl(['rules', 'new', 'pay/limit'], { env: { npm_lifecycle_event: 'avactl', INIT_CWD: folder } });
  assert.deepEqual([made.code, readdirSync(folder)], [0, ['limit']], made.stderr);
});

test('status, rules, doctor', async () => {
  const status = json<{ status: string; url: string; data: string; law: { name: string } }>(await here(['status', '--json', ...on]));
  assert.deepEqual([status.status, status.url, status.data, status.law.name], ['ok', url, data, 'starter']);
  assert.match((await here(['status', ...on])).stdout, /^Working\. AVA /);
  const { rules } = json<{ rules: { rule: string }[] }>(await here(['rules', 'list', '--json', ...on]));
  assert.ok(rules.length >= 10);
  assert.match((await here(['rules', 'show', rules[0].rule, ...on])).stdout, /judge/);
  faultIs(await here(['rules', 'show', 'money/cal', ...on]), 1, /no rule is called `money\/cal`; `money\/call`\?/i);
  const doctor = await avactl(['doctor', '--json', ...on], { env: { HOME: join(scratch, 'nobody'), SOME_API_KEY: 'sk-never-shown' } });
  const { findings } = json<{ findings: { check: string; state: string; detail: string }[] }>(doctor);
  for (const check of ['Node', 'data folder', 'lock', 'key file', 'disk', 'fsync', 'port', 'constitution', 'clock', 'past AVA'])
    assert.ok(
      findings.some((finding) => finding.check === check),
      check,
    );
  assert.ok(findings.some(({ detail }) => detail.includes('SOME_API_KEY')) && !doctor.stdout.includes('sk-never-shown'));
  assert.equal(findings.filter(({ check }) => check === 'constitution').length, 1);
  // A folder that has its law: what was named beside it is compiled, too.
  const named = await here(['doctor', '--json', '--constitution', join(scratch, 'none'), ...on]);
  const laws = json<{ findings: { check: string; state: string }[] }>({ ...named, code: 0 }).findings.filter(({ check }) => check === 'constitution');
  assert.deepEqual([named.code, laws.map(({ state }) => state)], [78, ['ok', 'fail']]);
  const sick = await here(['doctor', '--json', '--data', join(scratch, 'foreign'), '--constitution', join(scratch, 'none')]);
  assert.equal(sick.code, 78);
  assert.deepEqual(readdirSync(join(scratch, 'foreign')), ['x']);
});

test('where no node answers', async () => {
  const nobody = ['--data', join(scratch, 'nowhere'), '--port', '1'];
  for (const line of [['status'], ['decide', 'x'], ['log'], ['rules', 'list'], ['show', '1.0.000000000000'], ['explain', '1.0.000000000000']])
    faultIs(await here([...line, ...nobody]), 5, /AVA-1005/);
  faultIs(await avactl(['down', '--data', join(scratch, 'nowhere')]), 5, /no node has/i);
  faultIs(await here(['status', '--url', 'ftp://x']), 64, /--url is an address/);
  assert.ok(!existsSync(join(scratch, 'nowhere')));
});

test('help, version, bad flags; no colours in a pipe or under NO_COLOR', async () => {
  assert.match((await here([])).stdout, /avactl COMMAND/);
  assert.match((await avactl(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  assert.match((await here(['help', 'rules', 'show'])).stdout, /avactl rules show NAME/);
  assert.match((await avactl(['up', '-h'])).stdout, /--detach/);
  faultIs(await here(['statsu']), 64, /no command `statsu`; `status`\?/i);
  faultIs(await avactl(['up', '--prot', '1']), 64, /no flag `--prot`; `--port`\?/);
  for (const env of [{ NO_COLOR: '1' }, { NO_COLOR: '' }]) {
    const { stdout, stderr } = await avactl(['log', ...on], { env });
    assert.doesNotMatch(stdout + stderr, /\x1b/);
  }
});

test('down: stops it, what was answered stays readable, and down again says that nothing runs', async () => {
  const own = join(scratch, 'own');
  assert.equal((await avactl(['up', '-d', '--port', '0', '--data', own])).code, 0);
  const { receipt } = json<Decided>(await here(['decide', 'read_text_file', ...KEY_ARGS, '--json', '--data', own]));
  assert.match((await avactl(['down', '--data', own])).stdout, /^Stopped process \d+/);
  faultIs(await avactl(['down', '--data', own]), 5, /AVA-1005/);
  assert.ok(!existsSync(join(own, 'address')));
  assert.equal((await here(['verify', own])).code, 0);
  assert.equal((await here(['explain', receipt, '--data', own])).code, 0);
  faultIs(await here(['show', '1.0.000000000000', '--data', own]), 1, /AVA-4024/);
  // In the foreground: the same folder, the same ledger, ended by a signal.
  const child = start(['up', '--port', '0', '--data', own]);
  let text = '';
  const ready = new Promise<void>((done) =>
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      if (text.includes('constitution "')) done();
    }),
  );
  const ended = new Promise<number | null>((done) => child.on('close', done));
  await ready;
  assert.equal((await here(['show', receipt, '--data', own])).code, 0);
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
  assert.match(
    text,
    /AVA \d.* http:\/\/127\.0\.0\.1:\d+ .*\ndata folder .*own \(2 blocks.*\)\nconstitution "starter" v1: .*ENFORCED, .*OBSERVED until \d{4}-\d\d-\d\d/,
  );
});

test('up: another constitution than the one that a folder has is said not to be in force', async () => {
  const own = join(scratch, 'kept');
  for (const [asked, ignored] of [
    ['starter', null],
    ['starter', null],
    ['peers', 'peers'],
    [join(scratch, 'nowhere'), join(scratch, 'nowhere')],
  ]) {
    const ran = await avactl(['up', '-d', '--json', '--port', '0', '--data', own, '--constitution', asked ?? '']);
    const { constitution, constitution_ignored } = json<{ constitution: { name: string }; constitution_ignored: string | null }>(ran);
    assert.deepEqual([constitution.name, constitution_ignored], ['starter', ignored]);
    await avactl(['down', '--data', own]);
  }
  assert.match((await avactl(['up', '-d', '--port', '0', '--data', own, '--constitution', 'peers'])).stdout, /\nNOT IN FORCE: --constitution peers /);
  await avactl(['down', '--data', own]);
});

test('a reader that has seen enough ends it in order', async () => {
  const child = start(['demo'], { env: { TMPDIR: scratch } });
  const ended = new Promise<number | null>((done) => child.on('close', done));
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
    stderr += piece;
  });
  child.stdout?.once('data', () => child.stdout?.destroy());
  assert.equal(await ended, 0);
  assert.equal(stderr, '');
  assert.deepEqual(
    readdirSync(scratch).filter((name) => name.startsWith('ava-demo-')),
    [],
  );
});
