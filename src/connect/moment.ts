/** What a hook's event means, whichever program it comes from; and texts that are too long to be judged whole. */

export type Moment =
  /** What the user submits. */
  | { readonly kind: 'input'; readonly text: string }
  /** A tool is about to be used. `call`: the client's id of this use; '' where it has none. */
  | {
      readonly kind: 'call';
      readonly call: string;
      readonly server: string;
      readonly name: string;
      readonly args: Args;
      readonly cut: number;
      /** What it will give, where the event says it and no other follows. */
      readonly known?: { readonly ok: boolean; readonly result: unknown };
    }
  /** It was used. `result`: what it returned, as plainly as it can be said. */
  | { readonly kind: 'result'; readonly call: string; readonly server: string; readonly name: string; readonly ok: boolean; readonly result: unknown }
  /** A tool of a server behind a gateway of AVA, which judges the call itself. */
  | { readonly kind: 'announced'; readonly server: string; readonly name: string; readonly args: Args }
  /** Nothing that AVA has a say in. */
  | { readonly kind: 'other' };

export type Args = Readonly<Record<string, unknown>>;

/** How a program speaks of its events, and what it is answered. */
export interface Tongue {
  /** The client's id of the conversation. @throws Fault request_shape */
  thread(event: Args): string;
  /** The session's agent in the ledger. */
  readonly agent: string;
  /** @throws Fault request_shape */
  moment(event: Args): Moment;
  /** What goes on without an opinion of AVA's. */
  pass(event: Args): unknown;
  refuse(event: Args, reason: string): unknown;
  /** The call goes on with other arguments; null where the program cannot do that. */
  change(event: Args, args: Args): unknown;
  /** Leaves it to the dialog of the program. */
  ask(event: Args, reason: string): unknown;
}

/** UTF-16 units of a user's text that are told. */
export const INPUT_LENGTH_MAX = 20_000;
/** UTF-16 units of a text that a tool would write; at most this is judged. */
const WRITTEN_LENGTH_MAX = 16_000;
const HEAD = 12_000;

/** N-75: long texts by their beginning and end; `cut`: how many units are missing. Only members named in `texts` are cut. */
export function shortened(args: Args, texts: ReadonlySet<string>): { readonly args: Args; readonly cut: number } {
  let cut = 0;
  const short = (value: unknown, own: boolean): unknown => {
    if (typeof value === 'string' && own && value.length > WRITTEN_LENGTH_MAX) {
      cut += value.length - WRITTEN_LENGTH_MAX;
      return `${value.slice(0, HEAD).toWellFormed()} … ${value.slice(value.length - (WRITTEN_LENGTH_MAX - HEAD)).toWellFormed()}`;
    }
    if (Array.isArray(value)) return value.map((item) => short(item, own));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, short(member, texts.has(key))]));
  };
  const shorter = short(args, false) as Args;
  return cut === 0 ? { args, cut } : { args: shorter, cut };
}

/** UTF-16 units of a result that are told; past 64 KiB the machine takes the rest for text that may hold anything (T-18). */
const RESULT_LENGTH_MAX = 90_000;

/** A result that the node takes, however large. */
export function bounded(result: unknown): unknown {
  const json = typeof result === 'string' ? result : (JSON.stringify(result) ?? 'null');
  if (json.length <= RESULT_LENGTH_MAX) return result;
  return json.slice(0, RESULT_LENGTH_MAX).toWellFormed();
}
