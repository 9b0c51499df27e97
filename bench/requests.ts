/** The request set of the peers' harness where it was made, else calls made up here in the same shape. */
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../sim/random.ts';

export interface Request {
  readonly agent: string;
  readonly session: string;
  readonly tool: string;
  readonly args: Readonly<Record<string, string | number | boolean>>;
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}
export interface Expected {
  readonly allow: boolean | null;
  readonly request: Request;
}

/** Where the peers' harness keeps what it built. */
export const PEERS_WORK = process.env.PEERS_WORK ?? join(tmpdir(), 'peers');

function madeUp(): Expected[] {
  const random = new Random(11);
  const tools = ['get_balance', 'send_money', 'send_email', 'read_file', 'list_files', 'delete_email', 'create_calendar_event'];
  return Array.from({ length: 4_096 }, (_, i) => ({
    allow: null,
    request: {
      agent: `agent-${i % 4}`,
      session: `s${i >> 3}`,
      tool: random.pick(tools),
      args: { subject: 'a subject', body: 'some words '.repeat(1 + random.below(30)), amount: random.below(500) },
      facts: { calls: i & 7, deleted: 0, amount_cents: random.below(50_000), recipient_known: random.chance(0.5), target_origin: 'user' },
    },
  }));
}

export function requests(): { readonly source: string; readonly list: readonly Expected[] } {
  const path = join(PEERS_WORK, 'data', 'requests.jsonl');
  if (!existsSync(path)) return { source: 'made up', list: madeUp() };
  return {
    source: 'recorded',
    list: readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Expected),
  };
}
