/** Permits (spec/state.md Y-4): what an allowed call may do once, before its expiry. */
import type { Octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { factKey, type Permit } from './fact.ts';
import type { Overlay } from './overlay.ts';

/** How long an open permit holds. */
export const PERMIT_MS = 600_000;
/** How long an expired one is remembered: a tool that took too long reports late. A used one, until it would have expired. */
export const EXPIRED_PERMIT_KEPT_MS = 3_600_000;

/** The open permit. @throws Fault permit_unknown, permit_expired, permit_used */
export function openPermit(overlay: Overlay, id: Octets, time_ms: number): Permit {
  const permit = overlay.get(factKey('permit', id)) as Permit | undefined;
  if (permit === undefined) throw new Fault('permit_unknown');
  if (permit.status === 'expired' || (permit.status === 'open' && permit.due_ms <= time_ms)) throw new Fault('permit_expired');
  if (permit.status !== 'open') throw new Fault('permit_used');
  return permit;
}
