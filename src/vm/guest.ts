/**
 * Guest rules (spec/guest.md): a module admitted, made ready once, and judged any number of times, each time from the
 * same state. A kept instance is put back after each call; a sampled share of calls is judged by a new one as well.
 */
import { equal } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { type Abi, type Guest as Attached, checkAbi, type Learnt } from './abi.ts';
import { BUFFER_ABI } from './abi-buffer.ts';
import { OPA_ABI } from './abi-opa.ts';
import { WAPC_ABI } from './abi-wapc.ts';
import { admitModule } from './admit.ts';
import { hasBaseline, onBaseline, recompiled } from './baseline.ts';
import { type Compiled, compiled } from './cache.ts';
import { CallLog, type GuestCalls } from './call-log.ts';
import { traceable } from './call-trace.ts';
import type { EngineMemory } from './engine.ts';
import { functionNames } from './function-names.ts';
import { type Answers, answersOf, type Budget, Host, HostTrap, type Judged, type Permissions } from './host.ts';
import { compileModule, type Ended, Instance, isExhausted, newMemory, type Snapshot } from './instance.ts';
import { WASM_PAGE_BITS, WASM_PAGE_BYTES } from './module.ts';
import { type TrapName, trapResult, trapText } from './trap.ts';

export { type Holding, setBaseline } from './baseline.ts';

const ABIS: Readonly<Record<AbiName, Abi>> = { buffer: BUFFER_ABI, opa: OPA_ABI, wapc: WAPC_ABI };
export type AbiName = 'buffer' | 'opa' | 'wapc';

export interface GuestLimits {
  readonly gas: number;
  readonly memory_pages: number;
  readonly stack_words: number;
}

export { dataText } from './data-text.ts';

export interface GuestPlan extends Permissions {
  /** The module as it was given. */
  readonly module: Uint8Array;
  readonly abi: AbiName;
  readonly limits: GuestLimits;
  /** Paths of its inputs, in the order of their slots. */
  readonly inputs: readonly string[];
  /** The rule's constant document as JSON text (dataText); null or nothing for none. */
  readonly data?: string | null;
}

/** Words that nested guests may take together: what the engine's own stack surely holds. */
export const STACK_WORDS_MAX = 65_536;

/** GU-2, in this order, where a module exports them. */
const INITIALISERS = ['_initialize', '_start', '__wasm_call_ctors', 'wapc_init'];

/** GU-4: of so many inputs about one is judged twice. */
const SAMPLE = 256;
const SAMPLE_WORDS = 64;
/** GU-4: inputs can be sought that are judged twice, so what a new instance takes must be little. */
const READY_AGAIN_GAS = 1_000_000;

