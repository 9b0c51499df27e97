/**
 * Pins of tool definitions (spec/gateway.md MG-40 to MG-43), in pins.json of the data folder: the first use pins, and what
 * changes later is refused until a person pins it anew. Several processes share the file.
 */
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Fault } from '../base/fault.ts';
import { changedFields, type Definition, definitionDigest, isDefinition } from './definition.ts';
import { isObject } from './message.ts';
import { isServerName } from './names.ts';

/** In the data folder. */
export const PINS_NAME = 'pins.json';
const PINS_BYTES_MAX = 268_435_456;
/** MG-43: tools of one server. */
export const TOOLS_MAX = 2_048;
const LOCK_TRIES = 100;
const LOCK_WAIT_MS = 20;
const LOCK_STALE_MS = 5_000;

export interface Pin {
  readonly digest: string;
  readonly at_ms: number;
  readonly definition: Definition;
}
interface ServerPins {
  /** What may be used. */
  readonly pinned: Record<string, Pin>;
  /** What the server offers in place of it. */
  readonly offered: Record<string, Pin>;
}
type File = Record<string, ServerPins>;

export type PinState = 'new' | 'same' | 'changed';

export interface PinChange {
  readonly server: string;
  readonly tool: string;
  readonly fields: readonly string[];
  readonly before: Definition;
  readonly after: Definition;
  readonly seen_ms: number;
}

const empty = <T>(): Record<string, T> => Object.create(null) as Record<string, T>;

export class Pins {
  private readonly path: string;
  private servers: File = empty();
  private read_ms = -1;

  /** `folder`: the data folder. */
  constructor(folder: string) {
    this.path = join(folder, PINS_NAME);
  }

  /** MG-41: compares what a server offers with its pins; what is new is pinned now. @throws Fault config */
  check(server: string, offered: readonly Definition[]): Map<string, PinState> {
    const states = new Map<string, PinState>();
    const wanted = offered.map((definition) => ({ name: String(definition.name), definition, digest: definitionDigest(definition) }));
    for (const { name, digest } of wanted) states.set(name, this.state(server, name, digest));
    const known = this.of(server);
    const stale = wanted.some(({ name, digest }) => {
      const waits = known.offered[name];
      return states.get(name) === 'new' || (states.get(name) === 'changed' ? waits?.digest !== digest : waits !== undefined);
    });
    if (!stale) return states;
    this.change((file) => {
      const own = (file[server] ??= { pinned: empty(), offered: empty() });
      for (const { name, definition, digest } of wanted) {
        const pin: Pin = { digest, at_ms: Date.now(), definition };
        const before = own.pinned[name];
        if (before === undefined && Object.keys(own.pinned).length < TOOLS_MAX) own.pinned[name] = pin;
        // another process may have pinned it in the meantime
        states.set(name, before === undefined ? 'new' : before.digest === digest ? 'same' : 'changed');
        if (states.get(name) === 'changed') own.offered[name] = pin;
        else delete own.offered[name];
      }
    });
    return states;
  }

  /** @throws Fault config */
  state(server: string, tool: string, digest: string): PinState {
    this.refresh();
    const pin = this.of(server).pinned[tool];
    return pin === undefined ? 'new' : pin.digest === digest ? 'same' : 'changed';
  }

  /** What waits for a person to look at it; of one server, or of all. @throws Fault config */
  changes(server?: string): PinChange[] {
    this.refresh();
    return Object.entries(this.servers)
      .filter(([name]) => server === undefined || name === server)
      .flatMap(([name, { pinned, offered }]) =>
        Object.entries(offered).map(([tool, { definition, at_ms }]) => {
          const before = pinned[tool]?.definition ?? {};
          return { server: name, tool, fields: changedFields(before, definition), before, after: definition, seen_ms: at_ms };
        }),
      );
  }

  /** Servers and their pinned tools. @throws Fault config */
  pinned(): ReadonlyMap<string, readonly string[]> {
    this.refresh();
    return new Map(Object.entries(this.servers).map(([name, { pinned }]) => [name, Object.keys(pinned)]));
  }

