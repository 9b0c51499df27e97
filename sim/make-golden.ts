/**
 * Makes the golden chain, or checks it.
 *
 *   node sim/make-golden.ts            makes the chain again under the recorded genesis
 *   node sim/make-golden.ts --fresh    under a new genesis: today's starter constitution and the simulated limits
 *   node sim/make-golden.ts --check    makes every recorded header again; prints the last header's hash
 *
 * A header that changes is a change of what verifiers recompute: it needs a new version in the schedule (G-9), and the
 * old code stays. Only then is the chain made anew.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { hex } from '../src/base/bytes.ts';
import { headerHash } from '../src/machine/block.ts';
import { checkGolden, GOLDEN_FOLDER, makeChain, packFrames, readGolden } from './golden.ts';
import { goldenGenesis } from './laws.ts';

const { values } = parseArgs({ options: { fresh: { type: 'boolean' }, check: { type: 'boolean' } } });
const at = (name: string): string => join(GOLDEN_FOLDER, name);
const write = (name: string, bytes: Uint8Array): void => writeFileSync(at(name), gzipSync(bytes, { level: 9 }));

if (values.check === true) {
  const golden = readGolden();
  const wrong = checkGolden(golden);
  for (const line of wrong) console.error(line);
  if (wrong.length > 0) process.exit(1);
  console.log(hex(headerHash(golden.frames[golden.frames.length - 1].header)));
} else {
  mkdirSync(GOLDEN_FOLDER, { recursive: true });
  const kept = existsSync(at('genesis.gz')) && values.fresh !== true;
  const genesis = kept ? new Uint8Array(gunzipSync(readFileSync(at('genesis.gz')))) : goldenGenesis();
  const { frames, snapshot } = makeChain(genesis);
  if (!kept) write('genesis.gz', genesis);
  write('chain.gz', packFrames(frames));
  write('snapshot.gz', snapshot);
  console.log(`${frames.length} blocks, ${frames.reduce((sum, frame) => sum + frame.length, 0)} bytes`);
}
