/**
 * The state machine: `(state, block input) → (header, entries, events, writes)`. Total and synchronous; the state moves
 * only in `commit`. A block is built transaction by transaction, so that a sequencer can work while a disk writes.
 */
import type { Octets } from '../base/bytes.ts';
import { EMPTY, ZERO32 } from '../base/bytes.ts';
import { encode, Writer } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { BLOCK_BYTES_MAX, BLOCK_DUE_MAX, BLOCK_TRANSACTIONS_MAX, FACTS_MAX } from '../base/limit.ts';
import { hashLeaf, tagged } from '../crypto/hash.ts';
import { type Frontier, rootOf } from '../merkle/tree.ts';
import type { Answer, MachineEvent } from './answer.ts';
import { answerApproval } from './approval.ts';
import { setApprover } from './approver.ts';
import { encodeHeader, type Header, headerHash } from './block.ts';
import { tripBreaker } from './breaker.ts';
import { decide } from './decide.ts';
import { drain } from './drain.ts';
import { encodeFact, type Fact, factKey, type Sequence, stops } from './fact.ts';
import { haltRule, resumeRule } from './halt.ts';
import { type Run, runRule } from './judge.ts';
import { setMode } from './mode.ts';
import { outcome } from './outcome.ts';
import { Overlay } from './overlay.ts';
import { encodeEntry, type Place, type Receipt, VERDICTS } from './receipt.ts';
import { authenticate, openSession, sessionInput } from './session.ts';
import type { State } from './state.ts';
import { isDecision, KIND, type Transaction } from './transaction.ts';

export interface Accepted {
  readonly transaction: Transaction;
  readonly receipt: Receipt;
}

export interface BlockOutput {
  readonly header: Header;
  readonly header_bytes: Uint8Array;
  readonly header_hash: Octets;
  readonly accepted: readonly Accepted[];
  /** One a transaction that was accepted; refused ones leave no trace. */
  readonly entries: readonly Uint8Array[];
  readonly sidecars: readonly (Uint8Array | null)[];
  readonly witnesses: readonly (Uint8Array | null)[];
  readonly events: readonly MachineEvent[];
  /** Facts as they are to be stored; null deletes. */
  readonly writes: ReadonlyMap<Octets, Uint8Array | null>;
  readonly facts: ReadonlyMap<Octets, Fact | null>;
  readonly log: Frontier;
}

const hashFacts = tagged('facts');
const factWriter = new Writer(65_536);

export type { MachineEvent } from './answer.ts';

/** Whether the transaction makes facts that stay: a session, its memory, a permit, an approver. */
const opens = (transaction: Transaction): boolean => {
  const { kind } = transaction;
  if (isDecision(transaction)) return transaction.payload.permit;
  return kind === KIND.session_open || kind === KIND.session_input || kind === KIND.approver_set;
};

/** One block in the making. Dropping it undoes it. */
export class BlockBuilder {
  readonly height: number;
  readonly time_ms: number;
  private readonly state: State;
  private readonly overlay: Overlay;
  private readonly run: Run;
  private readonly accepted: Accepted[] = [];
  private readonly entries: Uint8Array[] = [];
  private readonly leaves: Octets[] = [];
  private readonly witnesses: (Uint8Array | null)[] = [];
  private readonly verdicts: [number, number, number, number] = [0, 0, 0, 0];
  private gas_used = 0;
  private bytes = 0;

  /** K-1: time never runs back; what fell due comes first. `run`, how rules are run: a sequencer takes their time. */
  constructor(state: State, time_ms: number, run: Run = runRule) {
    this.state = state;
    this.run = run;
    this.height = state.height + 1;
    this.time_ms = Math.max(state.time_ms, time_ms);
    this.overlay = new Overlay(state.facts);
    drain(state, this.overlay, this.time_ms, BLOCK_DUE_MAX);
  }

