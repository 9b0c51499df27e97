/** Blocks into frames of the store's log. */

import type { SigningKey } from '../crypto/suite.ts';
import { FrameWriter } from '../store/frame.ts';
import type { Log } from '../store/log.ts';
import type { BlockLog } from './solo.ts';

export function ledgerLog(log: Log, key: SigningKey): BlockLog {
  const writer = new FrameWriter(log.salt);
  return {
    append(block, signature, done, alone) {
      const { height } = block.header;
      const bytes = writer.encode({
        height,
        durable: height - 1,
        header: block.header_bytes,
        suite: key.suite,
        key_id: key.id,
        signature,
        items: block.entries.map((entry, i) => ({ entry, sidecar: block.sidecars[i], witness: block.witnesses[i] })),
      });
      log.append(bytes, height, done, alone);
    },
  };
}
