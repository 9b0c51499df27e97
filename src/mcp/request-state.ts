/**
 * `requestState` (revision 2026-07-28): what a client carries from one round of a call to the next. It is signed, bound
 * to who calls and to what is called, ends, and names a thing that this side keeps: nothing of it is a secret
 * (spec/gateway.md MG-100 to MG-103).
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Fault } from '../base/fault.ts';

/** What the reference names: an approval of the ledger, or a round that this gateway keeps. */
export type StateKind = 'approval' | 'round';

/** Who may bring the state back, and with which call. */
export interface Bearer {
  readonly principal: string;
  /** The digest of the call: method and parameters, without what changes from round to round. */
  readonly call: Uint8Array;
}

export interface RequestState {
  readonly kind: StateKind;
  /** 16 bytes. */
  readonly reference: Uint8Array;
}

const KINDS: readonly StateKind[] = ['approval', 'round'];
const VERSION = 1;
const REFERENCE_AT = 2;
const UNTIL_AT = 18;
const BODY_BYTES = 24;
const MAC_BYTES = 32;
const TEXT_LENGTH = Math.ceil(((BODY_BYTES + MAC_BYTES) * 4) / 3);
const DOMAIN = 'ava.request-state.v1';

export const newReference = (): Uint8Array => randomBytes(16);

/** MG-100, MG-101: the text for the client. `until_ms`: Unix time past which it is refused. */
export function sealState(key: Uint8Array, { kind, reference }: RequestState, bearer: Bearer, until_ms: number): string {
  const body = Buffer.alloc(BODY_BYTES);
  body[0] = VERSION;
  body[1] = KINDS.indexOf(kind);
  body.set(reference, REFERENCE_AT);
  body.writeUIntBE(until_ms, UNTIL_AT, 6);
  return Buffer.concat([body, mac(key, body, bearer)]).toString('base64url');
}

/** MG-102: what `sealState` sealed for this bearer. One fault for all that is wrong with it. @throws Fault state_refused */
export function openState(key: Uint8Array, text: string, bearer: Bearer, now_ms: number): RequestState {
  if (text.length !== TEXT_LENGTH) throw new Fault('state_refused');
  const bytes = Buffer.from(text, 'base64url');
  const body = bytes.subarray(0, BODY_BYTES);
  // A text of another spelling that decodes to the same bytes is another text.
  if (bytes.length !== BODY_BYTES + MAC_BYTES || bytes.toString('base64url') !== text) throw new Fault('state_refused');
  if (!timingSafeEqual(mac(key, body, bearer), bytes.subarray(BODY_BYTES))) throw new Fault('state_refused');
  const kind = KINDS[body[1]];
  if (body[0] !== VERSION || kind === undefined) throw new Fault('state_refused');
  if (now_ms > body.readUIntBE(UNTIL_AT, 6)) throw new Fault('state_refused', 'the time to come back with this requestState is over');
  return { kind, reference: Uint8Array.from(body.subarray(REFERENCE_AT, UNTIL_AT)) };
}

/** Each part under its length, so that no two bearers give the same bytes. */
function mac(key: Uint8Array, body: Uint8Array, { principal, call }: Bearer): Buffer {
  const hmac = createHmac('sha256', key);
  for (const part of [DOMAIN, principal, call, body]) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hmac.update(length).update(bytes);
  }
  return hmac.digest();
}
