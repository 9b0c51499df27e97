/**
 * z3 as a function from SMT-LIB text to its answer. It is optional and slow to load, so it is loaded when the first question
 * comes; it runs on threads of its own, so it must be closed.
 */
import { utf8 } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';

export { scriptOf } from './model.ts';

/** The parts of z3's build and interface that are used here. */
interface Build {
  readonly HEAPU8: Uint8Array;
  readonly PThread: { terminateAllThreads(): void; readonly unusedWorkers: readonly unknown[]; readonly runningWorkers: readonly unknown[] };
  _malloc(bytes: number): number;
  _free(address: number): void;
  async_call(start: () => void): Promise<string>;
  ccall(name: string, result: 'void', kinds: readonly 'number'[], values: readonly unknown[]): void;
}
interface Engine {
  readonly em: Build;
  readonly Z3: { mk_config(): unknown; mk_context(config: unknown): unknown };
}
interface Library {
  init(overrides: { print(text: string): void; printErr(text: string): void }): Promise<Engine>;
}

/** What a script has to say so far. */
export interface Told {
  /** Lines from the `from`-th on. */
  text(from?: number): string;
  readonly length: number;
  readonly logic: string;
}

export interface Solver {
  /** z3's output for commands after all that a script says. The script may grow between calls; another takes its place. */
  run(script: Told, commands: string): Promise<string>;
  close(): Promise<void>;
}

/** After so many of the solver's own steps a question is given up: the same everywhere, about five seconds' work. */
const STEPS_MAX = 6_000_000;
/** However slow the machine is. */
const ANSWER_MS = 120_000;

/**
 * Loads z3. null where the optional package is not installed.
 * @throws Fault engine_failed when it is there and does not start
 */
export async function openSolver(): Promise<Solver | null> {
  let library: Library;
  try {
    library = (await import('z3-solver')) as unknown as Library;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return null;
    throw new Fault('engine_failed', `the solver cannot be loaded: ${String(error)}`);
  }
  // What its threads say to each other is for nobody.
  const { Z3, em } = await library.init({ print: () => {}, printErr: () => {} });
  const context = Z3.mk_context(Z3.mk_config());
  let current: Told | null = null;
  let told = 0;
  let logic = '';
  return {
    async run(script, commands) {
      // What was said stays said: a second question about one script costs only itself.
      const goesOn = script === current && script.logic === logic;
      const head = goesOn ? '' : `(reset)\n(set-option :timeout ${ANSWER_MS})\n(set-option :rlimit ${STEPS_MAX})\n(set-logic ${script.logic})\n`;
      const from = goesOn ? told : 0;
      current = script;
      logic = script.logic;
      told = script.length;
      return evaluate(em, context, utf8(`${head}${script.text(from)}\n${commands}\0`));
    },
    close: () => end(em),
  };
}

const END_TRIES = 50;
const END_WAIT_MS = 20;

/** Ends the threads, also one that only begins; the package's own way fails where the machine is slow. */
async function end({ PThread }: Build): Promise<void> {
  for (let i = 0; i < END_TRIES; i++) {
    await new Promise((done) => setTimeout(done, END_WAIT_MS));
    PThread.terminateAllThreads();
    if (PThread.unusedWorkers.length + PThread.runningWorkers.length === 0) return;
  }
}

/** The package's own call passes a text that is freed before the solver's thread has read it: here it lives until the answer. */
async function evaluate(em: Build, context: unknown, text: Uint8Array): Promise<string> {
  const address = em._malloc(text.length);
  if (address === 0 || address + text.length > em.HEAPU8.length) throw new Fault('engine_failed', 'the solver has no memory left');
  try {
    em.HEAPU8.set(text, address);
    return await em.async_call(() => em.ccall('async_Z3_eval_smtlib2_string', 'void', ['number', 'number'], [context, address]));
  } finally {
    em._free(address);
  }
}
