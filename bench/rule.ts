/**
 * Judging alone, in process: µs for one rule of twelve nodes and for twelve of them, by writer and by engine.
 * `node --liftoff-only bench/rule.ts` shows the baseline compiler.
 */

import { compileText } from '../src/rule/compile.ts';
import { type Found, inputBytesMax, readInputs, type Source, writeInputs } from '../src/rule/input.ts';
import { judge } from '../src/rule/interpret.ts';
import { planWriter, wasmOf } from '../src/rule/judge.ts';
import { instantiate } from '../src/vm/run.ts';
import { emit, median, rounded } from './figure.ts';

const SOURCES = 64;
const RUNS = 9;
const ALLOWED = Array.from({ length: 8 }, (_, i) => `DE8937040044053201300${i}`);
const ENVIRONMENT = new Map([
  ['agent.spent', 'int'],
  ['money.amount', 'int'],
  ['money.payee', 'string(64)'],
  ['session.scope', 'string(32)'],
]);

/** The 12-node rule of the design: the payees as an input, or written into the rule. */
const ruleText = (name: string, scope: string, payees: 'input' | 'constant'): string => `
rule: ${name}
title: Payments within the limit go to known payees
scope: facet.money
params: { limit: { type: int, value: 500000, min: 0, max: 1000000, step: 1 } }
${payees === 'input' ? 'inputs: { context.allow: "list(string(64), 8)" }' : ''}
judge: session.scope == "${scope}" && agent.spent + money.amount <= params.limit && money.payee in ${payees === 'input' ? 'context.allow' : JSON.stringify(ALLOWED)}
`;

const source = (i: number): Source => ({
  session: { scope: 'payments' },
  agent: { spent: i * 977 },
  money: { amount: 10_000 + i, payee: ALLOWED[i % 8] },
  params: { limit: 500_000 },
  context: { allow: ALLOWED },
});
/** As they come off the wire: strings of their own, not pieces of others. */
const sources = Array.from({ length: SOURCES }, (_, i) => JSON.parse(JSON.stringify(source(i))) as Source);

let sink = 0;

/** Median µs of one call, over runs of `calls` each, the first ones thrown away. */
function time(calls: number, work: (i: number) => number): number {
  const times: number[] = [];
  for (let run = 0; run < RUNS + 3; run++) {
    const begin = performance.now();
    for (let i = 0; i < calls; i++) sink += work(i % SOURCES);
    if (run >= 3) times.push(((performance.now() - begin) * 1000) / calls);
  }
  return median(times);
}

function ruleOf(payees: 'input' | 'constant', scope = 'payments') {
  const compiled = compileText(ruleText(`bench/${scope}`, scope, payees), ENVIRONMENT);
  const wasm = wasmOf(compiled.program);
  return { ...compiled, wasm, write: planWriter(compiled.inputs), instance: instantiate(wasm) };
}

function report(name: string, value_us: number, { payees, ...more }: Readonly<Record<string, number | string>>): void {
  emit({ bench: `rule/${name}/payees-${payees}`, unit: 'µs', value: rounded(value_us), ...more });
}

for (const payees of ['constant', 'input'] as const) {
  const { program, gas, inputs, wasm, write, instance } = ruleOf(payees);
  const { memory, view } = instance;
  const scratch = new Uint8Array(inputBytesMax(inputs));
  const found: (readonly Found[])[] = sources.map((one) => readInputs(inputs, writeInputs(inputs, one)));
  const bytes = write(sources[0], memory, view);
  const about = { payees, nodes: program.nodes.length, gas, buffer_bytes: bytes, wasm_bytes: wasm.length };
  report(
    'judge',
    time(400_000, () => instance.judge()),
    about,
  );
  report(
    'write',
    time(200_000, (i) => write(sources[i], memory, view)),
    about,
  );
  report(
    'write-and-judge',
    time(200_000, (i) => write(sources[i], memory, view) + instance.judge()),
    about,
  );
  report(
    'write-generic-and-judge',
    time(10_000, (i) => {
      const buffer = writeInputs(inputs, sources[i]);
      memory.set(buffer);
      return instance.judge();
    }),
    about,
  );
  report(
    'interpret',
    time(20_000, (i) => judge(program, found[i])),
    about,
  );
  report(
    'read-and-interpret',
    time(10_000, (i) => {
      const used = write(sources[i], memory, view);
      scratch.set(memory.subarray(0, used));
      return judge(program, readInputs(inputs, scratch.subarray(0, used)));
    }),
    about,
  );
  report(
    'emit',
    time(200, () => wasmOf(program).length),
    about,
  );
  report(
    'plan-writer',
    time(200, () => planWriter(inputs).length),
    about,
  );
  report(
    'instantiate',
    time(200, () => instantiate(wasm).memory.length),
    about,
  );

  const twelve = Array.from({ length: 12 }, (_, i) => ruleOf(payees, i === 0 ? 'payments' : `other-${i}`));
  report(
    'write-and-judge-12',
    time(20_000, (i) => {
      let sum = 0;
      for (const rule of twelve) sum += rule.write(sources[i], rule.instance.memory, rule.instance.view) + rule.instance.judge();
      return sum;
    }),
    about,
  );
}
if (!Number.isFinite(sink)) throw new Error('the work was optimised away');
