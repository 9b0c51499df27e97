/**
 * Warms the path of a decision before the node says it is ready: made-up calls of the tools in the map, judged on a
 * scratch state that is then dropped. Cold, the first seconds cost half as much again.
 */

import { EMPTY } from '../base/bytes.ts';
import type { CborMap } from '../base/cbor.ts';
import type { Law } from '../law/law.ts';
import { BlockBuilder, commit } from '../machine/apply.ts';
import { initialState } from '../machine/state.ts';
import { idOf } from '../machine/transaction.ts';
import { Edge } from '../sequencer/edge.ts';
import { FrameWriter } from '../store/frame.ts';

const ROUNDS_MAX = 64;
const CALLS = 64;
const SAMPLE = 'a short text with example.org in it and some more words to look at';

/** Judges for at most `budget_ms`. Touches neither log nor state. */
export function warmUp(law: Law, budget_ms: number): void {
  const state = initialState(law.network, law, law.genesis.time_ms);
  const [validator] = law.validators.values();
  const edge = new Edge(law.network, validator.principal, 0);
  const frames = new FrameWriter('\0'.repeat(8));
  const tools = law.tools.map.entries.length === 0 ? [{ tool: 'unlisted', args: [] }] : law.tools.map.entries;
  const opened = edge.openSession('warm-up', 1);
  const first = new BlockBuilder(state, law.genesis.time_ms);
  first.add(opened);
  commit(state, first.close());
  const session = idOf(opened.tx_id);
  const until = performance.now() + budget_ms;
  for (let round = 0; round < ROUNDS_MAX && performance.now() < until; round++) {
    const block = new BlockBuilder(state, law.genesis.time_ms + round);
    for (let call = 0; call < CALLS; call++) {
      const { tool, args } = tools[(round * CALLS + call) % tools.length];
      const given: CborMap = { body: SAMPLE, ...Object.fromEntries(args.map(({ path }) => [path[0], SAMPLE])) };
      block.add(edge.decide(session, { kind: 'tool.call', server: null, name: tool }, given, { calls: call }, call % 2 === 0));
    }
    const output = block.close();
    commit(state, output);
    const items = output.entries.map((entry, i) => ({ entry, sidecar: output.sidecars[i], witness: output.witnesses[i] }));
    frames.encode({ height: output.header.height, durable: 0, header: output.header_bytes, suite: 1, key_id: '\0'.repeat(32), signature: EMPTY, items });
  }
}
