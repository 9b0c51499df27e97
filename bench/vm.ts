/**
 * The VM: what metering adds to plain V8 on four kernels, and W3 beside wasmtime with fuel, CosmWasm's VM and plain V8 in
 * one run, a CEL rule of the same meaning beside cel-go in process. The peers come from the harness of bench/peers.ts.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compileText } from '../src/rule/compile.ts';
import type { Source } from '../src/rule/input.ts';
import { planWriter, wasmOf } from '../src/rule/judge.ts';
import { admitModule } from '../src/vm/admit.ts';
import { Guest } from '../src/vm/guest.ts';
import type { Answers } from '../src/vm/host.ts';
import { compileModule, Instance, newMemory } from '../src/vm/instance.ts';
import { instantiate } from '../src/vm/run.ts';
import { wasm } from '../test/vm/web-assembly.ts';
import { emit, rounded } from './figure.ts';
import { PEERS_WORK } from './requests.ts';
import { compileKernels, KERNELS, type Kernel } from './vm-kernels.ts';
import { HARNESS, moneyCalls, ruleModule } from './vm-rule.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '2' }, rounds: { type: 'string', default: '3' }, runs: { type: 'string', default: '200' } },
});
const SECONDS = Number(values.seconds);
const WARM_MS = 800;
const GAS = 1_000_000;
const STACK_WORDS = 65_536;

const settle = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Both sides in turn, so that a busy moment hits both; the best of each, once the optimising compiler is through. */
async function overhead(): Promise<void> {
  const bytes = await compileKernels();
  const plain = new wasm.Instance(new wasm.Module(bytes)).exports as Record<Kernel | 'prepare', (argument: number) => number>;
  const { wasm: code, facts } = admitModule(bytes, 'integer');
  const metered = new Instance(compileModule(code), facts, newMemory(facts.memory ?? { min: 0, max: 0 }), {});
  const meteredCall = (name: Kernel | 'prepare', argument: number): number => {
    metered.begin(Number.MAX_SAFE_INTEGER, STACK_WORDS, 0);
    return metered.function(name)(argument);
  };
  plain.prepare(0);
  meteredCall('prepare', 0);
  const ratios: number[] = [];
  for (const [kernel, argument] of Object.entries(KERNELS) as [Kernel, number][]) {
    const timed = (work: () => number): number => {
      const begin = performance.now();
      const sum = work();
      const took = performance.now() - begin;
      if (sum !== expected) throw new Error(`${kernel} gives ${sum}, not ${expected}`);
      return took;
    };
    const expected = plain[kernel](argument);
    const [plainOnce, meteredOnce] = [() => plain[kernel](argument), () => meteredCall(kernel, argument)];
    const end = performance.now() + WARM_MS;
    while (performance.now() < end) {
      timed(plainOnce);
      timed(meteredOnce);
      await settle(1);
    }
    let [best, bestMetered] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let run = 0; run < Number(values.runs); run++) {
      best = Math.min(best, timed(plainOnce));
      bestMetered = Math.min(bestMetered, timed(meteredOnce));
    }
    const { gas } = metered.returned();
    const ratio = bestMetered / best;
    ratios.push(ratio);
    emit({
      bench: `vm/overhead/${kernel}`,
      unit: '× plain V8',
      value: rounded(ratio),
      plain_ms: rounded(best),
      metered_ms: rounded(bestMetered),
      gas_per_us: Math.round(gas / bestMetered / 1000),
    });
  }
  emit({
    bench: 'vm/overhead/geometric-mean',
    unit: '× plain V8',
    value: rounded(Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)),
  });
}

interface Row {
  readonly peer: string;
  readonly mode?: string;
  readonly per_s: number;
  readonly p50_us: number;
  readonly p99_us: number;
  readonly wrong?: number;
}
const best = new Map<string, Row>();
function keep(row: Row): void {
  const key = `${row.peer}/${row.mode}`;
  const before = best.get(key);
  if (before === undefined || row.per_s > before.per_s) best.set(key, { ...row, wrong: Math.max(row.wrong ?? 0, before?.wrong ?? 0) });
}

const calls = moneyCalls();
const times = new Float64Array(1 << 23);

/** As the peers' harness measures: each call timed by itself, half a second of warming up, every first answer checked. */
function measure(mode: string, judge: (i: number) => boolean): void {
  let [n, wrong] = [0, 0];
  const begin = process.hrtime.bigint();
  const warm = begin + 500_000_000n;
  const end = warm + BigInt(SECONDS * 1e9);
  let now = begin;
  for (let i = 0; now < end && n < times.length; i++) {
    const allowed = judge(i % calls.length);
    if (i < calls.length && allowed !== calls[i].allow) wrong++;
    const then = now;
    now = process.hrtime.bigint();
    if (then > warm) times[n++] = Number(now - then);
  }
  const sorted = times.subarray(0, n).sort();
  const us = (q: number): number => rounded(sorted[Math.floor(q * (n - 1))] / 1e3);
  keep({ peer: 'ava', mode, per_s: Math.round((n * 1e9) / Number(now - warm)), p50_us: us(0.5), p99_us: us(0.99), wrong });
}

const unasked = (): never => {
  throw new Error('the rule of W3 asks nothing');
};
const NO_ANSWERS: Answers = { read: unasked, oracle: unasked, call: unasked };

