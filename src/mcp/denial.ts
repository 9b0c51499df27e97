/** What an agent is told when a call is refused (spec/gateway.md MG-22): why, what would pass, and not to try again. */
import { FAULTS, type Fault } from '../base/fault.ts';
import type { Refused } from './judge.ts';
import { type Answer, failure, isObject, type Params, RPC } from './message.ts';

/** Reasons of one answer that are told. */
const REASONS_MAX = 4;
const VALUE_LENGTH_MAX = 80;

export interface Refusal {
  readonly code: string;
  readonly text: string;
  /** For programs; `retry`: unchanged, the same may pass later. */
  readonly data: Params;
}

/** The refusal of a ruling that does not allow. */
export function refusalOf(ruling: Refused): Refusal {
  return ruling.verdict === 'fault' ? faultRefusal(ruling.fault) : verdictRefusal(ruling);
}

function verdictRefusal({ verdict, answer, action, waits }: Exclude<Refused, { verdict: 'fault' }>): Refusal {
  const held = verdict === 'escalate';
  const code = `AVA-${FAULTS[held ? 'call_escalated' : 'call_denied'][0]}`;
  const reasons = (waits?.reasons ?? answer.reasons).filter(({ mode, answer: said }) => mode !== 'observe' && said === verdict).slice(0, REASONS_MAX);
  const rules = reasons.map(({ rule }) => rule);
  const by = rules.length === 0 ? '' : ` (${rules.join(', ')})`;
  const lines = [`${code} ${held ? 'AVA holds this call: it needs the approval of a person' : 'AVA refused this call'}${by}.`];
  for (const { title, advice, values = [] } of reasons) {
    lines.push(`Why: ${sentence(title)}`);
    for (const value of values) lines.push(`  ${valueText(action.args, value.path)}${sentence(value.text)}`);
    if (advice !== undefined) lines.push(`What would pass: ${sentence(advice)}`);
  }
  const name = waits?.code ?? answer.approval;
  if (held && name !== undefined) {
    lines.push(`Approval ${name} waits for a person, who answers with \`avactl approvals approve ${name}\` or \`avactl approvals deny ${name}\`.`);
    lines.push('Repeat exactly this call once it is approved; do not try another way in the meantime.');
  } else lines.push('Do not retry it unchanged, and do not try another way to the same end; say what was refused, or do something else.');
  lines.push(`Receipt ${answer.receipt}.`);
  const approval = answer.approval === undefined ? {} : { approval: answer.approval };
  return { code, text: lines.join('\n'), data: { verdict, code, rules, receipt: answer.receipt, retry: held, ...approval } };
}

/** The value that a path into the arguments leads to, quoted; nothing where it is none or several. */
function valueText(args: Params, path: string): string {
  let value: unknown = args;
  for (const key of path.split('.')) value = isObject(value) ? value[key] : undefined;
  if (typeof value !== 'string' && typeof value !== 'number') return '';
  const text = String(value).replaceAll(/\s+/g, ' ');
  return `"${text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX).toWellFormed()}…` : text}": `;
}

/** The call itself is at fault, or a person answered. */
export function faultRefusal(fault: Fault): Refusal {
  const { code, message, next } = fault;
  const waits = (fault.slug as string) === 'approval_waiting';
  const text = `${code} AVA refused this call: ${sentence(message)}\nWhat to do: ${sentence(next)}${waits ? '' : '\nDo not retry it unchanged.'}`;
  return { code, text, data: { verdict: waits ? 'escalate' : 'deny', code, rules: [], retry: waits } };
}

/** MG-22: a tool result that is an error; `structured` where the tool declares no schema of its own that it would break. */
export function toolRefusal(refusal: Refusal, structured: boolean): Answer {
  return { result: { content: [{ type: 'text', text: refusal.text }], isError: true, ...(structured && { structuredContent: { ava: refusal.data } }) } };
}

/** MG-22: for methods whose results have no such form. */
export const rpcRefusal = (refusal: Refusal): Answer => failure(RPC.gateway, refusal.text, { ava: refusal.data });

/** MG-26: the node cannot judge now: nothing is let through, and the same may be asked again. */
export function nodeDown(fault: Fault): Answer {
  return failure(RPC.gateway, `${fault.code} AVA cannot judge now, so nothing is let through: ${sentence(fault.message)} ${sentence(fault.next)}`, {
    retryable: true,
    code: fault.code,
  });
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
