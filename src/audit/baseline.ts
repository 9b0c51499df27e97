/**
 * Lets guests be judged by the engine's baseline compiler alone where the other's frames are past the engine's stack
 * (spec/guest.md GU-5). The engine has no other way to ask for it than flags of the process.
 */
import { setFlagsFromString } from 'node:v8';
import { type Holding, setBaseline } from '../vm/guest.ts';

const FLAGS = ['wasm-tier-up', 'wasm-dynamic-tiering'];

const hold: Holding = (work) => {
  for (const flag of FLAGS) setFlagsFromString(`--no-${flag}`);
  try {
    return work();
  } finally {
    for (const flag of FLAGS) setFlagsFromString(`--${flag}`);
  }
};

setBaseline(hold);
