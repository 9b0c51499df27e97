/**
 * Conversations of client programs and the AVA sessions that stand for them: files under `<data>/threads/`, so that a node
 * that was restarted goes on in the same session. The name of a file is a digest of the client's own id.
 */
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = 'threads';
/** Calls of a thread that are under way; past it the oldest one's outcome is not told. */
const CALLS_MAX = 256;
/** Threads that are kept: the ones used last. */
const THREADS_MAX = 4_096;

interface Kept {
  readonly session: string;
  /** Permits by the client's id of a call. */
  readonly calls: readonly (readonly [call: string, permit: string])[];
}

export class Thread {
  readonly session: string;
  readonly path: string;
  private readonly calls: Map<string, string>;

  constructor(path: string, { session, calls }: Kept) {
    this.path = path;
    this.session = session;
    this.calls = new Map(calls);
  }

  /** The permit of a call that may go on, until its outcome. */
  permitted(call: string, permit: string): void {
    this.calls.set(call, permit);
    for (const [oldest] of this.calls) {
      if (this.calls.size <= CALLS_MAX) break;
      this.calls.delete(oldest);
    }
    this.write();
  }

  /** The permit of a call that has ended, once. */
  ended(call: string): string | null {
    const permit = this.calls.get(call) ?? null;
    if (this.calls.delete(call)) this.write();
    return permit;
  }

  write(): void {
    const kept: Kept = { session: this.session, calls: [...this.calls] };
    writeFileSync(this.path, `${JSON.stringify(kept)}\n`, { mode: 0o600 });
  }
}

export class Threads {
  private readonly folder: string;
  /** By path; the last used at the end. Opened once, however many hooks come at the same time. */
  private readonly open = new Map<string, Promise<Thread>>();

  constructor(data: string) {
    this.folder = join(data, FOLDER);
  }

  /** The thread of a client's conversation. `begin` opens a session where it has none. @throws what `begin` throws */
  of(client: string, id: string, begin: () => Promise<string>): Promise<Thread> {
    const path = join(this.folder, `${client}-${hash('sha256', id, 'hex').slice(0, 32)}.json`);
    const known = this.open.get(path);
    this.open.delete(path);
    const thread = known ?? this.begin(path, begin);
    this.open.set(path, thread);
    thread.catch(() => this.open.delete(path));
    for (const [oldest] of this.open) {
      if (this.open.size <= THREADS_MAX) break;
      this.open.delete(oldest);
    }
    return thread;
  }

  /** Its session has ended: the next call opens another one. */
  forget({ path }: Thread): void {
    this.open.delete(path);
    rmSync(path, { force: true });
  }

  private async begin(path: string, begin: () => Promise<string>): Promise<Thread> {
    const kept = readKept(path);
    if (kept !== null) return new Thread(path, kept);
    const thread = new Thread(path, { session: await begin(), calls: [] });
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    this.prune();
    thread.write();
    return thread;
  }

  private prune(): void {
    const names = readdirSync(this.folder);
    if (names.length < THREADS_MAX) return;
    const aged = names.map((name) => ({ name, used_ms: statSync(join(this.folder, name)).mtimeMs })).sort((a, b) => a.used_ms - b.used_ms);
    for (const { name } of aged.slice(0, names.length - THREADS_MAX + 1)) rmSync(join(this.folder, name), { force: true });
  }
}

function readKept(path: string): Kept | null {
  if (!existsSync(path)) return null;
  try {
    const { session, calls } = JSON.parse(readFileSync(path, 'utf8')) as Kept;
    return /^[0-9a-f]{32}$/.test(session) && Array.isArray(calls) ? { session, calls } : null;
  } catch {
    return null;
  }
}
