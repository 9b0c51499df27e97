/** What the vectors of the machine's pages are made from: a small law and two blocks under it. */

import { frameOfBlock } from '../sim/chain.ts';
import { Desk, permitOf, ruleText, SMALL_KEY, smallGenesis } from '../sim/small-law.ts';
import { recompute } from '../src/audit/recompute.ts';
import { fromOctets, hex, type Octets, octets } from '../src/base/bytes.ts';
import { type Cbor, type CborMap, decode, encode } from '../src/base/cbor.ts';
import { Fault } from '../src/base/fault.ts';
import { lawOf } from '../src/law/law.ts';
import type { BlockOutput } from '../src/machine/apply.ts';
import { decodeEntry } from '../src/machine/receipt.ts';
import { writeInputs } from '../src/rule/input.ts';
import type { Program } from '../src/rule/ir.ts';
import { interpretRule } from '../src/rule/judge.ts';
import type { Frame } from '../src/store/frame.ts';

export const GENESIS: Uint8Array = smallGenesis({
  rules: [
    ruleText('day', 'agent.sum("money.amount", "24h") + money.amount <= 500', 'scope: facet.money', 'otherwise: escalate'),
    ruleText('calls', 'session.calls < 3', 'scope: effect.irreversible', 'mode: observe'),
    ruleText('args', 'args.x > 1', 'inputs: { args.x: int }', 'scope: tool.balance', 'on_fault: escalate'),
    ruleText('grant', 'agent.assurance >= 1', 'scope: tool.mail', 'grants: true'),
  ],
  default: 'deny',
  tools:
    'map: small\nverbs: {}\nnouns: {}\ndelegable: []\ntools:\n  - { tool: pay, effect: irreversible, args: { to: dest, amount: qty }, money: { amount: amount, payee: to }, result: ack }\n  - { tool: balance, effect: read, result: own, reads: [private] }\n  - { tool: mail, effect: irreversible, args: { to: dest, body: text }, mail: { to: [to], body: body }, result: ack }\n',
});
export const LAW = lawOf(GENESIS);

export interface Made {
  readonly block: BlockOutput;
  readonly frame: Frame;
  /** facts_digest before it. */
  readonly previous: Octets;
}

/** Three blocks: a session, several decisions and a trip, an outcome and what falls due. */
export function madeBlocks(): readonly Made[] {
  const desk = new Desk(LAW);
  const made: Made[] = [];
  const make = (work: () => void): void => {
    const previous = desk.state.facts_digest;
    const block = desk.block(work);
    made.push({ block, frame: frameOfBlock(block, SMALL_KEY), previous });
  };
  let session: Octets = '';
  let permit: Octets = '';
  make(() => {
    session = desk.open('agent', 1);
    desk.say(session, 'please tell mira@example.org');
  });
  make(() => {
    permit = permitOf(desk.decide(session, 'mail', { to: 'mira@example.org', body: 'done' }));
    desk.decide(session, 'pay', { to: 'Bakery', amount: 4 }, { permit: false });
    desk.decide(session, 'pay', { to: 'Bakery', amount: 6 });
    desk.decide(session, 'balance', { x: 1 });
    desk.decide(session, 'balance', { x: 'no number' }, { context: { of: 1 } });
    desk.trip('args');
    desk.decide(session, 'balance', { x: 5 });
    desk.decide(session, 'mail', { to: 'mira@example.org', body: 'again' });
  });
  desk.now_ms += 90_000;
  make(() => desk.outcome(permit, true, { ok: true }));
  desk.now_ms += 86_400_000;
  make(() => {});
  return made;
}

/** Every entry of the blocks, decoded, with where it stands. */
export const entriesOf = (
  made: readonly Made[],
): { readonly bytes: Uint8Array; readonly sidecar: Uint8Array | null; readonly witness: Uint8Array | null; readonly time_ms: number }[] =>
  made.flatMap(({ block }) =>
    block.entries.map((bytes, i) => ({ bytes, sidecar: block.sidecars[i], witness: block.witnesses[i], time_ms: block.header.time_ms })),
  );

/** A decision with what each rule in scope read and gave. */
export function judged(entry: ReturnType<typeof entriesOf>[number]): object {
  const decoded = decodeEntry(entry.bytes, LAW.network, entry.sidecar);
  const witness = entry.witness === null ? null : (decode(entry.witness) as CborMap);
  const { scoped, source, held } = recompute(LAW, decoded, witness, entry.time_ms);
  const { receipt } = decoded;
  return {
    clause: 'D-5',
    default: LAW.default,
    rules: scoped.map((rule) => {
      source.params = rule.params;
      const buffer = held(rule.name) !== null ? null : writeInputs(rule.inputs, source as never);
      return {
        index: rule.index,
        name: rule.name,
        gas: rule.gas,
        mode: rule.mode,
        otherwise: rule.otherwise,
        on_fault: rule.on_fault,
        grants: rule.grants,
        result: buffer === null ? 3 : interpretRule(rule.program as Program, buffer),
        buffer: buffer === null ? null : hex(buffer),
      };
    }),
    witness: entry.witness === null ? null : hex(entry.witness),
    verdict: receipt.verdict,
    enforced: receipt.enforced,
    gas: receipt.gas,
    reasons: receipt.reasons.map(({ rule, answer, cause, mode }) => [rule, answer, cause, mode]),
    inputs_hash: hex(receipt.inputs_hash as Octets),
    trace: hex(receipt.trace as Octets),
  };
}

/** The fault that `run` ends in. @throws RangeError when it ends in none: then it is no negative vector */
export function slugOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Fault) return error.slug;
    throw error;
  }
  throw new RangeError('not refused');
}

/** A CBOR array with some items replaced, or cut to `length`. */
export function changed(bytes: Uint8Array, change: Readonly<Record<string, Cbor>>, length?: number): Uint8Array {
  const items = decode(bytes) as Cbor[];
  return encode(items.map((item, i) => (Object.hasOwn(change, `${i}`) ? change[`${i}`] : item)).slice(0, length));
}

export const bytesOf = (value: Octets): Uint8Array => fromOctets(value);
export const hexOr = (bytes: Uint8Array | null): string | null => (bytes === null ? null : hex(bytes));
export const flipped = (bytes: Uint8Array, at: number, mask = 1): Uint8Array =>
  bytes.map((byte, i) => (i === (at < 0 ? bytes.length + at : at) ? byte ^ mask : byte));
export const octetsOf = (bytes: Uint8Array): Octets => octets(bytes);
