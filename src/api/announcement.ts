/**
 * Calls that a hook saw coming and a gateway will judge (spec/http.md N-70 to N-72): the hook knows the session, in which
 * the user's words stand, the gateway makes the call. What an announcement gives is a session, never a permission.
 */
import { hex } from '../base/bytes.ts';
import { type CborMap, Writer } from '../base/cbor.ts';
import { sha256 } from '../crypto/hash.ts';
import { AnnouncementRequest, ClaimRequest } from './announcement-shape.ts';
import { checker } from './check.ts';
import type { HttpLimits } from './fast.ts';
import { parseJson, textOf } from './json.ts';
import type { Json } from './json-value.ts';
import { JSON_TYPE } from './operation.ts';
import { type Handler, readBody, send } from './router.ts';

/** N-71: how long a gateway may claim one. */
export const ANNOUNCED_MS = 30_000;
/** Announcements that wait at one moment; past it the oldest is forgotten. */
const WAITING_MAX = 1_024;
/** Of one call made several times at once. */
const SAME_MAX = 16;

/** N-70: SHA-256 of the canonical CBOR of `[name, args]`, in lower hex. @throws Fault cbor_*, too_deep for what no call may have */
export function callDigest(name: string, args: Readonly<Record<string, unknown>>): string {
  const writer = new Writer();
  writer.array(2);
  writer.text(name);
  writer.value(args as CborMap);
  return hex(sha256(writer.done()));
}

interface Waiting {
  readonly session: string;
  readonly until_ms: number;
}

export class Announcements {
  private readonly now: () => number;
  /** By server, name and digest; the oldest first. */
  private readonly calls = new Map<string, Waiting[]>();
  private size = 0;

  constructor(now: () => number) {
    this.now = now;
  }

  announce({ session, server, name, digest }: AnnouncementRequest): void {
    const key = keyOf(server, name, digest);
    const same = (this.calls.get(key) ?? []).filter(({ until_ms }) => until_ms > this.now());
    this.drop(key);
    same.push({ session, until_ms: this.now() + ANNOUNCED_MS });
    if (same.length > SAME_MAX) same.shift();
    this.calls.set(key, same);
    this.size += same.length;
    for (const [oldest] of this.calls) {
      if (this.size <= WAITING_MAX) break;
      this.drop(oldest);
    }
  }

  /** N-71: the session of the call that was announced first, once; null when none was, or not in time. */
  claim(server: string, name: string, digest: string): string | null {
    const key = keyOf(server, name, digest);
    const same = (this.calls.get(key) ?? []).filter(({ until_ms }) => until_ms > this.now());
    this.drop(key);
    const first = same.shift();
    if (same.length > 0) {
      this.calls.set(key, same);
      this.size += same.length;
    }
    return first?.session ?? null;
  }

  /** N-76: `claim` of a call itself; nothing is hashed while nothing waits. @throws Fault as `callDigest` */
  claimCall(server: string, name: string, args: CborMap): string | null {
    return this.size === 0 ? null : this.claim(server, name, callDigest(name, args));
  }

  private drop(key: string): void {
    this.size -= this.calls.get(key)?.length ?? 0;
    this.calls.delete(key);
  }
}

const keyOf = (...parts: readonly string[]): string => parts.join('\0');

const checkAnnouncement = checker(AnnouncementRequest);
const checkClaim = checker(ClaimRequest);

export function announcementHandlers(announcements: Announcements, limits: HttpLimits): Readonly<Record<'announcement' | 'claim', Handler>> {
  const post =
    (answer: (value: Json) => unknown): Handler =>
    (exchange) =>
      readBody(exchange, limits.body_bytes_max, limits.request_timeout_ms, (body) =>
        send(exchange.response, 200, JSON_TYPE, JSON.stringify(answer(parseJson(textOf(body))))),
      );
  return {
    announcement: post((value) => {
      announcements.announce(checkAnnouncement(value));
      return { claim_ms: ANNOUNCED_MS };
    }),
    claim: post((value) => {
      const { server, name, digest } = checkClaim(value);
      return { session: announcements.claim(server, name, digest) };
    }),
  };
}
