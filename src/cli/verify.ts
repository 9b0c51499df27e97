/** `avactl verify`: a bundle or a whole ledger, checked here. */
import { existsSync } from 'node:fs';
import { type Octets, octetsFromHex } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import type { Call } from './command.ts';
import type { Output } from './output.ts';
import { grouped, plain } from './text.ts';
import { type Verification, verifyPath } from './verification.ts';

export async function verify(call: Call): Promise<number> {
  const { out } = call;
  const [path] = call.operands;
  const network = networkOf(call.text('network'));
  if (!existsSync(path)) throw new Fault('usage', `there is no file or folder ${path}`, { path });
  const verification = await verifyPath(path, network, (height, head) => out.progress(() => `block ${grouped(height)} of ${grouped(head)}`));
  out.wipe();
  out.value(verification.json);
  printVerification(out, verification);
  return verification.code;
}

/** A line a check, then what it comes to. */
export function printVerification(out: Output, { verified, checks, summary, not_shown }: Verification): void {
  for (const { name, ok, detail } of checks)
    out.line(`${ok === null ? out.paint('yellow', '--') : out.paint('green', 'ok')}  ${name.padEnd(10)}  ${plain(detail)}`);
  if (!verified) {
    out.line(`${out.paint('red', 'FAILED.')} ${plain(summary)}`);
    out.line('Do not trust it; ask its holder for another copy.');
    return;
  }
  out.line(`${out.paint('green', 'VERIFIED.')} ${plain(summary)}.`);
  out.line(`Not shown: ${not_shown.join(', ')}.`);
}

function networkOf(text: string | undefined): Octets | undefined {
  if (text === undefined) return undefined;
  const network = octetsFromHex(text, 32);
  if (network === undefined) throw new Fault('usage', '--network is 64 lower-case hex digits', { flag: 'network' });
  return network;
}
