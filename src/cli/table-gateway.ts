/** The commands of the gateway for MCP: part of the table in table.ts. */
import { DATA_FLAG, URL_FLAG } from './address.ts';
import type { Command, Flag } from './command.ts';

const AGENT_FLAG: Flag = { name: 'agent', value: 'NAME', description: "The agent's name in the ledger; else what the client calls itself" };
const NODE_URL_FLAG: Flag = { ...URL_FLAG, description: 'The address of the node; else what the data folder says, else http://127.0.0.1:4100' };

export const GATEWAY_COMMANDS: readonly Command[] = [
  {
    name: 'wrap',
    summary: 'Runs one MCP server so that each of its calls is judged first',
    details: [
      "Stands where an agent's settings name the command of a server: speaks MCP over stdin and stdout, starts COMMAND, and lets through what the node allows. Names stay as they are. What a tool says of itself is pinned at its first use; a tool that changes later is refused until `avactl tools pin`.",
      'A server at an address gets the headers that the environment variable AVA_SERVER_HEADERS holds, a JSON object of texts; nothing of what the client sends is passed on as a header.',
      'Where no node answers nothing is let through: each request gets an error that may be retried. Messages for people and what the server writes to stderr go to stderr.',
    ],
    operands: [{ name: 'COMMAND', count: 'many', description: "The server's command and its arguments, after --; or the one address of a server over HTTP" }],
    flags: [
      { name: 'name', value: 'NAME', description: 'What the server is called in rules, tool maps and pins; else made from COMMAND' },
      AGENT_FLAG,
      { ...DATA_FLAG, description: 'The data folder: pins, and where its node answers' },
      NODE_URL_FLAG,
    ],
    examples: [
      { line: 'avactl wrap -- npx -y @modelcontextprotocol/server-filesystem /home/me/project', what: 'the server is called filesystem' },
      { line: 'avactl wrap --name github --agent release-bot -- github-mcp-server stdio', what: 'another name, and whose calls these are' },
    ],
    run: async (call) => (await import('./wrap.ts')).wrapServer(call),
  },
  {
    name: 'gateway',
    summary: 'Serves several MCP servers as one, judged, over HTTP or stdio',
    details: [
      'The servers stand in servers.json of the data folder: {"files": {"command": …, "args": […], "env": {…}, "cwd": …}, "tickets": {"url": …, "headers": {…}}}. A value of `env` or `headers` may be {"file": PATH} or {"env": NAME}: these credentials are the gateway\'s own, and what a client sends is never passed on in their place.',
      'Over HTTP on 127.0.0.1 all servers are at /mcp, with names such as files__read_file, and each alone at /mcp/NAME with its own names. Revisions 2024-11-05 to 2025-11-25 with sessions, and 2026-07-28 without.',
    ],
    operands: [],
    flags: [
      { name: 'port', value: 'PORT', default: '4101', description: 'The port to answer on; 0 takes a free one' },
      { name: 'stdio', description: 'Serves the one client that started it, over stdin and stdout' },
      AGENT_FLAG,
      { ...DATA_FLAG, description: 'The data folder: servers.json, pins, and where its node answers' },
      NODE_URL_FLAG,
    ],
    examples: [
      { line: 'avactl gateway', what: 'http://127.0.0.1:4101/mcp' },
      { line: 'avactl gateway --stdio --agent release-bot', what: 'for a client that starts its servers itself' },
    ],
    run: async (call) => (await import('./gateway.ts')).gateway(call),
  },
  {
    name: 'tools diff',
    summary: 'Shows tools that are not as they were pinned',
    details: [
      'The first use of a tool through `wrap` or `gateway` pins what it says of itself: name, title, description, schemas, annotations. When that changes, the tool is neither listed nor called until `avactl tools pin`. Exit 9 where something has changed.',
    ],
    operands: [{ name: 'SERVER', count: 'maybe', description: 'Of this server alone' }],
    flags: [DATA_FLAG],
    examples: [{ line: 'avactl tools diff', what: 'line by line, of all servers' }],
    run: async (call) => (await import('./tools-pin.ts')).diffTools(call),
  },
  {
    name: 'tools pin',
    summary: 'Pins tools of a server as they are now',
    details: [
      'Read `avactl tools diff` first: what a tool says of itself is read by the agent like an instruction. Gateways that run take it up by themselves.',
    ],
    operands: [
      { name: 'SERVER', count: 'one', description: 'The name of the server' },
      { name: 'TOOL', count: 'any', description: 'These tools; all that changed where none is named' },
    ],
    flags: [DATA_FLAG],
    examples: [{ line: 'avactl tools pin github create_pr', what: 'after a look at what changed' }],
    run: async (call) => (await import('./tools-pin.ts')).pinTools(call),
  },
];
