/** Time that passes, as a command of the models. */
import type fc from 'fast-check';

interface Clock {
  now_ms: number;
}

export class Pass implements fc.Command<Clock, { readonly desk: Clock }> {
  readonly ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
  check = (): boolean => true;
  run(model: Clock, { desk }: { readonly desk: Clock }): void {
    model.now_ms += this.ms;
    desk.now_ms += this.ms;
  }
  toString = (): string => `pass(${this.ms})`;
}
