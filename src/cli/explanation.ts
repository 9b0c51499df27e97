/** A decision explained from its verified bundle: each rule in scope, what it read, what decided, what would have passed. */

import type { verifyBundle } from '../audit/bundle.ts';
import { hex } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { argumentPaths, entryFor, guess } from '../facet/guess.ts';
import type { Law } from '../law/law.ts';
import { type Cause, originText, type Place, type ReasonValue } from '../machine/receipt.ts';
import { type Decide, isDecision } from '../machine/transaction.ts';
import { type Found, find, type Source as RuleSource } from '../rule/input.ts';
import { explainProgram, type Part, printPath, printValue } from '../rule/print.ts';
import { type Flip, flipsOf } from './flip.ts';
import { type Origin, originOf } from './origin.ts';

type Verified = ReturnType<typeof verifyBundle>;
type ActiveRule = NonNullable<Verified['recomputed']>['scoped'][number];

export interface ExplainedInput {
  readonly path: string;
  /** As a literal of the rule language; or why there is none. */
  readonly value: string;
  readonly found: boolean;
  readonly origin: Origin;
}

export interface ExplainedPart {
  readonly text: string;
  readonly value: string;
  /** Of a comparison: its sides with their values. */
  readonly sides: readonly { readonly text: string; readonly value: string }[];
  /** It is not as the rule wants it. */
  readonly amiss: boolean;
  /** Of a comparison that is amiss: what would not be, in one sentence. */
  readonly remedy: string | null;
}

export interface ExplainedRule {
  readonly rule: string;
  readonly title: string;
  readonly mode: string;
  /** Whether its answer counts in the verdict. */
  readonly binding: boolean;
  readonly result: 'passed' | Cause;
  /** What it says; null where it passed and grants nothing. */
  readonly answer: 'allow' | 'deny' | 'escalate' | null;
  readonly judge: string;
  readonly program: string;
  readonly level: string;
  readonly enacted: string;
  readonly gas: number;
  readonly inputs: readonly ExplainedInput[];
  readonly parts: readonly ExplainedPart[];
  readonly advice: string;
  /** Where the values come from that made it speak (P-5). */
  readonly values: readonly (ReasonValue & { readonly text: string })[];
  readonly flips: readonly { readonly path: string; readonly value: string | null }[];
}

export interface Explanation {
  readonly receipt: string;
  readonly verdict: string;
  readonly enforced: boolean;
  readonly action: { readonly kind: string; readonly server: string | null; readonly name: string };
  /** Of a tool that the map does not list: what it was taken to do, and the words of its name that say so (T-25). */
  readonly guess: { readonly effect: string; readonly words: readonly string[] } | null;
  readonly args: unknown;
  readonly context: unknown;
  readonly time_ms: number;
  readonly gas: number;
  readonly constitution: string;
  /** Constitution order. */
  readonly rules: readonly ExplainedRule[];
  /** The verdict where no rule in scope says anything. */
  readonly default: string;
}

export const receiptId = ({ receipt }: Verified['entry']): string => `${receipt.height}.${receipt.index}.${hex(receipt.tx_id).slice(0, 12)}`;

const WHY_MISSING = ['absent', 'absent, and so is what holds it', 'of another type, or larger than declared'] as const;
const valueText = (found: Found): string => ('value' in found ? printValue(found.value) : WHY_MISSING[found.missing]);
const flipJson = ({ path, value }: Flip): { path: string; value: string | null } => ({ path, value: value === null ? null : printValue(value) });

const partJson = ({ text, result, wanted, sides, remedy }: Part): ExplainedPart => ({
  text,
  value: printValue(result),
  sides: sides.map((side) => ({ text: side.text, value: printValue(side.result) })),
  amiss: wanted !== undefined && result !== wanted,
  remedy: remedy ?? null,
});

/** The tool that was called by the decision at a place, where it is known. */
export type ToolAt = (place: Place) => string | undefined;

/** @throws Fault receipt_unknown where the entry is no decision or its inputs are erased */
export function explainDecision(verified: Verified, toolAt: ToolAt = () => undefined): Explanation {
  const { entry, law, recomputed, header } = verified;
  const { receipt, transaction } = entry;
  const id = receiptId(entry);
  if (!isDecision(transaction)) throw new Fault('receipt_unknown', `${id} is no decision: there is no verdict to explain`);
  if (recomputed === null) throw new Fault('receipt_unknown', `the inputs of ${id} are erased: its verdict is proven, and cannot be explained`);
  const { kind, server, name } = transaction.payload;
  const { constitution } = law.genesis;
  const enacted = `constitution ${constitution.name} v${law.version}, by the genesis`;
  return {
    receipt: id,
    verdict: receipt.verdict,
    enforced: receipt.enforced,
    action: { kind, server, name },
    guess: kind === 'tool.call' ? guessOf(law, server, name, transaction.sidecar?.[1] ?? {}) : null,
    args: transaction.sidecar?.[1] ?? {},
    context: transaction.sidecar?.[2] ?? null,
    time_ms: header.time_ms,
    gas: receipt.gas,
    constitution: `${constitution.name} v${law.version}`,
    rules: recomputed.scoped.map((rule) => explainRule(rule, verified, enacted, toolAt)),
    default: law.default,
  };
}

function guessOf({ tools }: Law, server: string | null, name: string, args: unknown): Explanation['guess'] {
  if (tools.map.unlisted !== 'guess' || tools.find(server, name) !== null) return null;
  const { paths, whole } = argumentPaths(args);
  const { entry, act, things } = guess(server, name, paths, whole);
  return { effect: entry.effect, words: [...act, ...things] };
}

function explainRule(rule: ActiveRule, { entry, law, recomputed }: Verified, enacted: string, toolAt: ToolAt): ExplainedRule {
  const { manifest, program } = rule;
  const reason = entry.receipt.reasons.find((given) => given.rule === rule.name);
  const { server, name } = entry.transaction.payload as Decide;
  const tool = entryFor(law.tools, server, name, entry.transaction.sidecar?.[1] ?? {});
  const guessed = tool !== null && law.tools.find(server, name) === null;
  const source = { ...recomputed?.source, params: rule.params } as unknown as RuleSource;
  const found = rule.inputs.map((input) => find(input, source));
  const stopped = recomputed?.standings.held(rule.name) !== null;
  const result = reason?.cause ?? 'passed';
  return {
    rule: rule.name,
    title: manifest.title,
    values: (reason?.values ?? []).map((value) => ({ ...value, text: originText(value, value.place === null ? undefined : toolAt(value.place)) })),
    mode: reason?.mode ?? rule.mode,
    binding: (reason?.mode ?? rule.mode) !== 'observe',
    result,
    answer: reason === undefined ? (rule.grants ? 'allow' : null) : (reason.answer as 'deny' | 'escalate'),
    judge: manifest.judge.trim(),
    program: hex(rule.id),
    level: manifest.level,
    enacted,
    gas: stopped ? 0 : rule.gas,
    inputs: rule.inputs.map((input, i) => ({
      path: printPath(input.path),
      value: valueText(found[i]),
      found: 'value' in found[i],
      origin: originOf(input.path, tool, guessed),
    })),
    parts: stopped || program === null ? [] : explainProgram(program, found).map(partJson),
    advice: manifest.advice,
    flips: result === 'passed' || stopped || program === null ? [] : flipsOf(program, found).map(flipJson),
  };
}
