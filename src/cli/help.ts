/** Help on a terminal and the page docs/cli.md, both from the table. */
import type { Command, Flag, Operand } from './command.ts';
import { EXIT_MEANINGS } from './exit.ts';
import { COMMON_FLAGS } from './parse.ts';
import { columns } from './text.ts';

const operandText = ({ name, count }: Operand): string =>
  count === 'one' ? name : count === 'maybe' ? `[${name}]` : count === 'any' ? `[${name}…]` : `${name}…`;

export function usageOf(command: Command): string {
  return ['avactl', command.name, ...command.operands.map(operandText), ...(command.flags.length > 0 ? ['[flags]'] : [])].join(' ');
}

function flagName(flag: Flag): string {
  const short = flag.short === undefined ? '' : `-${flag.short}, `;
  return `${short}--${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}`;
}

const flagText = (flag: Flag): string =>
  `${flag.description}${flag.default === undefined || flag.default === '' ? '' : ` (default ${flag.default})`}${flag.multiple === true ? '; may be repeated' : ''}`;

/** Help for one command. */
export function commandHelp(command: Command): string {
  const lines = [command.summary, '', `  ${usageOf(command)}`, ''];
  for (const paragraph of command.details) lines.push(paragraph, '');
  const rows = [
    ...command.operands.map((operand) => [operand.name, operand.description]),
    ...[...command.flags, ...COMMON_FLAGS].map((flag) => [flagName(flag), flagText(flag)]),
  ];
  lines.push(...columns(rows).map((row) => `  ${row}`));
  if (command.examples.length > 0) lines.push('', 'Examples', ...command.examples.flatMap(({ line, what }) => [`  ${line}`, `      ${what}`]));
  return lines.join('\n');
}

/** Groups of more commands than this are one line of the overview. */
const GROUP_MAX = 1;

/** The commands of a group: those whose name begins with this word. */
export const groupOf = (word: string, commands: readonly Command[]): readonly Command[] => commands.filter(({ name }) => name.startsWith(`${word} `));

/** A line a command; a large group is one. */
function overviewRows(commands: readonly Command[]): readonly (readonly string[])[] {
  const shown = new Set<string>();
  return commands.flatMap(({ name, summary }) => {
    const [word] = name.split(' ');
    const group = groupOf(word, commands);
    if (group.length <= GROUP_MAX) return [[name, summary]];
    if (shown.has(word)) return [];
    shown.add(word);
    const words = group.map((one) => one.name.slice(word.length + 1));
    return [[`${word} …`, `${words.join(', ')}: see \`avactl help ${word}\``]];
  });
}

/** Help for a group. */
export function groupHelp(word: string, commands: readonly Command[]): string {
  const group = groupOf(word, commands);
  return [
    `  avactl ${word} COMMAND [flags]`,
    '',
    ...columns(group.map(({ name, summary }) => [name, summary])).map((row) => `  ${row}`),
    '',
    `More: \`avactl help ${group[0].name}\`.`,
  ].join('\n');
}

/** Help for all. */
export function overview(commands: readonly Command[], version: string): string {
  return [
    `avactl ${version}: a constitution for AI agents`,
    '',
    '  avactl COMMAND [flags]',
    '',
    ...columns(overviewRows(commands)).map((row) => `  ${row}`),
    '',
    'First steps: `avactl demo`, then `avactl up`. More: `avactl help COMMAND`. Every command knows --json.',
  ].join('\n');
}

/** docs/cli.md */
export function cliPage(commands: readonly Command[]): string {
  const lines = [
    '# avactl',
    '',
    'Made from the table in `src/cli/table.ts`; a test compares. Write it anew with `node src/cli/main.ts help --markdown > docs/cli.md`.',
    '',
  ];
  lines.push(
    'Every command knows `--json` (the result as JSON on stdout, faults as JSON on stderr) and `--help`. Colours are left out where output is no terminal or `NO_COLOR` is set.',
    '',
  );
  lines.push('| exit | meaning |', '|---|---|', ...EXIT_MEANINGS.map(([code, meaning]) => `| ${code} | ${meaning} |`), '');
  for (const command of commands) {
    lines.push(`## ${command.name}`, '', command.summary, '', '```', usageOf(command), '```', '');
    for (const paragraph of command.details) lines.push(paragraph, '');
    const rows = [
      ...command.operands.map(({ name, description }) => [`\`${name}\``, description]),
      ...command.flags.map((flag) => [`\`${flagName(flag)}\``, flagText(flag)]),
    ];
    if (rows.length > 0) lines.push('| | |', '|---|---|', ...rows.map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`), '');
    if (command.examples.length > 0) lines.push(...command.examples.map(({ line, what }) => `- \`${line}\`: ${what}`), '');
  }
  return `${lines.join('\n').trimEnd()}\n`;
}
