/** `guard`: a function that asks AVA before it acts. */
import { Refusal } from './refusal.ts';
import type { CallOptions, Session } from './session.ts';

export interface GuardOptions extends CallOptions {
  readonly session: Session;
  /** The tool's name; default: the function's. */
  readonly name?: string;
  readonly server?: string;
  /** What a refused call does. Default `throw`. */
  readonly onRefusal?: 'throw' | 'return';
}

/** A tool: a function of one object of plain JSON. */
export type Tool<A, R> = (args: A) => R | Promise<R>;

export function guard<A, R>(
  tool: Tool<A, R>,
  options: GuardOptions & { readonly onRefusal: 'return' },
): (args: A, call?: { readonly signal?: AbortSignal }) => Promise<R | Refusal>;
export function guard<A, R>(tool: Tool<A, R>, options: GuardOptions): (args: A, call?: { readonly signal?: AbortSignal }) => Promise<R>;
/**
 * A function like `tool` that asks first: it runs when AVA allows the call, with the arguments that were judged, and
 * tells AVA what came of it. When the node cannot be asked it throws, and `tool` does not run.
 * @throws Refusal when the call is refused (or returns it, with `onRefusal: 'return'`), AvaError, Untold
 */
export function guard<A, R>(tool: Tool<A, R>, options: GuardOptions): (args: A, call?: { readonly signal?: AbortSignal }) => Promise<R | Refusal> {
  const { session, name = tool.name, server, onRefusal = 'throw' } = options;
  if (name === '') throw new TypeError('a guarded function without a name needs options.name: rules know tools by name');
  return async (args, { signal = options.signal } = {}) => {
    try {
      return await session.carryOut({ name, args, ...(server !== undefined && { server }) }, (judged) => tool(judged as A), {
        ...options,
        ...(signal !== undefined && { signal }),
      });
    } catch (error) {
      if (onRefusal === 'return' && error instanceof Refusal) return error;
      throw error;
    }
  };
}
