/** All commands of avactl, each declared once: parsing, help and docs/cli.md read this table. */
import { DATA_FLAG, NODE_FLAGS, PORT_FLAG, URL_FLAG } from './address.ts';
import type { Call, Command, Flag, Operand } from './command.ts';
import { EXIT } from './exit.ts';
import { cliPage, commandHelp, groupHelp, groupOf, overview } from './help.ts';
import { parseCommand } from './parse.ts';
import { CONNECT_COMMANDS } from './table-connect.ts';
import { GATEWAY_COMMANDS } from './table-gateway.ts';
import { OWNER_COMMANDS } from './table-owner.ts';
import { PACK_COMMANDS } from './table-packs.ts';
import { RULE_COMMANDS } from './table-rules.ts';
import { TOOL_COMMANDS } from './table-tools.ts';
import { VERSION } from './version.ts';

const CONSTITUTION_FLAG: Flag = {
  name: 'constitution',
  value: 'PACK|DIR',
  default: 'starter',
  description: 'The first law of a new data folder (another keeps its own): a pack that comes with AVA, or a folder with constitution.yaml',
};
const RECEIPT: Operand = { name: 'RECEIPT', count: 'one', description: 'The id of a receipt, such as 128.0.1f0c22d9a3b7, or a bundle file' };

