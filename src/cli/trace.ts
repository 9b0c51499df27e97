/** `avactl trace`: judges recorded runs through a real node and its HTTP, as live agents would be judged. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Client } from '../api/client.ts';
import type { DecisionAnswer } from '../api/schema.ts';
import { Fault } from '../base/fault.ts';
import { dataFolder, nodeUrl } from './address.ts';
import type { Call } from './command.ts';
import { Decisions } from './decisions.ts';
import { EXIT } from './exit.ts';
import type { Output } from './output.ts';
import { type Run, readRuns, type Step } from './runs.ts';
import { scratchNode } from './scratch-node.ts';
import { columns, duration, grouped, plain, plural } from './text.ts';

/** Runs at work at once. Within a run everything is in order. */
const RUNS_AT_ONCE = 64;
/** UTF-16 units of a part of a long text of the user, and of a result that is too large to report whole. */
const PART_LENGTH = 16_384;
const LIMIT_RULE = 'limit';
const AGENT = 'recorded';
/** What a node refuses because of the arguments themselves. */
const LIMIT_FAULTS: ReadonlySet<string> = new Set([
  'request_too_large',
  'too_deep',
  'integer_too_large',
  'not_finite',
  'key_forbidden',
  'text_malformed',
  'request_shape',
]);

/** A node that others use too may be full: asked again so often, after so long. */
const FULL_TRIES = 20;
const FULL_WAIT_MS = 250;

type Verdict = DecisionAnswer['verdict'];

export interface Decided {
  readonly trace: string;
  readonly step: number;
  readonly verdict: Verdict;
  /** The binding rule that decided; `limit` for arguments past the limits; null where none objected. */
  readonly rule: string | null;
  readonly receipt: string | null;
  /** What an observed rule would have said, were it stricter. */
  readonly observed: string | null;
}

export interface Progress {
  calls: number;
  runs: number;
  /** Results that were too large and were reported in part. */
  cut: number;
}

export async function trace(call: Call): Promise<number> {
  const { out } = call;
  if (call.given('url') && (call.given('data') || call.given('constitution')))
    throw new Fault('usage', 'a node that runs already has its folder and its law: --url goes without --data and --constitution');
  const runs = call.operands.flatMap(readRuns);
  const decisions = call.text('decisions');
  // Before the work: a path that cannot be written shall not cost a run.
  if (decisions !== undefined) write(decisions, '');
  const started = call.given('url')
    ? null
    : await scratchNode({ constitution: call.text('constitution') ?? 'starter', ...(call.given('data') && { folder: dataFolder(call) }) });
  const client = new Client(started === null ? nodeUrl(call) : started.node.url, { connections_max: RUNS_AT_ONCE });
  const total = runs.reduce((sum, run) => sum + run.steps.length, 0);
  const from = performance.now();
  const progress: Progress = { calls: 0, runs: 0, cut: 0 };
  try {
    const all = await judgeRuns(client, runs, call.signal, progress, () =>
      out.progress(() => `${grouped(progress.calls)} of ${plural(total, 'call')}, ${grouped(rate(progress.calls, from))}/s`),
    );
    const ms = performance.now() - from;
    out.wipe();
    if (decisions !== undefined)
      write(decisions, all.map(({ trace: id, step, verdict, rule, receipt }) => `${JSON.stringify({ trace: id, step, verdict, rule, receipt })}\n`).join(''));
    const where = started === null ? client.url.origin : call.given('data') ? dataFolder(call) : 'a scratch folder, taken away again';
    report(out, all, { runs: runs.length, ms, cut: progress.cut, decisions: decisions ?? null, where });
    return EXIT.ok;
  } finally {
    client.close();
    await started?.close();
  }
}

const rate = (count: number, from_ms: number): number => Math.round((count * 1_000) / Math.max(1, performance.now() - from_ms));

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new Fault('usage', `${path} cannot be written: ${(error as NodeJS.ErrnoException).code}`, { path });
  }
}

