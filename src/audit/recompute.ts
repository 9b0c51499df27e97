/**
 * Recomputes a verdict from what a bundle or a frame holds (spec/bundle.md V-5): the law, the entry, the sidecar and the
 * witness. Each rule is run twice, by the interpreter and by its wasm, over a buffer that the plain writer made.
 */
import { equal } from '../base/bytes.ts';
import { type Cbor, type CborMap, encode } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import type { Law } from '../law/law.ts';
import type { ActiveRule } from '../law/rule.ts';
import {
  type JudgedCall,
  type Judgement,
  type JudgeSource,
  judgeCall,
  type Question,
  type Run,
  runRule,
  type Standings,
  sourceOf,
  witnessOf,
} from '../machine/judge.ts';
import type { Entry } from '../machine/receipt.ts';
import { type Decide, idOf, KIND } from '../machine/transaction.ts';
import { type Source, writeInputs } from '../rule/input.ts';
import { interpretRule } from '../rule/judge.ts';
import { MODES, type Mode } from '../rule/manifest.ts';

export interface Recomputed {
  readonly judgement: Judgement;
  readonly obligations: readonly CborMap[];
  readonly scoped: readonly ActiveRule[];
  readonly source: JudgeSource;
  /** Rules whose breaker was open or that were halted, that had another mode, or whose escalation was answered. */
  readonly standings: Standings;
  /** The same once more, its rules run otherwise. */
  readonly again: (run: Run) => JudgedCall;
}

type Groups = Record<'agent' | 'session' | 'flow' | 'breaker' | 'halt' | 'mode' | 'answered', Record<string, Cbor>>;

/** The groups of a witness: `session.calls` → `session` `calls`. A stranger wrote it: only own names count. */
function grouped(witness: CborMap): Groups {
  const groups: Groups = { agent: {}, session: {}, flow: {}, breaker: {}, halt: {}, mode: {}, answered: {} };
  for (const [path, value] of Object.entries(witness)) {
    const dot = path.indexOf('.');
    const group = path.slice(0, dot);
    const key = path.slice(dot + 1);
    if (dot < 0 || !Object.hasOwn(groups, group) || key === '__proto__') throw new Fault('verify_failed', `the witness names an unknown path \`${path}\``);
    groups[group as keyof Groups][key] = value;
  }
  return groups;
}

/** One rule by interpreter and wasm. @throws Fault verify_failed where they differ */
const runBoth: Run = (rule, judging, budget) => {
  if (rule.program === null) return runRule(rule, judging, budget);
  const source = judging.source as unknown as Source;
  const buffer = writeInputs(rule.inputs, source);
  const used = rule.write(source, rule.instance.memory, rule.instance.view);
  if (!equal(buffer, rule.instance.memory.subarray(0, used))) throw new Fault('verify_failed', `rule ${rule.name}: the two input writers differ`);
  const result = interpretRule(rule.program, buffer);
  if (rule.instance.judge() !== result) throw new Fault('verify_failed', `rule ${rule.name}: interpreter and wasm differ`);
  return { result, gas: rule.gas, memory: buffer, used: buffer.length, short: false };
};

/**
 * The judgement of a decision under this law. `time_ms` is the header's.
 * @throws Fault verify_failed when the witness is not exactly what the rules in scope read
 */
export function recompute(law: Law, entry: Entry, witness: CborMap | null, time_ms: number): Recomputed {
  const { transaction } = entry;
  const action = transaction.payload as Decide;
  if (transaction.sidecar === null) throw new Fault('verify_failed', 'the inputs are erased');
  const args = (transaction.sidecar[1] ?? {}) as CborMap;
  const groups = grouped(witness ?? {});
  const standings = standingsIn(groups, transaction.kind === KIND.decide_again);
  const context = (transaction.sidecar[2] ?? undefined) as CborMap | undefined;
  const { agent, session, flow } = groups;
  const question: Question = {
    law,
    action,
    time_ms,
    standings,
    source: (given, facets) => sourceOf({ action, args: given, context, agent, session, flow, now_ms: time_ms }, facets),
  };
  const again = (run: Run): JudgedCall => judgeCall(question, args, run);
  const { judgement, obligations, scoped, source } = again(runBoth);
  const read = witnessOf(scoped, source, standings);
  if (!equal(encode(read), encode(witness))) throw new Fault('verify_failed', 'the witness is not what the rules in scope read');
  return { judgement, obligations, scoped, source, standings, again };
}

/** D-9: what a witness says of the rules; only a decision that names an approval is answered (D-16). */
function standingsIn(groups: Groups, again: boolean): Standings {
  const marked = (group: 'breaker' | 'halt' | 'answered', rule: string): boolean => Object.hasOwn(groups[group], rule) && groups[group][rule] === true;
  return {
    held: (rule) => (marked('halt', rule) ? 'halt' : marked('breaker', rule) ? 'breaker' : null),
    mode(rule) {
      const mode = Object.hasOwn(groups.mode, rule) ? groups.mode[rule] : null;
      return MODES.includes(mode as Mode) ? (mode as Mode) : null;
    },
    answered: (rule) => again && marked('answered', rule),
  };
}

/** Compares a judgement, and what follows from it (D-10), with its receipt. @throws Fault verify_failed naming the field */
export function compareReceipt({ judgement, obligations }: Pick<Recomputed, 'judgement' | 'obligations'>, entry: Entry): void {
  const { receipt } = entry;
  const differs = (what: string, got: string, said: string): never => {
    throw new Fault('verify_failed', `recomputed ${what} ${got}, the receipt says ${said}`, { field: what });
  };
  const permit = judgement.verdict === 'allow' && (entry.transaction.payload as Decide).permit ? idOf(receipt.tx_id) : null;
  if (judgement.verdict !== receipt.verdict) differs('verdict', judgement.verdict, receipt.verdict);
  if (judgement.gas !== receipt.gas) differs('gas', `${judgement.gas}`, `${receipt.gas}`);
  if (judgement.enforced !== receipt.enforced) differs('enforced', `${judgement.enforced}`, `${receipt.enforced}`);
  if (judgement.inputs_hash !== receipt.inputs_hash) differs('inputs hash', 'another', 'its own');
  if (judgement.trace !== receipt.trace) differs('trace', 'another', 'its own');
  if (permit !== receipt.permit) differs('permit', 'another', 'its own');
  if (receipt.approval !== null && (judgement.verdict !== 'escalate' || !(entry.transaction.payload as Decide).permit)) differs('approval', 'none', 'one');
  if (!equal(encode(obligations), encode(receipt.obligations)))
    differs('obligations', `${obligations.length}`, receipt.obligations.length === obligations.length ? 'others' : `${receipt.obligations.length}`);
  const mine = judgement.reasons.map((r) => `${r.rule} ${r.answer} ${r.cause} ${r.mode}`).join(', ');
  const said = receipt.reasons.map((r) => `${r.rule} ${r.answer} ${r.cause} ${r.mode}`).join(', ');
  if (mine !== said) differs('reasons', mine, said);
}
