/**
 * The published checkpoint: a signed note in one file of the data folder, replaced whole. It may name durable blocks
 * only; at the next start the log must have at least what it says (spec/frame.md F-19, F-20).
 */
import { type Octets, utf8 } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import type { SigningKey } from '../crypto/suite.ts';
import { type Checkpoint, NOTE_BYTES_MAX, type NoteVerifier, openCheckpoint, signCheckpoint } from '../merkle/note.ts';
import { type Disk, settled } from './disk.ts';

const NAME = 'checkpoint';
const TEMPORARY = 'checkpoint.tmp';

/** The published note's bytes, or null when none was ever published. @throws Fault disk_failed */
export function readPublished(disk: Disk): Uint8Array | null {
  if (!disk.list().includes(NAME)) return null;
  const file = disk.open(NAME, 'read');
  try {
    const bytes = new Uint8Array(Math.min(file.size, NOTE_BYTES_MAX + 1));
    return bytes.subarray(0, file.read(bytes, 0));
  } finally {
    file.close();
  }
}

/**
 * The published checkpoint of this key, or null when there is none. A damaged one is refused: without it nobody can
 * tell a restored backup. @throws Fault note_malformed, note_unsigned
 */
export function openPublished(disk: Disk, verifier: NoteVerifier): Checkpoint | null {
  const bytes = readPublished(disk);
  return bytes === null ? null : openCheckpoint(bytes, verifier);
}

/** What publishing needs to know of the log. */
export interface Durable {
  /** Durable entries. */
  readonly size: number;
}

/** Publishes checkpoints, one at a time; each replaces the last and never has fewer entries. */
export class Publisher {
  private readonly disk: Disk;
  private readonly log: Durable;
  private readonly key: SigningKey;
  private readonly origin: string;
  private last: Checkpoint | null;
  private busy = false;

  /** `last`: what `openPublished` found. */
  constructor(disk: Disk, log: Durable, key: SigningKey, origin: string, last: Checkpoint | null) {
    this.disk = disk;
    this.log = log;
    this.key = key;
    this.origin = origin;
    this.last = last;
  }

  /** The checkpoint that was published last. */
  get published(): Checkpoint | null {
    return this.last;
  }

  /**
   * F-20: signs and publishes; resolves when it is durable. Returns the signed note.
   * @throws Fault ledger_behind for a size that is not durable or that goes back, disk_failed
   */
  async publish(size: number, root: Octets): Promise<string> {
    if (this.busy) throw new Fault('internal', 'a checkpoint is being published');
    if (size > this.log.size) throw new Fault('ledger_behind', `entry ${size} is not durable`, { size });
    const { last } = this;
    if (last !== null && (size < last.size || (size === last.size && root !== last.root)))
      throw new Fault('ledger_behind', `a checkpoint of ${last.size} entries has been published`, { size });
    const checkpoint = { origin: this.origin, size, root };
    const note = signCheckpoint(checkpoint, this.key);
    this.busy = true;
    try {
      await replaceFile(this.disk, NAME, TEMPORARY, utf8(note));
      this.last = checkpoint;
      return note;
    } catch (error) {
      throw new Fault('disk_failed', `the checkpoint could not be published: ${error instanceof Error ? error.message : ''}`);
    } finally {
      this.busy = false;
    }
  }
}

/** Replaces a small file whole: another file, synced, renamed over it, the folder synced. */
export async function replaceFile(disk: Disk, name: string, temporary: string, bytes: Uint8Array): Promise<void> {
  if (disk.list().includes(temporary)) disk.unlink(temporary);
  const file = disk.open(temporary, 'create');
  try {
    file.writeSync(bytes, 0);
    await settled((done) => file.fdatasync(done));
  } finally {
    file.close();
  }
  disk.rename(temporary, name);
  await settled((done) => disk.syncFolder(done));
}
