/** `avactl log`: decisions in columns, past ones and, followed, those that come. */
import { Client } from '../api/client.ts';
import type { LedgerEvent } from '../api/events.ts';
import { nodeUrl } from './address.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import type { Output } from './output.ts';
import { brief, clip, clockTime, moment, plain } from './text.ts';

const LINES_MAX = 100_000;
const VERDICT_WIDTH = 9;
const NAME_WIDTH = 24;
const WHAT_WIDTH = 42;
const RULE_WIDTH = 26;
const BACK_BLOCKS = 64;
const CLOCK_WIDTH = 9;

type Decision = Extract<LedgerEvent, { type: 'decision' }>;

export async function log(call: Call): Promise<number> {
  const lines = call.count('lines', 0, LINES_MAX);
  const client = new Client(nodeUrl(call));
  try {
    const { height } = await client.health();
    // each list of tools is a decision a tool: nobody who watches wants to see them
    const shown = (event: LedgerEvent): boolean => (event.type === 'decision' && event.kind !== 'tool.list') || call.given('all');
    const past = lines === 0 ? [] : await pastEvents(client, height, lines, shown);
    for (const event of past) await print(call, client, event);
    if (past.length === 0 && lines > 0)
      call.out.line(
        `No decisions yet.${call.given('follow') ? '' : ` Ask for one: avactl decide read_text_file --args '{"path":"/home/me/.ssh/id_ed25519"}'`}`,
      );
    if (!call.given('follow')) return EXIT.ok;
    for await (const event of client.events({ from: height + 1, signal: call.signal })) if (shown(event)) await print(call, client, event);
    return EXIT.ok;
  } finally {
    client.close();
  }
}

/** The last `count` events up to `height`: read from further and further back until there are enough. */
export async function pastEvents(client: Client, height: number, count: number, shown: (event: LedgerEvent) => boolean): Promise<LedgerEvent[]> {
  for (let blocks = Math.max(BACK_BLOCKS, count); ; blocks *= 4) {
    const from = Math.max(1, height - blocks + 1);
    const events: LedgerEvent[] = [];
    if (height >= 1) for await (const event of eventsUntil(client, from, height)) if (shown(event)) events.push(event);
    if (events.length >= count || from === 1) return events.slice(-count);
  }
}

/** The events of blocks `from` to `to`. The stream has no end of its own: its last entry is known from its block. */
export async function* eventsUntil(client: Client, from: number, head: number): AsyncGenerator<LedgerEvent, void> {
  let to = head;
  let last = -1;
  // A block in which things only fell due has no entries, and so no stored event.
  for (; to >= from; to--) {
    last = (await client.block(to)).receipts.length - 1;
    if (last >= 0) break;
  }
  if (last < 0) return;
  const ending = new AbortController();
  for await (const event of client.events({ from, signal: ending.signal })) {
    if (event.height > to) break;
    yield event;
    if (event.height === to && event.index >= last) break;
  }
  ending.abort();
}

async function print({ out }: Call, client: Client, event: LedgerEvent): Promise<void> {
  out.item(event);
  if (out.json) return;
  if (event.type === 'decision') {
    out.line(decisionLine(out, event, await whatOf(client, event)));
    const more = whyLine(event);
    if (more !== '') out.line(`${' '.repeat(CLOCK_WIDTH)}${more}`);
  } else out.line(out.paint('dim', `${clockTime(event.time_ms)} ${event.type.padEnd(8)} ${otherText(event)}`));
}

/** The arguments in short: the receipt's sidecar, unless it was erased. */
async function whatOf(client: Client, { receipt }: Decision): Promise<string> {
  try {
    const { sidecar } = await client.receipt(receipt);
    const args = (sidecar as { args?: Record<string, unknown> } | null)?.args;
    return args === undefined ? '(erased)' : argsText(args);
  } catch {
    return '';
  }
}

/** Values of the arguments, one after another: the tool's name says what they are. */
export function argsText(args: Readonly<Record<string, unknown>>): string {
  return Object.values(args)
    .map((value) => brief(value, WHAT_WIDTH))
    .join(' ');
}

/** time, verdict, tool, what, rule */
export function decisionLine(out: Output, event: Decision, what: string): string {
  const { time_ms, verdict, enforced, server, name, reasons, receipt } = event;
  const binding = reasons.filter(({ mode }) => mode !== 'observe');
  const decisive = binding.find(({ answer }) => answer === verdict) ?? binding[0];
  const observed = reasons.find(({ mode, answer }) => mode === 'observe' && answer !== verdict);
  const mark = enforced ? '' : '*';
  const tool = clip(plain(server === null ? name : `${server}/${name}`), NAME_WIDTH);
  const approved = verdict === 'allow' && event.approval !== null ? ' (approved)' : '';
  const why =
    decisive !== undefined
      ? `${decisive.rule}${approved}`
      : !enforced && observed !== undefined
        ? `* ${observed.rule} would ${observed.answer} (observed)`
        : '';
  const shown = clip(what, WHAT_WIDTH);
  return `${clockTime(time_ms)} ${out.verdict(verdict)}${mark.padEnd(VERDICT_WIDTH - verdict.length)} ${tool.padEnd(NAME_WIDTH)} ${shown.padEnd(WHAT_WIDTH)} ${why.padEnd(RULE_WIDTH)} ${out.paint('dim', receipt)}`;
}

/** Under a call that was stopped: where the value comes from that stopped it, and how to answer. */
function whyLine({ verdict, reasons, code }: Decision): string {
  if (verdict === 'allow') return '';
  const said = reasons.find(({ answer, mode, said: texts }) => mode !== 'observe' && answer === verdict && texts.length > 0)?.said[0] ?? '';
  return [plain(said), ...(code === null ? [] : [`avactl approvals show ${code}`])].filter((part) => part !== '').join('   ');
}

function otherText(event: Exclude<LedgerEvent, Decision>): string {
  switch (event.type) {
    case 'session':
      return `${plain(event.agent)} opened ${event.session}`;
    case 'input':
      return `the user told ${event.session} something`;
    case 'outcome':
      return `${event.permit} ${event.ok ? 'done' : 'failed'}`;
    case 'breaker':
      return `${event.rule} tripped`;
    case 'halt':
      return `${event.rule} halted until ${moment(event.until_ms)}: ${plain(event.reason)}`;
    case 'resume':
      return `${event.rule} resumed`;
    case 'approval':
      return `${event.code} ${event.status}${event.note === '' ? '' : `: ${plain(event.note)}`}`;
    case 'approver':
      return `${plain(event.name)} ${event.removed ? 'answers approvals no more' : 'may answer approvals'}`;
    case 'mode':
      return `${event.rule}: ${event.mode} until ${moment(event.until_ms)}: ${plain(event.reason)}`;
    default:
      return `${event.due} ${event.subject}`;
  }
}
