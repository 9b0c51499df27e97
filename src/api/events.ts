/** Durable events as they happen (spec/http.md N-34 to N-38): what they are, and the text of a stream of them. */
import { hex } from '../base/bytes.ts';
import type { MachineEvent } from '../machine/apply.ts';
import { originText, type Receipt } from '../machine/receipt.ts';
import {
  type ApprovalAnswer,
  type ApproverSet,
  type BreakerTrip,
  type Decide,
  type DecideAgain,
  KIND,
  type Outcome,
  type RuleHalt,
  type RuleMode,
  type RuleResume,
  type SessionInput,
  type SessionOpen,
  type Transaction,
} from '../machine/transaction.ts';
import { receiptId } from './answer.ts';
import { codeOf } from './approvals.ts';

interface Place {
  /** `<height>.<index>`: where a follower goes on. */
  readonly id: string;
  readonly height: number;
  readonly index: number;
  readonly time_ms: number;
}

export interface DecisionEvent extends Place {
  readonly type: 'decision';
  readonly receipt: string;
  readonly session: string;
  readonly kind: string;
  readonly server: string | null;
  readonly name: string;
  readonly verdict: string;
  readonly enforced: boolean;
  readonly reasons: readonly {
    readonly rule: string;
    readonly answer: string;
    readonly cause: string;
    readonly mode: string;
    /** Where the values come from that made the rule speak, in words (P-5). */
    readonly said: readonly string[];
  }[];
  readonly permit: string | null;
  /** The approval that it waits for, or that allowed it. */
  readonly approval: string | null;
  /** The same for people (N-51). */
  readonly code: string | null;
  readonly gas: number;
}
export interface OutcomeEvent extends Place {
  readonly type: 'outcome';
  readonly receipt: string;
  readonly permit: string;
  readonly ok: boolean;
}
export interface SessionEvent extends Place {
  readonly type: 'session';
  readonly receipt: string;
  readonly session: string;
  readonly agent: string;
  readonly assurance: number;
}
export interface InputEvent extends Place {
  readonly type: 'input';
  readonly receipt: string;
  readonly session: string;
}
export interface BreakerEvent extends Place {
  readonly type: 'breaker';
  readonly receipt: string;
  readonly rule: string;
}
export interface HaltEvent extends Place {
  readonly type: 'halt';
  readonly receipt: string;
  readonly rule: string;
  readonly until_ms: number;
  readonly reason: string;
}
/** An approval was opened or expired, which is told live only, or was answered. */
export interface ApprovalEvent extends Place {
  readonly type: 'approval';
  readonly approval: string;
  readonly code: string;
  readonly status: 'waiting' | 'allowed' | 'denied' | 'expired';
  /** Of the answer; null where there is none. */
  readonly receipt: string | null;
  readonly note: string;
}
export interface ApproverEvent extends Place {
  readonly type: 'approver';
  readonly receipt: string;
  readonly name: string;
  readonly removed: boolean;
}
export interface ModeEvent extends Place {
  readonly type: 'mode';
  readonly receipt: string;
  readonly rule: string;
  readonly mode: string;
  readonly until_ms: number;
  readonly reason: string;
}
export interface ResumeEvent extends Place {
  readonly type: 'resume';
  readonly receipt: string;
  readonly rule: string;
}
/** Something fell due, or a breaker opened or closed. These are told live only: the log does not hold them, a replay gives them again. */
export interface DueEvent extends Place {
  readonly type: 'due';
  readonly due: MachineEvent['type'];
  /** A session's or permit's id in hex, or a rule's name. */
  readonly subject: string;
}
export type LedgerEvent =
  | DecisionEvent
  | OutcomeEvent
  | SessionEvent
  | InputEvent
  | BreakerEvent
  | HaltEvent
  | ModeEvent
  | ResumeEvent
  | ApprovalEvent
  | ApproverEvent
  | DueEvent;

const place = (height: number, index: number, time_ms: number): Place => ({ id: `${height}.${index}`, height, index, time_ms });

