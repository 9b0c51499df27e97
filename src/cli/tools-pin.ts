/** `avactl tools diff` and `avactl tools pin`: what tools say of themselves now, beside what was pinned. */
import { type PinChange, Pins } from '../mcp/pin.ts';
import { dataFolder } from './address.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import type { Output } from './output.ts';
import { plain, plural } from './text.ts';

/** Lines of one definition that are shown. */
const LINES_MAX = 400;
const LINE_LENGTH_MAX = 400;

export async function diffTools(call: Call): Promise<number> {
  const [server] = call.operands;
  const pins = new Pins(dataFolder(call));
  const changes = pins.changes(server);
  call.out.value(changes.map(({ server: of, tool, fields, before, after, seen_ms }) => ({ server: of, tool, fields, before, after, seen_ms })));
  if (changes.length === 0) {
    const known = [...pins.pinned()].filter(([name]) => server === undefined || name === server);
    const tools = known.reduce((sum, [, names]) => sum + names.length, 0);
    call.out.line(
      tools === 0
        ? 'No tool is pinned yet: the first use through `avactl wrap` or `avactl gateway` pins it.'
        : `${plural(tools, 'tool')} pinned, none has changed.`,
    );
    return EXIT.ok;
  }
  for (const change of changes) printChange(call.out, change);
  call.out.line();
  for (const name of new Set(changes.map(({ server: of }) => of)))
    call.out.line(`Refused until a person agrees: avactl tools pin ${name}${changes.length > 1 ? ' [TOOL…]' : ''}`);
  return EXIT.conflict;
}

export async function pinTools(call: Call): Promise<number> {
  const [server, ...tools] = call.operands;
  const accepted = new Pins(dataFolder(call)).accept(server, tools);
  call.out.value({ server, pinned: accepted });
  call.out.line(
    accepted.length === 0
      ? `Nothing of ${server} has changed.`
      : `Pinned as they are now: ${accepted.map((tool) => plain(tool)).join(', ')}. Agents may use them again.`,
  );
  return EXIT.ok;
}

function printChange(out: Output, { server, tool, fields, before, after, seen_ms }: PinChange): void {
  out.line();
  out.line(
    `${out.paint('bold', `${server}/${plain(tool)}`)}  ${fields.join(', ')}  seen ${new Date(seen_ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
  );
  const old = linesOf(before);
  const now = linesOf(after);
  for (const line of old.filter((one) => !now.includes(one)).slice(0, LINES_MAX)) out.line(out.paint('red', `- ${line}`));
  for (const line of now.filter((one) => !old.includes(one)).slice(0, LINES_MAX)) out.line(out.paint('green', `+ ${line}`));
}

/** Characters that take no room on a screen are shown by their number: a model reads them. */
const visible = (text: string): string => plain(text).replaceAll(/[\p{Cf}\u{e0000}-\u{e007f}]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);

/** A definition as lines, one a text or value, each with where it stands: a model reads all of them. */
function linesOf(definition: PinChange['before']): string[] {
  const lines: string[] = [];
  const walk = (value: unknown, path: string): void => {
    if (lines.length >= LINES_MAX) return;
    if (typeof value === 'object' && value !== null && Object.keys(value).length > 0)
      for (const [key, member] of Object.entries(value)) walk(member, path === '' ? key : `${path}.${key}`);
    else if (typeof value === 'string') for (const line of value.split('\n')) lines.push(`${plain(path)}: ${visible(line).slice(0, LINE_LENGTH_MAX)}`);
    else lines.push(`${plain(path)}: ${JSON.stringify(value)}`);
  };
  walk(definition, '');
  return lines;
}
