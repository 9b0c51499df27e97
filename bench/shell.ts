/** The shell reader alone, in process: µs a line over the two corpora of test/shell, and of SQL and secrets beside them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { secretFacts } from '../src/facet/secret.ts';
import { readShell } from '../src/facet/shell.ts';
import { sqlFacts } from '../src/facet/sql.ts';
import { emit, quantile, rounded } from './figure.ts';

const ROUNDS = 12;

const linesOf = (name: string): readonly string[] =>
  readFileSync(join(import.meta.dirname, '../test/shell', name), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# '))
    .map((line) => line.replaceAll('↵', '\n'));

let sink = 0;

function measure(bench: string, inputs: readonly string[], work: (input: string) => number): void {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const input of inputs) {
      const begin = performance.now();
      sink += work(input);
      if (round >= 3) times.push((performance.now() - begin) * 1000);
    }
  }
  times.sort((a, b) => a - b);
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  emit({ bench, unit: 'µs', value: rounded(mean), p50: rounded(quantile(times, 0.5)), p99: rounded(quantile(times, 0.99)), inputs: inputs.length });
}

for (const name of ['everyday', 'evasions']) measure(`shell/${name}`, linesOf(`${name}.txt`), (line) => readShell(line, '/home/me/project').reads.length);
const everyday = linesOf('everyday.txt').join('\n');
measure('shell/script', [everyday.slice(0, 4096)], (line) => readShell(line, null).reads.length);
measure(
  'sql',
  ['select a, b from t join u on t.id = u.id where c = 1', "update t set a = 'x' where id in (select id from u)"],
  (sql) => sqlFacts(sql).verbs.length,
);
measure('secret', [everyday], (text) => secretFacts({ body: text }).count);
if (sink < 0) console.log(sink);
