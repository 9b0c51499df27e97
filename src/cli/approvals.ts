/** `avactl approvals`: what waits for the answer of a person, why, and the answer. */
import type { Client } from '../api/client.ts';
import type { ApprovalView } from '../api/schema.ts';
import { fromHex, octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { encodeWire } from '../machine/transaction.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { argsText } from './log.ts';
import { withNode } from './node-client.ts';
import { signer } from './signer.ts';
import { brief, clip, columns, duration, moment, plain } from './text.ts';

const WHAT_WIDTH = 42;
const WHY_WIDTH = 80;
const VALUE_WIDTH = 200;

/** `bank/pay`, or `pay`. */
const toolText = ({ action }: ApprovalView): string => plain(action.server === undefined ? action.name : `${action.server}/${action.name}`);
const leftText = ({ due_ms, status }: ApprovalView): string =>
  status === 'waiting' || status === 'allowed' ? `${duration(Math.max(0, due_ms - Date.now()))} left` : '';

/** Why it waits, in one line: the rule, and where the value comes from that made it speak. */
function whyText({ reasons, rules }: ApprovalView): string {
  const reason = reasons.find(({ rule }) => rules.includes(rule));
  if (reason === undefined) return rules.join(' ');
  const said = reason.values?.[0]?.text;
  return plain(`${reason.rule}: ${said ?? reason.title}`);
}

export async function listApprovals(call: Call): Promise<number> {
  const { out } = call;
  const all = call.given('all');
  return withNode(call, async (client) => {
    const approvals = await client.approvals(all ? undefined : 'waiting');
    out.value(approvals);
    if (approvals.length === 0) out.line(all ? 'No approvals are remembered.' : 'Nothing waits for an answer.');
    const rows = approvals.map((approval) => [
      approval.code,
      approval.status,
      leftText(approval),
      toolText(approval),
      clip(approval.action.args === null ? '(erased)' : argsText(approval.action.args as Record<string, unknown>), WHAT_WIDTH),
      clip(whyText(approval), WHY_WIDTH),
    ]);
    for (const row of columns(rows)) out.line(row);
    if (approvals.some(({ status }) => status === 'waiting')) out.line('avactl approvals show CODE, then approve CODE or deny CODE');
    return EXIT.ok;
  });
}

export async function showApproval(call: Call): Promise<number> {
  return withNode(call, async (client) => {
    const approval = await client.approval(call.operands[0]);
    call.out.value(approval);
    for (const line of approvalLines(approval)) call.out.line(line);
    return EXIT.ok;
  });
}

/** The call as it is, each argument on its line; then why it waits. */
function approvalLines(approval: ApprovalView): string[] {
  const { code, status, action, context, facets, reasons, rules, agent, receipt, opened_ms, answer } = approval;
  const left = leftText(approval);
  const lines = [`${code}  ${status}${left === '' ? '' : `, ${left}`}`];
  const args = action.args as Record<string, unknown> | null;
  const rows: [string, string][] = [
    ['agent', agent === null ? '(its session has ended)' : plain(agent)],
    ['tool', `${toolText(approval)}${action.kind === 'tool.call' ? '' : ` (${action.kind})`}`],
    ...(args === null
      ? [['args', '(erased)'] as [string, string]]
      : Object.entries(args).map(([key, value]): [string, string] => [`  ${plain(key)}`, brief(value, VALUE_WIDTH)])),
    ...(context === null ? [] : [['context', brief(context, VALUE_WIDTH)] as [string, string]]),
    ['does', brief(facets, VALUE_WIDTH)],
    ['asked', `${moment(opened_ms)}, receipt ${receipt}`],
  ];
  for (const row of columns(rows)) lines.push(`  ${row}`);
  for (const { rule, title, advice, values, mode, answer: said } of reasons) {
    lines.push(`  ${rules.includes(rule) ? 'waits for' : `${mode === 'observe' ? 'observed' : said}:`} ${rule}  ${plain(title)}`);
    for (const value of values ?? []) lines.push(`    ${plain(value.text)}`);
    if (advice !== undefined) lines.push(`    passes: ${plain(advice)}`);
  }
  if (answer !== null)
    lines.push(
      `  ${answer.allow ? 'approved' : 'denied'} by ${plain(answer.by ?? 'someone')} at ${moment(answer.at_ms)}${answer.note === '' ? '' : `: ${plain(answer.note)}`}`,
    );
  return lines;
}

export const approve = (call: Call): Promise<number> => answerWith(call, true);
export const deny = (call: Call): Promise<number> => answerWith(call, false);

async function answerWith(call: Call, allow: boolean): Promise<number> {
  const { out } = call;
  return withNode(call, async (client: Client) => {
    const approval = await waiting(client, call.operands[0]);
    const owner = await signer(call, client);
    const placed = await client.submit(encodeWire(owner.answerApproval(octets(fromHex(approval.id)), allow, call.text('note') ?? '')));
    out.value({ approval: approval.id, code: approval.code, allow, ...placed });
    out.line(
      `${allow ? 'Approved' : 'Denied'} ${out.paint('bold', approval.code)}: ${toolText(approval)} ${plain(argsText((approval.action.args ?? {}) as Record<string, unknown>))}`,
    );
    out.line(allow ? 'The agent may make this call once, within 10 minutes.' : 'The agent is told so; its values are refused in this session from now on.');
    return EXIT.ok;
  });
}

/** @throws Fault approval_unknown, approval_answered, approval_used, approval_expired */
async function waiting(client: Client, name: string): Promise<ApprovalView> {
  const approval = await client.approval(name);
  const { status } = approval;
  if (status === 'used' || status === 'expired') throw new Fault(`approval_${status}`);
  if (status !== 'waiting') throw new Fault('approval_answered', `${approval.code} was ${status === 'allowed' ? 'approved' : 'denied'} already`);
  return approval;
}
