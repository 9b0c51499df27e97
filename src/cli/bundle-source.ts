/** The bundle that a command is about: from a file, from the node, or from the data folder where no node runs. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { BUNDLE_BYTES_MAX, makeBundle } from '../audit/bundle.ts';
import { openReadOnly } from '../audit/fsck.ts';
import { Fault } from '../base/fault.ts';
import { decodeEntry } from '../machine/receipt.ts';
import { dataFolder } from './address.ts';
import type { Call } from './command.ts';
import { receiptId } from './explanation.ts';
import { withNode } from './node-client.ts';
import { runningIn } from './running.ts';

const RECEIPT = /^([1-9][0-9]{0,15})\.([0-9]{1,5})\.([0-9a-f]{12})$/;

/** @throws Fault usage, receipt_unknown, unreachable, bundle_malformed */
export async function bundleOf(call: Call, named: string): Promise<Uint8Array> {
  const id = RECEIPT.exec(named);
  if (id === null) return fromFile(named);
  const folder = dataFolder(call);
  const stored = (): Promise<Uint8Array> => fromFolder(folder, named, Number(id[1]), Number(id[2]));
  const asked = call.given('port') || call.given('url');
  // A node at the default port is another folder's.
  if (!asked && call.given('data') && existsSync(folder) && runningIn(folder) === null) return stored();
  try {
    return await withNode(call, (client) => client.bundle(named));
  } catch (error) {
    if (asked || !(error instanceof Fault) || error.slug !== 'unreachable' || !existsSync(folder)) throw error;
    return stored();
  }
}

function fromFile(path: string): Uint8Array {
  if (!existsSync(path) || !statSync(path).isFile())
    throw new Fault('usage', `\`${path}\` is neither a receipt's id (such as 128.0.1f0c22d9a3b7) nor a bundle file`, { path });
  if (statSync(path).size > BUNDLE_BYTES_MAX) throw new Fault('bundle_malformed', `a bundle has at most ${BUNDLE_BYTES_MAX} bytes`, { path });
  return new Uint8Array(readFileSync(path));
}

async function fromFolder(folder: string, id: string, height: number, index: number): Promise<Uint8Array> {
  const { law, genesis, log } = await openReadOnly(folder);
  try {
    if (height < log.first || height > log.head) throw new Fault('receipt_unknown', `the ledger in ${folder} has no block ${height}`, { folder });
    const frame = log.read(height);
    const item = frame.items[index];
    if (item === undefined || receiptId(decodeEntry(item.entry, law.network, item.sidecar)) !== id)
      throw new Fault('receipt_unknown', `the ledger in ${folder} has no receipt ${id}`, { folder });
    return makeBundle(genesis, frame, index);
  } finally {
    await log.close();
  }
}
