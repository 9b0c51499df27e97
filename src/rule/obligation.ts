/**
 * Obligations (spec/decision.md D-18): what an allowed call must meet. Some change its arguments, which is done here and
 * nowhere else: the machine judges what they make of a call, who makes the call applies them.
 */
import type { Cbor, CborMap } from '../base/cbor.ts';
import * as records from '../base/record.ts';
import { PATH_BYTES_MAX } from './ir.ts';

/** Append-only. Who meets another one denies the call. */
export const OBLIGATIONS = ['redact', 'cap', 'transform', 'delay', 'notify'] as const;
export type ObligationName = (typeof OBLIGATIONS)[number];

export interface Obligation {
  readonly do: ObligationName;
  /** Of the argument that changes: `args.body`; empty for the others. */
  readonly path: string;
  /** The text in its place, the most it may be, the value it gets; milliseconds; whom to tell. */
  readonly value: Cbor;
}

/** Obligations of one rule. */
export const OBLIGATIONS_MAX = 8;
export const DELAY_MS_MAX = 3_600_000;
export const REDACTED = '[redacted]';
const VALUE_BYTES_MAX = 1_024;

export const obligationField: records.Field<Obligation> = records.record<Obligation>('an obligation', {
  do: records.choice(OBLIGATIONS),
  path: records.text(PATH_BYTES_MAX),
  value: records.value,
});

/** What is wrong with an obligation; undefined where nothing is. */
export function obligationProblem({ do: name, path, value }: Obligation): string | undefined {
  const changes = name === 'redact' || name === 'cap' || name === 'transform';
  if (changes !== path.startsWith('args.')) return changes ? `\`${name}\` names an argument: args.NAME` : `\`${name}\` names no argument`;
  if (changes && segmentsOf(path).some((segment) => segment === '' || segment === '__proto__')) return `\`${path}\` is not a path`;
  if (records.encodeWith(records.value, value).length > VALUE_BYTES_MAX) return `its value has at most ${VALUE_BYTES_MAX} bytes`;
  switch (name) {
    case 'redact':
      return typeof value === 'string' ? undefined : 'what stands in place of a value is a text';
    case 'cap':
      return typeof value === 'number' && Number.isSafeInteger(value) ? undefined : 'a cap is an integer';
    case 'delay':
      return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= DELAY_MS_MAX ? undefined : 'a delay is at most an hour';
    case 'notify':
      return typeof value === 'string' && value !== '' ? undefined : 'who is told is a text';
    default:
      return undefined;
  }
}

/** As receipts and answers have it: `{do, path, value}`. */
export const obligationValue = ({ do: name, path, value }: Obligation): CborMap => ({ do: name, path, value });

const isMap = (value: unknown): value is Readonly<Record<string, Cbor>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
/** Below `args`. */
const segmentsOf = (path: string): readonly string[] => path.split('.').slice(1);

/**
 * D-18: the arguments as these obligations want them; the same object where nothing changes; null where one is unknown,
 * malformed, or cannot be met (a cap on what is no number): the call is then denied.
 */
export function applyObligations(args: CborMap, obligations: readonly unknown[]): CborMap | null {
  let changed: Cbor = args;
  for (const one of obligations) {
    if (!isMap(one)) return null;
    const { do: name, path, value } = one as Readonly<Record<string, Cbor | undefined>>;
    if (name === 'delay' || name === 'notify') continue;
    if (typeof path !== 'string' || value === undefined || !path.startsWith('args.')) return null;
    const change = changeOf(name, value);
    const next: Cbor | undefined = change === null ? undefined : replaced(changed, segmentsOf(path), 0, change);
    if (next === undefined) return null;
    changed = next;
  }
  return changed as CborMap;
}

interface Change {
  /** undefined where it cannot be met. */
  readonly of: (value: Cbor) => Cbor | undefined;
  /** The value where none stands; undefined leaves it so. */
  readonly absent: Cbor | undefined;
}

function changeOf(name: unknown, value: Cbor): Change | null {
  switch (name) {
    case 'redact':
      return { of: (old) => (old === null ? null : value), absent: undefined };
    case 'transform':
      return { of: () => value, absent: value };
    case 'cap':
      return { of: (old) => (old === null ? null : capped(old, value)), absent: undefined };
    default:
      return null;
  }
}

function capped(old: Cbor, most: Cbor): Cbor | undefined {
  if (typeof most !== 'number' || (typeof old !== 'number' && typeof old !== 'bigint')) return undefined;
  return old > most ? most : old;
}

/** The value with the one at `path` changed; lists on the way and at its end are entered. Levels are bounded by the arguments' own. */
function replaced(value: Cbor, path: readonly string[], at: number, change: Change): Cbor | undefined {
  if (Array.isArray(value) && (at < path.length || change.absent === undefined)) {
    const items: Cbor[] = [];
    let same = true;
    for (const item of value as readonly Cbor[]) {
      const next: Cbor | undefined = replaced(item, path, at, change);
      if (next === undefined) return undefined;
      same &&= next === item;
      items.push(next);
    }
    return same ? value : items;
  }
  if (at === path.length) return change.of(value);
  if (!isMap(value)) return value;
  const key = path[at];
  if (!Object.hasOwn(value, key)) return change.absent === undefined || at < path.length - 1 ? value : { ...value, [key]: change.absent };
  const next: Cbor | undefined = replaced(value[key], path, at + 1, change);
  if (next === undefined) return undefined;
  return next === value[key] ? value : { ...value, [key]: next };
}
