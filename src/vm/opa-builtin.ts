/** The builtins that a Rego policy may ask of its host (GU-15). A policy's own are in its module. */
import { hex, utf8 } from '../base/bytes.ts';
import { sha256 } from '../crypto/hash.ts';
import { HostTrap } from './host.ts';
import { parseJson } from './input-text.ts';
import type { Policy } from './opa-policy.ts';

/** Takes addresses of values and gives one, or UNDEFINED. */
export type Builtin = (policy: Policy, args: readonly number[]) => number;

/** Items of a dumped list, as they stand: `["a", {1, 2}]` → `"a"`, `{1, 2}`. */
function items(list: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 1;
  for (let at = 0; at < list.length; at++) {
    const char = list[at];
    if (quoted) {
      if (char === '\\') at += 1;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '[' || char === '{' || char === '(') depth += 1;
    else if (char === ']' || char === '}' || char === ')') depth -= 1;
    if (quoted || depth > 1 || (depth === 1 && char !== ',')) continue;
    const item = list.slice(start, at).trim();
    if (item !== '') found.push(item);
    start = at + 1;
  }
  return found;
}

export interface Argument {
  /** As Go names its type. */
  readonly kind: 'int' | 'float64' | 'string';
  readonly text: string;
}

function argument(dumped: string): Argument {
  if (dumped.startsWith('"')) return { kind: 'string', text: parseJson(dumped) as string };
  if (/^-?\d+$/.test(dumped)) return { kind: 'int', text: dumped };
  if (/^-?[\d.]+(?:[eE][-+]?\d+)?$/.test(dumped)) return { kind: 'float64', text: floatText(Number(dumped)) };
  // Lists, objects, sets, bools and null stand as OPA shows them.
  return { kind: 'string', text: dumped };
}

/** The shortest digits, as Go writes them. */
function floatText(number: number): string {
  const size = Math.abs(number);
  const text = size !== 0 && size < 1e-4 ? number.toExponential() : String(number);
  return text.replace(/e([-+])(\d)$/, 'e$10$2');
}

const hexOf = (text: string): string => hex(utf8(text));

/** One verb, as Go's fmt writes it. @throws HostTrap host for what is not known here */
function formatted(verb: string, digits: number | undefined, { kind, text }: Argument): string {
  const isText = kind === 'string';
  if (verb === 'v' || (verb === 's' && isText) || (verb === 'd' && kind === 'int')) return text;
  if (verb === 'q' && isText) return quoted(text);
  if (verb === 'x' && kind !== 'float64' && (isText || text.length <= HEX_DIGITS_MAX)) return isText ? hexOf(text) : BigInt(text).toString(16);
  if (verb === 'f' && kind === 'float64') return Number(text).toFixed(digits ?? 6);
  if (verb === 's' || verb === 'd' || verb === 'f' || verb === 't') return `%!${verb}(${kind}=${text})`;
  throw new HostTrap('host');
}

const ESCAPES: Readonly<Record<string, string>> = { '\x07': 'a', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '\v': 'v' };

const quoted = (text: string): string =>
  `"${text.replaceAll(/["\\\u0000-\u001f\u007f]/g, (char) => {
    if (char === '"' || char === '\\') return `\\${char}`;
    return `\\${ESCAPES[char] ?? `x${char.charCodeAt(0).toString(16).padStart(2, '0')}`}`;
  })}"`;

/** Flags and width, digits of the fraction, verb. */
const VERB = /%([-+# 0]*\d*)(?:\.(\d{0,2}))?([a-zA-Z%])/g;

/** Verbs that write a number out to its last digit, and what each takes. */
const FRACTION = /%[\d.]*f/g;
const FRACTION_GAS = 256;

/** @throws HostTrap host for a flag, a width or a verb that is not known here */
export function sprintf(format: string, args: readonly Argument[]): string {
  let next = 0;
  const text = format.replaceAll(VERB, (_, width: string, digits: string | undefined, verb: string) => {
    if (width !== '' || (digits !== undefined && verb !== 'f')) throw new HostTrap('host');
    if (verb === '%') return '%';
    const given = args[next++];
    return given === undefined ? `%!${verb}(MISSING)` : formatted(verb, digits === undefined ? undefined : Number(digits), given);
  });
  const extra = args.slice(next).map(({ kind, text: value }) => `${kind}=${value}`);
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(', ')})`;
}

/** Digits past which a number is not written in hex: that takes more than linear time. */
const HEX_DIGITS_MAX = 1_000;

/** A text as JSON. */
const json = (text: string): string =>
  `"${text.replaceAll(/["\\]/g, '\\$&').replaceAll(/[\u0000-\u001f]/g, (char) => `\\u00${char.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`;

/** The text that a value is; null where it is another. */
function textAt(policy: Policy, value: number): string | null {
  const dumped = policy.dump(value);
  return dumped.startsWith('"') ? (parseJson(dumped) as string) : null;
}

/** A text as one item, a list or a set of texts; null for anything else. */
function textsAt(policy: Policy, value: number): readonly string[] | null {
  const dumped = policy.dump(value);
  if (dumped === 'set()') return [];
  const all = dumped.startsWith('"') ? [dumped] : dumped.startsWith('[') || dumped.startsWith('{') ? items(dumped) : null;
  return all?.every((item) => item.startsWith('"') && item.endsWith('"')) ? all.map((item) => parseJson(item) as string) : null;
}

/** Whether any text begins, or ends, with any of the others. */
const anyMatch =
  (matches: (text: string, base: string) => boolean): Builtin =>
  (policy, [search, base]) => {
    const texts = textsAt(policy, search);
    const bases = textsAt(policy, base);
    if (texts === null || bases === null) return UNDEFINED;
    policy.charge(texts.length * bases.reduce((sum, one) => sum + 1 + one.length, 0));
    return policy.value(String(texts.some((text) => bases.some((one) => matches(text, one)))));
  };

/** A function of one text. */
const ofText =
  (work: (text: string) => string): Builtin =>
  (policy, [value]) => {
    const text = textAt(policy, value);
    return text === null ? UNDEFINED : policy.value(json(work(text)));
  };

const UNDEFINED = 0;

export const BUILTINS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ['crypto.sha256', ofText((text) => hex(sha256(utf8(text))))],
  ['hex.encode', ofText(hexOf)],
  ['strings.any_prefix_match', anyMatch((text, base) => text.startsWith(base))],
  ['strings.any_suffix_match', anyMatch((text, base) => text.endsWith(base))],
  [
    'sprintf',
    (policy, [format, args]) => {
      const given = textAt(policy, format);
      const list = policy.dump(args);
      if (given === null || !list.startsWith('[')) return UNDEFINED;
      policy.charge(FRACTION_GAS * (given.match(FRACTION)?.length ?? 0));
      const text = sprintf(given, items(list).map(argument));
      if (!text.isWellFormed()) throw new HostTrap('host');
      return policy.value(json(text));
    },
  ],
  ['trace', (policy) => policy.value('true')],
  [
    'time.now_ns',
    (policy) => {
      const slot = policy.paths.indexOf('now_ms') * 16;
      if (slot < 0 || policy.input[slot] !== 3) return UNDEFINED;
      const { buffer, byteOffset } = policy.input;
      return policy.value(`${new DataView(buffer, byteOffset).getBigInt64(slot + 8, true)}000000`);
    },
  ],
]);
