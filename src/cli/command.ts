/** What a command is: declared once, with its flags; help, docs/cli.md and parsing come from it. */
import { Fault } from '../base/fault.ts';
import type { Output } from './output.ts';

export interface Flag {
  readonly name: string;
  readonly short?: string;
  /** What its value is called, such as `DIR`; a switch has none. */
  readonly value?: string;
  /** May be given several times. */
  readonly multiple?: boolean;
  /** Used where the flag is absent, and shown. */
  readonly default?: string;
  readonly description: string;
}

export interface Operand {
  readonly name: string;
  readonly description: string;
  /** How many: one, at most one, one and more, or none and more. */
  readonly count: 'one' | 'maybe' | 'many' | 'any';
}

export interface Example {
  readonly line: string;
  readonly what: string;
}

export interface Command {
  /** One word, or a group and a word: `rules list`. */
  readonly name: string;
  readonly summary: string;
  /** Paragraphs. */
  readonly details: readonly string[];
  readonly operands: readonly Operand[];
  readonly flags: readonly Flag[];
  readonly examples: readonly Example[];
  readonly run: (call: Call) => Promise<number>;
}

/** One call of a command. */
export class Call {
  readonly operands: readonly string[];
  readonly out: Output;
  /** Aborted when the process is asked to end. */
  readonly signal: AbortSignal;
  private readonly values: ReadonlyMap<string, readonly string[]>;
  private readonly defaults: ReadonlyMap<string, string>;

  constructor(command: Command, values: ReadonlyMap<string, readonly string[]>, operands: readonly string[], out: Output, signal: AbortSignal) {
    this.values = values;
    this.operands = operands;
    this.out = out;
    this.signal = signal;
    this.defaults = new Map(command.flags.flatMap((flag) => (flag.default === undefined ? [] : [[flag.name, flag.default] as const])));
  }

  /** Whether the flag stands on the command line. */
  given(name: string): boolean {
    return this.values.has(name);
  }

  text(name: string): string | undefined {
    return this.values.get(name)?.at(-1) ?? this.defaults.get(name);
  }

  all(name: string): readonly string[] {
    return this.values.get(name) ?? [];
  }

  /** A whole number. @throws Fault usage */
  count(name: string, min: number, max: number): number {
    const text = this.text(name) ?? '';
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) throw new Fault('usage', `--${name} is a whole number from ${min} to ${max}, not \`${text}\``, { flag: name });
    return value;
  }
}
