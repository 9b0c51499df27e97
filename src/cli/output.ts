/** Where a command writes: results to stdout, progress and faults to stderr. Colours only for a terminal that wants them. */
import type { Fault } from '../base/fault.ts';
import { clip, plain, toJson } from './text.ts';

const CODES = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33', cyan: '36' } as const;
export type Colour = keyof typeof CODES;

export interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface OutputParts {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const PROGRESS_MS = 100;
const WIDTH_DEFAULT = 100;
const VERDICT_COLOURS: Readonly<Record<string, Colour>> = { allow: 'green', deny: 'red', escalate: 'yellow', none: 'dim' };

export class Output {
  readonly json: boolean;
  /** Columns of the terminal. */
  readonly width: number;
  private readonly stdout: Stream;
  private readonly stderr: Stream;
  private readonly coloured: boolean;
  private drawn = false;
  private drawn_ms = 0;

  constructor({ stdout, stderr, env }: OutputParts, json: boolean) {
    this.json = json;
    this.stdout = stdout;
    this.stderr = stderr;
    this.width = Math.max(40, stdout.columns ?? WIDTH_DEFAULT);
    this.coloured = stdout.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  }

  paint(colour: Colour, text: string): string {
    return this.coloured ? `\x1b[${CODES[colour]}m${text}\x1b[0m` : text;
  }

  /** The verdict in capitals where it stops a call, in its colour, `width` wide. */
  verdict(verdict: string, width = 0): string {
    const text = verdict === 'allow' || verdict === 'none' ? verdict : verdict.toUpperCase();
    return this.paint(VERDICT_COLOURS[verdict] ?? 'dim', text.padEnd(width));
  }

  /** A line for people; nothing under --json. Values from outside must have passed `plain`. */
  line(text = ''): void {
    if (this.json) return;
    this.wipe();
    this.stdout.write(`${text}\n`);
  }

  /** The result under --json; nothing else. */
  value(value: unknown): void {
    if (this.json) this.stdout.write(`${toJson(value, 2)}\n`);
  }

  /** One of many results under --json: a line each. */
  item(value: unknown): void {
    if (this.json) this.stdout.write(`${toJson(value)}\n`);
  }

  /** Bytes to stdout as they are. */
  raw(data: string): void {
    this.stdout.write(data);
  }

  /** Shows how far long work is, on a terminal only; the text is made when it is shown. */
  progress(text: () => string): void {
    if (this.stderr.isTTY !== true) return;
    const now_ms = performance.now();
    if (this.drawn && now_ms - this.drawn_ms < PROGRESS_MS) return;
    this.drawn_ms = now_ms;
    this.drawn = true;
    this.stderr.write(`\r\x1b[K${clip(text(), (this.stderr.columns ?? WIDTH_DEFAULT) - 1)}`);
  }

  /** Takes the progress line away. */
  wipe(): void {
    if (this.drawn) this.stderr.write('\r\x1b[K');
    this.drawn = false;
  }

  /** Beside the result: a line to stderr. */
  note(text: string): void {
    this.wipe();
    this.stderr.write(`${text}\n`);
  }

  /** A fault in one line, or as JSON. */
  fault(fault: Fault): void {
    this.note(this.json ? toJson(faultJson(fault)) : faultLine(fault));
  }
}

/** `AVA-4020 No session has this id. Open one with POST /v1/sessions.` */
export function faultLine(fault: Fault): string {
  const text = plain(fault.message).replace(/[.\s]+$/, '');
  const sentence = /^[a-z]+ /.test(text) ? upper(text) : text;
  return `${fault.code} ${sentence}${/[?!]$/.test(sentence) ? '' : '.'}${fault.next === '' ? '' : ` ${upper(fault.next)}.`}`;
}

const upper = (text: string): string => `${text[0].toUpperCase()}${text.slice(1)}`;

export const faultJson = (fault: Fault): Record<string, unknown> => ({
  code: fault.code,
  fault: fault.slug,
  detail: fault.message,
  next: fault.next,
  ...fault.context,
});
