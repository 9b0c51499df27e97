/** How Claude Code and Codex speak to hooks: events with `tool_name` and `tool_input`, answers with `hookSpecificOutput`. */
import { Fault } from '../base/fault.ts';
import { told } from '../mcp/told.ts';
import { type Args, bounded, INPUT_LENGTH_MAX, type Moment, shortened, type Tongue } from './moment.ts';
import { isTable, type Table } from './settings.ts';
import { mcpTool, type WrappedServers } from './tool-name.ts';

export type ClaudeLike = 'claude-code' | 'codex';

/** Members of the client's own tools that only become text of a file or a message. */
const TEXTS: ReadonlySet<string> = new Set(['content', 'old_string', 'new_string', 'new_source', 'prompt', 'plan', 'todos', 'patch']);
const AGENTS: Readonly<Record<ClaudeLike, string>> = { 'claude-code': 'claude-code', codex: 'codex' };

const textOf = (event: Args, key: string): string => {
  const value = event[key];
  if (typeof value !== 'string' || value === '') throw new Fault('request_shape', `the event has no text at $.${key}`, { path: `$.${key}` });
  return value;
};

/** N-74: what the event says. `servers` knows which servers a gateway judges. */
export function claudeTongue(client: ClaudeLike, servers: WrappedServers): Tongue {
  const toolOf = (event: Args): { server: string; name: string; args: Table; behind: string | null } => {
    const name = textOf(event, 'tool_name');
    const input = event['tool_input'];
    if (!isTable(input)) throw new Fault('request_shape', 'the event has no object at $.tool_input', { path: '$.tool_input' });
    const mcp = mcpTool(name);
    if (mcp === null) return { server: client, name, args: name === 'apply_patch' ? patchArgs(input) : input, behind: null };
    return { server: mcp.server, name: mcp.tool, args: input, behind: servers.find(client, mcp.server, event['cwd']) };
  };
  const callOf = (event: Args): string => (typeof event['tool_use_id'] === 'string' ? event['tool_use_id'] : '');
  const moment = (event: Args): Moment => {
    switch (textOf(event, 'hook_event_name')) {
      case 'UserPromptSubmit':
        return { kind: 'input', text: textOf(event, 'prompt').slice(0, INPUT_LENGTH_MAX).toWellFormed() };
      case 'PreToolUse': {
        const { server, name, args, behind } = toolOf(event);
        if (behind !== null) return { kind: 'announced', server: behind, name, args };
        const short = server === client ? shortened(args, TEXTS) : { args, cut: 0 };
        return { kind: 'call', call: callOf(event), server, name, ...short };
      }
      case 'PostToolUse':
      case 'PostToolUseFailure': {
        const { server, name, behind } = toolOf(event);
        if (behind !== null) return { kind: 'other' };
        const ok = event['hook_event_name'] === 'PostToolUse';
        return {
          kind: 'result',
          call: callOf(event),
          server,
          name,
          ok,
          result: bounded(ok ? resultOf(event['tool_response']) : (event['error'] ?? 'it failed')),
        };
      }
      default:
        return { kind: 'other' };
    }
  };
  return {
    agent: AGENTS[client],
    thread: (event) => textOf(event, 'session_id'),
    moment,
    pass: () => ({}),
    refuse: (event, reason) => refusal(event, reason),
    // without a decision of its own: the program's permissions still apply
    change: (_, args) => (client === 'claude-code' ? { hookSpecificOutput: { hookEventName: 'PreToolUse', updatedInput: args } } : null),
    ask: (event, reason) =>
      event['hook_event_name'] === 'PreToolUse' && client === 'claude-code'
        ? { hookSpecificOutput: { hookEventName: 'PreToolUse', permissionDecision: 'ask', permissionDecisionReason: reason } }
        : refusal(event, reason),
  };
}

function refusal(event: Args, reason: string): unknown {
  switch (event['hook_event_name']) {
    case 'PreToolUse':
      return { hookSpecificOutput: { hookEventName: 'PreToolUse', permissionDecision: 'deny', permissionDecisionReason: reason } };
    case 'PostToolUse':
      // the result is there already: what reaches the model is the reason in its place
      return { decision: 'block', reason, hookSpecificOutput: { hookEventName: 'PostToolUse', updatedToolOutput: withheld(event['tool_response'], reason) } };
    default:
      return { decision: 'block', reason };
  }
}

/** A patch names the files that it changes in lines of its own. */
function patchArgs(input: Table): Table {
  const { command, patch, input: text } = input;
  const body = [command, patch, text].find((one) => typeof one === 'string') as string | undefined;
  if (body === undefined) return input;
  const paths = [...body.matchAll(/^\*\*\* (?:(?:Add|Update|Delete) File|Move to): ([^\n]{1,4096})$/gm)].map(([, path]) => path.trim());
  return { paths: [...new Set(paths)], patch: body };
}

/** Members of a tool's output that hold what it found; all others say what kind of output it is. */
const FOUND: ReadonlySet<string> = new Set([
  'content',
  'stdout',
  'stderr',
  'result',
  'text',
  'output',
  'base64',
  'data',
  'originalFile',
  'filenames',
  'results',
]);

/** The same kind of output with nothing in it but the reason: the client takes no other kind in its place. */
function withheld(response: unknown, reason: string, found = true): unknown {
  if (typeof response === 'string') return found ? reason : response;
  if (Array.isArray(response)) return response.every((block) => isTable(block) && 'type' in block) ? [{ type: 'text', text: reason }] : [];
  if (!isTable(response)) return response;
  return Object.fromEntries(Object.entries(response).map(([key, value]) => [key, withheld(value, reason, FOUND.has(key))]));
}

/** What a tool returned, as plainly as it can be said: text is text. */
function resultOf(response: unknown): unknown {
  if (Array.isArray(response)) return told({ content: response });
  if (!isTable(response)) return response ?? null;
  const { content, stdout, stderr, file, result } = response;
  if (Array.isArray(content)) return told(response);
  if (typeof stdout === 'string') return typeof stderr === 'string' && stderr !== '' ? `${stdout}\n${stderr}` : stdout;
  if (isTable(file) && typeof file['content'] === 'string') return file['content'];
  if (typeof result === 'string') return result;
  if (typeof content === 'string' && content !== '') return content;
  return response;
}
