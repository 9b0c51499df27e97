/** A forger's least act, for the demo: one bit of the entry that a bundle proves, in a ledger's files. */
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { verifyBundle } from '../audit/bundle.ts';
import { fromOctets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';

/** Flips a bit in the ledger at `folder` where this bundle's receipt lies. @throws Fault receipt_unknown */
export function flipByte(folder: string, bundle: Uint8Array): { readonly segment: string; readonly at: number } {
  const { entry } = verifyBundle(bundle);
  const wanted = Buffer.from(fromOctets(entry.receipt.tx_id));
  for (const name of readdirSync(join(folder, 'log')).sort()) {
    const path = join(folder, 'log', name);
    const bytes = readFileSync(path);
    const at = bytes.indexOf(wanted);
    if (at < 0) continue;
    const file = openSync(path, 'r+');
    try {
      writeSync(file, Buffer.of(bytes[at] ^ 1), 0, 1, at);
    } finally {
      closeSync(file);
    }
    return { segment: `log/${name}`, at };
  }
  throw new Fault('receipt_unknown', 'the ledger does not hold this receipt');
}
