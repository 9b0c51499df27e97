/**
 * Tells people that something waits for them: a line for the terminal, and a web hook. What is told holds no argument of
 * the call: who is told asks the node.
 */
import { createHmac } from 'node:crypto';
import type { Client } from '../api/client.ts';

/** What a hook is sent. */
export interface Notice {
  readonly type: 'approval.waiting';
  readonly approval: string;
  readonly code: string;
  readonly agent: string | null;
  readonly tool: string;
  readonly rules: readonly { readonly rule: string; readonly title: string }[];
  readonly due_ms: number;
  /** Where a person may answer. */
  readonly page: string;
}

export interface NotifyOptions {
  readonly client: Client;
  readonly signal: AbortSignal;
  /** Called for each. */
  readonly tell: (notice: Notice) => void;
  /** http or https. */
  readonly webhook?: URL;
  /** Signs what is sent: `AVA-Signature: sha256=HEX`, HMAC of the body. */
  readonly secret?: Uint8Array;
  /** Told of hooks that did not take it. */
  readonly report: (message: string) => void;
}

const TRIES = 3;
const TRY_MS = 5_000;
const PAUSE_MS = 2_000;
/** Notices that wait for a slow hook; past that the oldest are dropped, and it is said. */
const WAITING_MAX = 64;

/** Follows the node until `signal` ends it. */
export async function notifyApprovals(options: NotifyOptions): Promise<void> {
  const { client, signal, tell, webhook, report } = options;
  const waiting: Notice[] = [];
  let sending: Promise<void> | null = null;
  const sendAll = async (url: URL): Promise<void> => {
    for (let notice = waiting.shift(); notice !== undefined && !signal.aborted; notice = waiting.shift()) await post(url, notice, options);
    sending = null;
  };
  for await (const event of client.events({ signal })) {
    if (event.type !== 'approval' || event.status !== 'waiting') continue;
    const notice = await noticeOf(client, event.approval);
    if (notice === null) continue;
    tell(notice);
    if (webhook === undefined) continue;
    if (waiting.push(notice) > WAITING_MAX) report(`the web hook is slow: the notice of ${waiting.shift()?.code} was dropped`);
    sending ??= sendAll(webhook);
  }
  await sending;
}

/** null where it was answered meanwhile and forgotten, or the node ends. */
async function noticeOf(client: Client, id: string): Promise<Notice | null> {
  try {
    const { code, agent, action, reasons, rules, due_ms } = await client.approval(id);
    const told = reasons.filter(({ rule }) => rules.includes(rule)).map(({ rule, title }) => ({ rule, title }));
    return {
      type: 'approval.waiting',
      approval: id,
      code,
      agent,
      tool: action.server === undefined ? action.name : `${action.server}/${action.name}`,
      rules: told,
      due_ms,
      page: `http://localhost:${client.url.port}/approvals#${code}`,
    };
  } catch {
    return null;
  }
}

async function post(url: URL, notice: Notice, { secret, signal, report }: NotifyOptions): Promise<void> {
  const body = JSON.stringify(notice);
  const signed = secret === undefined ? {} : { 'AVA-Signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` };
  let problem = '';
  for (let attempt = 1; attempt <= TRIES && !signal.aborted; attempt++) {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...signed },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(TRY_MS)]),
      });
      await response.body?.cancel();
      if (response.ok) return;
      problem = `it answered ${response.status}`;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    if (attempt < TRIES) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * attempt));
  }
  if (!signal.aborted) report(`the web hook at ${url.host} did not take the notice of ${notice.code}: ${problem}`);
}
