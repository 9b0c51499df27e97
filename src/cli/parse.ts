/** A command line against the table: which command, its flags and operands, or a fault that names what was meant. */
import { parseArgs } from 'node:util';
import { Fault } from '../base/fault.ts';
import { suggestion } from '../base/nearest.ts';
import type { Command, Flag } from './command.ts';

/** Flags that every command has. */
export const COMMON_FLAGS: readonly Flag[] = [
  { name: 'json', description: 'Prints the result as JSON' },
  { name: 'help', short: 'h', description: 'Shows help' },
];

export interface Parsed {
  /** null: none was named. */
  readonly command: Command | null;
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly operands: readonly string[];
}

/** The words of a command line before the first flag, at most two: the command's name is among them. */
function findCommand(args: readonly string[], commands: readonly Command[]): { command: Command; rest: readonly string[] } | null {
  const [first, second] = args;
  if (first === undefined || (first.startsWith('-') && first !== '-')) return null;
  const single = commands.find(({ name }) => name === first);
  if (single !== undefined) return { command: single, rest: args.slice(1) };
  const group = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length === 0) {
    const names = [...new Set(commands.map(({ name }) => name.split(' ')[0]))];
    throw new Fault('usage', `there is no command \`${first}\`${suggestion(first, names)}`, { command: first });
  }
  const own = group.find(({ name }) => name === `${first} ${second ?? ''}`);
  if (own !== undefined) return { command: own, rest: args.slice(2) };
  const words = group.map(({ name }) => name.slice(first.length + 1));
  if (second === undefined || second.startsWith('-')) throw new Fault('usage', `\`${first}\` needs one of ${words.join(', ')}`, { command: first });
  throw new Fault('usage', `there is no command \`${first} ${second}\`${suggestion(second, words)}`, { command: `${first} ${second}` });
}

/** @throws Fault usage */
export function parseCommand(args: readonly string[], commands: readonly Command[]): Parsed {
  const found = findCommand(args, commands);
  const flags = [...(found?.command.flags ?? [{ name: 'version', description: '' }]), ...COMMON_FLAGS];
  const { values, operands } = readFlags(found?.rest ?? args, flags, found?.command.name ?? '');
  if (found === null) {
    if (operands.length > 0) throw new Fault('usage', `name the command first, then its flags`);
    return { command: null, values, operands };
  }
  if (!values.has('help')) checkOperands(found.command, operands);
  return { command: found.command, values, operands };
}

function readFlags(args: readonly string[], flags: readonly Flag[], command: string): { values: Map<string, string[]>; operands: string[] } {
  const options = Object.fromEntries(
    flags.map((flag) => [
      flag.name,
      { type: flag.value === undefined ? ('boolean' as const) : ('string' as const), ...(flag.short !== undefined && { short: flag.short }), multiple: true },
    ]),
  );
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const values = new Map<string, string[]>();
  const operands: string[] = [];
  const of = command === '' ? 'avactl' : `\`${command}\``;
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = flags.find(({ name }) => name === token.name);
    if (flag === undefined) {
      const shown = token.rawName.startsWith('--')
        ? suggestion(
            token.name,
            flags.map(({ name }) => name),
          ).replace('`', '`--')
        : '';
      throw new Fault('usage', `${of} has no flag \`${token.rawName}\`${shown}`, { flag: token.rawName });
    }
    if (flag.value === undefined) {
      if (token.value !== undefined) throw new Fault('usage', `--${flag.name} takes no value`, { flag: flag.name });
      values.set(flag.name, []);
      continue;
    }
    const { value } = token;
    if (value === undefined || (!token.inlineValue && value.startsWith('-') && value !== '-'))
      throw new Fault('usage', `--${flag.name} needs a value (${flag.value})`, { flag: flag.name });
    const known = values.get(flag.name);
    if (known === undefined) values.set(flag.name, [value]);
    else if (flag.multiple === true) known.push(value);
    else throw new Fault('usage', `--${flag.name} is given twice`, { flag: flag.name });
  }
  return { values, operands };
}

function checkOperands(command: Command, operands: readonly string[]): void {
  const least = command.operands.filter(({ count }) => count === 'one' || count === 'many').length;
  const most = command.operands.some(({ count }) => count === 'many' || count === 'any') ? Number.POSITIVE_INFINITY : command.operands.length;
  if (operands.length < least) {
    const missing = command.operands[operands.length];
    throw new Fault(
      'usage',
      `\`${command.name}\` needs ${missing.name}: ${missing.description.replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase())}`,
      { command: command.name },
    );
  }
  if (operands.length > most) throw new Fault('usage', `\`${command.name}\` does not take \`${operands[most]}\``, { command: command.name });
}
