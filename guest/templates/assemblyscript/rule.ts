import { FAIL, input, PASS } from 'ava';
import { MONEY_AMOUNT, PARAMS_LIMIT } from './inputs';

export { alloc } from 'ava';

export function judge(address: usize, length: i32): i32 {
  const amount = input(address, MONEY_AMOUNT);
  const limit = input(address, PARAMS_LIMIT);
  // Reading a value that is absent traps; `on_fault` decides then.
  return amount.int <= limit.int ? PASS : FAIL;
}
