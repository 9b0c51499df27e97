/** What a guest called, function by function, with the gas of each: read from the log of a traceable module (call-trace.ts). */
import { COUNT_NAME, CURSOR_NAME, EVENT_BYTES_BITS, EVENTS_MAX, LOG_NAME } from './call-trace.ts';
import type { EngineGlobal, EngineMemory } from './engine.ts';

/** One call within a guest's judgement, in the order in which they began. */
export interface GuestCall {
  /** A host function's name, or the number of the guest's function. */
  readonly target: string | number;
  readonly depth: number;
  /** What it used, all that it called included; null when it did not return. */
  readonly gas: number | null;
}

export interface GuestCalls {
  readonly calls: readonly GuestCall[];
  /** Beginnings and ends of functions that were not kept. */
  readonly left_out: number;
}

type HostFunctions = Readonly<Record<string, Readonly<Record<string, (...args: never[]) => unknown>>>>;

/** That a host function began, or ended; the guest may be called in between. */
interface Mark {
  /** Events of the guest that come before it. */
  readonly at: number;
  /** null: the end of the last one that began and has not ended. */
  readonly name: string | null;
  readonly gas: bigint;
}

/** The log of one instance of a traceable module. */
export class CallLog {
  private readonly marks: Mark[] = [];
  private memory: EngineMemory | null = null;
  private cursor: EngineGlobal | null = null;
  private count: EngineGlobal | null = null;
  private gas: EngineGlobal | null = null;

  /** The same functions, which tell when they begin and end. */
  watched(functions: HostFunctions): HostFunctions {
    const watch =
      (name: string, work: (...args: never[]) => unknown) =>
      (...args: never[]): unknown => {
        const kept = this.mark(name);
        const result = work(...args);
        if (kept) this.mark(null);
        return result;
      };
    return Object.fromEntries(
      Object.entries(functions).map(([module, named]) => [module, Object.fromEntries(Object.entries(named).map(([name, work]) => [name, watch(name, work)]))]),
    );
  }

  /** Whether there was room for it; an end has it always. */
  private mark(name: string | null): boolean {
    if (this.cursor === null || this.gas === null || (name !== null && this.marks.length >= EVENTS_MAX)) return false;
    this.marks.push({ at: (this.cursor.value as number) >>> EVENT_BYTES_BITS, name, gas: this.gas.value as bigint });
    return true;
  }

  /** Begins to listen: what was called before this is forgotten. */
  begin(exports: Readonly<Record<string, unknown>>): void {
    this.memory = exports[LOG_NAME] as EngineMemory;
    this.cursor = exports[CURSOR_NAME] as EngineGlobal;
    this.count = exports[COUNT_NAME] as EngineGlobal;
    this.gas = exports['ava:gas'] as EngineGlobal;
    this.cursor.value = 0;
    this.count.value = 0n;
    this.marks.length = 0;
  }

  /** What was called since `begin`. */
  calls(): GuestCalls {
    const view = new DataView((this.memory as EngineMemory).buffer);
    const kept = ((this.cursor as EngineGlobal).value as number) >>> EVENT_BYTES_BITS;
    const calls: { target: string | number; depth: number; gas: number | null }[] = [];
    const open: { readonly call: (typeof calls)[number]; readonly gas: bigint }[] = [];
    const began = (target: string | number, gas: bigint): void => {
      const call = { target, depth: open.length, gas: null };
      calls.push(call);
      open.push({ call, gas });
    };
    const ended = (gas: bigint): void => {
      const last = open.pop();
      if (last !== undefined) last.call.gas = Number(last.gas - gas);
    };
    const left_out = Number((this.count as EngineGlobal).value) - kept;
    let next = 0;
    for (let i = 0; i <= kept; i++) {
      // What began after the log was full ends what nobody knows.
      if (i === kept && left_out > 0) break;
      for (; next < this.marks.length && this.marks[next].at <= i; next++) {
        const { name, gas } = this.marks[next];
        if (name === null) ended(gas);
        else began(name, gas);
      }
      if (i === kept) break;
      const what = view.getUint32(i << EVENT_BYTES_BITS, true);
      const gas = view.getBigInt64((i << EVENT_BYTES_BITS) + 8, true);
      if ((what & 1) === 0) began(what >>> 1, gas);
      else ended(gas);
    }
    return { calls, left_out };
  }
}
