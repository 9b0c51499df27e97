import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../base/fault.ts';
import { Call } from './command.ts';
import { Output } from './output.ts';
import { parseCommand } from './parse.ts';
import { COMMANDS } from './table.ts';

const SILENT = { stdout: { write: () => true }, stderr: { write: () => true }, env: {} };

function parsed(line: string): { name: string | null; call: Call | null } {
  const { command, values, operands } = parseCommand(
    line.split(' ').filter((word) => word !== ''),
    COMMANDS,
  );
  return {
    name: command?.name ?? null,
    call: command === null ? null : new Call(command, values, operands, new Output(SILENT, false), new AbortController().signal),
  };
}

test('commands, groups, flags, operands', () => {
  const table: readonly (readonly [line: string, name: string | null, check?: (call: Call) => boolean])[] = [
    ['', null],
    ['--help', null],
    ['--version', null],
    ['up', 'up', (call) => call.text('port') === '4100' && call.text('data') === '~/.ava' && !call.given('port')],
    ['up -d --port=0', 'up', (call) => call.given('detach') && call.count('port', 0, 9) === 0 && call.given('port')],
    ['rules list', 'rules list'],
    ['rules show a/b --json', 'rules show', (call) => call.operands[0] === 'a/b'],
    ['trace a b --decisions out', 'trace', (call) => call.operands.length === 2 && call.text('decisions') === 'out'],
    ['decide -', 'decide', (call) => call.operands[0] === '-'],
    ['decide --args={"a":-1} x', 'decide', (call) => call.text('args') === '{"a":-1}' && call.operands[0] === 'x'],
    ['log -fn 5', 'log', (call) => call.given('follow') && call.text('lines') === '5'],
    ['show --help', 'show', (call) => call.operands.length === 0],
    ['verify -- -odd', 'verify', (call) => call.operands[0] === '-odd'],
    ['help rules show', 'help', (call) => call.operands.length === 2],
  ];
  for (const [line, name, check] of table) {
    const got = parsed(line);
    assert.equal(got.name, name, line);
    assert.ok(check === undefined || (got.call !== null && check(got.call)), line);
  }
});

test('what is not understood is a usage fault that names what was meant', () => {
  const table: readonly (readonly [line: string, says: RegExp])[] = [
    ['lgo', /no command `lgo`; `log`\?/],
    ['frobnicate', /no command `frobnicate`$/],
    ['rules', /`rules` needs one of list, show/],
    ['rules lits', /no command `rules lits`; `list`\?/],
    ['up --detahc', /`up` has no flag `--detahc`; `--detach`\?/],
    ['up -x', /`up` has no flag `-x`/],
    ['up --port', /--port needs a value \(PORT\)/],
    ['up --port --detach', /--port needs a value/],
    ['up --port 1 --port 2', /--port is given twice/],
    ['up --detach=yes', /--detach takes no value/],
    ['up now', /`up` does not take `now`/],
    ['show', /`show` needs RECEIPT/],
    ['show a b', /does not take `b`/],
    ['trace', /`trace` needs FILE/],
    ['--json up', /name the command first/],
    ['--dataa x', /avactl has no flag `--dataa`/],
  ];
  for (const [line, says] of table)
    assert.throws(
      () => parsed(line),
      (error) => error instanceof Fault && error.slug === 'usage' && says.test(error.message),
      line,
    );
});

test('whole numbers within bounds', () => {
  for (const text of ['-1', '70000', '1.5', '0x10', '', 'abc', '1e3', ' 1', '99999999999999999999']) {
    const { command, operands } = parseCommand(['up'], COMMANDS);
    assert.ok(command !== null);
    const call = new Call(command, new Map([['port', [text]]]), operands, new Output(SILENT, false), new AbortController().signal);
    assert.throws(
      () => call.count('port', 0, 65_535),
      (error) => error instanceof Fault && error.slug === 'usage',
      text,
    );
  }
});

test('the table: every command, flag and operand is described, names are unique, examples parse', () => {
  assert.equal(new Set(COMMANDS.map(({ name }) => name)).size, COMMANDS.length);
  for (const { name, summary, flags, operands, examples } of COMMANDS) {
    assert.ok(summary.length > 10 && !summary.endsWith('.'), name);
    assert.equal(
      new Set(flags.flatMap((flag) => [flag.name, ...(flag.short === undefined ? [] : [flag.short])])).size,
      flags.length + flags.filter(({ short }) => short !== undefined).length,
      name,
    );
    for (const { description } of [...flags, ...operands]) assert.ok(description.length > 5, name);
    const many = operands.findIndex(({ count }) => count !== 'one');
    assert.ok(many < 0 || operands.slice(many).every(({ count }) => count !== 'one'), `${name}: what may be missing comes last`);
    for (const { line } of examples) {
      const words = line.replace(/^.*avactl /, '').match(/'[^']*'|\S+/g) ?? [];
      assert.equal(
        parseCommand(
          words.map((word) => word.replaceAll("'", '')),
          COMMANDS,
        ).command?.name,
        name,
        line,
      );
    }
  }
});
