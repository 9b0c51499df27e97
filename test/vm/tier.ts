/**
 * Trials in a process of its own, so that the engine's compiler can be chosen: `node --liftoff-only tier.ts FROM TO`
 * prints one line, the digests of the seeds from FROM to TO − 1.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { trial } from './trial.ts';

/** The baseline compiler alone, the optimising one alone, and both with code replaced as it runs. */
export const TIERS = {
  baseline: ['--liftoff-only'],
  optimising: ['--no-liftoff'],
  both: ['--wasm-tiering-budget=2000'],
} as const;
export type Tier = keyof typeof TIERS;

export interface TierRun {
  readonly digests: readonly string[];
  readonly calls: number;
  readonly returned: number;
  readonly instructions: number;
}

function run(from: number, to: number): TierRun {
  const digests: string[] = [];
  let [calls, returned, instructions] = [0, 0, 0];
  for (let seed = from; seed < to; seed++) {
    const result = trial(seed);
    digests.push(result.digest);
    calls += result.calls;
    returned += result.returned;
    instructions += result.instructions;
  }
  return { digests, calls, returned, instructions };
}

/** @throws Error with what the process wrote when a trial fails */
export function runTier(tier: Tier, from: number, to: number): Promise<TierRun> {
  const child = spawn(process.execPath, [...TIERS[tier], fileURLToPath(import.meta.url), String(from), String(to)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, said] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return new Promise((resolve, reject) => {
    child.on('close', (status) => {
      if (status === 0) resolve(JSON.parse(out) as TierRun);
      else reject(new Error(`${tier}: seeds ${from} to ${to - 1}: ${said}`));
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(JSON.stringify(run(Number(process.argv[2]), Number(process.argv[3]))));
