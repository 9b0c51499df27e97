/** `avactl`: finds the command, runs it, and ends with its exit code. A fault is one line with code, sentence and next step. */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Fault } from '../base/fault.ts';
import { caretIn } from './caret.ts';
import { Call } from './command.ts';
import { EXIT, exitOf } from './exit.ts';
import { commandHelp, overview } from './help.ts';
import { Output, type OutputParts } from './output.ts';
import { parseCommand } from './parse.ts';
import { COMMANDS } from './table.ts';
import { VERSION } from './version.ts';

/** Runs one command line; returns the exit code. Throws nothing. */
export async function run(args: readonly string[], parts: OutputParts, signal: AbortSignal): Promise<number> {
  // Known before parsing, so that a fault of parsing comes as JSON too.
  const out = new Output(parts, args.includes('--json'));
  try {
    const { command, values, operands } = parseCommand(args, COMMANDS);
    if (command === null) {
      out.raw(`${values.has('version') ? VERSION : overview(COMMANDS, VERSION)}\n`);
      return EXIT.ok;
    }
    if (values.has('help')) {
      out.raw(`${commandHelp(command)}\n`);
      return EXIT.ok;
    }
    return await command.run(new Call(command, values, operands, out, signal));
  } catch (error) {
    if (signal.aborted && error === signal.reason) return EXIT.fault;
    const fault = error instanceof Fault ? error : new Fault('internal', error instanceof Error ? error.message : String(error));
    out.fault(fault);
    const { path, line, column } = fault.context;
    if (!out.json && typeof path === 'string' && typeof line === 'number' && typeof column === 'number')
      for (const text of caretIn(path, line, column)) out.note(text);
    if (fault.slug === 'internal' && error instanceof Error && parts.env.AVA_DEBUG !== undefined) out.note(error.stack ?? '');
    return exitOf(fault);
  }
}

/** The whole program: what bin/avactl.mjs calls. Resolves with the exit code. */
export function main(args: readonly string[]): Promise<number> {
  const ending = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => ending.abort());
  // A reader that has seen enough, such as `head`, is no fault: what runs ends in order.
  let unread = false;
  const stop = (): void => {
    unread = true;
    ending.abort();
  };
  for (const stream of [process.stdout, process.stderr]) stream.on('error', stop);
  return run(args, process, ending.signal).then((code) => (unread ? EXIT.ok : code));
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) process.exitCode = await main(process.argv.slice(2));
