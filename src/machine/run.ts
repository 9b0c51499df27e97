/** How one rule is run (spec/decision.md D-5): on what it may read, by its own wasm or as a guest. */
import { EMPTY } from '../base/bytes.ts';
import type { CborMap } from '../base/cbor.ts';
import type { Facets } from '../facet/facet.ts';
import type { Law } from '../law/law.ts';
import type { ActiveRule, GuestRule } from '../law/rule.ts';
import { ABSENT, encodeInputs, type Source, writeInputs } from '../rule/input.ts';
import type { Answers, Budget, Judged } from '../vm/host.ts';
import { trapResult } from '../vm/trap.ts';
import type { HeldOf } from './standing.ts';

/** What a decision's source is made of, beside the facets. */
export interface Given {
  readonly action: { readonly kind: string; readonly server: string | null; readonly name: string };
  readonly args: CborMap;
  readonly context: CborMap | undefined;
  readonly agent: Record<string, unknown>;
  readonly session: Record<string, unknown>;
  readonly flow: Record<string, unknown> | undefined;
  readonly now_ms: number;
}

/** D-2: everything that a rule may read, nested by path. Absent groups are undefined. */
export interface JudgeSource extends Given, Record<string, unknown> {
  /** Of the rule that runs. */
  params: Readonly<Record<string, number | bigint>>;
}

const NO_PARAMS = {};
/** D-2: a context that was not given is an empty one: a rule may ask whether it says something. */
const NO_CONTEXT: CborMap = {};

/** The source of a decision. `params` is set for each rule as it runs. */
export function sourceOf(given: Given, facets: Facets): JudgeSource {
  const { action, args, context, agent, session, flow, now_ms } = given;
  const { effect, egress, money, mail, http, net, fs, shell, sql, secret } = facets;
  return {
    action,
    args,
    context: context ?? NO_CONTEXT,
    agent,
    session,
    flow,
    now_ms,
    params: NO_PARAMS,
    effect,
    egress,
    money,
    mail,
    http,
    net,
    fs,
    shell,
    sql,
    secret,
  };
}

/** D-5: what a rule gave: 0 false, 1 error, 2 true; 3 its breaker was open, 4 it was halted: it did not run; 16 + t the trap t. */
export const RESULT = { false: 0, error: 1, true: 2, breaker: 3, halt: 4, trap: 16 } as const;

/** What one rule came to: what it read is left in `memory`, `used` bytes long (D-7). Valid until the next one runs. */
export interface Ran {
  readonly result: number;
  readonly gas: number;
  readonly memory: Uint8Array;
  readonly used: number;
  /** It ended for want of what its caller had left (GU-9). */
  readonly short: boolean;
}

/** What all rules of a decision are judged on. */
export interface Judging {
  readonly law: Law;
  /** With the parameters of the rule that runs. */
  readonly source: JudgeSource;
  readonly held: HeldOf;
  /** How the rules that a guest calls are run. */
  readonly run: Run;
}

/** How one rule is run; `budget` where a guest calls it. */
export type Run = (rule: ActiveRule, judging: Judging, budget?: Budget) => Ran;

const ran = { result: 0, gas: 0, memory: EMPTY as Uint8Array, used: 0, short: false };

/** The rule's own wasm: an expression's instance, or a guest. */
export const runRule: Run = (rule, judging, budget) => {
  if (rule.instance === null) return runGuest(rule, judging, budget);
  const { source } = judging;
  const { memory, view } = rule.instance;
  ran.used = rule.write(source as unknown as Source, memory, view);
  ran.memory = memory;
  ran.gas = rule.gas;
  ran.result = rule.instance.judge();
  return ran;
};

/** A guest on its input, and after it in `memory` the record of what it asked (GU-12). */
function runGuest(rule: GuestRule, judging: Judging, budget: Budget | undefined): Ran {
  const { guest, memory, view } = rule;
  const input = rule.write(judging.source as unknown as Source, memory, view);
  const { result, gas, record, short } = guest.judge(memory.subarray(0, input), answersFor(rule, judging), budget);
  memory.set(record, input);
  return { result, gas, memory, used: input + record.length, short };
}

/** GU-8: what a feed without a value gives. */
const NO_VALUE = encodeInputs([{ missing: ABSENT }]);

/** GU-8, GU-9: the machine's answers to a guest. */
export function answersFor(rule: GuestRule, judging: Judging): Answers {
  const { law, source, held, run } = judging;
  return {
    read(path) {
      const input = rule.reads.find((one) => one.path === path);
      return input === undefined ? NO_VALUE : writeInputs([input], source as unknown as Source);
    },
    oracle: () => NO_VALUE,
    call(name, budget) {
      const callee = law.ruleNamed.get(name);
      if (callee === undefined || held(name) !== null) return NOT_ASKED;
      // What an expression costs is known before it runs.
      if (callee.module === null && callee.gas > budget.gas) return { ...NOT_ASKED, result: trapResult('gas'), gas: budget.gas, short: true };
      source.params = callee.params;
      const { result, gas, short } = run(callee, judging, budget);
      source.params = rule.params;
      return { result, gas, record: EMPTY, short };
    },
  };
}

const NOT_ASKED: Judged = { result: RESULT.error, gas: 0, record: EMPTY, short: false };