  /** Transactions accepted so far. */
  get size(): number {
    return this.accepted.length;
  }

  /** A block is worth making when it holds a transaction or something fell due. */
  get empty(): boolean {
    return this.accepted.length === 0 && this.overlay.block.size === 0;
  }

  get full(): boolean {
    return this.accepted.length >= BLOCK_TRANSACTIONS_MAX || this.bytes >= BLOCK_BYTES_MAX;
  }

  /** K-2: applies one transaction. A refused one changes nothing and leaves no entry. */
  add(transaction: Transaction): Receipt | Fault {
    try {
      const answer = this.judge(transaction);
      const receipt: Receipt = {
        tx_id: transaction.tx_id,
        verdict: answer.verdict,
        enforced: answer.enforced,
        reasons: answer.reasons,
        obligations: answer.obligations,
        constitution: answer.constitution,
        gas: answer.gas,
        inputs_hash: answer.inputs_hash,
        trace: answer.trace,
        permit: answer.permit,
        approval: answer.approval,
        height: this.height,
        index: this.accepted.length,
      };
      const entry = encodeEntry(transaction, receipt);
      const witness = answer.witness === null ? null : encode(answer.witness);
      this.overlay.keep();
      this.entries.push(entry);
      this.leaves.push(hashLeaf(entry));
      this.witnesses.push(witness);
      this.bytes += entry.length + (transaction.sidecar_bytes?.length ?? 0) + (witness?.length ?? 0);
      this.verdicts[VERDICTS.indexOf(receipt.verdict)] += 1;
      this.gas_used += receipt.gas;
      this.accepted.push({ transaction, receipt });
      return receipt;
    } catch (error) {
      this.overlay.drop();
      if (error instanceof Fault && error.slug !== 'engine_failed') return error;
      throw error;
    }
  }

  /** Of the transaction that is next. */
  private get place(): Place {
    return { height: this.height, index: this.accepted.length };
  }

  private judge(transaction: Transaction): Answer {
    const { overlay, time_ms } = this;
    if (transaction.valid_until_ms !== 0 && time_ms > transaction.valid_until_ms) throw new Fault('transaction_expired');
    authenticate(this.state, overlay, time_ms, transaction);
    // K-9: a signer's numbers are its own, so that no signed transaction can use up those of the edge
    const key = factKey('sequence', transaction.auths[0]?.key_id ?? transaction.sender);
    const last = overlay.get(key) as Sequence | undefined;
    if (last !== undefined && transaction.seq <= last.last) throw new Fault('sequence_used', `the signer's last sequence number is ${last.last}`);
    overlay.set(key, { is: 'sequence', due_ms: 0, last: transaction.seq });
    // K-10
    if (this.state.facts.size >= FACTS_MAX && opens(transaction)) throw new Fault('overloaded', `the state has its bound of ${FACTS_MAX} facts`);
    switch (transaction.kind) {
      case KIND.decide:
      case KIND.decide_again:
        return decide(this.state, overlay, time_ms, transaction as Transaction<3> | Transaction<8>, this.place, this.run);
      case KIND.outcome:
      case KIND.outcome_settled:
        return outcome(this.state, overlay, time_ms, transaction as Transaction<4> | Transaction<12>);
      case KIND.session_input:
        return sessionInput(this.state, overlay, time_ms, transaction as Transaction<2>, this.place);
      case KIND.session_open:
        return openSession(overlay, time_ms, transaction as Transaction<1>);
      case KIND.breaker_trip:
        return tripBreaker(this.state, overlay, time_ms, transaction as Transaction<5>);
      case KIND.rule_halt:
        return haltRule(this.state, overlay, time_ms, transaction as Transaction<6>);
      case KIND.rule_resume:
        return resumeRule(this.state, overlay, transaction as Transaction<7>);
      case KIND.approval_answer:
        return answerApproval(this.state, overlay, time_ms, transaction as Transaction<9>, this.place);
      case KIND.approver_set:
        return setApprover(this.state, overlay, time_ms, transaction as Transaction<10>);
      case KIND.rule_mode:
        return setMode(this.state, overlay, time_ms, transaction as Transaction<11>);
      default:
        throw new Fault('kind_unknown', 'a bundle is opened before it is applied');
    }
  }

