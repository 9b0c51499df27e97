/**
 * Verifies a whole ledger without any server (spec/ledger.md): every byte, every link, every signature, and every block
 * made again. Writes nothing.
 */
import { existsSync, readFileSync } from 'node:fs';
import { hex, type Octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { type Law, lawOf } from '../law/law.ts';
import { decodeHeader, type Header } from '../machine/block.ts';
import { type Checkpoint, noteVerifier } from '../merkle/note.ts';
import { readFolder } from '../store/folder.ts';
import { Log } from '../store/log.ts';
import { beginReplay, replayFrame } from './replay.ts';

export const GENESIS_NAME = 'genesis.cbor';

/** The checkpoint's origin: one a network. */
export const originOf = (network: Octets): string => `ava.local/${hex(network).slice(0, 32)}`;

export interface LedgerReport {
  readonly network: Octets;
  readonly law: Law;
  readonly blocks: number;
  readonly entries: number;
  /** none, allow, deny, escalate. */
  readonly verdicts: readonly [number, number, number, number];
  readonly head: Header | null;
  /** null where none was published yet. */
  readonly checkpoint: Checkpoint | null;
}

export interface FsckOptions {
  /** The network's id, where the verifier was given it. */
  readonly network?: Octets;
  /** Called now and then with the height done and the last one. */
  readonly progress?: (height: number, head: number) => void;
}

const PROGRESS_BLOCKS = 256;

/** L-2: opens a data folder to read it. @throws Fault data_version, genesis_malformed, ledger_corrupt, ledger_behind */
export async function openReadOnly(path: string): Promise<{ law: Law; genesis: Uint8Array; log: Log; checkpoint: Checkpoint | null }> {
  const folder = readFolder(path);
  if (!existsSync(folder.at(GENESIS_NAME))) throw new Fault('genesis_malformed', `${path} has no ${GENESIS_NAME}`);
  const genesis = new Uint8Array(readFileSync(folder.at(GENESIS_NAME)));
  const law = lawOf(genesis);
  const [validator] = law.validators.values();
  const checkpoint = folder.published(noteVerifier(originOf(law.network), validator.public));
  const log = await Log.open(folder.log, { read_only: true, ...(checkpoint !== null && { trusted: { size: checkpoint.size } }) });
  return { law, genesis, log, checkpoint };
}

/**
 * L-1 to L-4. @throws Fault ledger_corrupt or ledger_behind naming the block, verify_failed, and what `openReadOnly` throws
 */
export async function fsck(path: string, options: FsckOptions = {}): Promise<LedgerReport> {
  const { law, log, checkpoint } = await openReadOnly(path);
  try {
    if (options.network !== undefined && options.network !== law.network)
      throw new Fault('verify_failed', `the ledger is of network ${hex(law.network)}, not ${hex(options.network)}`);
    const [torn] = log.torn;
    if (torn !== undefined)
      throw new Fault('ledger_corrupt', `block ${torn.height}: bytes that are no block follow block ${log.head} (segment ${torn.segment}, byte ${torn.from})`, {
        height: torn.height,
      });
    const state = beginReplay(law);
    const verdicts: [number, number, number, number] = [0, 0, 0, 0];
    let head: Header | null = null;
    let matched = checkpoint === null || checkpoint.size === 0;
    for (const frame of log.frames()) {
      replayFrame(state, frame, true);
      head = decodeHeader(frame.header);
      for (let i = 0; i < 4; i++) verdicts[i] += head.verdicts[i];
      // L-3
      if (checkpoint !== null && head.log_size === checkpoint.size) {
        if (head.log_root !== checkpoint.root)
          throw new Fault('ledger_corrupt', `block ${head.height}: the published checkpoint has another root`, { height: head.height });
        matched = true;
      }
      if (head.height % PROGRESS_BLOCKS === 0) options.progress?.(head.height, log.head);
    }
    if (!matched) throw new Fault('ledger_corrupt', `no block ends at the published checkpoint's size ${checkpoint?.size}`);
    return { network: law.network, law, blocks: state.height, entries: state.log.size, verdicts, head, checkpoint };
  } finally {
    await log.close();
  }
}
