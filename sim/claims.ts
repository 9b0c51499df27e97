/**
 * What must hold of any ledger, told from its entries alone by a few lines that know nothing of the machine: a permit is
 * used at most once and in time, an approval gives at most one, and what an agent reserved and settled in a window stays within the limit.
 */
import assert from 'node:assert/strict';
import type { Octets } from '../src/base/bytes.ts';
import type { Accepted } from '../src/machine/apply.ts';
import { type ApprovalAnswer, isDecision, KIND, type Outcome, type OutcomeSettled, type SessionOpen } from '../src/machine/transaction.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './small-law.ts';

const PERMIT_MS = 10 * MINUTE_MS;

interface Payment {
  readonly agent: string;
  amount: number;
  readonly at_ms: number;
  /** When it was given back: its failure, or the first block at or after its permit's end. */
  released_ms: number;
}

export interface Limit {
  readonly window_ms: number;
  readonly most: number;
}

/** The limits of `sim/laws.ts`, by window. */
export const limitsOf = (hour: number, day: number): readonly Limit[] => [
  { window_ms: HOUR_MS, most: hour },
  { window_ms: DAY_MS, most: day },
];

export class Claims {
  /** Permits given, by id: when, and whether they were used. */
  private readonly permits = new Map<Octets, { readonly at_ms: number; used: boolean; readonly payment: Payment | null }>();
  private readonly agents = new Map<Octets, string>();
  /** Approvals: whether they were allowed, and whether they gave a permit. */
  private readonly approvals = new Map<Octets, { allowed: boolean | null; used: boolean }>();
  private readonly payments: Payment[] = [];
  private readonly limits: readonly Limit[];
  used = 0;
  paid = 0;
  refused = 0;
  approved = 0;

  constructor(limits: readonly Limit[]) {
    this.limits = limits;
  }

  /** The next block of the ledger. */
  block(time_ms: number, accepted: readonly Accepted[]): void {
    for (const payment of this.payments)
      if (payment.released_ms === Number.POSITIVE_INFINITY && this.isOpen(payment) && time_ms >= payment.at_ms + PERMIT_MS) payment.released_ms = time_ms;
    for (const { transaction, receipt } of accepted) {
      if (transaction.kind === KIND.session_open) this.agents.set(transaction.tx_id.slice(0, 16), (transaction.payload as SessionOpen).agent);
      else if (transaction.kind === KIND.outcome || transaction.kind === KIND.outcome_settled)
        this.outcome(time_ms, transaction.payload as Outcome | OutcomeSettled);
      else if (transaction.kind === KIND.approval_answer) {
        const { approval, allow } = transaction.payload as ApprovalAnswer;
        assert.ok(this.approvals.get(approval)?.allowed === null, 'an answer that nobody asked for, or the second one');
        this.approvals.set(approval, { allowed: allow, used: false });
      } else if (isDecision(transaction)) {
        const { payload } = transaction;
        if (receipt.approval !== null && !this.approvals.has(receipt.approval)) this.approvals.set(receipt.approval, { allowed: null, used: false });
        if (receipt.permit !== null && 'approval' in payload) {
          const approval = this.approvals.get(payload.approval);
          assert.ok(approval?.allowed === true && !approval.used, 'a permit by an approval that was not allowed, or was used');
          approval.used = true;
          this.approved += 1;
        }
        const args = transaction.sidecar?.[1] as { amount?: number } | undefined;
        const amount = payload.name === 'send_money' && args?.amount !== undefined ? Math.round(args.amount * 100) : null;
        if (receipt.permit === null) {
          if (receipt.verdict !== 'allow' && amount !== null) this.refused += 1;
          continue;
        }
        assert.equal(receipt.permit, transaction.tx_id.slice(0, 16));
        assert.equal(receipt.verdict, 'allow', 'a permit without an allowance');
        assert.ok(!this.permits.has(receipt.permit), 'a permit given twice');
        const payment =
          amount === null ? null : { agent: this.agents.get(payload.session) ?? '', amount, at_ms: time_ms, released_ms: Number.POSITIVE_INFINITY };
        this.permits.set(receipt.permit, { at_ms: time_ms, used: false, payment });
        if (payment !== null) this.pay(time_ms, payment);
      }
    }
  }

  /** Its permit has not been used. */
  private isOpen(payment: Payment): boolean {
    return ![...this.permits.values()].some((permit) => permit.payment === payment && permit.used);
  }

  private pay(time_ms: number, payment: Payment): void {
    this.payments.push(payment);
    this.paid += 1;
    for (const { window_ms, most } of this.limits) {
      let sum = 0;
      for (const { agent, amount, at_ms, released_ms } of this.payments)
        if (agent === payment.agent && at_ms > time_ms - window_ms && released_ms === Number.POSITIVE_INFINITY) sum += amount;
      assert.ok(sum <= most, `${payment.agent} has ${sum} reserved and settled within ${window_ms} ms, the limit is ${most}`);
    }
  }

  private outcome(time_ms: number, outcome: Outcome | OutcomeSettled): void {
    const { permit: id, ok } = outcome;
    const permit = this.permits.get(id);
    assert.ok(permit !== undefined, 'an outcome of a permit that nobody gave');
    assert.ok(!permit.used, 'a permit used twice');
    assert.ok(time_ms < permit.at_ms + PERMIT_MS, 'a permit used after its end');
    permit.used = true;
    this.used += 1;
    const settled = 'amounts' in outcome ? outcome.amounts.find(({ path }) => path === 'money.amount') : undefined;
    if (permit.payment === null) return;
    if (settled !== undefined) permit.payment.amount = Number(settled.amount);
    else if (!ok) permit.payment.released_ms = time_ms;
  }
}
