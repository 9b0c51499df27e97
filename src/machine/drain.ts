/** What falls due (spec/state.md Y-5): permits and approvals expire; sessions, sums, halts, modes and the times of breakers end. */
import type { Octets } from '../base/bytes.ts';
import { APPROVAL_KEPT_MS } from './approval.ts';
import { endOpen } from './breaker.ts';
import type { Fact } from './fact.ts';
import { pageKey } from './memory.ts';
import type { Overlay } from './overlay.ts';
import { EXPIRED_PERMIT_KEPT_MS } from './permit.ts';
import type { State } from './state.ts';
import { release } from './sum.ts';

/** Drains at most `max` due facts into the overlay's block. */
export function drain(state: State, overlay: Overlay, time_ms: number, max: number): void {
  const taken: { due_ms: number; key: Octets }[] = [];
  const seen = new Set<Octets>();
  for (let item = state.due.pop(time_ms); item !== undefined; item = state.due.pop(time_ms)) {
    const fact = state.facts.get(item.key);
    // The fact has gone, or a second item stands for it.
    if (fact === undefined || fact.due_ms < item.due_ms || seen.has(item.key)) continue;
    if (fact.due_ms !== item.due_ms) {
      // It was moved since: its item follows it only now, so that a fact in use does not fill the queue.
      state.due.push(fact.due_ms, item.key);
      continue;
    }
    seen.add(item.key);
    taken.push(item);
    expire(state, overlay, time_ms, item.key, fact);
    overlay.keep();
    if (taken.length >= max) break;
  }
  // The queue follows the committed facts; until commit moves them, these items stay in it.
  for (const item of taken) state.due.push(item.due_ms, item.key);
}

function expire(state: State, overlay: Overlay, time_ms: number, key: Octets, fact: Fact): void {
  const id = key.slice(1);
  switch (fact.is) {
    case 'permit':
      if (fact.status !== 'open') {
        overlay.set(key, null);
        return;
      }
      for (const reservation of fact.reserved) release(overlay, reservation);
      overlay.set(key, { ...fact, status: 'expired', reserved: [], due_ms: time_ms + EXPIRED_PERMIT_KEPT_MS });
      return overlay.tell({ type: 'permit.expired', id });
    case 'session':
      overlay.set(key, null);
      for (let page = 0; page < fact.pages; page++) overlay.set(pageKey(id, page), null);
      return overlay.tell({ type: 'session.expired', id });
    case 'breaker':
      return endOpen(overlay, time_ms, id, state.law.ruleNamed.get(id), fact);
    case 'probing':
      overlay.set(key, null);
      return overlay.tell({ type: 'breaker.closed', id });
    case 'approval':
      if (fact.status !== 'waiting' && fact.status !== 'allowed') {
        overlay.set(key, null);
        return;
      }
      overlay.set(key, { ...fact, status: 'expired', due_ms: time_ms + APPROVAL_KEPT_MS });
      return overlay.tell({ type: 'approval.expired', id });
    case 'mode':
      overlay.set(key, null);
      return overlay.tell({ type: 'mode.ended', id });
    case 'halt':
      overlay.set(key, null);
      return overlay.tell({ type: 'halt.ended', id });
    default:
      overlay.set(key, null);
  }
}
