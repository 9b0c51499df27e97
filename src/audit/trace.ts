/**
 * A verdict step by step (spec/decision.md D-7, D-8): what each rule did, node by node or function by function. It is
 * judged again for this, with the steps taken down, and what comes out is compared with the receipt.
 */
import type { Octets } from '../base/bytes.ts';
import type { ActiveRule, GuestRule } from '../law/rule.ts';
import { answersFor, type Held, type Judging, RESULT, type Run, runRule } from '../machine/judge.ts';
import type { Entry } from '../machine/receipt.ts';
import { find, readInputs, type Source, writeInputs } from '../rule/input.ts';
import { type Steps, stepsOf } from '../rule/judge.ts';
import { printValue } from '../rule/print.ts';
import { eventText, type HostEvent, readRecord } from '../vm/host.ts';
import { compareReceipt, type Recomputed } from './recompute.ts';

/** Steps of one rule that are kept, and rounds of one fold. */
const STEPS_MAX = 10_000;
const ROUNDS_MAX = 64;
/** Calls of one guest that are kept. */
const CALLS_MAX = 10_000;

/** One call in a guest. */
export interface TracedCall {
  /** A function of the guest by name, or a host function. */
  readonly name: string;
  readonly host: boolean;
  readonly depth: number;
  /** All that it called included; null where it did not return, or its end was not kept. */
  readonly gas: number | null;
}

export interface GuestTrace {
  readonly calls: readonly TracedCall[];
  /** Calls, or beginnings and ends of functions, that were not kept. */
  readonly left_out: number;
  /** What it asked the host for, in order: `read session.calls: 3`. */
  readonly asked: readonly string[];
}

export interface RuleTrace {
  readonly rule: string;
  /** Rules by which it was called; empty for a rule that is itself in scope. */
  readonly callers: readonly string[];
  /** Why it did not run. */
  readonly held: Held;
  /** D-5 */
  readonly result: number;
  readonly gas: number;
  /** Of an expression that ran. */
  readonly steps: Steps | null;
  /** Of a guest that ran. */
  readonly guest: GuestTrace | null;
}

export interface Trace {
  /** In the order in which they came to their end: a rule that a guest calls before the guest. */
  readonly rules: readonly RuleTrace[];
  /** Recomputed with the steps, and the same as the receipt's. */
  readonly inputs_hash: Octets;
  readonly trace: Octets;
  readonly gas: number;
}

/** @throws Fault verify_failed where what comes out is not what the receipt says */
export function traceVerdict(entry: Entry, { scoped, standings, again }: Recomputed): Trace {
  const rules: RuleTrace[] = [];
  const run: Run = (rule, judging, budget) => {
    const callers = budget?.callers ?? [];
    if (rule.module !== null) {
      const { ran, guest } = runGuest(rule, judging, budget);
      rules.push({ rule: rule.name, callers, held: null, result: ran.result, gas: ran.gas, steps: null, guest });
      return ran;
    }
    const given = judging.source as unknown as Source;
    const found = rule.inputs.map((input) => find(input, given));
    const ran = { ...runRule(rule, judging, budget) };
    rules.push({
      rule: rule.name,
      callers,
      held: null,
      result: ran.result,
      gas: ran.gas,
      steps: stepsOf(rule.program, found, STEPS_MAX, ROUNDS_MAX),
      guest: null,
    });
    return ran;
  };
  const judged = again(run);
  compareReceipt(judged, entry);
  const { inputs_hash, trace, gas } = judged.judgement;
  return { rules: withHeld(rules, scoped, standings.held), inputs_hash, trace, gas };
}

/** Those that did not run stand where they would have. */
function withHeld(ran: readonly RuleTrace[], scoped: readonly ActiveRule[], held: (rule: string) => Held): readonly RuleTrace[] {
  const all: RuleTrace[] = [];
  let next = 0;
  for (const { name, gas, module } of scoped) {
    const why = held(name);
    if (why !== null) {
      all.push({ rule: name, callers: [], held: why, result: RESULT[why], gas: module === null ? gas : 0, steps: null, guest: null });
      continue;
    }
    while (next < ran.length && (ran[next].rule !== name || ran[next].callers.length > 0)) all.push(ran[next++]);
    if (next < ran.length) all.push(ran[next++]);
  }
  return all;
}

function runGuest(rule: GuestRule, judging: Judging, budget: Parameters<Run>[2]): { ran: ReturnType<Run>; guest: GuestTrace } {
  const input = writeInputs(rule.inputs, judging.source as unknown as Source);
  const { result, gas, record, short, calls, left_out } = rule.guest.trace(input, answersFor(rule, judging), budget ?? null);
  const memory = new Uint8Array(input.length + record.length);
  memory.set(input);
  memory.set(record, input.length);
  const kept = calls.slice(0, CALLS_MAX).map(
    ({ target, depth, gas: used }): TracedCall => ({
      name: typeof target === 'string' ? target : rule.guest.functionName(target),
      host: typeof target === 'string',
      depth,
      gas: used,
    }),
  );
  return {
    ran: { result, gas, memory, used: memory.length, short },
    guest: { calls: kept, left_out: left_out + calls.length - kept.length, asked: readRecord(record).map((event) => askedText(rule, event)) },
  };
}

function askedText({ reads }: GuestRule, event: HostEvent): string {
  const text = eventText(event);
  const input = event.name === 'read' ? reads.find(({ path }) => text === `read ${path}`) : undefined;
  if (input === undefined) return text;
  const [found] = readInputs([input], event.answered);
  return `${text}: ${'value' in found ? printValue(found.value) : 'no value'}`;
}
