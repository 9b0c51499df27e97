/** The second chain of the machine's vectors: a guest, a breaker with limits, halts, a signed trip, approvals, a mode. */
import { readFileSync } from 'node:fs';
import { frameOfBlock } from '../sim/chain.ts';
import { approvalOf, Desk, HOUR_MS, ruleText, SMALL_KEY, smallGenesis } from '../sim/small-law.ts';
import { fromOctets, type Octets } from '../src/base/bytes.ts';
import { lawOf } from '../src/law/law.ts';
import { KIND } from '../src/machine/transaction.ts';
import type { Chain, Made } from './machine-vectors.ts';

const PROBE = [
  'rule: probe',
  'title: probe',
  'scope: tool.probe',
  'program: probe.wasm',
  'abi: buffer',
  'inputs: { args.do: int, args.say: bool }',
  'calls: [other]',
  'reads: [session.calls]',
  'hosts: [hash, verify, read, oracle, call, log]',
  'limits: { gas: 300000, memory_pages: 4 }',
  'on_fault: escalate',
  'breaker: { faults: 64, window: 1h, open: 1m, probes: 1 }',
];
/** What the probe does when it is told so: answers, reads, calls, logs, each trap. */
const DOES: readonly number[] = [0, 1, 2, 3, 4, 6, 7, 8, 10, 11, 14, 99];

export function stoppedChain(): Chain {
  const genesis = smallGenesis({
    module: (file) => new Uint8Array(readFileSync(`${import.meta.dirname}/../test/guest/${file}`)),
    rules: [
      ruleText('other', 'session.calls % 3 < 2', 'scope: tool.nothing'),
      ruleText(
        'frail',
        'args.n / args.d > 0',
        'inputs: { args.n: int, args.d: int }',
        'scope: tool.balance',
        'on_fault: escalate',
        'breaker: { faults: 2, window: 1m, open: 30s, probes: 2 }',
      ),
      PROBE.join('\n'),
      ruleText('payee', 'flow.dest_unnamed == 0', 'scope: tool.pay', 'otherwise: escalate'),
    ],
    tools:
      'map: small\nverbs: {}\nnouns: {}\ndelegable: []\ntools:\n  - { tool: balance, effect: read, result: own }\n  - { tool: pay, effect: irreversible, args: { to: dest }, result: ack }\n',
  });
  const law = lawOf(genesis);
  const desk = new Desk(law);
  const made: Made[] = [];
  const make = (work: () => void): void => {
    const previous = desk.state.facts_digest;
    const block = desk.block(work);
    made.push({ block, frame: frameOfBlock(block, SMALL_KEY), previous });
  };
  let session: Octets = '';
  const balance = (n: number, d: number): void => void desk.decide(session, 'balance', { n, d });
  make(() => {
    session = desk.open('agent', 1);
    balance(1, 0);
    balance(1, 1);
  });
  desk.now_ms += 30_000;
  make(() => {
    balance(1, 0);
    balance(1, 1);
  });
  desk.now_ms += 30_000;
  make(() => {
    balance(1, 1);
    desk.decide(session, 'balance', { n: 1, d: 0 }, { permit: false });
  });
  make(() => balance(0, 1));
  make(() => {
    desk.halt('frail', HOUR_MS, 'lets too much through');
    balance(1, 1);
    desk.signed(KIND.breaker_trip, { rule: 'frail' });
  });
  make(() => {
    desk.resume('frail');
    balance(1, 1);
  });
  make(() => {
    for (const what of DOES) desk.decide(session, 'probe', { do: what, say: true });
  });
  make(() => {
    desk.halt('other', HOUR_MS, '');
    desk.decide(session, 'probe', { do: 2, say: true }, { permit: false });
  });
  const pay = (to: string): ReturnType<Desk['decide']> => desk.decide(session, 'pay', { to });
  make(() => {
    const asked = approvalOf(pay('Bakery'));
    desk.answer(asked, true, 'the cake');
    desk.decideAgain(session, asked, 'pay', { to: 'Bakery' });
    desk.answer(approvalOf(pay('Garage')), false);
    pay('Garage');
    pay('Florist');
  });
  make(() => {
    desk.signed(KIND.approver_set, { name: 'mira', suite: SMALL_KEY.suite, public: fromOctets(SMALL_KEY.public), origin: '', rp_id: '', until_ms: 0 });
    desk.mode('payee', 'observe', HOUR_MS);
    pay('Kiosk');
  });
  desk.now_ms += 25 * HOUR_MS;
  make(() => {});
  return { genesis, law, made };
}
