import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { cliPage, commandHelp, overview } from './help.ts';
import { COMMANDS } from './table.ts';

test('docs/cli.md is what the table says', () => {
  const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
  assert.equal(page, cliPage(COMMANDS), 'write it anew: node src/cli/main.ts help --markdown > docs/cli.md');
});

test('help names every command, flag, default and example', () => {
  const all = overview(COMMANDS, '1');
  for (const command of COMMANDS) {
    assert.ok(all.includes(`  ${command.name} `), command.name);
    const help = commandHelp(command);
    for (const { name, default: value } of command.flags)
      assert.ok(help.includes(`--${name}`) && (value === undefined || help.includes(`(default ${value})`)), `${command.name} --${name}`);
    for (const { line } of command.examples) assert.ok(help.includes(line));
    assert.doesNotMatch(help, /undefined| $/m);
  }
});
