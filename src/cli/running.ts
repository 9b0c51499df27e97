/** Which process has a data folder open. Looks only: nothing is written, and a process that ended long ago is not named. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { holderOf, LOCK_NAME } from '../store/folder.ts';

const BUSY = 5;

/** The process that holds the folder's lock, 0 where it cannot be named; null when none does. */
export function runningIn(folder: string): number | null {
  const path = join(folder, LOCK_NAME);
  if (!existsSync(path)) return null;
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    const { DatabaseSync } = createRequire(import.meta.url)('node:sqlite') as typeof import('node:sqlite');
    const database = new DatabaseSync(path, { readOnly: true, timeout: 0 });
    try {
      database.prepare('SELECT count(*) FROM sqlite_master').get();
      return null;
    } finally {
      database.close();
    }
  } catch (error) {
    const busy = error instanceof Error && 'errcode' in error && (Number(error.errcode) & 255) === BUSY;
    return busy ? (holderOf(folder) ?? 0) : null;
  } finally {
    process.emitWarning = emitWarning;
  }
}
