/**
 * A law with guests of every kind beside expressions, and a chain of decisions under it: `node sim/guest-law.ts` prints the
 * hash of the chain's last header.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { hex } from '../src/base/bytes.ts';
import type { CborMap } from '../src/base/cbor.ts';
import type { BlockOutput } from '../src/machine/apply.ts';
import { Desk, ruleText, type SmallLaw } from './small-law.ts';

const PROBE = [
  'program: probe.wasm',
  'abi: buffer',
  'inputs: { args.do: int, args.say: bool }',
  'calls: [other]',
  'reads: [session.calls, params.limit]',
  'params: { limit: { type: int, value: 7 } }',
  'hosts: [hash, verify, read, oracle, call, log]',
  'limits: { gas: 300000, memory_pages: 4 }',
  'on_fault: escalate',
];

const guestText = (name: string, ...lines: readonly string[]): string =>
  [`rule: ${name}`, `title: ${name}`, ...(lines.some((line) => line.startsWith('scope:')) ? [] : ['scope: all']), ...lines].join('\n');

export const GUEST_LAW: SmallLaw = {
  module: (file) => new Uint8Array(readFileSync(fileURLToPath(new URL(`../test/guest/${file}`, import.meta.url)))),
  rules: [
    ruleText('other', 'session.calls % 3 < 2', 'scope: tool.nothing', 'params: { limit: { type: int, value: 3 } }'),
    ruleText('few', 'session.calls < 60 && agent.sum("money.amount", "24h") < 100000', 'scope: all', 'otherwise: escalate'),
    guestText('probe', 'scope: tool.probe', ...PROBE),
    guestText(
      'transfer',
      'scope: tool.pay',
      'program: opa-deny.wasm',
      'abi: opa',
      'inputs: { args.amount: int, args.to: string(64), args.recipients: "list(string(64), 8)" }',
      'uses: [now_ms, params.limit]',
      'params: { limit: { type: int, value: 100 } }',
    ),
    guestText(
      'pods',
      'scope: tool.pod',
      'program: wapc.wasm',
      'abi: wapc',
      'inputs: { args.object: "map(string(64), bool, 8)" }',
      'uses: [params.limit]',
      'params: { limit: { type: int, value: 9 } }',
    ),
  ],
};

/** One decision after another in `desk`, a block each; `take` gets the blocks. */
export function guestDecisions(desk: Desk, take: (block: BlockOutput) => void): void {
  const session = desk.open();
  take(desk.last as BlockOutput);
  const decide = (name: string, args: CborMap, permit = true): void => {
    desk.now_ms += 1_000;
    desk.decide(session, name, args, { permit });
    take(desk.last as BlockOutput);
  };
  for (let what = 0; what <= 25; what++) for (const answer of [true, false]) decide('probe', { do: what, say: answer }, what % 2 === 0);
  for (const amount of [1, 100, 101]) for (const to of ['you', 'evil']) decide('pay', { amount, to, recipients: ['a@example.org', 'b'] });
  decide('pay', { amount: 5 });
  for (const privileged of [true, false]) decide('pod', { object: { privileged } });
  decide('balance', {});
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const desk = new Desk(GUEST_LAW);
  let last = '';
  guestDecisions(desk, (block) => {
    last = hex(block.header_hash);
  });
  console.log(last);
}
