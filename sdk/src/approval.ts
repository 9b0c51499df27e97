/** Waiting for the answer of a person to an escalation. */
import type { Client } from './client.ts';
import { AvaError } from './error.ts';
import { pause } from './transport.ts';

const ASK_MS = 250;
const ASK_MS_MAX = 2_000;

/**
 * The status of an approval once it is no longer `waiting`, or `waiting` when `wait_ms` is over. A node that cannot be
 * reached in between is asked again. @throws AvaError approval_unknown, …; the signal's reason
 */
export async function awaitApproval(client: Client, id: string, wait_ms: number, signal?: AbortSignal): Promise<string> {
  const until = performance.now() + wait_ms;
  for (let every_ms = ASK_MS; ; every_ms = Math.min(every_ms * 1.5, ASK_MS_MAX)) {
    try {
      const { status } = await client.approval(id, signal === undefined ? {} : { signal });
      if (status !== 'waiting') return status;
    } catch (error) {
      if (!(error instanceof AvaError) || error.slug !== 'unreachable') throw error;
    }
    const left_ms = until - performance.now();
    if (left_ms <= 0) return 'waiting';
    await pause(Math.min(every_ms, left_ms), signal);
  }
}
