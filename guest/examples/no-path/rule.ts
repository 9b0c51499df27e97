// No chain of transfers leads from the payer to a sanctioned account: a search of a graph, which an expression cannot do.
import { FAIL, input, PASS, Slot } from 'ava';
import { ARGS_FROM, ARGS_TRANSFERS, CONTEXT_SANCTIONED } from './inputs';

export { alloc } from 'ava';

/** As many as the manifest's type of `args.transfers` lets through. */
const TRANSFERS_MAX = 128;

/** Numbers of the transfers whose receiver is reached and not yet gone on from. */
const waiting = new StaticArray<i32>(TRANSFERS_MAX);
let count = 0;
const taken = new StaticArray<bool>(TRANSFERS_MAX);

/** Takes each transfer out of an account, once. */
function goOnFrom(account: Slot, transfers: Slot): void {
  for (let i = 0; i < transfers.length; i++) {
    if (taken[i] || !transfers.item(i).get('from').equals(account)) continue;
    taken[i] = true;
    waiting[count++] = i;
  }
}

function among(account: Slot, list: Slot): bool {
  for (let i = 0; i < list.length; i++) if (list.item(i).equals(account)) return true;
  return false;
}

export function judge(address: usize, length: i32): i32 {
  const transfers = input(address, ARGS_TRANSFERS);
  const sanctioned = input(address, CONTEXT_SANCTIONED);
  const payer = input(address, ARGS_FROM);
  if (among(payer, sanctioned)) return FAIL;
  goOnFrom(payer, transfers);
  for (let next = 0; next < count; next++) {
    const receiver = transfers.item(waiting[next]).get('to');
    if (among(receiver, sanctioned)) return FAIL;
    goOnFrom(receiver, transfers);
  }
  return PASS;
}
