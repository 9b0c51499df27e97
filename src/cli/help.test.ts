import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { cliPage, commandHelp, groupHelp, overview } from './help.ts';
import { COMMANDS } from './table.ts';

test('docs/cli.md is what the table says', () => {
  const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
  assert.equal(page, cliPage(COMMANDS), 'write it anew: node src/cli/main.ts help --markdown > docs/cli.md');
});

test('help names every command, flag, default and example', () => {
  const all = overview(COMMANDS, '1');
  for (const command of COMMANDS) {
    const [group, word] = command.name.split(' ');
    const line = all.split('\n').find((one) => one.startsWith(`  ${command.name} `) || one.startsWith(`  ${group} …`)) ?? '';
    assert.ok(line !== '' && (line.startsWith(`  ${command.name} `) || line.includes(word)), command.name);
    const help = commandHelp(command);
    for (const { name, default: value } of command.flags)
      assert.ok(help.includes(`--${name}`) && ((value ?? '') === '' || help.includes(`(default ${value})`)), `${command.name} --${name}`);
    for (const { line } of command.examples) assert.ok(help.includes(line));
    assert.doesNotMatch(help, /undefined| $/m);
  }
});

test('a large group is one line of the overview, and has help of its own', () => {
  const all = overview(COMMANDS, '1');
  assert.ok(all.split('\n').length < 38, 'the first screen is short');
  assert.equal(all.match(/^ {2}rules/gm)?.length, 1);
  for (const { name, summary } of COMMANDS.filter((one) => one.name.startsWith('rules ')))
    assert.ok(groupHelp('rules', COMMANDS).includes(`${name} `) && groupHelp('rules', COMMANDS).includes(summary));
});