/** All runs, many at once; the answer is in their order. @throws Fault that is not about one step's arguments */
export async function judgeRuns(client: Client, runs: readonly Run[], signal: AbortSignal, progress: Progress, tell: () => void): Promise<Decided[]> {
  const done: Decided[][] = [];
  const decisions = new Decisions(client);
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < runs.length && !failed) {
      signal.throwIfAborted();
      const at = next++;
      try {
        done[at] = await judgeRun(client, decisions, runs[at], progress, tell);
      } catch (error) {
        failed = true;
        throw error;
      }
      progress.runs += 1;
    }
  };
  await Promise.all(Array.from({ length: Math.min(RUNS_AT_ONCE, runs.length) }, worker));
  return done.flat();
}

async function judgeRun(client: Client, decisions: Decisions, run: Run, progress: Progress, tell: () => void): Promise<Decided[]> {
  const session = await open(client, run.user_prompt);
  const decided: Decided[] = [];
  for (const [step, given] of run.steps.entries()) {
    if (given.user !== null) await say(client, session, given.user);
    const answer = await ask(decisions, session, given);
    progress.calls += 1;
    tell();
    decided.push({ trace: run.trace, step, ...decisive(answer) });
    if (answer?.permit !== undefined) await tellOutcome(client, answer.permit, given, progress);
  }
  return decided;
}

/** @throws Fault overloaded where the node stays full */
async function patient<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Fault) || error.slug !== 'overloaded' || attempt >= FULL_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, FULL_WAIT_MS));
    }
  }
}

/** A session that has been told what the user asked for. */
async function open(client: Client, prompt: string | null): Promise<string> {
  if (prompt !== null && prompt.length <= PART_LENGTH) return (await patient(() => client.openSession(AGENT, prompt.toWellFormed()))).session;
  const { session } = await patient(() => client.openSession(AGENT));
  if (prompt !== null) await say(client, session, prompt);
  return session;
}

/** What the user said; a text past the limit is told in parts. */
async function say(client: Client, session: string, text: string): Promise<void> {
  try {
    await patient(() => client.input(session, text.toWellFormed()));
  } catch (error) {
    if (!(error instanceof Fault) || error.slug !== 'request_too_large') throw error;
    for (let at = 0; at < text.length; at += PART_LENGTH) await patient(() => client.input(session, text.slice(at, at + PART_LENGTH).toWellFormed()));
  }
}

/** The answer, or null where the arguments themselves are past the limits. */
async function ask(decisions: Decisions, session: string, { tool, args }: Step): Promise<DecisionAnswer | null> {
  try {
    return await patient(() => decisions.ask({ session, action: { kind: 'tool.call', name: tool, args } }));
  } catch (error) {
    if (error instanceof Fault && LIMIT_FAULTS.has(error.slug)) return null;
    throw error;
  }
}

function decisive(answer: DecisionAnswer | null): Pick<Decided, 'verdict' | 'rule' | 'receipt' | 'observed'> {
  if (answer === null) return { verdict: 'deny', rule: LIMIT_RULE, receipt: null, observed: null };
  const { verdict, reasons, receipt } = answer;
  const rule = reasons.find(({ mode, answer: said }) => mode !== 'observe' && said === verdict)?.rule ?? null;
  const observed = answer.enforced ? null : (reasons.find(({ mode }) => mode === 'observe')?.rule ?? null);
  return { verdict, rule, receipt, observed };
}

async function tellOutcome(client: Client, permit: string, { result, error }: Step, progress: Progress): Promise<void> {
  const outcome = { permit, ok: error === null, ...(error !== null && { error: error.toWellFormed() }) };
  try {
    await patient(() => client.outcome({ ...outcome, result }));
  } catch (fault) {
    if (!(fault instanceof Fault) || !LIMIT_FAULTS.has(fault.slug)) throw fault;
    progress.cut += 1;
    const text = typeof result === 'string' ? result : JSON.stringify(result);
    await client.outcome({
      permit,
      ok: outcome.ok,
      result: text.slice(0, PART_LENGTH).toWellFormed(),
      ...(error !== null && { error: error.slice(0, PART_LENGTH).toWellFormed() }),
    });
  }
}

