/** The builtins that a Rego policy may ask of its host (GU-15). A policy's own are in its module. */
import { utf8 } from '../base/bytes.ts';
import { HostTrap } from './host.ts';
import { parseJson } from './input-text.ts';
import type { Policy } from './opa-policy.ts';

/** Takes addresses of values and gives one; 0 is undefined. */
export type Builtin = (policy: Policy, args: readonly number[]) => number;

/** Items of a dumped list, as they stand: `["a",{1,2}]` → `"a"`, `{1,2}`. */
function items(list: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 1;
  eachOutsideText(list, (char, at) => {
    if (char === '[' || char === '{' || char === '(') depth += 1;
    else if (char === ']' || char === '}' || char === ')') depth -= 1;
    if (at > start && ((char === ',' && depth === 1) || (depth === 0 && at === list.length - 1))) {
      found.push(list.slice(start, at));
      start = at + 1;
    }
  });
  return found;
}

function eachOutsideText(text: string, take: (char: string, at: number) => void): void {
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    if (quoted && text[at] === '\\') at += 1;
    else if (text[at] === '"') quoted = !quoted;
    else if (!quoted) take(text[at], at);
  }
}

/** A value as OPA shows it inside of a text: a space after each comma and colon. */
function shown(dumped: string): string {
  const spaces: number[] = [];
  eachOutsideText(dumped, (char, at) => {
    if (char === ',' || char === ':') spaces.push(at + 1);
  });
  let text = '';
  let from = 0;
  for (const at of spaces) {
    text += `${dumped.slice(from, at)} `;
    from = at;
  }
  return text + dumped.slice(from);
}

interface Argument {
  /** As Go names its type. */
  readonly kind: 'int' | 'float64' | 'string';
  readonly text: string;
}

function argument(dumped: string): Argument {
  if (dumped.startsWith('"')) return { kind: 'string', text: parseJson(dumped) as string };
  if (/^-?\d+$/.test(dumped)) return { kind: 'int', text: dumped };
  if (/^-?[\d.]+(?:[eE][-+]?\d+)?$/.test(dumped)) return { kind: 'float64', text: String(Number(dumped)) };
  return { kind: 'string', text: shown(dumped) };
}

const hexOf = (text: string): string => [...utf8(text)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** One verb, as Go's fmt writes it. */
function formatted(verb: string, digits: number | undefined, { kind, text }: Argument): string {
  switch (verb) {
    case 'v':
      return text;
    case 's':
      return kind === 'string' ? text : `%!s(${kind}=${text})`;
    case 'd':
      return kind === 'int' ? text : `%!d(${kind}=${text})`;
    case 'q':
      return kind === 'string' ? quoted(text) : `%!q(${kind}=${text})`;
    case 'x':
      if (kind === 'int') return BigInt(text).toString(16);
      return kind === 'string' ? hexOf(text) : `%!x(${kind}=${text})`;
    case 'f':
      return kind === 'float64' ? Number(text).toFixed(digits ?? 6) : `%!f(${kind}=${text})`;
    default:
      return `%!${verb}(${kind}=${text})`;
  }
}

/** JSON's way of quoting, which for printable text is Go's. */
const quoted = (text: string): string =>
  `"${text.replaceAll(/["\\]/g, '\\$&').replaceAll(/[\u0000-\u001f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`;

const VERB = /%(?:\.(\d{1,2}))?([a-zA-Z%])/g;

export function sprintf(format: string, args: readonly Argument[]): string {
  let next = 0;
  const text = format.replaceAll(VERB, (_, digits: string | undefined, verb: string) => {
    if (verb === '%') return '%';
    const given = args[next++];
    return given === undefined ? `%!${verb}(MISSING)` : formatted(verb, digits === undefined ? undefined : Number(digits), given);
  });
  const extra = args.slice(next).map(({ kind, text: value }) => `${kind}=${value}`);
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(', ')})`;
}

/** A text as JSON. */
const json = (text: string): string =>
  `"${text.replaceAll(/["\\]/g, '\\$&').replaceAll(/[\u0000-\u001f]/g, (char) => `\\u00${char.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`;

export const BUILTINS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  [
    'sprintf',
    (policy, [format, args]) => {
      const given = policy.dump(format);
      const list = policy.dump(args);
      if (!given.startsWith('"') || !list.startsWith('[')) return 0;
      const text = sprintf(parseJson(given) as string, items(list).map(argument));
      if (!text.isWellFormed()) throw new HostTrap('host');
      return policy.value(json(text));
    },
  ],
  ['trace', (policy) => policy.value('true')],
  [
    'time.now_ns',
    (policy) => {
      const slot = policy.paths.indexOf('now_ms') * 16;
      if (slot < 0 || policy.input[slot] !== 3) return 0;
      const { buffer, byteOffset } = policy.input;
      return policy.value(`${new DataView(buffer, byteOffset).getBigInt64(slot + 8, true)}000000`);
    },
  ],
]);
