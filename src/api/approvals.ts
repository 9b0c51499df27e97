/** Approvals as people and programs see them (spec/http.md N-50, N-51): the call that waits, why, and how long. */
import { hex, type Octets, octetsFromHex } from '../base/bytes.ts';
import type { CborMap } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { facetsOf } from '../facet/facet.ts';
import { entryFor } from '../facet/guess.ts';
import { decodeEntry, originText, type Place, type Reason } from '../machine/receipt.ts';
import { APPROVAL_STATES, agentOf, answererName, approvalOf, type State } from '../machine/state.ts';
import { isDecision } from '../machine/transaction.ts';
import { reasonsJson, receiptId } from './answer.ts';
import type { BlockReader } from './reads.ts';
import type { ApprovalsAnswer, ApprovalView } from './schema.ts';
import { jsonOfCbor } from './value.ts';

/** Approvals of one answer. */
const LISTED_MAX = 256;
/** Crockford's base32: no letter that reads as a digit. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const CODE = /^[0-9A-HJKMNP-TV-Z]{6}$/;

/** N-51: six characters of an id, for people: its first 30 bits. */
export function codeOf(id: Octets): string {
  let code = '';
  let bits = 0;
  let held = 0;
  for (let at = 0; code.length < 6; ) {
    if (held < 5) {
      bits = ((bits << 8) | id.charCodeAt(at++)) & 0xfff;
      held += 8;
    } else {
      held -= 5;
      code += ALPHABET[(bits >> held) & 31];
    }
  }
  return code;
}

/** N-50. @throws Fault request_shape, disk_failed, ledger_corrupt */
export function approvalsView(state: State, blocks: BlockReader, status: string | null): ApprovalsAnswer {
  if (status !== null && !(APPROVAL_STATES as readonly string[]).includes(status))
    throw new Fault('request_shape', `status is one of ${APPROVAL_STATES.join(', ')}`, { path: 'status', expected: APPROVAL_STATES.join(' | ') });
  const approvals: ApprovalView[] = [];
  for (const id of state.approvals) {
    if (status !== null && approvalOf(state, id)?.status !== status) continue;
    approvals.push(viewOf(state, blocks, id));
    if (approvals.length >= LISTED_MAX) break;
  }
  return { approvals };
}

/** N-50: by id or code. @throws Fault approval_unknown, disk_failed, ledger_corrupt */
export function approvalView(state: State, blocks: BlockReader, name: string): ApprovalView {
  const id = octetsFromHex(name, 16) ?? idOfCode(state, name.toUpperCase());
  if (id === undefined || approvalOf(state, id) === undefined) throw new Fault('approval_unknown');
  return viewOf(state, blocks, id);
}

/** The latest approval with this code. */
function idOfCode(state: State, code: string): Octets | undefined {
  let found: Octets | undefined;
  if (CODE.test(code)) for (const id of state.approvals) if (codeOf(id) === code) found = id;
  return found;
}

function viewOf(state: State, blocks: BlockReader, id: Octets): ApprovalView {
  const approval = approvalOf(state, id);
  if (approval === undefined) throw new Fault('approval_unknown');
  const { height, index, session, status, rules, opened_ms, due_ms, answer } = approval;
  const item = blocks.read(height).items[index];
  const { transaction, receipt } = decodeEntry(item.entry, state.network, item.sidecar);
  if (!isDecision(transaction)) throw new Fault('ledger_corrupt', `entry ${index} of block ${height} is not the decision that asked for an approval`);
  const { kind, server, name } = transaction.payload;
  const args = transaction.sidecar === null ? null : (transaction.sidecar[1] as CborMap);
  const context = transaction.sidecar === null ? null : (transaction.sidecar[2] as CborMap | null);
  const facets = args === null ? {} : facetsOf(entryFor(state.law.tools, server, name, args), { kind, server, name }, args);
  const json = (map: CborMap | null): Record<string, unknown> | null => (map === null ? null : (jsonOfCbor(map) as Record<string, unknown>));
  return {
    id: hex(id),
    code: codeOf(id),
    status,
    receipt: receiptId(receipt),
    session: hex(session),
    agent: agentOf(state, session),
    action: { kind, ...(server !== null && { server }), name, args: json(args) },
    context: json(context),
    facets: Object.fromEntries(Object.entries(facets).filter(([, value]) => value !== undefined)),
    rules: [...rules],
    reasons: sourced(JSON.parse(reasonsJson(receipt.reasons, state.law)) as ApprovalView['reasons'], receipt.reasons, state, blocks),
    opened_ms,
    due_ms,
    answer: answer === null ? null : { allow: answer.allow, note: answer.note, by: answererName(state, answer.by), at_ms: answer.at_ms },
  };
}

/** The words of the values name the tool that returned them. */
function sourced(views: ApprovalView['reasons'], reasons: readonly Reason[], state: State, blocks: BlockReader): ApprovalView['reasons'] {
  return views.map((view, i) => {
    const { values } = reasons[i];
    if (view.values === undefined) return view;
    return { ...view, values: view.values.map((value, n) => ({ ...value, text: originText(values[n], toolAt(values[n].place, state, blocks)) })) };
  });
}

/** The tool of the decision that stands there. */
function toolAt(place: Place | null, state: State, blocks: BlockReader): string | undefined {
  if (place === null) return undefined;
  const item = blocks.read(place.height).items[place.index];
  const { transaction } = decodeEntry(item.entry, state.network, null);
  return isDecision(transaction) ? transaction.payload.name : undefined;
}
