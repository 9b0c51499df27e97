import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULTS, Fault, type FaultName } from '../base/fault.ts';
import { EXIT, EXIT_MEANINGS, exitOf, exitOfVerdict } from './exit.ts';
import { faultLine, Output } from './output.ts';

function streams(tty: boolean, env: Record<string, string> = {}, json = false): { out: Output; text: () => string; errors: () => string } {
  let text = '';
  let errors = '';
  const stdout = { isTTY: tty, columns: 80, write: (piece: string) => (text += piece) };
  const stderr = { isTTY: tty, columns: 80, write: (piece: string) => (errors += piece) };
  return { out: new Output({ stdout, stderr, env }, json), text: () => text, errors: () => errors };
}

test('colours only for a terminal that wants them', () => {
  assert.equal(streams(true).out.paint('red', 'x'), '\x1b[31mx\x1b[0m');
  assert.equal(streams(true).out.verdict('deny', 6), '\x1b[31mDENY  \x1b[0m');
  assert.equal(streams(false).out.paint('red', 'x'), 'x');
  assert.equal(streams(true, { NO_COLOR: '1' }).out.paint('red', 'x'), 'x');
  assert.equal(streams(true, { NO_COLOR: '' }).out.paint('red', 'x'), '\x1b[31mx\x1b[0m');
  assert.equal(streams(true, { TERM: 'dumb' }).out.paint('red', 'x'), 'x');
  assert.equal(streams(false).out.verdict('allow'), 'allow');
});

test('lines for people, values for programs, never both', () => {
  const people = streams(false);
  people.out.line('a');
  people.out.value({ a: 1 });
  people.out.item({ a: 1 });
  assert.equal(people.text(), 'a\n');
  const program = streams(false, {}, true);
  program.out.line('a');
  program.out.value({ a: 1n });
  assert.deepEqual(JSON.parse(program.text()), { a: 1 });
  const many = streams(false, {}, true);
  many.out.item({ a: 'x\ny' });
  many.out.item({ a: 2 });
  assert.deepEqual(
    many
      .text()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [{ a: 'x\ny' }, { a: 2 }],
  );
});

test('progress stays on the terminal, on stderr, and is taken away', () => {
  const silent = streams(false);
  silent.out.progress(() => assert.fail('not made'));
  assert.equal(silent.errors(), '');
  const shown = streams(true);
  shown.out.progress(() => '5 of 10');
  shown.out.progress(() => assert.fail('too soon'));
  shown.out.line('done');
  assert.equal(shown.errors(), '\r\x1b[K5 of 10\r\x1b[K');
  assert.equal(shown.text(), 'done\n');
});

test('a fault is one line: code, sentence, next step', () => {
  assert.equal(faultLine(new Fault('session_unknown')), 'AVA-4020 No session has this id, or it has expired. Open one with POST /v1/sessions.');
  assert.equal(
    faultLine(new Fault('port_in_use', 'port 1 is in use.')),
    'AVA-1001 Port 1 is in use. Stop the other process, or choose another port with --port.',
  );
  assert.equal(faultLine(new Fault('usage', 'no `lgo`; `log`?')), 'AVA-1006 No `lgo`; `log`? See `avactl help`.');
  assert.equal(faultLine(new Fault('rule_type', '/x/Y.yaml:3:1 bad\n\x1b[2Jtext')).split('\n').length, 1);
  for (const slug of Object.keys(FAULTS) as FaultName[]) assert.match(faultLine(new Fault(slug)), /^AVA-\d{4} [A-Z].*[.?!]$/);
  const { out, errors, text } = streams(false, {}, true);
  out.fault(new Fault('config', 'x', { path: '/y' }));
  assert.deepEqual(JSON.parse(errors()), { code: 'AVA-1007', fault: 'config', detail: 'x', next: 'correct the named setting', path: '/y' });
  assert.equal(text(), '');
});

test('every fault has an exit code of the table; none is 0, 2 or a verdict', () => {
  const known = new Set(EXIT_MEANINGS.map(([code]) => code));
  for (const slug of Object.keys(FAULTS) as FaultName[]) {
    const code = exitOf(new Fault(slug));
    assert.ok(known.has(code) && code !== EXIT.ok && code !== EXIT.deny && code !== EXIT.escalate, `${slug} ${code}`);
  }
  const table: readonly (readonly [FaultName, number])[] = [
    ['unreachable', 5],
    ['usage', 64],
    ['config', 78],
    ['data_locked', 78],
    ['data_version', 78],
    ['port_in_use', 78],
    ['node_too_old', 78],
    ['genesis_malformed', 78],
    ['internal', 1],
    ['rule_type', 65],
    ['rule_unknown', 1],
    ['map_yaml', 65],
    ['request_json', 64],
    ['request_too_large', 64],
    ['session_unknown', 1],
    ['receipt_unknown', 1],
    ['permit_used', 9],
    ['permit_expired', 9],
    ['host_refused', 6],
    ['overloaded', 1],
    ['disk_failed', 1],
    ['ledger_corrupt', 7],
    ['ledger_behind', 7],
    ['verify_failed', 7],
    ['bundle_malformed', 7],
  ];
  for (const [slug, code] of table) assert.equal(exitOf(new Fault(slug)), code, slug);
  assert.deepEqual((['allow', 'deny', 'escalate'] as const).map(exitOfVerdict), [0, 3, 4]);
});
