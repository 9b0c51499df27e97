/**
 * `avactl hook`: one event of a client program, from stdin to the node and back in the program's own words. Exit 2 blocks;
 * whatever goes wrong on the way blocks too. It runs before every call of a tool, so it imports nothing but Node's own modules,
 * and bin/avactl.mjs starts it without the rest of avactl where the command line is plain.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';

const BYTES_MAX = 33_554_432;
const ANSWER_MS_MAX = 25_000;
const OK = 0;
/** EXIT.block */
const BLOCK = 2;

export interface HookCall {
  readonly client: string;
  /** The event's name, where the event does not say it. */
  readonly event?: string;
  readonly ask: boolean;
  /** Where the node answers; else what the data folder says. */
  readonly url?: string;
  readonly data: string;
}

/** A command line of the form that `connect` writes; null for any other, which the table of commands reads. */
export function plainCall(words: readonly string[]): HookCall | null {
  const operands: string[] = [];
  let data = join(homedir(), '.ava');
  let url: string | undefined;
  let ask = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    const value = words[i + 1];
    if (word === '--ask') ask = true;
    else if (word === '--data' && value?.startsWith('/')) data = words[++i];
    else if (word === '--url' && /^http:\/\/127\.0\.0\.1:\d{1,5}$/.test(value ?? '')) url = words[++i];
    else if (/^[a-zA-Z-]+$/.test(word) && !word.startsWith('-')) operands.push(word);
    else return null;
  }
  const [client, event] = operands;
  if (client === undefined || operands.length > 2) return null;
  return { client, ask, data, ...(event !== undefined && { event }), ...(url !== undefined && { url }) };
}

/** Returns the exit code. Never rejects. */
export async function hook({ client, event, ask, url, data }: HookCall): Promise<number> {
  try {
    const given = await stdin();
    const body = event === undefined ? given : named(given, event);
    return answered(await post(new URL(`/v1/hooks/${encodeURIComponent(client)}${ask ? '?ask' : ''}`, url ?? addressIn(data)), body));
  } catch (error) {
    process.stderr.write(
      `AVA cannot judge, so this is blocked: ${error instanceof Error ? error.message : String(error)}. Start the node with \`avactl up\`, or take AVA away with \`avactl disconnect ${client}\`.\n`,
    );
    return BLOCK;
  }
}

/** What the data folder says, unchecked: the node itself answers there or it does not. */
function addressIn(data: string): string {
  try {
    return readFileSync(join(data, 'address'), 'utf8').trim();
  } catch {
    return 'http://127.0.0.1:4100';
  }
}

async function stdin(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BYTES_MAX) throw new Error(`the event has more than ${BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The event's name may stand on the command line, for programs whose events do not say it. */
function named(body: Buffer, event: string): Buffer {
  const value = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
  return Buffer.from(JSON.stringify({ ...value, hook_event_name: value['hook_event_name'] ?? event }));
}

interface Posted {
  readonly status: number;
  readonly text: string;
}

function post(url: URL, body: Buffer): Promise<Posted> {
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method: 'POST',
      agent: false,
      headers: { 'Content-Type': 'application/json', 'Content-Length': body.length, Connection: 'close' },
    });
    sent.setTimeout(ANSWER_MS_MAX, () => sent.destroy(new Error(`the node did not answer within ${ANSWER_MS_MAX} ms`)));
    sent.on('error', (error: NodeJS.ErrnoException) => reject(error.code === 'ECONNREFUSED' ? new Error(`no node answers at ${url.origin}`) : error));
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => (text += piece));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.end(body);
  });
}

interface HookAnswer {
  readonly hookSpecificOutput?: { readonly permissionDecision?: string; readonly permissionDecisionReason?: string };
  readonly decision?: string;
  readonly reason?: string;
  readonly permission?: string;
  readonly continue?: boolean;
  readonly user_message?: string;
  readonly agent_message?: string;
}

function answered({ status, text }: Posted): number {
  if (status !== 200) throw new Error(detailOf(text) ?? `what answers with status ${status} is no node`);
  const answer = JSON.parse(text) as HookAnswer;
  const { hookSpecificOutput: own, decision, permission, reason } = answer;
  const blocked = own?.permissionDecision === 'deny' || decision === 'block' || permission === 'deny' || answer.continue === false;
  if (text !== '{}') process.stdout.write(`${text}\n`);
  if (!blocked) return OK;
  process.stderr.write(`${own?.permissionDecisionReason ?? reason ?? answer.agent_message ?? answer.user_message ?? 'AVA refused this'}\n`);
  return BLOCK;
}

function detailOf(problem: string): string | null {
  try {
    const { code, detail } = JSON.parse(problem) as { readonly code?: string; readonly detail?: string };
    return typeof detail === 'string' ? `${code ?? ''} ${detail}`.trim() : null;
  } catch {
    return null;
  }
}
