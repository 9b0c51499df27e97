/**
 * A trial: one random program run plain, instrumented in a new instance and in a reused one, and by the reference. All
 * must agree on results, traps, memory and globals; instances and limits must agree on gas. What was seen is digested,
 * so that two engines can be compared by one line.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Random } from '../../sim/random.ts';
import { SCHEDULE, type Schedule } from '../../src/vm/schedule.ts';
import type { NumberType } from './binary.ts';
import { type BitCall, bitCall, type Cell, cell } from './bit-call.ts';
import { FUEL_GLOBAL, randomBits } from './generate.ts';
import { type Ended, GAS, Metered } from './metered.ts';
import { bytesOf, type Program } from './program.ts';
import { randomProgram } from './random-program.ts';
import { Reference } from './reference.ts';
import { GasMeter } from './reference-gas.ts';
import { ReferenceTrap } from './reference-number.ts';
import { type Global, type Imports, type Instance, type Memory, wasm } from './web-assembly.ts';

const ROUNDS = 2;
const FUEL = 150;
/** Share of calls that are run again under limits. */
const LIMITED = 0.15;

interface Call {
  readonly index: number;
  readonly args: readonly bigint[];
}
interface Seen {
  /** `unreachable`, `trap`, or null. */
  readonly trap: string | null;
  readonly results: readonly bigint[];
}
export interface TrialResult {
  readonly digest: string;
  readonly calls: number;
  readonly returned: number;
  readonly instructions: number;
}

/** What a host function answers depends on its number and arguments alone. */
const hostAnswer = (index: number, args: readonly bigint[], result: NumberType): bigint =>
  BigInt.asUintN(
    result === 'i32' ? 32 : 64,
    args.reduce((sum, bits) => sum * 31n + bits, BigInt(index + 7)),
  );

function importsOf({ imports, types }: Program): Imports {
  const host: Record<string, unknown> = {};
  for (const [index, type] of imports.entries()) {
    const { params, results } = types[type];
    host[index] = (...values: (number | bigint)[]) => {
      const bits = values.map((value, at) => BigInt.asUintN(params[at] === 'i32' ? 32 : 64, BigInt(value)));
      if (results.length === 0) return undefined;
      const answer = hostAnswer(index, bits, results[0]);
      return results[0] === 'i32' ? Number(BigInt.asIntN(32, answer)) : BigInt.asIntN(64, answer);
    };
  }
  return { h: host };
}

/** V8's message decides nothing but here, where both sides are V8's. */
function attempt(work: () => readonly bigint[]): Seen {
  try {
    return { trap: null, results: work() };
  } catch (error) {
    if (error instanceof ReferenceTrap) return { trap: error.trap, results: [] };
    if (!(error instanceof wasm.RuntimeError)) throw error;
    return { trap: error.message === 'unreachable' ? 'unreachable' : 'trap', results: [] };
  }
}

function callsOf(program: Program, random: Random): Call[] {
  return Array.from({ length: ROUNDS }, () =>
    program.functions.map(({ type }, index) => ({ index, args: program.types[type].params.map((param) => randomBits(random, param)) })),
  ).flat();
}

class Trial {
  private readonly program: Program;
  private readonly schedule: Schedule;
  private readonly imports: Imports;
  private readonly calls: readonly Call[];
  private readonly plain: Instance | null;
  private readonly plainGlobals: readonly Cell[];
  private readonly plainStart: Seen;
  private readonly reference: Reference;
  private readonly meter: GasMeter;
  private readonly digest = createHash('sha256');
  private readonly random: Random;
  returned = 0;

