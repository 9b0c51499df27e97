/**
 * LangChain agents (package `langchain`): a middleware that asks AVA before each tool call and tells it what the user
 * says.
 *
 *   createAgent({ model, tools, middleware: [avaMiddleware({ session })] })
 */
import { type AgentMiddleware, createMiddleware, ToolMessage } from 'langchain';
import { Prompts } from './prompts.ts';
import { Refusal } from './refusal.ts';
import type { CallOptions, Outcome, Session } from './session.ts';

export interface AvaMiddlewareOptions extends Omit<CallOptions, 'signal'> {
  readonly session: Session;
  readonly server?: string;
}

function read<R>(result: R): Outcome<R | ToolMessage> {
  if (!ToolMessage.isInstance(result)) return { ok: true, result: (result as { readonly update?: unknown }).update };
  const { status, text, content, tool_call_id, name } = result;
  if (status === 'error') return { ok: false, error: text };
  const replaced = (changed: unknown): ToolMessage =>
    new ToolMessage({ content: typeof changed === 'string' ? changed : JSON.stringify(changed), tool_call_id, ...(name !== undefined && { name }) });
  return { ok: true, result: content, replaced };
}

/**
 * A refused call is answered with a tool message of status `error`, which the model reads: code, reason, what would
 * pass. When AVA cannot be asked or told, the run fails and nothing is carried out.
 */
export function avaMiddleware({ session, server, ...options }: AvaMiddlewareOptions): AgentMiddleware {
  const prompts = new Prompts(session);
  return createMiddleware({
    name: 'ava',
    async wrapModelCall(request, handler) {
      await prompts.tell(
        request.messages.flatMap((message) => (message.type === 'human' && message.text !== '' ? [message.text] : [])),
        request.runtime?.signal,
      );
      return handler(request);
    },
    async wrapToolCall(request, handler) {
      const { name, id, args } = request.toolCall;
      const signal = request.runtime?.signal;
      try {
        return await session.carryOut(
          { name, args, ...(server !== undefined && { server }), ...(id !== undefined && { call_id: id }) },
          (judged) => handler({ ...request, toolCall: { ...request.toolCall, args: judged as Record<string, unknown> } }),
          { ...options, ...(signal !== undefined && { signal }) },
          read,
        );
      } catch (error) {
        if (error instanceof Refusal) return new ToolMessage({ content: error.message, tool_call_id: id ?? '', name, status: 'error' });
        throw error;
      }
    },
  }) as AgentMiddleware;
}
