/** What the vectors of the machine's pages are made from: a small law and two blocks under it. */

import { frameOfBlock } from '../sim/chain.ts';
import { Desk, permitOf, ruleText, SMALL_KEY, smallGenesis } from '../sim/small-law.ts';
import { recompute } from '../src/audit/recompute.ts';
import { fromOctets, hex, type Octets, octets } from '../src/base/bytes.ts';
import { type Cbor, type CborMap, decode, encode } from '../src/base/cbor.ts';
import { Fault } from '../src/base/fault.ts';
import { type Law, lawOf } from '../src/law/law.ts';
import type { ActiveRule } from '../src/law/rule.ts';
import type { BlockOutput } from '../src/machine/apply.ts';
import { type Judging, RESULT, runRule } from '../src/machine/judge.ts';
import { decodeEntry } from '../src/machine/receipt.ts';
import { writeInputs } from '../src/rule/input.ts';
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

export interface Chain {
  readonly genesis: Uint8Array;
  readonly law: Law;
  readonly made: readonly Made[];
}

/** A session, several decisions and a trip, an outcome and what falls due. */
export function firstChain(): Chain {
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
  return { genesis: GENESIS, law: LAW, made };
}

/** Every entry of the blocks, decoded, with where it stands. */
export const entriesOf = (
  made: readonly Made[],
): { readonly bytes: Uint8Array; readonly sidecar: Uint8Array | null; readonly witness: Uint8Array | null; readonly time_ms: number }[] =>
  made.flatMap(({ block }) =>
    block.entries.map((bytes, i) => ({ bytes, sidecar: block.sidecars[i], witness: block.witnesses[i], time_ms: block.header.time_ms })),
  );

/** A decision with what each rule in scope read and gave. */
export function judged(entry: ReturnType<typeof entriesOf>[number], law: Law): object {
  const decoded = decodeEntry(entry.bytes, law.network, entry.sidecar);
  const witness = entry.witness === null ? null : (decode(entry.witness) as CborMap);
  const { scoped, source, standings } = recompute(law, decoded, witness, entry.time_ms);
  const { receipt } = decoded;
  return {
    clause: 'D-5',
    default: law.default,
    rules: scoped.map((rule) => {
      source.params = rule.params;
      const { result, gas, buffer } = ruleVector(rule, { law, source, held: standings.held, run: runRule });
      return {
        index: rule.index,
        name: rule.name,
        gas,
        mode: standings.mode(rule.name) ?? rule.mode,
        ...(standings.answered(rule.name) ? { answered: true } : {}),
        otherwise: rule.otherwise,
        on_fault: rule.on_fault,
        grants: rule.grants,
        result,
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

/** What a rule gave (D-5), the gas of it (D-8), and its buffer (D-7). */
function ruleVector(rule: ActiveRule, judging: Judging): { readonly result: number; readonly gas: number; readonly buffer: Uint8Array | null } {
  const stopped = judging.held(rule.name);
  if (stopped !== null) return { result: RESULT[stopped], gas: rule.module === null ? rule.gas : 0, buffer: null };
  if (rule.program !== null) {
    const buffer = writeInputs(rule.inputs, judging.source as never);
    return { result: interpretRule(rule.program, buffer), gas: rule.gas, buffer };
  }
  const { result, gas, memory, used } = runRule(rule, judging);
  return { result, gas, buffer: memory.slice(0, used) };
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
