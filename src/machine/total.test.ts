/** The machine is total: whatever a wire may carry gets a receipt or a fault, and the block still closes and replays. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../sim/random.ts';
import { Desk, said, smallConstitution, smallGenesis } from '../../sim/small-law.ts';
import { compareReceipt, recompute } from '../audit/recompute.ts';
import type { Cbor, CborMap } from '../base/cbor.ts';
import { decode } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { facetsOf } from '../facet/facet.ts';
import { entryFor } from '../facet/guess.ts';
import { lawOf } from '../law/law.ts';
import { loadConstitution } from '../node/constitution.ts';
import { inScope, rulesFor } from './judge.ts';
import { decodeEntry, type Receipt } from './receipt.ts';
import type { Decide } from './transaction.ts';

const SEED = Number(process.env['AVA_SEED'] ?? 16);
const ROUNDS = Number(process.env['AVA_ROUNDS'] ?? 1_500);
console.log(`seed ${SEED}, ${ROUNDS} rounds`);
const random = new Random(SEED);

const TEXTS = [
  '',
  'a',
  'Harbour Bakery',
  'a@example.org',
  'https://example.org/x?y=1',
  '../../.ssh/id_rsa',
  '-5',
  '1e400',
  '٣',
  '\u0000',
  '💶'.repeat(40),
  'x'.repeat(3_000),
  'constructor',
  '=read',
  "{{'toString': 1}: 2}",
  '- a: "b\\\n  c\\\n',
  '{"a":[{"__proto__":{"b":1}}]}',
];
const KEYS = ['to', 'amount', 'path', 'body', 'recipient', 'recipients', 'url', 'file_path', 'constructor', 'toString', 'hasOwnProperty', 'length', '', 'x'];
const NUMBERS: readonly Cbor[] = [0, -1, 5, 99.5, 1e-7, 2 ** 53 - 1, -(2 ** 53 - 1), 2n ** 63n, 2n ** 64n - 1n, -(2n ** 64n)];

function anyValue(depth: number): Cbor {
  switch (random.below(depth > 0 ? 9 : 6)) {
    case 0:
      return null;
    case 1:
      return random.chance(0.5);
    case 2:
      return random.pick(NUMBERS);
    case 3:
      return new Uint8Array(random.below(40));
    case 4:
    case 5:
      return random.pick(TEXTS);
    case 6:
      return random.chance(0.05)
        ? Array.from({ length: random.below(400) }, () => random.below(9))
        : Array.from({ length: random.below(4) }, () => anyValue(depth - 1));
    default:
      return anyMap(depth - 1);
  }
}
const anyMap = (depth: number): CborMap => Object.fromEntries(Array.from({ length: random.below(4) }, () => [random.pick(KEYS), anyValue(depth)]));

for (const [name, constitution] of [
  ['small', smallConstitution({})],
  ['starter', loadConstitution('starter')],
  ['peers', loadConstitution('peers')],
] as const) {
  test(`any arguments, texts and results under ${name}`, () => {
    const law = lawOf(smallGenesis({}, { constitution }));
    const desk = new Desk(law);
    const tools = ['pay', 'mail', 'unlisted', ...law.tools.map.entries.map((entry) => entry.tool)];
    const kinds = ['tool.call', 'tool.call', 'tool.call', 'tool.list', 'tool.result', 'user.input', 'x'];
    const counts = new Map<string, number>();
    let session = desk.open();
    let permit = 'x'.repeat(16);
    let approval = 'x'.repeat(16);
    const rules = [...law.rules.map((rule) => rule.name), 'no/such-rule'];
    let asked: Parameters<Desk['decide']> = [session, 'pay', {}, {}];
    const act = (i: number): Receipt | Fault => {
      switch (i % 16) {
        case 1:
        case 5:
          return desk.outcome(permit, random.chance(0.7), anyValue(4));
        case 13:
          return desk.settled(permit, { [random.pick(['money.amount', 'calls', ''])]: random.pick([0, -1, 2 ** 53 - 1]) }, random.chance(0.7));
        case 9:
          return desk.mode(random.pick(rules), random.pick(['floor', 'enforce', 'observe']), random.pick([-1, 0, 60_000, 2 ** 40]));
        case 10:
          return desk.answer(random.chance(0.9) ? approval : random.octets(16), random.chance(0.8), random.pick(TEXTS).slice(0, 100));
        case 11: {
          const [whose, tool, args, call] = asked;
          return desk.decideAgain(whose, approval, tool, random.chance(0.9) ? args : anyMap(3), call);
        }
        case 2:
        case 6:
        case 14:
          return desk.say(session, random.pick(TEXTS));
        default: {
          const call = { kind: random.pick(kinds), context: random.chance(0.5) ? anyMap(2) : null, permit: random.chance(0.7) };
          const made: Parameters<Desk['decide']> = [session, random.pick(tools), anyMap(4), call];
          const result = desk.decide(...made);
          if (!(result instanceof Fault) && result.approval === result.tx_id.slice(0, 16)) asked = made;
          return result;
        }
      }
    };
    for (let i = 0; i < ROUNDS; i++) {
      const result = act(i);
      counts.set(said(result), (counts.get(said(result)) ?? 0) + 1);
      if (result instanceof Fault) continue;
      permit = result.permit ?? permit;
      approval = result.approval ?? approval;
      if (result.verdict !== 'none') {
        const { entries, sidecars, witnesses, header } = desk.last as NonNullable<Desk['last']>;
        const entry = decodeEntry(entries[0], law.network, sidecars[0]);
        const witness = witnesses[0] === null ? null : (decode(witnesses[0]) as CborMap);
        const recomputed = recompute(law, entry, witness, header.time_ms);
        compareReceipt(recomputed, entry);
        const { kind, server, name: tool } = entry.transaction.payload as Decide;
        const given = recomputed.source.args;
        const facets = facetsOf(entryFor(law.tools, server, tool, given), { kind, server, name: tool }, given);
        const scoped = law.rules.filter((rule) => inScope(rule, { kind, name: tool }, facets));
        assert.deepEqual(
          rulesFor(law, { kind, name: tool }, facets).map(({ name: rule }) => rule),
          scoped.map(({ name: rule }) => rule),
        );
      }
      if (random.chance(0.02)) session = desk.open();
      desk.now_ms += random.below(60_000);
    }
    assert.ok((counts.get('allow') ?? 0) > 0 || name === 'peers', [...counts].join(' '));
    console.log(name, Object.fromEntries(counts));
  });
}
