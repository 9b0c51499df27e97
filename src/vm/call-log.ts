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

/** The log of one instance of a traceable module. */
export class CallLog {
  private readonly hostEvents: { readonly before: number; readonly name: string; readonly gas: bigint; spent: number | null }[] = [];
  private memory: EngineMemory | null = null;
  private cursor: EngineGlobal | null = null;
  private count: EngineGlobal | null = null;
  private gas: EngineGlobal | null = null;

  /** The same functions, which tell when they are called. */
  watched(functions: HostFunctions): HostFunctions {
    const watch =
      (name: string, work: (...args: never[]) => unknown) =>
      (...args: never[]): unknown => {
        if (this.cursor === null || this.gas === null || this.hostEvents.length >= EVENTS_MAX) return work(...args);
        const event = { before: (this.cursor.value as number) >>> EVENT_BYTES_BITS, name, gas: this.gas.value as bigint, spent: null as number | null };
        this.hostEvents.push(event);
        const result = work(...args);
        event.spent = Number(event.gas - (this.gas.value as bigint));
        return result;
      };
    return Object.fromEntries(
      Object.entries(functions).map(([module, named]) => [module, Object.fromEntries(Object.entries(named).map(([name, work]) => [name, watch(name, work)]))]),
    );
  }

  /** Begins to listen: what was called before this is forgotten. */
  begin(exports: Readonly<Record<string, unknown>>): void {
    this.memory = exports[LOG_NAME] as EngineMemory;
    this.cursor = exports[CURSOR_NAME] as EngineGlobal;
    this.count = exports[COUNT_NAME] as EngineGlobal;
    this.gas = exports['ava:gas'] as EngineGlobal;
    this.cursor.value = 0;
    this.count.value = 0n;
    this.hostEvents.length = 0;
  }

  /** What was called since `begin`. */
  calls(): GuestCalls {
    const view = new DataView((this.memory as EngineMemory).buffer);
    const kept = ((this.cursor as EngineGlobal).value as number) >>> EVENT_BYTES_BITS;
    const calls: { target: string | number; depth: number; gas: number | null }[] = [];
    const open: { readonly call: (typeof calls)[number]; readonly gas: bigint }[] = [];
    let host = 0;
    const hostCalls = (upTo: number): void => {
      for (; host < this.hostEvents.length && this.hostEvents[host].before <= upTo; host++) {
        const { name, spent } = this.hostEvents[host];
        calls.push({ target: name, depth: open.length, gas: spent });
      }
    };
    for (let i = 0; i < kept; i++) {
      hostCalls(i);
      const what = view.getUint32(i << EVENT_BYTES_BITS, true);
      const gas = view.getBigInt64((i << EVENT_BYTES_BITS) + 8, true);
      if ((what & 1) === 0) {
        const call = { target: what >>> 1, depth: open.length, gas: null };
        calls.push(call);
        open.push({ call, gas });
      } else {
        const ended = open.pop();
        if (ended !== undefined) ended.call.gas = Number(ended.gas - gas);
      }
    }
    hostCalls(kept);
    return { calls, left_out: Number((this.count as EngineGlobal).value) - kept };
  }
}
