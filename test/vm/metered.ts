/** An instrumented module by the contract of admit.ts alone: own code, so that the VM's runner is not what proves it. */
import assert from 'node:assert/strict';
import { type Admitted, admitModule } from '../../src/vm/admit.ts';
import { SCHEDULE, type Schedule } from '../../src/vm/schedule.ts';
import { ENGINE_FAULT, type TrapName, trapOf } from '../../src/vm/trap.ts';
import { type Cell, cell } from './bit-call.ts';
import { type Global, type Imports, type Instance, type Memory, type Module, wasm } from './web-assembly.ts';

export const STACK_WORDS = 65_536;
export const GAS = 1n << 40n;

export interface Ended {
  /** Null where it returned. */
  readonly trap: TrapName | null;
  /** Bits. */
  readonly results: readonly bigint[];
  readonly gas: bigint;
}
export interface Snapshot {
  readonly memory: Uint8Array | null;
  /** Bits of the mutable ones. */
  readonly globals: readonly bigint[];
}

export class Metered {
  readonly admitted: Admitted;
  readonly memory: Memory | null;
  readonly instance: Instance;
  private readonly pages: number;
  private readonly cells: readonly Cell[];

  /** Over `memory`, or a new one. Nothing has run. */
  constructor({ admitted, module, imports, memory = null }: { admitted: Admitted; module: Module; imports: Imports; memory?: Memory | null }) {
    this.admitted = admitted;
    const { facts } = admitted;
    this.memory = facts.memory === null ? null : (memory ?? new wasm.Memory({ initial: facts.memory.min, maximum: facts.memory.max }));
    this.pages = facts.memory?.min ?? 0;
    this.instance = new wasm.Instance(module, this.memory === null ? imports : { ...imports, 'ava:': { 'ava:memory': this.memory } });
    this.cells = facts.mutableGlobals.map((index) => cell(this.global(`ava:global:${index}`)));
  }

  static admit(bytes: Uint8Array, profile: 'integer' | 'canonical-nan', schedule: Schedule = SCHEDULE): { admitted: Admitted; module: Module } {
    const admitted = admitModule(bytes, profile, {}, schedule);
    return { admitted, module: new wasm.Module(admitted.wasm) };
  }

  global(name: string): Global {
    return this.instance.exports[name] as Global;
  }

  /** The bytes as they are now. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.memory?.buffer ?? new ArrayBuffer(0));
  }

  get grown(): boolean {
    return this.memory !== null && this.memory.buffer.byteLength > this.pages * 65_536;
  }

  /** Runs under a limit, and says how it ended by the contract. @throws what is the engine's fault, not the program's */
  run(work: () => readonly bigint[], limit: bigint = GAS, stack_words: number = STACK_WORDS): Ended {
    const [gas, stack, trap] = [this.global('ava:gas'), this.global('ava:stack'), this.global('ava:trap')];
    gas.value = limit;
    stack.value = stack_words;
    trap.value = 0;
    let results: readonly bigint[] = [];
    let thrown: unknown;
    try {
      results = work();
    } catch (error) {
      thrown = error;
    }
    const left = gas.value as bigint;
    if (trap.value === ENGINE_FAULT || (thrown !== undefined && !(thrown instanceof wasm.RuntimeError))) throw thrown ?? new Error('a fault of the engine');
    if (left < 0n || trapOf(Number(trap.value)) === 'gas') return { trap: 'gas', results: [], gas: limit };
    if (thrown === undefined) {
      assert.equal(trap.value, 0, 'it returned with a trap noted');
      return { trap: null, results, gas: limit - left };
    }
    return { trap: trapOf(Number(trap.value)) ?? 'trap', results: [], gas: limit - left };
  }

  start(limit: bigint = GAS): Ended {
    const start = this.instance.exports['ava:start'] as (() => void) | undefined;
    return this.run(() => {
      start?.();
      return [];
    }, limit);
  }

  snapshot(): Snapshot {
    return { memory: this.memory === null ? null : this.bytes.slice(), globals: this.cells.map((one) => one.get()) };
  }

  /** For one that has not grown since. */
  restore({ memory, globals }: Snapshot): void {
    if (memory !== null) this.bytes.set(memory);
    for (const [at, one] of this.cells.entries()) one.set(globals[at]);
  }
}
