/** How Cursor speaks to hooks: an event a moment, each with members of its own; answers with `permission` or `continue`. */
import { hash } from 'node:crypto';
import { Fault } from '../base/fault.ts';
import { told } from '../mcp/told.ts';
import { type Args, bounded, INPUT_LENGTH_MAX, type Moment, type Tongue } from './moment.ts';
import { isTable } from './settings.ts';
import { gatewayOf, type WrappedServers } from './tool-name.ts';

const text = (event: Args, key: string): string => {
  const value = event[key];
  if (typeof value !== 'string') throw new Fault('request_shape', `the event has no text at $.${key}`, { path: `$.${key}` });
  return value;
};

/** Cursor gives a call no id: what is run within one answer of the model is told apart by what it is. */
const callOf = (event: Args, what: unknown): string => `${String(event['generation_id'] ?? '')}:${hash('sha256', JSON.stringify(what), 'hex').slice(0, 32)}`;

/** `tool_input` comes as an object or as its JSON. */
function inputOf(event: Args): Args {
  const given = event['tool_input'];
  try {
    const input: unknown = typeof given === 'string' ? JSON.parse(given) : given;
    if (isTable(input)) return input;
  } catch {
    // said below
  }
  throw new Fault('request_shape', 'the event has no object at $.tool_input', { path: '$.tool_input' });
}

/** The server that an MCP event means: its command or address, and whether a gateway of AVA is what runs. */
function serverOf(event: Args, servers: WrappedServers): { readonly name: string; readonly behind: boolean } {
  const { command, url } = event;
  const words = typeof command === 'string' ? command.split(/\s+/) : [];
  const own = gatewayOf({ command: words[0], args: words.slice(1) });
  if (own !== null && servers.asks(own)) return { name: own.name, behind: true };
  const named = typeof event['server'] === 'string' ? event['server'] : (words.at(-1) ?? (typeof url === 'string' ? URL.parse(url)?.host : undefined));
  return { name: (named ?? 'mcp').slice(0, 64), behind: false };
}

function momentOf(event: Args, servers: WrappedServers): Moment {
  switch (event['hook_event_name']) {
    case 'beforeSubmitPrompt':
      return { kind: 'input', text: text(event, 'prompt').slice(0, INPUT_LENGTH_MAX).toWellFormed() };
    case 'beforeShellExecution': {
      const command = text(event, 'command');
      const args = { command, ...(typeof event['cwd'] === 'string' && { cwd: event['cwd'] }) };
      return { kind: 'call', call: callOf(event, command), server: 'cursor', name: 'Bash', args, cut: 0 };
    }
    case 'afterShellExecution':
      return {
        kind: 'result',
        call: callOf(event, text(event, 'command')),
        server: 'cursor',
        name: 'Bash',
        ok: true,
        result: bounded(event['output'] ?? null),
      };
    case 'beforeReadFile': {
      const file_path = text(event, 'file_path');
      // no event follows, but the content is here
      const result = { ok: true, result: bounded(event['content'] ?? null) };
      return { kind: 'call', call: callOf(event, file_path), server: 'cursor', name: 'Read', args: { file_path }, cut: 0, known: result };
    }
    case 'beforeMCPExecution': {
      const { name: server, behind } = serverOf(event, servers);
      const name = text(event, 'tool_name');
      const args = inputOf(event);
      if (behind) return { kind: 'announced', server, name, args };
      return { kind: 'call', call: callOf(event, [name, args]), server, name, args, cut: 0 };
    }
    case 'afterMCPExecution': {
      const { name: server, behind } = serverOf(event, servers);
      if (behind) return { kind: 'other' };
      const name = text(event, 'tool_name');
      return { kind: 'result', call: callOf(event, [name, inputOf(event)]), server, name, ok: true, result: bounded(resultOf(event['result_json'])) };
    }
    default:
      return { kind: 'other' };
  }
}

function resultOf(json: unknown): unknown {
  try {
    const value: unknown = typeof json === 'string' ? JSON.parse(json) : json;
    return isTable(value) && Array.isArray(value['content']) ? told(value) : (value ?? null);
  } catch {
    return json;
  }
}

const isPrompt = (event: Args): boolean => event['hook_event_name'] === 'beforeSubmitPrompt';

export const cursorTongue = (servers: WrappedServers): Tongue => ({
  agent: 'cursor',
  thread(event) {
    const id = text(event, 'conversation_id');
    if (id === '') throw new Fault('request_shape', 'the event has no text at $.conversation_id', { path: '$.conversation_id' });
    return id;
  },
  moment: (event) => momentOf(event, servers),
  pass: (event) => (isPrompt(event) ? { continue: true } : event['hook_event_name'] === 'beforeReadFile' ? { permission: 'allow' } : {}),
  change: () => null,
  refuse: refusal,
  ask: (event, reason) =>
    isPrompt(event) || event['hook_event_name'] === 'beforeReadFile'
      ? refusal(event, reason)
      : { permission: 'ask', user_message: reason.split('\n')[0], agent_message: reason },
});

const refusal = (event: Args, reason: string): unknown =>
  isPrompt(event) ? { continue: false, user_message: reason } : { permission: 'deny', user_message: reason.split('\n')[0], agent_message: reason };
