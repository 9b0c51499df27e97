/**
 * `avactl hook`: one event of a client program, from stdin to the node and back in the program's own words. Exit 2 blocks;
 * whatever goes wrong on the way blocks too. Kept free of other modules: it runs before every call of a tool.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { dataFolder, givenUrl, PORT_DEFAULT } from './address.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';

const BYTES_MAX = 33_554_432;
const ANSWER_MS_MAX = 25_000;

export async function hook(call: Call): Promise<number> {
  const [client, event] = call.operands;
  try {
    const given = await stdin();
    const body = event === undefined ? given : named(given, event);
    const url = new URL(`/v1/hooks/${encodeURIComponent(client)}${call.given('ask') ? '?ask' : ''}`, address(call));
    return answered(call, await post(url, body));
  } catch (error) {
    process.stderr.write(
      `AVA cannot judge, so this is blocked: ${error instanceof Error ? error.message : String(error)}. Start the node with \`avactl up\`, or take AVA away with \`avactl disconnect ${client}\`.\n`,
    );
    return EXIT.block;
  }
}

/** --url, else what the data folder says, unchecked: the node itself answers or it does not. */
function address(call: Call): string {
  const given = givenUrl(call);
  if (given !== null) return given;
  try {
    return readFileSync(join(dataFolder(call), 'address'), 'utf8').trim();
  } catch {
    return `http://127.0.0.1:${PORT_DEFAULT}`;
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

function answered(call: Call, { status, text }: Posted): number {
  if (status !== 200) throw new Error(detailOf(text) ?? `what answers with status ${status} is no node`);
  const answer = JSON.parse(text) as HookAnswer;
  const { hookSpecificOutput: own, decision, permission, reason } = answer;
  const blocked = own?.permissionDecision === 'deny' || decision === 'block' || permission === 'deny' || answer.continue === false;
  if (text !== '{}') call.out.raw(`${text}\n`);
  if (!blocked) return EXIT.ok;
  process.stderr.write(`${own?.permissionDecisionReason ?? reason ?? answer.agent_message ?? answer.user_message ?? 'AVA refused this'}\n`);
  return EXIT.block;
}

function detailOf(problem: string): string | null {
  try {
    const { code, detail } = JSON.parse(problem) as { readonly code?: string; readonly detail?: string };
    return typeof detail === 'string' ? `${code ?? ''} ${detail}`.trim() : null;
  } catch {
    return null;
  }
}