  constructor(program: Program, seed: number, schedule: Schedule) {
    this.schedule = schedule;
    this.program = program;
    this.random = new Random(seed ^ 0x5eed);
    this.calls = callsOf(program, this.random);
    this.imports = importsOf(program);
    let plain: Instance | null = null;
    this.plainStart = attempt(() => {
      plain = new wasm.Instance(new wasm.Module(bytesOf(program, true)), this.imports);
      return [];
    });
    this.plain = plain;
    this.plainGlobals = plain === null ? [] : program.globals.map((_, index) => cell((plain as Instance).exports[`g${index}`]));
    this.meter = new GasMeter(program, schedule.costs);
    this.reference = new Reference(program, (index, args) => hostAnswer(index, args, program.types[program.imports[index]].results[0] ?? 'i64'), this.meter);
  }

  private bind(instance: Instance): BitCall[] {
    return this.program.functions.map(({ type }, index) => bitCall(instance.exports[index], this.program.types[type].params, this.program.types[type].results));
  }

  run(): TrialResult {
    const { admitted, module } = Metered.admit(bytesOf(this.program, false), this.program.floats ? 'canonical-nan' : 'integer', this.schedule);
    const make = (memory: Memory | null = null): Metered => new Metered({ admitted, module, imports: this.imports, memory });
    const metered = make();
    const before = metered.snapshot();
    const started = this.started(metered);
    if (started.trap !== null) return this.result();
    const after = metered.grown ? null : metered.snapshot();
    const endings = this.lockstep(metered);
    this.digest.update(metered.bytes);
    const last = { bytes: metered.bytes.slice(), globals: metered.snapshot().globals };

    // reused: put back to where it began, and to where its start function left it
    if (!metered.grown) {
      metered.restore(before);
      assert.deepEqual(metered.start(), started, 'start, in a reused instance');
      this.again(metered, endings, last);
      if (after !== null) {
        metered.restore(after);
        this.again(metered, endings, last);
      }
      const { memory } = metered;
      if (memory !== null) new Uint8Array(memory.buffer).fill(0);
      const over = make(memory);
      assert.deepEqual(over.start(), started, 'start, over a memory of zeroes');
      this.again(over, endings, last);
    }
    return this.result();
  }

  private result(): TrialResult {
    return { digest: this.digest.digest('hex').slice(0, 16), calls: this.calls.length, returned: this.returned, instructions: this.meter.instructions };
  }

  private note(ended: Ended): void {
    this.digest.update(`${ended.trap ?? ''}:${ended.results.join()}:${ended.gas};`);
  }

  /** The start function under gas, as the plain module and the reference ran it. */
  private started(metered: Metered): Ended {
    this.meter.reset(GAS);
    const { start } = this.program;
    const expected = attempt(() => (start === null ? [] : this.reference.call(start, [])));
    const ended = metered.start();
    assert.equal(ended.trap, this.plainStart.trap, 'start: instrumented and plain');
    assert.equal(ended.trap, expected.trap, 'start: instrumented and reference');
    assert.equal(ended.gas, this.meter.ended(expected.trap).gas, 'start: gas');
    this.note(ended);
    return ended;
  }

  private refer({ index, args }: Call, limit: bigint): Ended {
    const { meter, reference, program } = this;
    meter.reset(limit);
    const { trap, results } = attempt(() => reference.call(program.imports.length + index, args));
    const ended = meter.ended(trap);
    return { trap: ended.trap as Ended['trap'], results: ended.trap === null ? results : [], gas: ended.gas };
  }

