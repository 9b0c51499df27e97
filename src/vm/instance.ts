/**
 * One instance of an instrumented module (VM-18), how a call of it ended, and its way back to the state that it began
 * with (GU-3 to GU-5). Its memory is kept when the instance is dropped: the next one starts over it, zeroed.
 */
import { Fault } from '../base/fault.ts';
import { type Facts, MEMORY_MODULE, MEMORY_NAME } from './admit.ts';
import { type Balance, balanceOf } from './balance.ts';
import { ENGINE, type EngineGlobal, type EngineMemory, type Imports } from './engine.ts';
import { HostTrap } from './host.ts';
import { ENGINE_FAULT, type TrapName, trapOf } from './trap.ts';

/** An export called from here. It gives a number or nothing: guests get and give no i64 at their ABI. */
export type GuestFunction = (...args: readonly number[]) => number;

/** The fault of a node whose engine threw this. */
function failed(what: string, error: unknown): Fault {
  const reason = error instanceof Error ? error.name : 'an unknown throw';
  return new Fault('engine_failed', `${what}: ${reason}`, isExhausted(error) ? { exhausted: true } : {});
}

/** Whether it was thrown for want of stack, or of anything else that the engine counts by itself. */
export const isExhausted = (error: unknown): boolean => error instanceof RangeError || (error instanceof Fault && error.context['exhausted'] === true);

/** Compiles what was admitted. @throws Fault engine_failed */
export function compileModule(wasm: Uint8Array): object {
  try {
    return new ENGINE.Module(wasm);
  } catch (error) {
    throw failed('an admitted module cannot be compiled', error);
  }
}

/** @throws Fault engine_failed when the engine gives no memory */
export function newMemory({ min, max }: { readonly min: number; readonly max: number }): EngineMemory {
  try {
    return new ENGINE.Memory({ initial: min, maximum: max });
  } catch (error) {
    throw failed('no memory for a guest', error);
  }
}

/** How a call ended: null where it returned. */
export interface Ended {
  readonly trap: TrapName | null;
  readonly gas: number;
}

/** Where every call begins. */
export interface Snapshot {
  /** The memory up to the last word that was ever not zero, or is. */
  readonly image: Uint8Array;
  /** All of it. */
  readonly bytes: number;
  readonly globals: readonly (number | bigint)[];
}

/** Being made ready begins once, and so does a call beside a kept one. */
const FEW_CALLS = 2;

export class Instance {
  readonly memory: EngineMemory;
  readonly gas: EngineGlobal;
  readonly stack: EngineGlobal;
  private readonly trap: EngineGlobal;
  readonly exports: Readonly<Record<string, unknown>>;
  private readonly globals: readonly EngineGlobal[];
  /** The memory as it was made ready: a view of no bytes once it has grown. */
  private bytes: Uint8Array;
  private size: number;
  private limit = 0;
  private begun = 0;
  private balance: Balance | null = null;

  /** Over a memory of zeroes. @throws Fault engine_failed */
  constructor(module: object, facts: Facts, memory: EngineMemory, imports: Imports) {
    try {
      this.exports = new ENGINE.Instance(module, { ...imports, [MEMORY_MODULE]: { [MEMORY_NAME]: memory } }).exports;
    } catch (error) {
      throw failed('a guest cannot be instantiated', error);
    }
    this.memory = memory;
    this.bytes = new Uint8Array(memory.buffer);
    this.size = this.bytes.length;
    this.gas = this.exports['ava:gas'] as EngineGlobal;
    this.stack = this.exports['ava:stack'] as EngineGlobal;
    this.trap = this.exports['ava:trap'] as EngineGlobal;
    this.globals = facts.mutableGlobals.map((index) => this.exports[`ava:global:${index}`] as EngineGlobal);
  }

  /** A function that the module's facts say is there. */
  function(name: string): GuestFunction {
    return this.exports[name] as GuestFunction;
  }

  /** Memory that has grown cannot shrink: such an instance is dropped, and its memory with it. */
  get grown(): boolean {
    // Growth takes the bytes away from the buffer that was; asking the memory for its buffer is slower.
    return this.bytes.length !== this.size || (this.size === 0 && this.memory.buffer.byteLength > 0);
  }

  /** It is ready: from here on growth counts. */
  settle(): void {
    this.bytes = new Uint8Array(this.memory.buffer);
    this.size = this.bytes.length;
  }

  /** Sets the balances; `spent` of the gas is used already. */
  begin(gas: number, stack_words: number, spent: number): void {
    this.limit = gas;
    // one that is kept gets the faster way; for one or two calls it would not pay
    if (this.balance === null && ++this.begun > FEW_CALLS) this.balance = balanceOf(this.gas, this.stack, this.trap);
    if (this.balance !== null) {
      this.balance.begin(gas - spent, stack_words);
      return;
    }
    this.gas.value = BigInt(gas - spent);
    this.stack.value = stack_words;
    this.trap.value = 0;
  }

  /** How the call that `begin` began ended by returning. */
  returned(): Ended {
    const left = this.balance === null ? Number(this.gas.value) : this.balance.left();
    return left < 0 ? { trap: 'gas', gas: this.limit } : { trap: null, gas: this.limit - left };
  }

  /**
   * How it ended by throwing. What the engine's error says is not read (GU-5).
   * @throws Fault engine_failed where it is this node that failed
   */
  threw(error: unknown): Ended {
    if (error instanceof Fault) throw error;
    const told = this.trap.value as number;
    const known = error instanceof HostTrap || error instanceof ENGINE.RuntimeError;
    if (told === ENGINE_FAULT || !known) throw failed('a guest could not be run', error);
    const left = Number(this.gas.value);
    if (left < 0) return { trap: 'gas', gas: this.limit };
    const trap = trapOf(told) ?? (error instanceof HostTrap ? error.trap : 'trap');
    return { trap, gas: trap === 'gas' ? this.limit : this.limit - left };
  }

  /** Bytes of memory up to its last word that is not zero. */
  extent(): number {
    const words = new Int32Array(this.memory.buffer);
    let end = words.length;
    while (end > 0 && words[end - 1] === 0) end -= 1;
    return 4 * end;
  }

  /** `written`: how far it was written when it was instantiated. */
  snapshot(written: number): Snapshot {
    const bytes = new Uint8Array(this.memory.buffer);
    return { image: bytes.slice(0, Math.max(written, this.extent())), bytes: bytes.length, globals: this.globals.map((global) => global.value) };
  }

  /** GU-4. Not for one that has grown since. */
  restore(snapshot: Snapshot): void {
    this.bytes.fill(0, snapshot.image.length);
    this.put(snapshot);
  }

  /** The same for one that was only instantiated, over zeroes. */
  put({ image, globals }: Snapshot): void {
    this.bytes.set(image);
    for (let i = 0; i < globals.length; i++) this.globals[i].value = globals[i];
  }

  /** Whether memory and globals are the same. */
  same(other: Instance): boolean {
    if (this.memory.buffer.byteLength !== other.memory.buffer.byteLength) return false;
    const mine = new Int32Array(this.memory.buffer);
    const theirs = new Int32Array(other.memory.buffer);
    for (let i = 0; i < mine.length; i++) if (mine[i] !== theirs[i]) return false;
    return this.globals.every((global, i) => Object.is(global.value, other.globals[i].value));
  }
}
