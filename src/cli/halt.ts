/** `avactl halt rule` and `avactl resume rule`: the holder of the node's key stops one rule for a while, and ends that. */
import { Fault } from '../base/fault.ts';
import { encodeWire, type Transaction } from '../machine/transaction.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { withNode } from './node-client.ts';
import { ruleNamed } from './rules.ts';
import { signer } from './signer.ts';
import { moment, plain } from './text.ts';

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `90m` or `1d12h`. @throws Fault usage */
export function spanMs(text: string): number {
  const parts = /^(?:\d{1,6}[smhd])+$/.test(text) ? [...text.matchAll(/(\d+)([smhd])/g)] : [];
  const span_ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS_MS[unit], 0);
  if (span_ms === 0) throw new Fault('usage', `--for is a time such as 90m, 12h or 7d, not \`${text}\``, { flag: 'for' });
  return span_ms;
}

export async function haltRule(call: Call): Promise<number> {
  const { out } = call;
  const reason = call.text('reason');
  if (reason === undefined || reason === '') throw new Fault('usage', '--reason TEXT says why; the ledger keeps it', { flag: 'reason' });
  const span_ms = spanMs(call.text('for') ?? '');
  return withNode(call, async (client) => {
    const { rule } = await ruleNamed(client, call.operands[0]);
    const transaction: Transaction<6> = (await signer(call, client)).halt(rule, span_ms, reason);
    const placed = await client.submit(encodeWire(transaction));
    const { until_ms } = transaction.payload;
    out.value({ rule, until_ms, reason, ...placed });
    out.line(`Halted ${out.paint('bold', rule)} until ${moment(until_ms)}: ${plain(reason)}`);
    out.line('What it is about is denied until then.');
    out.line(`\`avactl resume rule ${rule}\` ends it.`);
    return EXIT.ok;
  });
}

export async function resumeRule(call: Call): Promise<number> {
  const { out } = call;
  return withNode(call, async (client) => {
    const { rule } = await ruleNamed(client, call.operands[0]);
    const placed = await client.submit(encodeWire((await signer(call, client)).resume(rule)));
    out.value({ rule, ...placed });
    out.line(`Resumed ${out.paint('bold', rule)}.`);
    return EXIT.ok;
  });
}