async function guestRule(): Promise<(() => void)[]> {
  const { bytes, from } = await ruleModule();
  console.log(`W3: the guest is ${from}, ${bytes.length} bytes, ${calls.length} inputs`);
  const guest = new Guest({
    name: 'w3',
    module: bytes,
    abi: 'buffer',
    limits: { gas: GAS, memory_pages: 1, stack_words: STACK_WORDS },
    inputs: [],
    hosts: [],
    calls: [],
    reads: [],
  });
  const { wasm: code, facts } = admitModule(bytes, 'integer');
  const module = compileModule(code);
  const memory = newMemory(facts.memory ?? { min: 0, max: 0 });
  const begin = { instance: new Instance(module, facts, memory, {}), memory: new Uint8Array(memory.buffer) };
  const once = ({ instance, memory: view }: typeof begin, i: number): boolean => {
    const input = calls[i].bytes;
    instance.begin(GAS, STACK_WORDS, input.length);
    view.set(input, 4_096);
    const verdict = instance.function('judge')(4_096, input.length);
    return instance.returned().trap === null && verdict === 1;
  };
  return [
    () => measure('kept', (i) => once(begin, i)),
    // as the machine judges a guest: put back after each call, one of 256 judged by a new instance too
    () => measure('reset', (i) => guest.judge(calls[i].bytes, NO_ANSWERS).result === 1),
    () =>
      measure('fresh', (i) => {
        begin.memory.fill(0);
        return once({ instance: new Instance(module, facts, memory, {}), memory: begin.memory }, i);
      }),
  ];
}

function celRule(): () => void {
  const text = `
rule: bench/w3
title: Money goes to known recipients, or up to 100
scope: facet.money
params: { limit: { type: int, value: 10000, min: 0, max: 1000000, step: 1 } }
inputs: { context.amount_cents: int, context.recipient_known: bool }
judge: context.amount_cents <= params.limit || context.recipient_known
`;
  const { program, inputs } = compileText(text, new Map());
  const write = planWriter(inputs);
  const instance = instantiate(wasmOf(program));
  const { memory, view } = instance;
  const sources = calls.map(
    ({ request: { facts } }): Source => ({
      params: { limit: 10_000 },
      context: { amount_cents: facts['amount_cents'], recipient_known: facts['recipient_known'] },
    }),
  );
  return () =>
    measure('cel', (i) => {
      write(sources[i], memory, view);
      return instance.judge() === 2;
    });
}

/** Rows of one command of the harness, one JSON object a line. */
function lines(command: string, args: readonly string[]): Row[] {
  const out = execFileSync(command, args, { env: { ...process.env, PEERS_WORK }, encoding: 'utf8', maxBuffer: 1 << 26 });
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)
    .filter((row) => (row as Partial<Row>).per_s !== undefined);
}

function peers(): void {
  const script = join(HARNESS, 'bench.mjs');
  if (!existsSync(script) || !existsSync(join(PEERS_WORK, 'bin', 'vm-wasmtime'))) return;
  for (const row of lines(process.execPath, [script, '--only', 'v8,wasmtime,cosmwasm-vm', '--seconds', String(SECONDS), '--rounds', '1'])) keep(row);
}

/** cel-go over the same calls: with the rule of W3, and with the whole constitution of W1. */
function celGo(): void {
  const judge = join(PEERS_WORK, 'bin', 'judge');
  const policy = join(PEERS_WORK, 'run', 'go-cel', 'policy');
  if (!existsSync(judge)) return;
  const folder = mkdtempSync(join(tmpdir(), 'ava-bench-'));
  try {
    const [rule, set] = [join(folder, 'rule.cel'), join(folder, 'requests.jsonl')];
    writeFileSync(rule, 'facts.amount_cents <= 10000 || facts.recipient_known');
    writeFileSync(set, `${calls.map(({ request, allow }) => JSON.stringify({ allow, request })).join('\n')}\n`);
    const bench = (mode: string, text: string, over: string): void => {
      for (const row of lines(judge, ['-engine', 'cel', '-policy', text, '-bench', over, '-seconds', String(SECONDS)])) keep({ ...row, peer: 'go-cel', mode });
    };
    bench('rule', rule, set);
    const all = join(PEERS_WORK, 'data', 'requests.jsonl');
    if (existsSync(policy) && existsSync(all) && readFileSync(policy).length > 0) bench('constitution', policy, all);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

await overhead();
const own = [...(await guestRule()), celRule()];
for (let round = 0; round < Number(values.rounds); round++) {
  peers();
  for (const run of own) run();
  celGo();
}
const RATIOS: readonly (readonly [mode: string, peer: string])[] = [
  ['reset', 'wasmtime/fresh'],
  ['kept', 'wasmtime/warm'],
  ['cel', 'wasmtime/warm'],
  ['cel', 'go-cel/rule'],
  ['cel', 'go-cel/constitution'],
];
for (const row of best.values()) {
  const against = RATIOS.filter(([mode, peer]) => row.peer === 'ava' && row.mode === mode && best.has(peer));
  emit({
    bench: `W3/${row.peer}/${row.mode}`,
    unit: 'calls/s',
    value: row.per_s,
    p50_us: row.p50_us,
    p99_us: row.p99_us,
    wrong: row.wrong,
    ...Object.fromEntries(against.map(([, peer]) => [`x_${peer}`, rounded(row.per_s / (best.get(peer)?.per_s ?? 1))])),
  });
}
if (best.size === own.length) console.log('W3: ours alone: the peers are not set up (see bench/peers.ts)');
