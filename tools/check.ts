/** `npm run check`: types (tsc), format and lint (biome, oxlint). The first steps of `npm test`. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  readonly fix: string;
}

const STEPS: readonly Step[] = [
  { name: 'types', command: ['tsc', '-p', '.'], fix: 'correct the named places' },
  { name: 'types of the pages', command: ['tsc', '-p', 'pages'], fix: 'correct the named places' },
  {
    name: 'format and lint',
    command: ['biome', 'check', '--error-on-warnings', '--max-diagnostics=40', '.'],
    fix: '`npm run format` writes what can be written',
  },
  { name: 'promises and correctness', command: ['oxlint', '--type-aware', '--deny-warnings'], fix: 'correct the named places' },
];

/** Runs every step, prints a line for each and the whole output of those that fail. Returns how many failed. */
export function check(): number {
  let failed = 0;
  for (const { name, command, fix } of STEPS) {
    const start = performance.now();
    const [program, ...args] = command;
    const path = `node_modules/.bin/${program}`;
    const { status, stdout, stderr, error } = spawnSync(existsSync(path) ? path : program, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    if (status === 0) {
      console.log(`ok    ${seconds.padStart(6)} s  ${name}`);
      continue;
    }
    failed++;
    console.log(`FAIL  ${seconds.padStart(6)} s  ${name}: \`${command.join(' ')}\`; ${fix}`);
    console.log(error === undefined ? `${stdout}${stderr}` : String(error));
  }
  return failed;
}

// tools/with-node.mjs imports this file, so it is not import.meta.main.
if (process.argv[1] === import.meta.filename) process.exitCode = check() === 0 ? 0 : 1;
