/** Replays a ledger (spec/ledger.md L-4): every block is made again from its transactions and must come out the same. */
import { equal } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import type { Law } from '../law/law.ts';
import { BlockBuilder, type BlockOutput, commit } from '../machine/apply.ts';
import { decodeHeader } from '../machine/block.ts';
import { decodeEntry } from '../machine/receipt.ts';
import { initialState, type State } from '../machine/state.ts';
import type { Frame } from '../store/frame.ts';
import { checkSignature } from './bundle.ts';

/** The state before the first block of this law. */
export const beginReplay = (law: Law): State => initialState(law.network, law, law.genesis.time_ms);

/**
 * Applies the frame to the state and compares all of it: header, entries, witnesses, and, with `signed`, the signature.
 * Returns the block, whose writes a state store that lags behind still needs.
 * @throws Fault ledger_corrupt naming the block
 */
export function replayFrame(state: State, frame: Frame, signed: boolean): BlockOutput {
  const { height } = frame;
  const corrupt = (what: string): never => {
    throw new Fault('ledger_corrupt', `block ${height}: ${what}`, { height });
  };
  if (frame.durable !== height - 1) corrupt(`it says that block ${frame.durable} was the last durable one`);
  if (height !== state.height + 1) corrupt(`block ${state.height + 1} was expected here`);
  try {
    const header = decodeHeader(frame.header);
    if (header.height !== height) corrupt(`its header says ${header.height}`);
    if (signed) checkSignature(state.law, frame.header, frame.suite, frame.key_id, frame.signature);
    const builder = new BlockBuilder(state, header.time_ms);
    if (builder.time_ms !== header.time_ms) corrupt('its time runs back');
    frame.items.forEach((item, index) => {
      if (builder.full) corrupt(`it goes on after entry ${index}, past what a block holds`);
      const { transaction } = decodeEntry(item.entry, state.network, item.sidecar);
      const result = builder.add(transaction);
      if (result instanceof Fault) corrupt(`entry ${index} is refused on replay: ${result.message}`);
    });
    const block = builder.close();
    block.entries.forEach((entry, index) => {
      if (!equal(entry, frame.items[index].entry)) corrupt(`entry ${index} comes out otherwise on replay`);
      const mine = block.witnesses[index];
      const kept = frame.items[index].witness;
      if (mine === null || kept === null ? mine !== kept : !equal(mine, kept)) corrupt(`the witness of entry ${index} comes out otherwise on replay`);
    });
    if (!equal(block.header_bytes, frame.header)) corrupt('its header comes out otherwise on replay');
    commit(state, block);
    return block;
  } catch (error) {
    if (error instanceof Fault && error.context['height'] !== height) return corrupt(error.message);
    throw error;
  }
}
