/**
 * What would have passed: for a rule that did not, the change of one input within its type under which its expression is
 * true. Tried, not proved: candidates come from the rule's own constants and comparisons, each is judged by the interpreter.
 */
import { encodeInputs, type Found } from '../rule/input.ts';
import type { Input, Program } from '../rule/ir.ts';
import { interpretRule } from '../rule/judge.ts';
import { explainProgram, printPath } from '../rule/print.ts';

export interface Flip {
  readonly path: string;
  /** The value with which the rule passes; null where the input is to be left out. */
  readonly value: Value | null;
}

type Value = Extract<Found, { value: unknown }>['value'];

const PASSES = 2;
const CANDIDATES_MAX = 64;
const FLIPS_MAX = 8;

/** Inputs that nobody chooses. */
const FIXED = /^(?:now_ms$|session\.age_ms$)/;

/** One flip an input, the nearest first for numbers; nothing where no single input decides. */
export function flipsOf(program: Program, found: readonly Found[]): readonly Flip[] {
  const flips: Flip[] = [];
  const numbers = numbersOf(program, found);
  const texts = program.consts.filter((value): value is string => typeof value === 'string');
  program.inputs.forEach((input, i) => {
    if (FIXED.test(input.path) || flips.length >= FLIPS_MAX) return;
    const value = candidates(input, found[i], numbers, texts).find((candidate) => passes(program, found, i, candidate));
    if (value !== undefined) flips.push({ path: printPath(input.path), value });
  });
  // What the caller can change comes before what only a proposal can.
  return flips.sort((a, b) => Number(a.path.startsWith('params.')) - Number(b.path.startsWith('params.')));
}

function passes(program: Program, found: readonly Found[], at: number, value: Value | null): boolean {
  const other: Found = value === null ? { missing: 0 } : { value };
  try {
    return interpretRule(program, encodeInputs(found.map((one, i) => (i === at ? other : one)))) === PASSES;
  } catch {
    // A candidate past its declared bound is no candidate.
    return false;
  }
}

/** Integers at which a comparison of this rule may turn, as distances and as values. */
function numbersOf(program: Program, found: readonly Found[]): { readonly values: readonly bigint[]; readonly distances: readonly bigint[] } {
  const values = new Set<bigint>([0n, 1n]);
  const distances = new Set<bigint>();
  for (const value of program.consts) if (typeof value === 'bigint') values.add(value);
  for (const one of found) if ('value' in one && typeof one.value === 'bigint') values.add(one.value);
  for (const { sides } of explainProgram(program, found)) {
    const [a, b] = sides.map(({ result }) => result);
    if (typeof a === 'bigint' && typeof b === 'bigint') for (const step of [0n, 1n, -1n]) distances.add(a - b + step);
  }
  return { values: [...values], distances: [...distances] };
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);

function candidates(input: Input, found: Found, numbers: ReturnType<typeof numbersOf>, texts: readonly string[]): (Value | null)[] {
  const now = 'value' in found ? found.value : undefined;
  const out: (Value | null)[] = [];
  const { type } = input;
  if (type.kind === 'bool') out.push(...(now === undefined ? [true, false] : [now !== true]));
  else if (type.kind === 'int') {
    const at = typeof now === 'bigint' ? now : 0n;
    const near = new Set<bigint>();
    for (const value of numbers.values) for (const step of [0n, 1n, -1n]) near.add(value + step);
    for (const distance of numbers.distances) {
      near.add(at - distance);
      near.add(at + distance);
    }
    if (now !== undefined) near.delete(at);
    const low = -(1n << 63n);
    const fitting = [...near].filter((value) => value >= low && value < -low && (at < 0n || value >= 0n));
    out.push(...fitting.sort((a, b) => Number(magnitude(a - at) - magnitude(b - at)) || Number(a - b)));
  } else if (type.kind === 'str') out.push(...texts.filter((text) => text !== now), '');
  else if (type.kind === 'list') {
    const items = Array.isArray(now) ? (now as readonly Value[]) : [];
    for (let i = 0; i < items.length; i++) out.push(items.filter((_, j) => j !== i));
    for (let keep = items.length - 2; keep > 0; keep--) out.push(items.slice(0, keep));
    out.push([]);
  }
  if (now !== undefined) out.push(null);
  return out.slice(0, CANDIDATES_MAX);
}
