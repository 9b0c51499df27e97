/** The commands about tools and their map: part of the table in table.ts. */
import { NODE_FLAGS } from './address.ts';
import type { Command } from './command.ts';

export const TOOL_COMMANDS: readonly Command[] = [
  {
    name: 'tools list',
    summary: 'Lists tools that were seen, with what AVA takes them to do',
    details: [
      'A tool is seen when a gateway has pinned it or a decision names it. `listed`: the tool map in force has it; `guessed`: its effect and its arguments come from its name (`unlisted: guess` in the map); `unlisted`: neither, a person is asked each time.',
    ],
    operands: [{ name: 'SERVER', count: 'maybe', description: 'All known tools of this server' }],
    flags: [{ name: 'all', description: 'Also what the map lists and nobody has used' }, ...NODE_FLAGS],
    examples: [{ line: 'avactl tools list', what: 'what agents use here' }],
    run: async (call) => (await import('./tools.ts')).listTools(call),
  },
  {
    name: 'tools show',
    summary: 'Shows what AVA takes one tool to do: effect, arguments, facets, the words by which a user asks for it',
    details: [],
    operands: [{ name: 'TOOL', count: 'one', description: 'The name of a tool, or SERVER/TOOL' }],
    flags: NODE_FLAGS,
    examples: [{ line: 'avactl tools show github/create_issue', what: 'its entry, or the guess that stands in for one' }],
    run: async (call) => (await import('./tools.ts')).showTool(call),
  },
  {
    name: 'tools map',
    summary: "Writes a tool map for a server's tools, guessed from names, schemas and annotations",
    details: [
      'The YAML goes to stdout; `# check:` stands where a person should look first. What a server says of its own tools makes an entry stricter, never looser. A constitution takes the file up under `tools`.',
    ],
    operands: [{ name: 'COMMAND', count: 'any', description: "The server's command and its arguments, after --" }],
    flags: [
      { name: 'guess', description: 'Guesses: the only way so far' },
      { name: 'from', value: 'FILE', description: 'A JSON file: a list of tool definitions, or what tools/list answers' },
      { name: 'url', value: 'URL', description: 'A server over Streamable HTTP' },
      { name: 'name', value: 'NAME', description: 'What the server is called; else made from COMMAND or URL, and with --from the entries are for any server' },
    ],
    examples: [
      { line: 'avactl tools map --guess -- npx -y @modelcontextprotocol/server-filesystem /home/me/project', what: 'asks the server itself' },
      { line: 'avactl tools map --guess --from tools.json --name shop', what: 'from definitions in a file' },
    ],
    run: async (call) => (await import('./tools.ts')).mapTools(call),
  },
];
