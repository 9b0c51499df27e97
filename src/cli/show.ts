/** `avactl show`: a receipt with its transaction, its place and its inputs, as the bundle proves them. */

import { verifyBundle } from '../audit/bundle.ts';
import { hex } from '../base/bytes.ts';
import type {
  ApprovalAnswer,
  ApproverSet,
  BreakerTrip,
  Decide,
  DecideAgain,
  Outcome,
  RuleHalt,
  RuleMode,
  RuleResume,
  SessionInput,
  SessionOpen,
} from '../machine/transaction.ts';
import { KIND } from '../machine/transaction.ts';
import { bundleOf } from './bundle-source.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { receiptId } from './explanation.ts';
import { brief, columns, moment, plain } from './text.ts';

const KIND_NAMES = Object.fromEntries(Object.entries(KIND).map(([name, number]) => [number, name]));
const VALUE_MAX = 2_000;
const HAVE_INPUTS: ReadonlySet<number> = new Set([KIND.decide, KIND.outcome, KIND.session_input, KIND.decide_again, KIND.outcome_settled]);

type Entry = ReturnType<typeof verifyBundle>['entry'];

export async function show(call: Call): Promise<number> {
  const { out } = call;
  const { entry, header, law, network, recomputed } = verifyBundle(await bundleOf(call, call.operands[0]));
  const { receipt, transaction } = entry;
  const subject = subjectOf(entry);
  const erased = subject.inputs === null && HAVE_INPUTS.has(transaction.kind);
  const reasons = receipt.reasons.map((reason) => {
    const manifest = law.rules.find(({ name }) => name === reason.rule)?.manifest;
    return { ...reason, title: manifest?.title ?? '', advice: manifest?.advice ?? '' };
  });
  out.value({
    receipt: receiptId(entry),
    tx_id: hex(receipt.tx_id),
    kind: KIND_NAMES[transaction.kind],
    verdict: receipt.verdict,
    enforced: receipt.enforced,
    reasons,
    obligations: receipt.obligations,
    constitution: receipt.constitution,
    gas: receipt.gas,
    inputs_hash: receipt.inputs_hash === null ? null : hex(receipt.inputs_hash),
    trace: receipt.trace === null ? null : hex(receipt.trace),
    permit: receipt.permit === null ? null : hex(receipt.permit),
    ...subject,
    erased,
    recomputed: recomputed !== null,
    network: hex(network),
    height: header.height,
    index: receipt.index,
    time_ms: header.time_ms,
    stands: 'committed',
  });
  const verdict = receipt.verdict === 'none' ? '' : `${out.verdict(receipt.verdict)}  `;
  out.line(
    `${verdict}${out.paint('bold', receiptId(entry))}  ${KIND_NAMES[transaction.kind]}${receipt.enforced ? '' : '  (a rule that only observes would have been stricter)'}`,
  );
  const rows = [
    ...Object.entries(subject.about).map(([name, value]) => [name, brief(value, VALUE_MAX)]),
    ...Object.entries(subject.inputs ?? {}).map(([name, value]) => [name, brief(value, VALUE_MAX)]),
    ...reasons.map(({ rule, answer, cause, mode, title }) => ['reason', `${answer} by ${rule} (${mode}, ${cause}): ${plain(title)}`]),
    ...(receipt.permit === null ? [] : [['permit', hex(receipt.permit)]]),
    ...(receipt.verdict === 'none'
      ? []
      : [
          [
            'law',
            `${law.genesis.constitution.name} v${receipt.constitution}, gas ${receipt.gas}${recomputed === null ? '' : ', recomputed just now: the same'}`,
          ],
        ]),
    ['stands', `committed in block ${header.height}, entry ${receipt.index + 1}, ${moment(header.time_ms)}; not sealed, not anchored`],
  ];
  for (const row of columns(rows)) out.line(`  ${row}`);
  if (erased) out.line(`  ${out.paint('yellow', 'Its inputs are erased.')}`);
  return EXIT.ok;
}

/** What the transaction is about, and what its sidecar holds (null when it has none or it was erased). */
function subjectOf({ transaction }: Entry): { about: Record<string, unknown>; inputs: Record<string, unknown> | null } {
  const { kind, payload, sidecar } = transaction;
  switch (kind) {
    case KIND.decide:
    case KIND.decide_again: {
      const { session, kind: action, server, name, permit } = payload as Decide;
      const inputs = sidecar === null ? null : { args: sidecar[1], ...(sidecar[2] !== null && { context: sidecar[2] }) };
      const approval = kind === KIND.decide_again ? { approved_by: hex((payload as DecideAgain).approval) } : {};
      return {
        about: { session: hex(session), action, ...(server !== null && { server }), tool: name, ...(!permit && { asked: 'the verdict alone' }), ...approval },
        inputs,
      };
    }
    case KIND.outcome:
    case KIND.outcome_settled: {
      const { permit, ok } = payload as Outcome;
      return { about: { of: hex(permit), ok }, inputs: sidecar === null ? null : { result: sidecar[1], ...(sidecar[2] !== null && { error: sidecar[2] }) } };
    }
    case KIND.session_input:
      return { about: { session: hex((payload as SessionInput).session) }, inputs: sidecar === null ? null : { text: sidecar[1] } };
    case KIND.session_open: {
      const { agent, assurance } = payload as SessionOpen;
      return { about: { agent, assurance }, inputs: null };
    }
    case KIND.rule_halt: {
      const { rule, until_ms, reason } = payload as RuleHalt;
      return { about: { rule, until: moment(until_ms), reason }, inputs: null };
    }
    case KIND.rule_mode: {
      const { rule, mode, until_ms, reason } = payload as RuleMode;
      return { about: { rule, mode, until: moment(until_ms), reason }, inputs: null };
    }
    case KIND.approval_answer: {
      const { approval, allow, note } = payload as ApprovalAnswer;
      return { about: { approval: hex(approval), allow, note }, inputs: null };
    }
    case KIND.approver_set: {
      const { name, suite, until_ms, public: key } = payload as ApproverSet;
      return {
        about: { approver: name, ...(key.length === 0 ? { removed: true } : { suite, until: until_ms === 0 ? 'no end' : moment(until_ms) }) },
        inputs: null,
      };
    }
    case KIND.breaker_trip:
    case KIND.rule_resume:
      return { about: { rule: (payload as BreakerTrip | RuleResume).rule }, inputs: null };
    default:
      return { about: {}, inputs: null };
  }
}
