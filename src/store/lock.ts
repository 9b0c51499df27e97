/**
 * The exclusive lock of a data folder. SQLite's exclusive transaction is a lock of the operating system: it is free
 * again the moment its process ends, however that happens, and it works between containers that share a folder.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { Fault } from '../base/fault.ts';

export const LOCK_NAME = 'lock.db';
export const PID_NAME = 'pid';
const BUSY = 5;

export interface FolderLock {
  release(): void;
}

/** node:sqlite without the notice that Node 24 prints on its first use. */
function loadSqlite(): typeof import('node:sqlite') {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return createRequire(import.meta.url)('node:sqlite') as typeof import('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** The process that holds the lock as it wrote it, or null. */
export function holderOf(folder: string): number | null {
  try {
    const text = readFileSync(join(folder, PID_NAME), 'utf8');
    return /^[1-9][0-9]{0,9}\n$/.test(text) ? Number(text) : null;
  } catch {
    return null;
  }
}

/** Takes the lock at once or not at all. @throws Fault data_locked naming the process that holds it */
export function lockFolder(folder: string): FolderLock {
  const { DatabaseSync: Database } = loadSqlite();
  let database: DatabaseSync | null = null;
  try {
    database = new Database(join(folder, LOCK_NAME), { timeout: 0 });
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if (!(error instanceof Error && 'errcode' in error && (Number(error.errcode) & 255) === BUSY)) {
      throw new Fault('config', `the data folder ${folder} cannot be locked: ${error instanceof Error ? error.message : ''}`, { folder });
    }
    const pid = holderOf(folder);
    throw new Fault('data_locked', `${folder} is in use by ${pid === null ? 'another process' : `process ${pid}`}`, { folder, pid });
  }
  const held = database;
  writeFileSync(join(folder, PID_NAME), `${process.pid}\n`, { mode: 0o600 });
  return {
    release(): void {
      held.exec('ROLLBACK');
      held.close();
    },
  };
}
