/** The apply path in process: µs a decision at batch 256, edge and block share apart; no HTTP, no disk. */

import { signingKey } from '../src/crypto/suite.ts';
import { lawOf } from '../src/law/law.ts';
import { BlockBuilder, commit } from '../src/machine/apply.ts';
import { initialState } from '../src/machine/state.ts';
import { loadConstitution } from '../src/node/constitution.ts';
import { soloGenesis } from '../src/node/genesis.ts';
import { Edge } from '../src/sequencer/edge.ts';
import { calibrate, REFERENCE_US } from './calibrate.ts';
import { emit, median, rounded } from './figure.ts';
import { requests } from './requests.ts';

const BATCH = 256;
const ROUNDS = 8;

for (const pack of ['peers', 'starter']) {
  for (const permit of [false, true]) {
    const key = signingKey(new Uint8Array(32).fill(7));
    const law = lawOf(soloGenesis(loadConstitution(pack), key, 1));
    const state = initialState(law.network, law, 1);
    const edge = new Edge(law.network, law.genesis.validators[0].principal, 0);
    const { source, list } = requests();
    const sessions = new Map<string, string>();
    let opening = new BlockBuilder(state, 1);
    for (const { request } of list) {
      if (sessions.has(request.session)) continue;
      const opened = edge.openSession(request.agent, 1);
      opening.add(opened);
      sessions.set(request.session, opened.tx_id.slice(0, 16));
      if (opening.full) {
        commit(state, opening.close());
        opening = new BlockBuilder(state, 1);
      }
    }
    commit(state, opening.close());
    const edges: number[] = [];
    const applies: number[] = [];
    let wrong = 0;
    for (let round = 0; round < ROUNDS; round++) {
      let edge_ms = 0;
      let apply_ms = 0;
      for (let at = 0; at < list.length; at += BATCH) {
        const part = list.slice(at, at + BATCH);
        const begin = performance.now();
        const transactions = part.map(({ request }) =>
          edge.decide(sessions.get(request.session) ?? '', { kind: 'tool.call', server: null, name: request.tool }, request.args, request.facts, permit),
        );
        const made = performance.now();
        const block = new BlockBuilder(state, 2);
        const receipts = transactions.map((transaction) => block.add(transaction));
        commit(state, block.close());
        apply_ms += performance.now() - made;
        edge_ms += made - begin;
        receipts.forEach((receipt, i) => {
          const { allow } = part[i];
          if (pack === 'peers' && allow !== null && ('verdict' in receipt ? receipt.verdict === 'allow' : null) !== allow) wrong++;
        });
      }
      edges.push((edge_ms * 1000) / list.length);
      applies.push((apply_ms * 1000) / list.length);
    }
    const loop_us = calibrate();
    const apply_us = median(applies.slice(2));
    emit({
      bench: `apply/${pack}${permit ? '/permit' : ''}`,
      unit: 'µs/decision',
      value: rounded(apply_us),
      scaled: rounded((apply_us * REFERENCE_US) / loop_us),
      edge_us: rounded(median(edges.slice(2))),
      rules: law.rules.length,
      batch: BATCH,
      requests: source,
      wrong,
      loop_us: rounded(loop_us),
    });
  }
}