export const COMMANDS: readonly Command[] = [
  {
    name: 'up',
    summary: 'Starts a node on 127.0.0.1',
    details: [
      'Makes the data folder and its owner key where they are missing, opens the ledger, and answers at http://127.0.0.1:4100. Runs until it is interrupted, or goes on in the background with --detach.',
      'It says what is enforced and what is only observed, and until when. A folder that another process has open, that another version wrote, or a port in use is refused, and nothing is written.',
    ],
    operands: [],
    flags: [
      DATA_FLAG,
      { ...PORT_FLAG, description: 'The port to answer on; 0 takes a free one' },
      CONSTITUTION_FLAG,
      {
        name: 'origin',
        value: 'ORIGIN',
        multiple: true,
        description: 'A web page of this origin, such as http://localhost:3000, may call the node; no other page may',
      },
      { name: 'webhook', value: 'URL', description: 'Told, without arguments, of each call that waits for a person' },
      { name: 'webhook-secret', value: 'FILE', description: 'Signs what the hook is sent: AVA-Signature: sha256=HMAC of the body' },
      {
        name: 'gateway',
        value: 'PORT',
        description:
          'Serves the tool servers of servers.json to MCP clients too, as `avactl gateway` does, in this process: quicker, and their bytes are read where the key is',
      },
      { name: 'detach', short: 'd', description: 'Starts it in the background and returns once it is ready' },
    ],
    examples: [
      { line: 'avactl up', what: 'a node with the starter constitution' },
      { line: 'avactl up --data ./ledger --port 4200 --detach', what: 'another folder and port, in the background' },
      { line: 'avactl up --gateway 4101', what: 'node and gateway in one process: http://127.0.0.1:4101/mcp' },
    ],
    run: async (call) => (await import('./up.ts')).up(call),
  },
  {
    name: 'down',
    summary: 'Stops the node of a data folder',
    details: ['Asks the process that has the folder open to end, and waits until it has. All that was answered is durable.'],
    operands: [],
    flags: [DATA_FLAG, { name: 'wait', value: 'SECONDS', default: '30', description: 'How long to wait' }],
    examples: [{ line: 'avactl down', what: 'stops the node of ~/.ava' }],
    run: async (call) => (await import('./down.ts')).down(call),
  },
  {
    name: 'status',
    summary: 'Says whether a node runs, under which law, and how far its ledger is',
    details: [],
    operands: [],
    flags: NODE_FLAGS,
    examples: [{ line: 'avactl status --json', what: 'the same for scripts' }],
    run: async (call) => (await import('./status.ts')).status(call),
  },
  {
    name: 'doctor',
    summary: 'Looks for what is wrong here, and for ways past AVA',
    details: [
      'Checks Node, the data folder with its version, lock and modes, disk space, whether writes can be made durable, the port, the clock, and that the constitution compiles: the one in force, and the one that --constitution names. Then it lists what can act past AVA as far as it can be seen, for the programs that `connect` knows and this folder: servers that run past it, hooks that are missing or switched off, versions that ignore failed hooks, permissions that ask for nothing, programs that it does not know, credentials in the environment (names only). Nothing is changed.',
    ],
    operands: [],
    flags: [DATA_FLAG, PORT_FLAG, CONSTITUTION_FLAG],
    examples: [{ line: 'avactl doctor', what: 'exit 78 when something would keep a node from starting' }],
    run: async (call) => (await import('./doctor.ts')).doctor(call),
  },
  {
    name: 'demo',
    summary: 'Shows AVA at work on two real MCP servers, in a scratch folder',
    details: [
      'A scripted agent (no model) works with the MCP servers filesystem and memory until a file that it reads tells it to leak and delete things. Each call is judged by a real node over HTTP before it happens. At the end a receipt is explained, its bundle verified, and one flipped byte of the ledger found. Leaves nothing behind.',
    ],
    operands: [],
    flags: [],
    examples: [{ line: 'avactl demo', what: 'needs no node and no key' }],
    run: async (call) => (await import('./demo.ts')).demo(call),
  },
  {
    name: 'decide',
    summary: 'Asks for the verdict on one call of a tool',
    details: [
      'The decision is recorded like any other. With `-` the whole request is read from stdin, as POST /v1/decisions takes it; `session` may be missing there. Without --session a new one is opened. Exit 0 allow, 3 deny, 4 escalate.',
    ],
    operands: [{ name: 'TOOL', count: 'maybe', description: 'The name of the tool, or - for a request on stdin' }],
    flags: [
      { name: 'args', value: 'JSON', default: '{}', description: "The call's arguments" },
      { name: 'server', value: 'NAME', description: 'The server that has the tool' },
      { name: 'kind', value: 'KIND', default: 'tool.call', description: 'tool.call, tool.list, tool.result or user.input' },
      { name: 'context', value: 'JSON', description: 'Facts that you vouch for' },
      { name: 'session', value: 'ID', description: 'The session; a new one where not given' },
      { name: 'agent', value: 'NAME', default: 'avactl', description: 'The agent of a new session' },
      { name: 'user', value: 'TEXT', description: 'What the user asked for, told to the session first' },
      { name: 'dry-run', description: 'Asks for the verdict alone: no permit, nothing is reserved or counted' },
      ...NODE_FLAGS,
    ],
    examples: [
      { line: `avactl decide read_text_file --args '{"path":"/home/me/.ssh/id_ed25519"}'`, what: 'denied by the floor' },
      { line: `echo '{"action":{"kind":"tool.call","name":"send_money","args":{}}}' | avactl decide -`, what: 'a request on stdin' },
    ],
    run: async (call) => (await import('./decide.ts')).decide(call),
  },
  {
    name: 'log',
    summary: 'Prints decisions: time, verdict, tool, what, and the rule that decided',
    details: ['A `*` after the verdict: a rule that only observes would have been stricter. With --json one event a line.'],
    operands: [],
    flags: [
      { name: 'follow', short: 'f', description: 'Goes on with decisions as they happen' },
      { name: 'lines', short: 'n', value: 'N', default: '20', description: 'How many past decisions to print first' },
      { name: 'all', short: 'a', description: 'Sessions, inputs, outcomes and what was listed, too' },
      ...NODE_FLAGS,
    ],
    examples: [{ line: 'avactl log -f', what: 'watches' }],
    run: async (call) => (await import('./log.ts')).log(call),
  },
  {
    name: 'show',
    summary: 'Shows a receipt: what was asked, what was answered, where it stands',
    details: ['Reads from the node, from a bundle file, or from the data folder where no node runs.'],
    operands: [RECEIPT],
    flags: NODE_FLAGS,
    examples: [{ line: 'avactl show 128.0.1f0c22d9a3b7', what: 'the receipt of a decision' }],
    run: async (call) => (await import('./show.ts')).show(call),
  },
  {
    name: 'explain',
    summary: 'Explains a decision rule by rule, with what would have passed',
    details: [
      'Verifies the bundle and recomputes the verdict, so that nothing here rests on what a server says. For each rule that objected: its inputs with their origin, what its conditions gave, its advice, and each single input that, changed alone, would have let the rule pass.',
      'With --trace each rule in scope is judged once more with its steps taken down. Inputs hash, gas and trace that come out of the steps must be those of the receipt. Where inputs were erased it says so: exit 8.',
    ],
    operands: [RECEIPT],
    flags: [
      { name: 'all', short: 'a', description: 'The rules that passed in full, too' },
      { name: 'trace', description: 'Every step: node by node of an expression, function by function of a guest with its gas' },
      ...NODE_FLAGS,
    ],
    examples: [
      { line: 'avactl explain p.ava', what: 'from a bundle file, without any node' },
      { line: 'avactl explain 128.0.1f0c22d9a3b7 --trace', what: 'step by step, each compared with what the receipt commits to' },
    ],
    run: async (call) => (await import('./explain.ts')).explain(call),
  },
  {
    name: 'verify',
    summary: 'Verifies a bundle file, or a whole data folder; needs no server',
    details: [
      'A bundle: genesis, signature, inclusion, the rules and how they became law, then the verdict and gas are recomputed. A folder: every byte, link and signature, and every block is made again. Exit 7 when anything fails, 8 when inputs were erased and the verdict could not be recomputed.',
    ],
    operands: [{ name: 'FILE|DIR', count: 'one', description: 'A bundle file or a data folder' }],
    flags: [{ name: 'network', value: 'HEX', description: 'Refuses any other network than this' }],
    examples: [
      { line: 'avactl verify p.ava', what: 'on any machine' },
      { line: 'avactl verify ~/.ava', what: 'the whole ledger' },
    ],
    run: async (call) => (await import('./verify.ts')).verify(call),
  },
  {
    name: 'bundle',
    summary: 'Writes what an outsider needs to verify a receipt, in one file',
    details: ["It holds the call's arguments: give it only to whom you would show these."],
    operands: [RECEIPT],
    flags: [{ name: 'output', short: 'o', value: 'FILE', description: 'The file; RECEIPT.ava where not given' }, ...NODE_FLAGS],
    examples: [{ line: 'avactl bundle 128.0.1f0c22d9a3b7 -o p.ava', what: 'then: avactl verify p.ava' }],
    run: async (call) => (await import('./bundle.ts')).bundle(call),
  },
  {
    name: 'trace',
    summary: 'Judges files of recorded agent runs through a node',
    details: [
      "Each line of a file is a run: `user_prompt` and `steps` of `{tool, args, result, error, user?}`. Per run a session is opened, the user's words are its input, each step is decided, and what was allowed reports its recorded result. Steps whose arguments are past the limits count as denied by `limit`.",
      'Without --url a node is started for this on a free port: in --data, else in a scratch folder that is taken away again.',
    ],
    operands: [{ name: 'FILE', count: 'many', description: 'JSON lines, gzipped or not' }],
    flags: [
      { name: 'decisions', value: 'OUT', description: 'Writes {trace, step, verdict, rule, receipt} a call' },
      { name: 'data', value: 'DIR', description: 'The data folder of the node that is started' },
      CONSTITUTION_FLAG,
      { ...URL_FLAG, description: 'A node that runs already' },
    ],
    examples: [{ line: 'avactl trace runs.jsonl.gz --decisions out.jsonl', what: 'prints a summary by rule' }],
    run: async (call) => (await import('./trace.ts')).trace(call),
  },
  {
    name: 'rules list',
    summary: 'Lists the rules in force',
    details: [],
    operands: [],
    flags: NODE_FLAGS,
    examples: [{ line: 'avactl rules list', what: 'mode, answer, gas and title of each' }],
    run: async (call) => (await import('./rules.ts')).listRules(call),
  },
  {
    name: 'rules show',
    summary: 'Shows one rule: its condition, inputs, parameters and advice',
    details: [],
    operands: [{ name: 'NAME', count: 'one', description: 'The name of the rule' }],
    flags: NODE_FLAGS,
    examples: [{ line: 'avactl rules show money/call', what: 'the rule as it is law' }],
    run: async (call) => (await import('./rules.ts')).showRule(call),
  },
  ...CONNECT_COMMANDS,
  ...TOOL_COMMANDS,
  ...GATEWAY_COMMANDS,
  ...PACK_COMMANDS,
  ...RULE_COMMANDS,
  {
    name: 'rules build',
    summary: 'Builds a rule from its source and runs its tests',
    details: [
      'A folder is one rule: rule.yaml and beside it rule.ts (AssemblyScript), rule.rs (Rust) or rule.rego; or an expression in rule.yaml; or a module from elsewhere. The source is compiled with fixed settings, so that the same source and compiler give the same bytes; the module is admitted under the limits of the rule, and the tests of rule.yaml run on it under gas. Written are the module that `program` names and inputs.ts or inputs.rs, with the number of each input. Exit 65 when a test fails.',
      'Needed are, for AssemblyScript `npm install --save-dev assemblyscript`; for Rust rustc 1.63 or later with wasm32-unknown-unknown (RUSTC names one); for Rego opa (OPA names one).',
    ],
    operands: [{ name: 'DIR', count: 'one', description: 'The folder of the rule' }],
    flags: [{ name: 'check', description: 'Writes nothing; exit 7 when the files are not what the source gives' }],
    examples: [
      { line: 'avactl rules build ./lookalike', what: 'compiles, admits, tests, writes rule.wasm' },
      { line: 'avactl rules build ./lookalike --check', what: 'whether the committed module is what its source gives' },
    ],
    run: async (call) => (await import('./rules-build.ts')).buildRules(call),
  },
  ...OWNER_COMMANDS,
  {
    name: 'halt rule',
    summary: 'Stops one rule for a while: what it is about is denied',
    details: [
      'For emergencies: a rule that lets through what it must not, or that keeps failing. While it is halted it denies without running, whatever its on_fault says; all other rules go on. A halt only halts: it loosens nothing, and it ends by itself. It is a transaction, signed with the key in the data folder, and the ledger keeps who, when and why.',
    ],
    operands: [{ name: 'NAME', count: 'one', description: 'The name of the rule' }],
    flags: [
      { name: 'for', value: 'TIME', default: '1h', description: 'How long, such as 90m, 12h or 7d; at most 30 days' },
      { name: 'reason', value: 'TEXT', description: 'Why; kept in the ledger' },
      ...NODE_FLAGS,
    ],
    examples: [{ line: 'avactl halt rule money/call --for 2h --reason loophole', what: 'denies what money/call is about for two hours' }],
    run: async (call) => (await import('./halt.ts')).haltRule(call),
  },
  {
    name: 'resume rule',
    summary: 'Ends the halt of a rule before its time',
    details: ['Signed like the halt. An open breaker is left alone: it closes by itself.'],
    operands: [{ name: 'NAME', count: 'one', description: 'The name of the rule' }],
    flags: NODE_FLAGS,
    examples: [{ line: 'avactl resume rule money/call', what: 'lets it judge again' }],
    run: async (call) => (await import('./halt.ts')).resumeRule(call),
  },
  {
    name: 'help',
    summary: 'Shows help for all or one of the commands',
    details: [],
    operands: [
      { name: 'COMMAND', count: 'maybe', description: 'The name of a command' },
      { name: 'WORD', count: 'maybe', description: 'Its second word' },
    ],
    flags: [{ name: 'markdown', description: 'Prints docs/cli.md' }],
    examples: [{ line: 'avactl help rules show', what: 'help for a command' }],
    run: async (call) => help(call),
  },
  {
    name: 'version',
    summary: 'Prints the version',
    details: [],
    operands: [],
    flags: [],
    examples: [],
    run: async ({ out }) => {
      out.value({ version: VERSION, node: process.versions.node });
      out.line(VERSION);
      return EXIT.ok;
    },
  },
];

function help(call: Call): number {
  const { out } = call;
  if (call.given('markdown')) out.raw(cliPage(COMMANDS));
  else if (call.operands.length === 0) out.line(overview(COMMANDS, VERSION));
  else if (call.operands.length === 1 && groupOf(call.operands[0], COMMANDS).length > 0) {
    out.line(groupHelp(call.operands[0], COMMANDS));
    out.value(groupOf(call.operands[0], COMMANDS).map(describe));
    return EXIT.ok;
  } else {
    const { command } = parseCommand([...call.operands, '--help'], COMMANDS);
    if (command !== null) out.line(commandHelp(command));
    out.value(command === null ? null : describe(command));
    return EXIT.ok;
  }
  out.value(COMMANDS.map(describe));
  return EXIT.ok;
}

const describe = ({ name, summary, details, operands, flags, examples }: Command): unknown => ({ name, summary, details, operands, flags, examples });