interface Summary {
  readonly runs: number;
  readonly ms: number;
  readonly cut: number;
  readonly decisions: string | null;
  readonly where: string;
}

function report(out: Output, all: readonly Decided[], { runs, ms, cut, decisions, where }: Summary): void {
  const count = (test: (one: Decided) => boolean): number => all.reduce((sum, one) => sum + Number(test(one)), 0);
  const verdicts = {
    allow: count(({ verdict }) => verdict === 'allow'),
    deny: count(({ verdict }) => verdict === 'deny'),
    escalate: count(({ verdict }) => verdict === 'escalate'),
  };
  const rules = [
    ...Map.groupBy(
      all.filter(({ rule }) => rule !== null),
      ({ rule }) => rule as string,
    ),
  ]
    .map(([rule, of]) => ({
      rule,
      deny: of.filter(({ verdict }) => verdict === 'deny').length,
      escalate: of.filter(({ verdict }) => verdict === 'escalate').length,
      runs: new Set(of.map(({ trace: id }) => id)).size,
    }))
    .sort((a, b) => b.deny + b.escalate - a.deny - a.escalate || (a.rule < b.rule ? -1 : 1));
  const observed = [
    ...Map.groupBy(
      all.filter((one) => one.observed !== null),
      (one) => one.observed as string,
    ),
  ].map(([rule, of]) => ({ rule, calls: of.length }));
  const free = runs - new Set(all.filter(({ verdict }) => verdict !== 'allow').map(({ trace: id }) => id)).size;
  const limit = count(({ rule }) => rule === LIMIT_RULE);
  out.value({
    runs,
    calls: all.length,
    verdicts,
    receipts: count(({ receipt }) => receipt !== null),
    runs_untouched: free,
    rules,
    observed,
    past_limits: limit,
    results_cut: cut,
    ms: Math.round(ms),
    rate: Math.round((all.length * 1_000) / Math.max(1, ms)),
    decisions: decisions === null ? null : resolve(decisions),
    ledger: where,
  });
  out.line(
    `${plural(runs, 'run')}, ${plural(all.length, 'call')} judged in ${duration(ms)}, ${grouped(Math.round((all.length * 1_000) / Math.max(1, ms)))} a second`,
  );
  const share = (part: number): string => `${all.length === 0 ? 0 : Math.round((1_000 * part) / all.length) / 10} %`;
  for (const row of columns([['VERDICT', 'CALLS', ''], ...Object.entries(verdicts).map(([verdict, calls]) => [verdict, grouped(calls), share(calls)])], [1, 2]))
    out.line(`  ${row}`);
  if (rules.length > 0) {
    out.line();
    const rows = rules.map(({ rule, deny, escalate, runs: of }) => [plain(rule), grouped(deny), grouped(escalate), grouped(of)]);
    for (const row of columns([['RULE', 'DENY', 'ESCALATE', 'RUNS'], ...rows], [1, 2, 3])) out.line(`  ${row}`);
  }
  out.line();
  for (const { rule, calls } of observed) out.line(`${rule} only observes: it would have been stricter on ${plural(calls, 'call')}.`);
  out.line(`${plural(free, 'run')} of ${grouped(runs)} had nothing refused or asked.`);
  if (limit > 0) out.line(`${plural(limit, 'call')} had arguments past the limits: counted as denied by \`${LIMIT_RULE}\`, without a receipt.`);
  if (cut > 0) out.line(`${plural(cut, 'result')} too large to report whole: reported in part.`);
  if (decisions !== null) out.line(`Decisions: ${decisions}`);
  out.line(`Ledger: ${where}`);
}
