/**
 * The OpenAI Agents SDK (package `@openai/agents`): function tools that ask AVA before they run, and an input guardrail
 * that tells AVA what the user says.
 *
 *   new Agent({ tools: guardTools(tools, { session }), inputGuardrails: [tellInput(session)], … })
 */
import type { InputGuardrail, Tool } from '@openai/agents';
import { Prompts } from './prompts.ts';
import { Refusal } from './refusal.ts';
import type { CallOptions, Session } from './session.ts';

export interface GuardToolsOptions extends Omit<CallOptions, 'signal'> {
  readonly session: Session;
  readonly server?: string;
  /** Tools that are carried out by the model's provider, and so cannot be guarded here. */
  readonly elsewhere?: readonly string[];
}

/**
 * The same tools, each of which asks first. A refusal is the tool's output: the model reads code, reason and what would
 * pass. When AVA cannot be asked, the run fails. @throws TypeError for a tool of another kind that is not in `elsewhere`
 */
export function guardTools<C>(tools: readonly Tool<C>[], { session, server, elsewhere = [], ...options }: GuardToolsOptions): Tool<C>[] {
  return tools.map((tool) => {
    if (tool.type !== 'function') {
      if (elsewhere.includes(tool.name)) return tool;
      throw new TypeError(`the tool ${tool.name} is no function tool, so it cannot be guarded here: name it in \`elsewhere\``);
    }
    const { name, invoke } = tool;
    return {
      ...tool,
      async invoke(context, input, details) {
        const signal = details?.signal;
        const id = details?.toolCall?.callId;
        try {
          return await session.carryOut(
            { name, args: argumentsIn(input), ...(server !== undefined && { server }), ...(id !== undefined && { call_id: id }) },
            (args) => invoke.call(tool, context, JSON.stringify(args), details),
            { ...options, ...(signal !== undefined && { signal }) },
          );
        } catch (error) {
          if (error instanceof Refusal) return error.message;
          throw error;
        }
      },
    };
  });
}

/** Arguments come as the model wrote them; what is no JSON is judged as it stands. */
function argumentsIn(input: string): unknown {
  try {
    return JSON.parse(input === '' ? '{}' : input) as unknown;
  } catch {
    return { input };
  }
}

/** Tells AVA the user's messages before the agent starts. When AVA cannot be told, the run fails. */
export function tellInput(session: Session): InputGuardrail {
  const prompts = new Prompts(session);
  return {
    name: 'ava',
    runInParallel: false,
    async execute({ input }) {
      await prompts.tell(typeof input === 'string' ? [input] : input.flatMap(userText));
      return { tripwireTriggered: false, outputInfo: {} };
    },
  };
}

function userText(item: object): string[] {
  const { role, content } = item as { readonly role?: unknown; readonly content?: unknown };
  if (role !== 'user') return [];
  if (typeof content === 'string') return content === '' ? [] : [content];
  const text = Array.isArray(content)
    ? content.flatMap((part: { readonly text?: unknown }) => (typeof part.text === 'string' ? [part.text] : [])).join('\n')
    : '';
  return text === '' ? [] : [text];
}