  /** Each call on all three, compared at once; some again from the same state, under limits around what it used. */
  private lockstep(metered: Metered): Ended[] {
    const { plain, reference } = this;
    assert.ok(plain !== null);
    const [plainCalls, meteredCalls] = [this.bind(plain), this.bind(metered.instance)];
    return this.calls.map((one) => {
      const { index, args } = one;
      (plain.exports[`g${FUEL_GLOBAL}`] as Global).value = FUEL;
      reference.globals[FUEL_GLOBAL] = BigInt(FUEL);
      metered.global(`ava:global:${FUEL_GLOBAL}`).value = FUEL;
      const before = this.random.chance(LIMITED) ? metered.snapshot() : null;
      const globals = [...reference.globals];
      const call = (limit?: bigint, stack_words?: number): Ended => metered.run(() => meteredCalls[index](args), limit, stack_words);
      const seen = attempt(() => plainCalls[index](args));
      const wanted = this.refer(one, GAS);
      const { words, gasCharged } = this.meter;
      const ended = call();
      const where = `function ${index}(${args.join()})`;
      assert.deepEqual({ trap: ended.trap, results: ended.results }, seen, `${where}: instrumented and plain`);
      assert.deepEqual(ended, wanted, `${where}: instrumented and reference`);
      this.sameState(metered, where);
      this.note(ended);
      if (ended.trap === null) this.returned++;
      if (before === null || metered.grown) return ended;

      const after = metered.snapshot();
      const limits = [gasCharged, gasCharged - 1n, BigInt(this.random.below(Number(gasCharged) + 1))];
      for (const limit of limits) {
        if (limit < 0n) continue;
        metered.restore(before);
        if (before.memory !== null) reference.restore(before.memory, globals);
        else reference.restore(new Uint8Array(0), globals);
        const limited = call(limit);
        assert.deepEqual(limited, this.refer(one, limit), `${where}: a limit of ${limit} where ${gasCharged} are charged`);
        assert.ok(Buffer.from(reference.memory).equals(metered.bytes), `${where}: memory, a limit of ${limit} where ${gasCharged} are charged`);
        if (limit === gasCharged) assert.deepEqual(limited, ended, `${where}: the least limit that suffices`);
        this.note(limited);
      }
      if (words > 0) {
        metered.restore(before);
        assert.equal(call(GAS, words - 1).trap, 'stack', `${where}: a stack of ${words - 1} words where ${words} are used`);
      }
      metered.restore(before);
      assert.deepEqual(call(GAS, words), ended, `${where}: the least stack that suffices`);
      assert.deepEqual(metered.snapshot(), after, `${where}: state after the least stack that suffices`);
      reference.restore(metered.bytes, [...this.plainGlobals.map((cell) => cell.get())]);
      return ended;
    });
  }

  private sameState(metered: Metered, where: string): void {
    const { plain, program, reference } = this;
    if (plain === null) return;
    const bytes = metered.bytes;
    const memory = plain.exports['memory'] as Memory | undefined;
    if (memory !== undefined) {
      assert.ok(Buffer.from(memory.buffer).equals(bytes), `${where}: memory, instrumented and plain`);
      assert.ok(Buffer.from(reference.memory).equals(bytes), `${where}: memory, instrumented and reference`);
    }
    const bits = this.plainGlobals.map((one) => one.get());
    assert.deepEqual(reference.globals, bits, `${where}: globals, plain and reference`);
    assert.deepEqual(
      metered.snapshot().globals,
      bits.filter((_, index) => program.globals[index].mutable),
      `${where}: globals, instrumented and plain`,
    );
  }

  private again(metered: Metered, endings: readonly Ended[], last: { readonly bytes: Uint8Array; readonly globals: readonly unknown[] }): void {
    const calls = this.bind(metered.instance);
    for (const [at, { index, args }] of this.calls.entries()) {
      metered.global(`ava:global:${FUEL_GLOBAL}`).value = FUEL;
      assert.deepEqual(
        metered.run(() => calls[index](args)),
        endings[at],
        `call ${at} of function ${index} in a reused instance`,
      );
    }
    assert.ok(Buffer.from(metered.bytes).equals(last.bytes), 'memory of a reused instance');
    assert.deepEqual(metered.snapshot().globals, last.globals, 'globals of a reused instance');
  }
}

/** Even seeds are of the profile integer. @throws Error that names the seed */
export function trial(seed: number, schedule: Schedule = SCHEDULE): TrialResult {
  const floats = seed % 2 === 1;
  try {
    return new Trial(randomProgram(seed, floats), seed, schedule).run();
  } catch (error) {
    throw new Error(`seed ${seed}, ${floats ? 'canonical-nan' : 'integer'}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