  /** What the pinned tools of each server say of themselves. @throws Fault config */
  definitions(): ReadonlyMap<string, readonly Definition[]> {
    this.refresh();
    return new Map(Object.entries(this.servers).map(([name, { pinned }]) => [name, Object.values(pinned).map(({ definition }) => definition)]));
  }

  /** MG-42: pins what is offered now, all or these; returns which. @throws Fault config, upstream_unknown */
  accept(server: string, tools: readonly string[]): string[] {
    const accepted: string[] = [];
    this.change((file) => {
      const own = file[server];
      if (own === undefined) throw new Fault('upstream_unknown', `no tool of a server \`${server}\` is pinned`, { server });
      for (const [tool, pin] of Object.entries(own.offered)) {
        if (tools.length > 0 && !tools.includes(tool)) continue;
        own.pinned[tool] = { ...pin, at_ms: Date.now() };
        delete own.offered[tool];
        accepted.push(tool);
      }
    });
    return accepted;
  }

  private of(server: string): ServerPins {
    return this.servers[server] ?? { pinned: empty(), offered: empty() };
  }

  private refresh(): void {
    const changed_ms = statSync(this.path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (changed_ms === this.read_ms) return;
    this.servers = this.load();
    this.read_ms = changed_ms;
  }

  private load(): File {
    let text: string;
    try {
      if (statSync(this.path).size > PINS_BYTES_MAX) throw new Fault('config', `${this.path} is larger than ${PINS_BYTES_MAX} bytes`);
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return empty();
      throw error instanceof Fault ? error : new Fault('config', `${this.path} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
    }
    return fileOf(text, this.path);
  }

  private change(work: (file: File) => void): void {
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    const lock = `${this.path}.lock`;
    takeLock(lock);
    try {
      const file = this.load();
      work(file);
      const next = `${this.path}.next`;
      writeFileSync(next, `${JSON.stringify({ version: 1, servers: file }, null, 1)}\n`, { mode: 0o600 });
      renameSync(next, this.path);
      this.servers = file;
      this.read_ms = statSync(this.path).mtimeMs;
    } finally {
      rmSync(lock, { force: true });
    }
  }
}

/** @throws Fault config */
function fileOf(text: string, path: string): File {
  const bad = (): Fault => new Fault('config', `${path} is not what avactl wrote; move it away to pin everything anew`, { path });
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch {
    throw bad();
  }
  if (!isObject(value) || value.version !== 1 || !isObject(value.servers)) throw bad();
  const file: File = empty();
  for (const [name, own] of Object.entries(value.servers)) {
    if (!isServerName(name) || !isObject(own)) throw bad();
    file[name] = { pinned: pinsOf(own.pinned, bad), offered: pinsOf(own.offered, bad) };
  }
  return file;
}

function pinsOf(value: unknown, bad: () => Fault): Record<string, Pin> {
  if (!isObject(value)) throw bad();
  const pins = empty<Pin>();
  for (const [tool, pin] of Object.entries(value)) {
    if (!isObject(pin) || typeof pin.digest !== 'string' || typeof pin.at_ms !== 'number' || !isDefinition(pin.definition)) throw bad();
    pins[tool] = { digest: pin.digest, at_ms: pin.at_ms, definition: pin.definition };
  }
  return pins;
}

/** One process at a time. @throws Fault config */
function takeLock(path: string): void {
  for (let attempt = 0; attempt < LOCK_TRIES; attempt++) {
    try {
      closeSync(openSync(path, 'wx', 0o600));
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EEXIST') throw new Fault('config', `${path} cannot be written: ${code}`, { path });
    }
    const made_ms = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (made_ms !== 0 && Date.now() - made_ms > LOCK_STALE_MS) rmSync(path, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_WAIT_MS);
  }
  throw new Fault('config', `${path} is held by another process`, { path });
}