/** Whether this input is one that is judged twice: by its bytes, so that every node takes the same. */
function isSampled(input: Uint8Array): boolean {
  let hash = input.length;
  // Of a long input, words at equal steps.
  const step = Math.max(1, input.length >>> 8);
  for (let i = 0, at = 0; i < SAMPLE_WORDS && at + 4 <= input.length; i++, at += 4 * step) {
    const word = input[at] | (input[at + 1] << 8) | (input[at + 2] << 16) | (input[at + 3] << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return Math.imul(hash, 0x85ebca6b) >>> 24 === SAMPLE - 1;
}

/** One instance and its two sides. */
interface Live {
  readonly instance: Instance;
  readonly host: Host;
  readonly attached: Attached;
}

/** One call with all that it depends on. */
interface Call {
  readonly input: Uint8Array;
  readonly gas: number;
  readonly stack_words: number;
  readonly callers: readonly string[];
  /** What its caller pays for putting the guest back. */
  readonly entry: number;
}

/** A judgement with what was called in it. */
export interface Traced extends Judged, GuestCalls {}

interface Tracing {
  readonly module: object;
  readonly log: CallLog;
}

/** GU-9: what the calls of another guest take beside their own gas, however often it calls. */
interface Upkeep {
  /** Every call: putting the guest back. */
  readonly entry: number;
  /** One whose instance is lost: a new one. */
  readonly renewal: number;
}

function upkeepOf({ costs, facts }: Compiled, pages: number): Upkeep {
  const { functions, elements } = facts;
  const [globals, exported] = [facts.mutableGlobals.length, facts.exports.length];
  const part = costs.page >>> 6;
  return { entry: costs.page * pages + part * globals, renewal: part * (256 + 32 * globals + 16 * exported + 2 * elements + functions) };
}

interface Outcome {
  readonly result: number;
  readonly gas: number;
  readonly trap: TrapName | null;
}

const NO_CALLERS: readonly string[] = [];

/** Guests that were moved to the baseline compiler's code, in this process. */
let movedGuests = 0;

export class Guest {
  readonly plan: GuestPlan;
  private readonly abi: Abi;
  private code: Compiled;
  /** Its code is the baseline compiler's, and stays so. */
  private held = false;
  private readonly snapshot: Snapshot;
  /** Always at the snapshot; null while it is judged, and after a trap. */
  private kept: Live | null;
  private readonly learnt: Learnt | null;
  /** What making it ready took. */
  private readonly ready_gas: number;
  private readonly upkeep: Upkeep;
  private names: ReadonlyMap<number, string> | null = null;
  /** A memory that no instance uses. */
  private spare: EngineMemory | null = null;

  /** @throws Fault wasm_* where the module is refused, engine_failed */
  constructor(plan: GuestPlan) {
    this.plan = plan;
    this.abi = ABIS[plan.abi];
    if (plan.limits.stack_words > STACK_WORDS_MAX) throw new Fault('wasm_bound', `a guest has a stack of at most ${STACK_WORDS_MAX} words`);
    this.code = compiled(plan.module, this.abi.profile, plan.limits.memory_pages);
    checkAbi(this.abi, this.code.facts);
    // GU-13
    for (const { module, name } of this.code.facts.imports)
      if (module === 'ava' && !plan.hosts.some((host) => host === name))
        throw new Fault('wasm_refused', `the module imports the host function ${name}; name it under \`hosts\`, or do without it`, { place: name });
    const first = this.steadily(() => this.first());
    this.kept = first.live;
    this.learnt = first.learnt;
    this.ready_gas = first.live.instance.returned().gas;
    this.snapshot = first.live.instance.snapshot(first.written);
    this.upkeep = upkeepOf(this.code, this.snapshot.bytes >>> WASM_PAGE_BITS);
    if (this.snapshot.globals.some(Number.isNaN)) throw new Fault('wasm_refused', 'a global of the module begins as NaN');
  }

  /**
   * Judges an input; `answers` are asked for what it reads beside it. Inside another rule's judgement, `budget` is what that
   * one gives. @throws Fault engine_failed (GU-5)
   */
  judge(input: Uint8Array, answers: Answers, budget: Budget | null = null): Judged {
    for (;;) {
      const before = movedGuests;
      try {
        return this.held ? onBaseline(() => this.judgeOnce(input, answers, budget)) : this.judgeOnce(input, answers, budget);
      } catch (error) {
        // It can be another's frames that take the stack: all that stand on it move, and the outermost begins again.
        if (!isExhausted(error)) throw error;
        this.move();
        if (budget !== null || movedGuests === before) throw error;
      }
    }
  }

  /** From here on the guest runs on the baseline compiler's code. */
  private move(): void {
    if (this.held || !hasBaseline()) return;
    const { module, limits } = this.plan;
    this.code = onBaseline(() => recompiled(module, this.abi.profile, limits.memory_pages));
    this.kept = null;
    this.held = true;
    movedGuests += 1;
  }

  /** Makes it ready, on the baseline compiler's code where it must be. */
  private steadily<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!isExhausted(error)) throw error;
      this.move();
      if (!this.held) throw error;
      return onBaseline(work);
    }
  }

  private first(): { readonly live: Live; readonly learnt: Learnt | null; readonly written: number } {
    const live = this.linked(this.code.memory.min, null);
    const written = live.instance.extent();
    return { live, written, learnt: this.makeReady(live) };
  }

  private judgeOnce(input: Uint8Array, answers: Answers, budget: Budget | null): Judged {
    const call = this.callOf(input, budget);
    const live = this.kept ?? this.again();
    // Whatever is thrown from here on, this instance is not used again.
    this.kept = null;
    const { result, gas, trap } = run(live, call, answers, this.code);
    const { record } = live.host;
    if (isSampled(input)) this.compare(live, { result, gas, trap }, call, record);
    const short = this.wanted(trap, call);
    if (trap === null && !live.instance.grown) {
      live.instance.restore(this.snapshot);
      this.kept = live;
      return { result, gas, record, short };
    }
    this.drop(live);
    return { result, gas: this.withRenewal(gas, budget), record, short };
  }

  /** GU-9: gas of a call whose instance is lost. */
  private withRenewal(gas: number, budget: Budget | null): number {
    return budget === null ? gas : Math.min(gas + this.upkeep.renewal, budget.gas);
  }

  /** Whether a call ended for want of what its budget gave, and not of what the rule's own limits give. */
  private wanted(trap: TrapName | null, { gas, stack_words, entry }: Call): boolean {
    const { limits } = this.plan;
    return (trap === 'gas' && gas < limits.gas + entry) || (trap === 'stack' && stack_words < limits.stack_words);
  }

  /**
   * The same judgement by a new instance whose functions tell when they begin and end: for explanations. It costs a
   * compilation, and more of the engine's stack. @throws Fault engine_failed
   */
  trace(input: Uint8Array, answers: Answers, budget: Budget | null = null): Traced {
    const { module, limits } = this.plan;
    const { wasm } = admitModule(module, this.abi.profile, { memory_pages: limits.memory_pages });
    const log = new CallLog();
    const live = this.again({ module: compileModule(traceable(wasm, this.code.facts)), log });
    log.begin(live.instance.exports);
    const call = this.callOf(input, budget);
    const { result, gas, trap } = run(live, call, answers, this.code);
    const record = live.host.record.slice();
    const spent = trap === null && !live.instance.grown ? gas : this.withRenewal(gas, budget);
    this.drop(live);
    return { result, gas: spent, record, short: this.wanted(trap, call), ...log.calls() };
  }

  /** The name of one of the module's functions: its name section's, an export's, or its number. */
  functionName(index: number): string {
    this.names ??= functionNames(this.plan.module);
    return this.names.get(index) ?? this.code.facts.exports.find((one) => one.kind === 'function' && one.index === index)?.name ?? `function ${index}`;
  }

  private callOf(input: Uint8Array, budget: Budget | null): Call {
    const { limits } = this.plan;
    if (budget === null) return { input, gas: limits.gas, stack_words: limits.stack_words, callers: NO_CALLERS, entry: 0 };
    const { gas, stack_words, callers } = budget;
    const { entry } = this.upkeep;
    return { input, gas: Math.min(limits.gas + entry, gas), stack_words: Math.min(limits.stack_words, stack_words), callers, entry };
  }

  /** A memory of zeroes. */
  private zeroes(pages: number): EngineMemory {
    const { spare } = this;
    // A new memory takes none of the machine's until it is written.
    if (spare === null || spare.buffer.byteLength !== pages * WASM_PAGE_BYTES) return newMemory({ min: pages, max: this.code.memory.max });
    this.spare = null;
    new Uint8Array(spare.buffer).fill(0);
    return spare;
  }

  /** A new instance, of which nothing has run. */
  private linked(pages: number, learnt: Learnt | null, tracing: Tracing | null = null): Live {
    const { facts } = this.code;
    const memory = this.zeroes(pages);
    const host = new Host(this.plan, this.code.costs);
    const link = this.abi.link(host, this.plan.inputs, this.plan.data ?? null);
    const { module, functions } = tracing === null ? { ...this.code, ...link } : { module: tracing.module, functions: tracing.log.watched(link.functions) };
    const instance = new Instance(module, facts, memory, functions);
    host.bind(memory, instance.gas, instance.stack);
    return { instance, host, attached: link.attach(instance, learnt) };
  }

  /** A new instance at the snapshot: what making ready comes to is known. */
  private again(tracing: Tracing | null = null): Live {
    const live = this.linked(this.snapshot.bytes >>> WASM_PAGE_BITS, this.learnt, tracing);
    live.instance.put(this.snapshot);
    return live;
  }

  /** GU-2: runs what initialises it. @throws Fault wasm_refused where it traps, engine_failed */
  private makeReady({ instance, host, attached }: Live): Learnt | null {
    const { facts } = this.code;
    const { gas, stack_words } = this.plan.limits;
    host.begin(null, NO_CALLERS);
    instance.begin(gas, stack_words, 0);
    const step = (work: () => void): void => {
      const { trap } = attempt(instance, work);
      if (trap !== null) throw new Fault('wasm_refused', `the module traps while it is made ready: ${trapText(trap)}`, { trap });
    };
    if (facts.start) step(instance.function('ava:start'));
    for (const name of INITIALISERS) {
      const found = facts.exports.find((one) => one.name === name);
      if (found?.type?.params.length === 0 && found.type.results.length === 0) step(instance.function(name));
    }
    let learnt: Learnt | null = null;
    step(() => {
      learnt = attached.ready?.() ?? null;
    });
    instance.settle();
    return learnt;
  }

  private drop({ instance }: Live): void {
    if (!instance.grown) this.spare = instance.memory;
  }

  /** A new instance to compare with: made ready as the first was, unless that takes long. */
  private another(): Live {
    if (this.ready_gas > READY_AGAIN_GAS) return this.again();
    const live = this.linked(this.code.memory.min, null);
    this.makeReady(live);
    return live;
  }

  /** GU-4. @throws Fault engine_failed where a new instance judges otherwise */
  private compare(kept: Live, outcome: Outcome, call: Call, record: Uint8Array): void {
    const fresh = this.another();
    const again = run(fresh, call, answersOf(record), this.code);
    const same = again.result === outcome.result && again.gas === outcome.gas && equal(fresh.host.record, record) && fresh.instance.same(kept.instance);
    if (!same) throw new Fault('engine_failed', `rule ${this.plan.name}: an instance that was put back judges otherwise than a new one`);
    this.drop(fresh);
  }
}

function attempt(instance: Instance, work: () => void): Ended {
  try {
    work();
  } catch (error) {
    if (error instanceof HostTrap && error.trap === 'exit' && error.code === 0) return instance.returned();
    return instance.threw(error);
  }
  return instance.returned();
}

/** GU-3 */
function run({ instance, host, attached }: Live, { input, gas, stack_words, callers, entry }: Call, answers: Answers, { costs }: Compiled): Outcome {
  host.begin(answers, callers);
  const spent = entry + costs.byte * input.length;
  if (spent > gas) return { result: trapResult('gas'), gas, trap: 'gas' };
  instance.begin(gas, stack_words, spent);
  let result = 0;
  let ended: Ended;
  try {
    result = attached.judge(input);
    ended = instance.returned();
  } catch (error) {
    ended = instance.threw(error);
  }
  return { result: ended.trap === null ? result : trapResult(ended.trap), gas: ended.gas, trap: ended.trap };
}
