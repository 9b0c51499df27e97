/** Answers to hot requests, put together as text (spec/http.md N-23 to N-26). All of it is ASCII. */
import { hex } from '../base/bytes.ts';
import type { CborMap } from '../base/cbor.ts';
import type { Law } from '../law/law.ts';
import { originText, type Reason, type ReasonValue, type Receipt } from '../machine/receipt.ts';
import type { Transaction } from '../machine/transaction.ts';
import { applyObligations } from '../rule/manifest.ts';
import { jsonAscii, valueAscii } from './json-value.ts';
import { jsonOfCbor } from './value.ts';

/** N-23: `<height>.<index>.<first 12 hex digits of the tx_id>`: it says where the receipt lies. */
export const receiptId = ({ height, index, tx_id }: Receipt): string => `${height}.${index}.${hex(tx_id.slice(0, 6))}`;

interface Prepared {
  /** Up to the answer, and after the mode; the last brace is missing. */
  readonly head: string;
  readonly tail: string;
}

/** What is constant of a rule's reason is escaped once a law. */
const prepared = new WeakMap<Law, Map<string, Prepared>>();

function prepare(law: Law): Map<string, Prepared> {
  const rules = new Map<string, Prepared>();
  for (const { name, manifest } of law.rules) {
    const advice = manifest.advice === '' ? '' : `,"advice":${jsonAscii(manifest.advice)}`;
    rules.set(name, { head: `{"rule":${jsonAscii(name)},"answer":"`, tail: `","title":${jsonAscii(manifest.title)}${advice}` });
  }
  prepared.set(law, rules);
  return rules;
}

/** `,"values":[{path, fact, origin, height?, index?, text}, …]`, or nothing. */
function valuesJson(values: readonly ReasonValue[]): string {
  if (values.length === 0) return '';
  const shown = values.map((value) => {
    const { path, fact, origin, place } = value;
    const at = place === null ? '' : `,"height":${place.height},"index":${place.index}`;
    return `{"path":${jsonAscii(path)},"fact":${jsonAscii(fact)},"origin":"${origin}"${at},"text":${jsonAscii(originText(value))}}`;
  });
  return `,"values":[${shown.join(',')}]`;
}

/** `[{rule, answer, cause, mode, title, advice?, values?}, …]` */
export function reasonsJson(reasons: readonly Reason[], law: Law): string {
  if (reasons.length === 0) return '[]';
  const rules = prepared.get(law) ?? prepare(law);
  let json = '[';
  for (let i = 0; i < reasons.length; i++) {
    const { rule, answer, cause, mode, values } = reasons[i];
    // a rule that has left the law since has no title any more
    const { head, tail } = rules.get(rule) ?? { head: `{"rule":${jsonAscii(rule)},"answer":"`, tail: '","title":""' };
    json += `${i === 0 ? '' : ','}${head}${answer}","cause":"${cause}","mode":"${mode}${tail}${valuesJson(values)}}`;
  }
  return `${json}]`;
}

/** N-23: `"verdict":"allow"` stands in it exactly when the verdict is allow: in a text its quotes would be escaped. */
export function decisionJson(receipt: Receipt, law: Law, { sidecar }: Transaction): string {
  const { verdict, enforced, permit, approval, reasons, obligations, constitution, gas, height, index } = receipt;
  const granted = permit !== null ? `"permit":"${hex(permit)}",` : approval !== null ? `"approval":"${hex(approval)}",` : '';
  const bound = obligations.length === 0 ? '[]' : valueAscii(obligations.map(jsonOfCbor));
  return `{"verdict":"${verdict}","enforced":${enforced},"receipt":"${receiptId(receipt)}",${granted}"reasons":${reasonsJson(reasons, law)},"obligations":${bound},${changedJson(receipt, sidecar?.[1] as CborMap | undefined)}"constitution":${constitution},"gas":${gas},"height":${height},"index":${index}}`;
}

/** N-23: the arguments as the obligations leave them, where they change them. */
function changedJson({ obligations }: Receipt, args: CborMap | undefined): string {
  if (obligations.length === 0 || args === undefined) return '';
  const changed = applyObligations(args, obligations);
  return changed === null || changed === args ? '' : `"args":${valueAscii(jsonOfCbor(changed))},`;
}

/** N-22 */
export const placedJson = (receipt: Receipt): string => `{"receipt":"${receiptId(receipt)}","height":${receipt.height},"index":${receipt.index}}`;
