/**
 * The AI SDK (package `ai`): tools that ask AVA before they run, and a middleware that tells AVA what the user says.
 *
 *   generateText({ model: wrapLanguageModel({ model, middleware: tellPrompt(session) }), tools: guardTools(tools, { session }), … })
 */
import type { LanguageModelMiddleware, ToolSet } from 'ai';
import { Prompts } from './prompts.ts';
import type { Action, CallOptions, Session } from './session.ts';

export interface GuardToolsOptions extends Omit<CallOptions, 'signal'> {
  readonly session: Session;
  readonly server?: string;
  /** Tools that are carried out elsewhere (by the provider, or by a client), and so cannot be guarded here. */
  readonly elsewhere?: readonly string[];
}

interface Execution {
  readonly toolCallId?: string;
  readonly abortSignal?: AbortSignal;
}
type Execute = (input: unknown, options: Execution) => unknown;

const isStream = (value: unknown): value is AsyncIterable<unknown> => typeof value === 'object' && value !== null && Symbol.asyncIterator in value;

/** A tool that yields as it works gives its last value: nothing is passed on before the whole of it was told. */
async function whole(value: unknown): Promise<unknown> {
  let last = await value;
  if (isStream(last)) for await (const item of last) last = item;
  return last;
}

/**
 * The same tools, each of which asks first. A refusal is the tool's error: the model reads code, reason and what would
 * pass. @throws TypeError for a tool that is carried out elsewhere and not named so
 */
export function guardTools<T extends ToolSet>(tools: T, { session, server, elsewhere = [], ...options }: GuardToolsOptions): T {
  const action = (name: string, args: unknown, { toolCallId }: Execution): Action => ({
    name,
    args,
    ...(server !== undefined && { server }),
    ...(toolCallId !== undefined && { call_id: toolCallId }),
  });
  const guarded = Object.entries(tools).map(([name, tool]) => {
    const execute = (tool as { readonly execute?: Execute }).execute;
    if (execute === undefined) {
      if (elsewhere.includes(name)) return [name, tool] as const;
      throw new TypeError(`the tool ${name} is not carried out here, so it cannot be guarded here: name it in \`elsewhere\``);
    }
    const ask: Execute = (input, execution) =>
      session.carryOut(action(name, input, execution), (args) => whole(execute.call(tool, args, execution)), {
        ...options,
        ...(execution.abortSignal !== undefined && { signal: execution.abortSignal }),
      });
    return [name, { ...tool, execute: ask }] as const;
  });
  return Object.fromEntries(guarded) as T;
}

/** Tells AVA the user's messages before the model sees them. When AVA cannot be told, the model is not called. */
export function tellPrompt(session: Session): LanguageModelMiddleware {
  const prompts = new Prompts(session);
  return {
    specificationVersion: 'v4',
    async transformParams({ params }) {
      const texts = params.prompt.flatMap((message) =>
        message.role === 'user' ? [message.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')] : [],
      );
      await prompts.tell(
        texts.filter((text) => text !== ''),
        params.abortSignal,
      );
      return params;
    },
  };
}
