/** The commands that put AVA before client programs: part of the table in table.ts. */
import { DATA_FLAG, dataFolder, givenUrl, NODE_FLAGS, URL_FLAG } from './address.ts';
import type { Command, Operand } from './command.ts';

const CLIENT: Operand = { name: 'CLIENT', count: 'one', description: 'claude-code, codex, cursor, vscode or claude-desktop' };

export const CONNECT_COMMANDS: readonly Command[] = [
  {
    name: 'connect',
    summary: "Puts AVA before an agent's program: its tool servers, its hooks; proves that it holds",
    details: [
      "Rewrites the program's settings so that each MCP server runs behind the gateway and, where the program has hooks, AVA is asked before its own tools are used. The old files are kept in the data folder; everything else in the settings stays as it is, comments too. What cannot be read is refused with its place, and nothing is written.",
      'Then the commands and hooks that now stand there are run as the program would run them, with a call that the floor forbids. Where that is not refused the old settings come back at once. At the end it says what is judged and what stays outside. Doing it again changes nothing; `avactl disconnect` brings the old files back. See docs/connect.md.',
    ],
    operands: [CLIENT],
    flags: [
      { name: 'mcp-only', description: 'Servers only, no hooks: the prompt and the own tools of the program are not seen' },
      { name: 'project', value: 'DIR', description: "This project's settings too, such as .mcp.json" },
      { name: 'ask', description: 'Leaves an escalation to the dialog of the program, where it has one; what is said there is no approval of AVA' },
      { name: 'dry-run', description: 'Says what would change, and writes nothing' },
      ...NODE_FLAGS,
    ],
    examples: [
      { line: 'avactl connect claude-code', what: 'servers and hooks of this user' },
      { line: 'avactl connect vscode --project . --dry-run', what: 'what would change here' },
    ],
    run: async (call) => (await import('./connect.ts')).connect(call),
  },
  {
    name: 'disconnect',
    summary: "Takes AVA out of a program's settings: the old files come back byte for byte",
    details: ['A file that was changed since keeps these changes: only what AVA wrote is taken out. Without CLIENT all that are connected.'],
    operands: [{ ...CLIENT, count: 'maybe' }],
    flags: [DATA_FLAG],
    examples: [{ line: 'avactl disconnect', what: 'every program as it was' }],
    run: async (call) => (await import('./connect.ts')).disconnect(call),
  },
  {
    name: 'hook',
    summary: "Judges one event of an agent's program, read from stdin",
    details: [
      'What `connect` writes into settings; programs call it, people seldom do. The answer stands on stdout as the program reads it. Exit 0: go on. Exit 2: blocked, with the reason on stderr; also where no node answers, or the event cannot be understood.',
    ],
    operands: [
      { name: 'CLIENT', count: 'one', description: 'claude-code, codex or cursor' },
      { name: 'EVENT', count: 'maybe', description: 'The name of the event, where stdin does not say it' },
    ],
    flags: [
      { name: 'ask', description: 'Leaves an escalation to the dialog of the program' },
      { ...DATA_FLAG, description: 'The data folder; while its node runs, it says where' },
      { ...URL_FLAG, description: 'The address of the node' },
    ],
    examples: [{ line: 'cat event.json | avactl hook claude-code', what: 'exit 2 where AVA refuses it' }],
    run: async (call) => {
      const [client, event] = call.operands;
      const url = givenUrl(call);
      const { hook } = await import('./hook.ts');
      return hook({ client, ask: call.given('ask'), data: dataFolder(call), ...(event !== undefined && { event }), ...(url !== null && { url }) });
    },
  },
];
