/** Recorded runs of agents: one JSON object a line, gzipped or not. Only what an agent's host would know is read. */
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Fault } from '../base/fault.ts';

/** Bytes of one file, unpacked. */
const FILE_BYTES_MAX = 1_073_741_824;

export interface Step {
  readonly tool: string;
  /** As recorded. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly result: unknown;
  /** null: the tool did not fail. */
  readonly error: string | null;
  /** What the user said just before. */
  readonly user: string | null;
}

export interface Run {
  readonly trace: string;
  readonly user_prompt: string | null;
  readonly steps: readonly Step[];
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The runs of a file. @throws Fault usage naming file and line */
export function readRuns(path: string): Run[] {
  if (!existsSync(path)) throw new Fault('usage', `there is no file ${path}`, { path });
  let text: string;
  try {
    const bytes = readFileSync(path);
    text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, { maxOutputLength: FILE_BYTES_MAX }) : bytes).toString('utf8');
  } catch (error) {
    throw new Fault('usage', `${path} cannot be read: ${error instanceof Error ? error.message : ''}`, { path });
  }
  const runs: Run[] = [];
  text.split('\n').forEach((line, i) => {
    if (line.trim() === '') return;
    const fail = (problem: string): never => {
      throw new Fault('usage', `${path}:${i + 1} ${problem}`, { path, line: i + 1 });
    };
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return fail('is not JSON');
    }
    runs.push(readRun(value, fail));
  });
  return runs;
}

function readRun(value: unknown, fail: (problem: string) => never): Run {
  if (!isRecord(value)) return fail('is not an object');
  if (!Array.isArray(value.steps)) return fail('has no list `steps`');
  const prompt = value.user_prompt ?? null;
  if (prompt !== null && typeof prompt !== 'string') return fail('has a `user_prompt` that is no text');
  return {
    trace: traceOf(value, fail),
    user_prompt: prompt,
    steps: value.steps.map((step: unknown, i) => readStep(step, (problem) => fail(`step ${i} ${problem}`))),
  };
}

/** The run's own id, else suite/user_task/injection_task/attack as the scorer has it. */
function traceOf(run: Readonly<Record<string, unknown>>, fail: (problem: string) => never): string {
  if (typeof run.trace === 'string') return run.trace;
  if (typeof run.suite !== 'string' || typeof run.user_task !== 'string') return fail('has neither `trace` nor `suite` and `user_task`');
  const part = (item: unknown): string => (typeof item === 'string' && item !== '' ? item : 'none');
  return [run.suite, run.user_task, part(run.injection_task), part(run.attack)].join('/');
}

function readStep(step: unknown, fail: (problem: string) => never): Step {
  if (!isRecord(step)) return fail('is not an object');
  const { tool, args, result, error, user } = step;
  if (typeof tool !== 'string' || tool === '') return fail('has no `tool`');
  if (args !== null && args !== undefined && !isRecord(args)) return fail('has `args` that are no object');
  const failed = error !== null && error !== undefined && error !== '';
  return {
    tool,
    args: args ?? {},
    result: result ?? null,
    error: failed ? (typeof error === 'string' ? error : JSON.stringify(error)) : null,
    user: typeof user === 'string' && user !== '' ? user : null,
  };
}
