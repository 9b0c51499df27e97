/** Calls that wait for their client to come back, and the signed texts with which it may (spec/gateway.md MG-100 to MG-103, MG-112). */
import { Fault } from '../base/fault.ts';
import type { Course } from './course.ts';
import type { Params } from './message.ts';
import { plainParams } from './modern.ts';
import { type Bearer, newReference, openState, sealState } from './request-state.ts';
import { digestOf } from './value-digest.ts';

/** How long a client may take to come back. */
export const AWAY_MS = 600_000;
/** Calls of one conversation that wait; the oldest of a full house ends. */
const AWAY_MAX = 64;

export interface RoundsParts {
  /** Who calls: a state of one principal is none of another. */
  readonly principal: string;
  readonly key: Uint8Array;
  /** Unix ms. */
  readonly now: () => number;
}

interface Away {
  readonly course: Course;
  readonly timer: NodeJS.Timeout;
}

export class Rounds {
  private readonly parts: RoundsParts;
  /** By reference, in hex. */
  private readonly away = new Map<string, Away>();

  constructor(parts: RoundsParts) {
    this.parts = parts;
  }

  get size(): number {
    return this.away.size;
  }

  /** MG-112: the call waits; the text is good for one round of the same call. */
  park(course: Course, call: Uint8Array): string {
    const reference = newReference();
    const name = hexOf(reference);
    if (this.away.size >= AWAY_MAX) this.drop([...this.away.keys()][0], 'too many calls wait for this client');
    this.away.set(name, { course, timer: setTimeout(() => this.drop(name, 'the client did not come back'), AWAY_MS).unref() });
    return sealState(this.parts.key, { kind: 'round', reference }, this.bearer(call), this.parts.now() + AWAY_MS);
  }

  /** The text that stands for an approval (32 hex digits) until `until_ms`. It may be shown more than once: the approval is used once. */
  approval(id: string, call: Uint8Array, until_ms: number): string {
    return sealState(this.parts.key, { kind: 'approval', reference: Buffer.from(id, 'hex') }, this.bearer(call), until_ms);
  }

  /** MG-102, MG-103: the call that waits under this text, no longer waiting; or the approval that it stands for. @throws Fault state_refused */
  resume(text: unknown, call: Uint8Array): Course | string {
    if (typeof text !== 'string') throw new Fault('state_refused');
    const { kind, reference } = openState(this.parts.key, text, this.bearer(call), this.parts.now());
    const name = hexOf(reference);
    if (kind === 'approval') return name;
    const found = this.away.get(name);
    if (found === undefined) throw new Fault('state_refused', 'this requestState was used, or its call no longer waits');
    this.away.delete(name);
    clearTimeout(found.timer);
    return found.course;
  }

  /** Ends every call that waits. */
  end(reason: string): void {
    for (const name of [...this.away.keys()]) this.drop(name, reason);
  }

  private drop(name: string, reason: string): void {
    const found = this.away.get(name);
    if (found === undefined) return;
    this.away.delete(name);
    clearTimeout(found.timer);
    found.course.abort(reason);
  }

  private bearer(call: Uint8Array): Bearer {
    return { principal: this.parts.principal, call };
  }
}

/** MG-101: what makes a call the same call in a further round: its method and its parameters, but for `_meta`. */
export function callDigest(method: string, params: Params): Uint8Array {
  const { _meta, ...rest } = plainParams(params);
  return Buffer.from(digestOf([method, rest]), 'hex');
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