  /** K-3 to K-7: roots, digest and header. The builder is not used after it. */
  close(): BlockOutput {
    const { state, overlay, leaves } = this;
    const writes = new Map<Octets, Uint8Array | null>();
    // K-4
    const log = state.log.clone();
    for (let i = 0; i < leaves.length; i++) log.append(leaves[i]);
    const header: Header = {
      network: state.network,
      height: this.height,
      time_ms: this.time_ms,
      prev_hash: state.prev_hash,
      seal_ref: ZERO32,
      validators_root: state.law.validators_root,
      rules_root: state.law.rules_root,
      state_root: state.law.state_root,
      facts_digest: digestFacts(state.facts_digest, overlay.block, writes),
      entries_root: rootOf(leaves),
      log_size: log.size,
      log_root: log.root(),
      outbox_root: ZERO32,
      verdicts: this.verdicts,
      gas_used: this.gas_used,
      amendments_root: ZERO32,
      schedule: state.law.schedule,
    };
    const header_bytes = encodeHeader(header);
    return {
      header,
      header_bytes,
      header_hash: headerHash(header_bytes),
      accepted: this.accepted,
      entries: this.entries,
      sidecars: this.accepted.map(({ transaction }) => transaction.sidecar_bytes),
      witnesses: this.witnesses,
      events: overlay.events,
      writes,
      facts: overlay.block,
      log,
    };
  }
}

/** K-5: `facts_digest = H("facts", prev ‖ cbor [[key, bytes | null], …] sorted by key)`; fills `writes`. */
function digestFacts(previous: Octets, facts: ReadonlyMap<Octets, Fact | null>, writes: Map<Octets, Uint8Array | null>): Octets {
  if (facts.size === 0) return hashFacts(previous, EMPTY);
  const keys = [...facts.keys()].sort();
  const w = factWriter.reset();
  w.array(keys.length);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    const fact = facts.get(key) ?? null;
    const bytes = fact === null ? null : encodeFact(fact);
    writes.set(key, bytes);
    w.array(2);
    w.octets(key);
    if (bytes === null) w.null();
    else w.bytes(bytes);
  }
  return hashFacts(previous, w.view());
}

/** A whole block at once: replay, replicas. A refused transaction in a recorded block shows as a missing entry. */
export function apply(state: State, time_ms: number, transactions: readonly Transaction[]): BlockOutput {
  const builder = new BlockBuilder(state, time_ms);
  for (const transaction of transactions) builder.add(transaction);
  return builder.close();
}

/** Moves the state to the block's end: the only writer of state. */
export function commit(state: State, output: BlockOutput): void {
  for (const [key, fact] of output.facts) {
    if (stops(fact) && !state.facts.has(key)) state.stopped += 1;
    if (fact?.is === 'approval') state.approvals.add(key.slice(1));
    if (fact === null) {
      const gone = state.facts.get(key);
      if (stops(gone)) state.stopped -= 1;
      if (gone?.is === 'approval') state.approvals.delete(key.slice(1));
      state.facts.delete(key);
      continue;
    }
    // One item a fact: one that stands at an earlier moment is moved when it is taken (drain.ts).
    const before = state.facts.get(key);
    if (before === undefined || before.due_ms === 0 || fact.due_ms < before.due_ms) state.due.push(fact.due_ms, key);
    state.facts.set(key, fact);
  }
  state.log = output.log;
  state.height = output.header.height;
  state.time_ms = output.header.time_ms;
  state.prev_hash = output.header_hash;
  state.facts_digest = output.header.facts_digest;
}
