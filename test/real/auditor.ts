/** Reads a data folder without its node: replays what is new and holds it against what clients were promised. */
import assert from 'node:assert/strict';
import { openReadOnly } from '../../src/audit/fsck.ts';
import { beginReplay, replayFrame } from '../../src/audit/replay.ts';
import { hex } from '../../src/base/bytes.ts';
import { decodeHeader } from '../../src/machine/block.ts';
import { decodeEntry } from '../../src/machine/receipt.ts';
import type { State } from '../../src/machine/state.ts';
import type { Promises } from './load.ts';

export interface Audit {
  readonly height: number;
  readonly entries: number;
  /** Blocks since the audit before. */
  readonly blocks: number;
  /** Whether an interrupted write stood at the end. */
  readonly torn: boolean;
  /** The last header's bytes in hex; empty for an empty ledger. */
  readonly header: string;
}

/** One data folder over all lives of its node: the ledger only grows, and every block comes out again. */
export class Auditor {
  private readonly dir: string;
  private state: State | null = null;
  private header = '';
  private time_ms = 0;

  constructor(dir: string) {
    this.dir = dir;
  }

  /** Replays the new blocks from genesis on, signatures included, and finds each promise in them. */
  async check(promises: Promises): Promise<Audit> {
    const { law, log } = await openReadOnly(this.dir);
    try {
      this.state ??= beginReplay(law);
      const { state } = this;
      const from = state.height;
      assert.ok(log.head >= from, `the ledger had ${from} blocks and has ${log.head}`);
      const sessions = new Set<string>();
      const places = new Map<string, { readonly verdict: string; readonly permit: string | null }>();
      for (const frame of log.frames(from + 1)) {
        replayFrame(state, frame, true);
        const header = decodeHeader(frame.header);
        assert.ok(header.time_ms >= this.time_ms, `time runs back at block ${frame.height}`);
        this.time_ms = header.time_ms;
        this.header = hex(frame.header);
        frame.items.forEach(({ entry, sidecar }, index) => {
          const { receipt } = decodeEntry(entry, law.network, sidecar);
          assert.equal(receipt.height, frame.height);
          assert.equal(receipt.index, index);
          sessions.add(hex(receipt.tx_id.slice(0, 16)));
          const id = `${frame.height}.${index}.${hex(receipt.tx_id.slice(0, 6))}`;
          places.set(id, { verdict: receipt.verdict, permit: receipt.permit === null ? null : hex(receipt.permit) });
        });
      }
      const { held, opened } = promises.take();
      for (const { receipt, verdict, height, index, permit } of held) {
        assert.ok(receipt.startsWith(`${height}.${index}.`), `receipt ${receipt} says ${height}.${index}`);
        assert.ok(height <= log.head, `receipt ${receipt} names a block that is not there: the ledger ends with ${log.head}`);
        assert.deepEqual(places.get(receipt), { verdict, permit }, `receipt ${receipt} is lost or says something else`);
      }
      for (const session of opened) assert.ok(sessions.has(session), `session ${session} is lost`);
      return { height: log.head, entries: log.size, blocks: log.head - from, torn: log.torn.length > 0, header: this.header };
    } finally {
      await log.close();
    }
  }
}
