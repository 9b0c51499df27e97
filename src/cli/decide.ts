/** `avactl decide`: one decision, from flags or from stdin. */

import type { DecisionAnswer, DecisionRequest } from '../api/schema.ts';
import { Fault } from '../base/fault.ts';
import type { Call } from './command.ts';
import { exitOfVerdict } from './exit.ts';
import { withNode } from './node-client.ts';
import type { Output } from './output.ts';
import { plain } from './text.ts';

const STDIN_BYTES_MAX = 1_048_576;

/** A request whose session may still be missing. What it holds is checked by the node. */
type Request = Omit<DecisionRequest, 'session'> & { readonly session?: string };

export async function decide(call: Call): Promise<number> {
  const request = await requestOf(call);
  return withNode(call, async (client) => {
    const session = request.session ?? (await client.openSession(call.text('agent') ?? 'avactl', call.text('user'))).session;
    if (request.session !== undefined && call.given('user')) await client.input(request.session, call.text('user') ?? '');
    const answer = await client.decide({ ...request, session });
    call.out.value({ ...answer, session });
    printAnswer(call.out, answer, request.action.name, session);
    return exitOfVerdict(answer.verdict);
  });
}

async function requestOf(call: Call): Promise<Request> {
  const [tool] = call.operands;
  if (tool === undefined) throw new Fault('usage', '`decide` needs TOOL: the name of the tool, or - for a request on stdin', { command: 'decide' });
  const session = call.text('session');
  const dry = call.given('dry-run') ? { permit: false } : {};
  if (tool === '-') {
    const given = object(await stdinText(), 'stdin');
    if (typeof given.action !== 'object' || given.action === null)
      throw new Fault('usage', 'stdin: `action` is missing: {"action":{"kind":"tool.call","name":…,"args":{…}}}');
    return { ...(given as unknown as Request), ...(session !== undefined && { session }), ...dry };
  }
  const server = call.text('server');
  const context = call.text('context');
  return {
    action: { kind: call.text('kind') ?? 'tool.call', ...(server !== undefined && { server }), name: tool, args: object(call.text('args') ?? '{}', '--args') },
    ...(context !== undefined && { context: object(context, '--context') }),
    ...(session !== undefined && { session }),
    ...dry,
  };
}

/** A JSON object. The node would refuse what is lost on the way, so a number that is not exact is refused here. */
function object(text: string, from: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text, (_, item: unknown, context?: { source?: string }) => {
      if (typeof item === 'number' && Number.isInteger(item) && !Number.isSafeInteger(item))
        throw new Fault('integer_too_large', `${from}: ${context?.source ?? item} is past 2^53`);
      return item;
    });
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault('request_json', `${from} is not JSON: ${error instanceof Error ? error.message : ''}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Fault('usage', `${from} is a JSON object such as {"path":"notes.txt"}`);
  return value as Record<string, unknown>;
}

async function stdinText(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > STDIN_BYTES_MAX) throw new Fault('request_too_large', `stdin has more than ${STDIN_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Verdict, reasons, and what to do next. */
export function printAnswer(out: Output, answer: DecisionAnswer, tool: string, session: string): void {
  const { verdict, enforced, receipt, permit, reasons, gas, constitution } = answer;
  out.line(`${out.verdict(verdict)}  ${plain(tool)}${enforced ? '' : '  (a rule that only observes would have been stricter)'}`);
  for (const { rule, answer: said, mode, cause, title, advice } of reasons) {
    out.line(
      `  ${out.verdict(said)} ${out.paint('bold', rule)}${mode === 'observe' ? ' (observed)' : ''}${cause === 'failed' ? '' : ` (${cause})`}: ${plain(title)}`,
    );
    if (advice !== undefined) out.line(`    ${plain(advice)}`);
  }
  out.line(
    out.paint('dim', `  receipt ${receipt}  session ${session}${permit === undefined ? '' : `  permit ${permit}`}  constitution v${constitution}  gas ${gas}`),
  );
  if (verdict !== 'allow') out.line(`  avactl explain ${receipt}`);
}
