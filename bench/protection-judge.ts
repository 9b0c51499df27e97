/** Recorded runs judged in process: the machine itself, one block a run, nothing stored. `avactl trace` gives the same verdicts. */
import type { Cbor } from '../src/base/cbor.ts';
import { Fault } from '../src/base/fault.ts';
import type { Run, Step } from '../src/cli/runs.ts';
import { signingKey } from '../src/crypto/suite.ts';
import { decodeToolMap, encodeToolMap } from '../src/facet/map.ts';
import { type Constitution, encodeGenesis } from '../src/law/genesis.ts';
import { type Law, lawOf } from '../src/law/law.ts';
import { BlockBuilder } from '../src/machine/apply.ts';
import type { Receipt } from '../src/machine/receipt.ts';
import { initialState } from '../src/machine/state.ts';
import { compose, KIND, type Kind, makeSidecar, type PayloadOf } from '../src/machine/transaction.ts';
import { decodeManifest } from '../src/rule/manifest.ts';

/** UTF-16 units of a part of a long text of the user, and of a result that is too large to report whole. */
const PART_LENGTH = 16_384;
const START_MS = 1_767_225_600_000;
const SENDER = 'p'.repeat(32);
const ID = 's'.repeat(16);

export interface Verdict {
  readonly trace: string;
  readonly step: number;
  readonly verdict: 'allow' | 'deny' | 'escalate';
  /** The binding rules that objected. */
  readonly rules: readonly string[];
}

export interface Change {
  /** Rules by name that are left out. */
  readonly without?: readonly string[];
  /** No tool is listed: all are guessed from names and arguments. */
  readonly guessed?: boolean;
}

/** The law of a constitution, changed. */
export function lawFor(constitution: Constitution, { without = [], guessed = false }: Change = {}): Law {
  const key = signingKey(new Uint8Array(32).fill(7));
  const map = decodeToolMap(constitution.tools);
  return lawOf(
    encodeGenesis({
      version: 1,
      label: 'protection',
      time_ms: START_MS,
      home: 'ava',
      sequencer: 'solo',
      validators: [{ principal: SENDER, name: 'node', suite: key.suite, public: key.public, weight: 1 }],
      constitution: {
        ...constitution,
        rules: constitution.rules.filter(({ manifest }) => !without.includes(decodeManifest(manifest).name)),
        tools: guessed ? encodeToolMap({ ...map, entries: [], unlisted: 'guess' }) : constitution.tools,
      },
    }),
  );
}

/** The verdict of every step of a run. @throws Fault that is not about one step's arguments */
export function judgeRun(law: Law, run: Run): Verdict[] {
  const builder = new BlockBuilder(initialState(law.network, law, START_MS), START_MS);
  let seq = 0;
  const tell = <K extends Kind>(kind: K, payload: PayloadOf[K], side: ReturnType<typeof makeSidecar> | null): Receipt => {
    const answer = builder.add(compose(law.network, kind, SENDER, ++seq, 0, payload, side));
    if (answer instanceof Fault) throw answer;
    return answer;
  };
  const session = tell(KIND.session_open, { agent: 'recorded', assurance: 0, nonce: ID }, null).tx_id.slice(0, 16);
  const say = (text: string): void => {
    for (let at = 0; at < text.length; at += PART_LENGTH) {
      const side = makeSidecar(ID, [text.slice(at, at + PART_LENGTH).toWellFormed()]);
      tell(KIND.session_input, { session, commitment: side.commitment }, side);
    }
  };
  const outcome = (permit: string, { result, error }: Step, part: number): void => {
    const text =
      part === Number.POSITIVE_INFINITY ? (result as Cbor) : (typeof result === 'string' ? result : JSON.stringify(result)).slice(0, part).toWellFormed();
    const side = makeSidecar(ID, [text, error?.slice(0, part).toWellFormed() ?? null]);
    tell(KIND.outcome, { permit, ok: error === null, commitment: side.commitment }, side);
  };
  if (run.user_prompt !== null) say(run.user_prompt);
  return run.steps.map((given, step): Verdict => {
    if (given.user !== null) say(given.user);
    let receipt: Receipt;
    try {
      const side = makeSidecar(ID, [given.args as Cbor, null]);
      receipt = tell(KIND.decide, { session, kind: 'tool.call', server: null, name: given.tool, args_commitment: side.commitment, permit: true }, side);
    } catch (fault) {
      if (fault instanceof Fault) return { trace: run.trace, step, verdict: 'deny', rules: [`limit ${fault.slug}`] };
      throw fault;
    }
    if (receipt.permit !== null) {
      try {
        outcome(receipt.permit, given, Number.POSITIVE_INFINITY);
      } catch (fault) {
        if (!(fault instanceof Fault)) throw fault;
        outcome(receipt.permit, given, PART_LENGTH);
      }
    }
    const rules = receipt.reasons.filter(({ mode }) => mode !== 'observe').map(({ rule }) => rule);
    return { trace: run.trace, step, verdict: receipt.verdict as Verdict['verdict'], rules };
  });
}
