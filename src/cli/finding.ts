/** What `doctor` found about one thing. */
export interface Finding {
  readonly check: string;
  /** info: nothing is wrong, and it is worth knowing. */
  readonly state: 'ok' | 'info' | 'warn' | 'fail';
  readonly detail: string;
  readonly fix?: string;
}
