/**
 * `npm run bench [-- NAME…] [-- --list]`: runs the benches one after the other, prints their lines, then a table. Each
 * can be run alone with its own options, for example `node bench/peers.ts --conns 32 --rounds 1`.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Figure } from './figure.ts';

const BENCHES: readonly (readonly [string, string])[] = [
  ['rule', 'a rule: inputs and judgement'],
  ['vm', 'guests: metering against plain V8, W3 beside the peers, where their harness is set up'],
  ['shell', 'command lines, statements and secrets, read'],
  ['apply', 'the apply path in process'],
  ['store', 'append and sync'],
  ['http', 'start, batch and stream through HTTP'],
  ['gateway', 'what the gateway adds to a call of a tool, over stdio and HTTP'],
  ['peers', 'W1 beside the peers, where their harness is set up'],
];

const named = process.argv.slice(2).filter((argument) => argument !== '--');
if (named.includes('--list') || named.includes('--help')) {
  for (const [name, what] of BENCHES) console.log(`${name.padEnd(8)} ${what}`);
  process.exit(0);
}
const unknown = named.find((name) => !BENCHES.some(([known]) => known === name));
if (unknown !== undefined) {
  console.error(`AVA-1006 no bench is called ${unknown}. see \`npm run bench -- --list\``);
  process.exit(64);
}

const figures: Figure[] = [];
let failed = false;
for (const [name] of BENCHES.filter(([name]) => named.length === 0 || named.includes(name))) {
  const child = spawn(process.execPath, [fileURLToPath(new URL(`./${name}.ts`, import.meta.url))], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(line);
    if (line.startsWith('{')) figures.push(JSON.parse(line) as Figure);
  }
  if ((child.exitCode ?? (await new Promise<number | null>((resolve) => child.on('exit', resolve)))) !== 0) failed = true;
}

const SHOWN_ELSEWHERE = new Set(['bench', 'unit', 'value', 'machine', 'commit']);
const width = Math.max(...figures.map(({ bench }) => bench.length), 5);
console.log(`\n${'bench'.padEnd(width)}        value unit`);
for (const figure of figures) {
  const more = Object.entries(figure)
    .filter(([key, value]) => !SHOWN_ELSEWHERE.has(key) && value !== undefined)
    .map(([key, value]) => `${key} ${value}`);
  console.log(
    `${figure.bench.padEnd(width)} ${figure.value.toLocaleString('en').padStart(12)} ${figure.unit}${more.length === 0 ? '' : `   ${more.join(' · ')}`}`,
  );
}
process.exitCode = failed ? 1 : 0;
