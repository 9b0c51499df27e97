/** Where the values come from that made a rule speak (spec/receipt.md P-5). */
import type { Octets } from '../base/bytes.ts';
import { utf8 } from '../base/bytes.ts';
import type { CallFlow, Finding } from '../facet/flow.ts';
import type { Law } from '../law/law.ts';
import type { Page } from './fact.ts';
import { pageKey } from './memory.ts';
import type { Overlay } from './overlay.ts';
import { type Place, type Reason, type ReasonValue, VALUE_PATH_BYTES_MAX, VALUES_MAX } from './receipt.ts';

/** The reasons, each with the values whose flow fact its rule reads. */
export function valuesOf(overlay: Overlay, session: Octets, reasons: readonly Reason[], { ruleNamed }: Law, flow: CallFlow | null): readonly Reason[] {
  if (flow === null || reasons.length === 0) return reasons;
  let findings: readonly Finding[] | null = null;
  const placeOf = ({ page }: Finding): Place | null => {
    const found = page === null ? undefined : (overlay.get(pageKey(session, page)) as Page | undefined);
    return found === undefined ? null : { height: found.height, index: found.index };
  };
  return reasons.map((reason) => {
    const read = ruleNamed.get(reason.rule)?.flow_facts;
    if (read === undefined || read.size === 0 || reason.cause !== 'failed') return reason;
    const values: ReasonValue[] = [];
    findings ??= flow.findings;
    for (const finding of findings) {
      const { path, fact, origin } = finding;
      if (values.length >= VALUES_MAX) break;
      if (read.has(fact) && utf8(path).length <= VALUE_PATH_BYTES_MAX) values.push({ path, fact, origin, place: placeOf(finding) });
    }
    return values.length === 0 ? reason : { ...reason, values };
  });
}