/** The event of a transaction, or null for kinds that make none. */
export function eventOf(transaction: Transaction, receipt: Receipt, time_ms: number): LedgerEvent | null {
  const at = { ...place(receipt.height, receipt.index, time_ms), receipt: receiptId(receipt) };
  switch (transaction.kind) {
    case KIND.decide:
    case KIND.decide_again: {
      const { session, kind, server, name } = transaction.payload as Decide;
      const { verdict, enforced, reasons, permit, approval, gas } = receipt;
      const used = transaction.kind === KIND.decide_again && verdict === 'allow' ? (transaction.payload as DecideAgain).approval : null;
      const waits = approval ?? used;
      return {
        type: 'decision',
        ...at,
        session: hex(session),
        kind,
        server,
        name,
        verdict,
        enforced,
        reasons: reasons.map(({ rule, answer, cause, mode, values }) => ({ rule, answer, cause, mode, said: values.map((value) => originText(value)) })),
        permit: permit === null ? null : hex(permit),
        approval: waits === null ? null : hex(waits),
        code: waits === null ? null : codeOf(waits),
        gas,
      };
    }
    case KIND.outcome:
    case KIND.outcome_settled: {
      const { permit, ok } = transaction.payload as Outcome;
      return { type: 'outcome', ...at, permit: hex(permit), ok };
    }
    case KIND.session_open: {
      const { agent, assurance } = transaction.payload as SessionOpen;
      return { type: 'session', ...at, session: hex(receipt.tx_id.slice(0, 16)), agent, assurance };
    }
    case KIND.session_input:
      return { type: 'input', ...at, session: hex((transaction.payload as SessionInput).session) };
    case KIND.breaker_trip:
      return { type: 'breaker', ...at, rule: (transaction.payload as BreakerTrip).rule };
    case KIND.rule_halt:
      return { type: 'halt', ...at, ...(transaction.payload as RuleHalt) };
    case KIND.approval_answer: {
      const { approval, allow, note } = transaction.payload as ApprovalAnswer;
      return { type: 'approval', ...at, approval: hex(approval), code: codeOf(approval), status: allow ? 'allowed' : 'denied', note };
    }
    case KIND.approver_set: {
      const { name, public: key } = transaction.payload as ApproverSet;
      return { type: 'approver', ...at, name, removed: key.length === 0 };
    }
    case KIND.rule_mode:
      return { type: 'mode', ...at, ...(transaction.payload as RuleMode) };
    case KIND.rule_resume:
      return { type: 'resume', ...at, rule: (transaction.payload as RuleResume).rule };
    default:
      return null;
  }
}

/** `index`: after those of the block's entries. */
export function dueEvent({ type, id }: MachineEvent, height: number, index: number, time_ms: number): DueEvent | ApprovalEvent {
  const at = place(height, index, time_ms);
  if (type === 'approval.opened' || type === 'approval.expired')
    return {
      type: 'approval',
      ...at,
      approval: hex(id),
      code: codeOf(id),
      status: type === 'approval.opened' ? 'waiting' : 'expired',
      receipt: null,
      note: '',
    };
  return { type: 'due', ...at, due: type, subject: /^(?:breaker|halt|mode)\./.test(type) ? id : hex(id) };
}

/** N-35: one event of text/event-stream. */
export const eventText = (event: LedgerEvent): string => `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

/** Reads text/event-stream in pieces; comments and other fields are skipped. */
export class EventReader {
  private rest = '';

  /** The events that are whole now. @throws SyntaxError for data that is no JSON */
  read(piece: string): LedgerEvent[] {
    const blocks = (this.rest + piece).split('\n\n');
    this.rest = blocks.pop() as string;
    const events: LedgerEvent[] = [];
    for (const block of blocks) {
      const data = block.split('\n').filter((line) => line.startsWith('data: '));
      if (data.length > 0) events.push(JSON.parse(data.map((line) => line.slice(6)).join('\n')) as LedgerEvent);
    }
    return events;
  }
}
