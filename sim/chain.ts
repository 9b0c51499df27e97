/** Signed frames of blocks, as the ledger keeps them. */
import { type SigningKey, sign } from '../src/crypto/suite.ts';
import type { BlockOutput } from '../src/machine/apply.ts';
import type { Frame } from '../src/store/frame.ts';

export function frameOfBlock(block: BlockOutput, key: SigningKey): Frame {
  const { height, network } = block.header;
  return {
    height,
    durable: height - 1,
    header: block.header_bytes,
    suite: key.suite,
    key_id: key.id,
    signature: sign(key, 'header', network, block.header_hash),
    items: block.entries.map((entry, i) => ({ entry, sidecar: block.sidecars[i], witness: block.witnesses[i] })),
  };
}
