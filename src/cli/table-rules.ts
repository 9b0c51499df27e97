/** The commands for authors of rules, in the table of all. */
import { NODE_FLAGS } from './address.ts';
import type { Command, Operand } from './command.ts';

const FILE: Operand = { name: 'FILE', count: 'one', description: 'A rule file, or the folder of one' };
const FILES: Operand = { name: 'FILE|DIR', count: 'maybe', description: "A rule file, or a constitution's folder; this folder where not given" };

export const RULE_COMMANDS: readonly Command[] = [
  {
    name: 'rules new',
    summary: 'Begins a rule: from a template, or from a recorded call',
    details: [
      'Writes a folder with rule.yaml, which builds and passes its tests as it stands, and beside it the source where the language has one. With --from the inputs, their types and bounds and the tests are those of a decision in the ledger.',
    ],
    operands: [{ name: 'NAME', count: 'one', description: 'The name of the rule, such as payments/limit' }],
    flags: [
      { name: 'lang', value: 'LANGUAGE', default: 'cel', description: 'cel, assemblyscript, rust or rego' },
      { name: 'from', value: 'RECEIPT', description: 'The id of a receipt, or a bundle file' },
      { name: 'output', short: 'o', value: 'DIR', description: 'The folder; the last part of NAME where not given' },
      ...NODE_FLAGS,
    ],
    examples: [
      { line: 'avactl rules new payments/limit', what: 'payments by an expression, in ./limit' },
      { line: 'avactl rules new graph/path --lang rust', what: 'the same rule as a program' },
      { line: 'avactl rules new mail/like-that --from 128.0.1f0c22d9a3b7', what: 'from what an agent did' },
    ],
    run: async (call) => (await import('./rules-new.ts')).newRule(call),
  },
  {
    name: 'rules test',
    summary: "Runs rules' own tests, and says why one fails",
    details: [
      'Each test runs on the interpreter and on the WebAssembly module that judges; both must agree. Of a test that fails: its inputs, what each condition gave, and which single input would let the rule pass. Exit 65 when one fails.',
    ],
    operands: [FILES],
    flags: [],
    examples: [{ line: 'avactl rules test ./limit', what: 'the tests of ./limit/rule.yaml' }],
    run: async (call) => (await import('./rules-test.ts')).testRules(call),
  },
  {
    name: 'rules lint',
    summary: 'Finds rules that never match, always deny, or change nothing',
    details: [
      "Each rule by itself: a scope that nothing is in, an expression that never passes, always passes or can be an error, parameters and inputs that nothing reads, ends of a parameter's range that make the rule idle, tests that fail or are missing. Of a constitution also: a rule that other rules make idle, and grants that another rule takes back.",
      'Claims about what a rule means are proved by a solver (the optional package z3-solver) over bounded inputs, and say where a bound matters. Each example is judged by the interpreter before it is shown. Exit 65 when there is an error.',
    ],
    operands: [FILES],
    flags: [],
    examples: [
      { line: 'avactl rules lint my-rule.yaml', what: 'one rule' },
      { line: 'avactl rules lint constitutions/starter --json', what: 'a constitution, for an editor or CI' },
    ],
    run: async (call) => (await import('./rules-lint.ts')).lintRules(call),
  },
  {
    name: 'rules diff',
    summary: 'Says what becomes looser and what stricter, with an example of each',
    details: [
      'Compares two rule files, or two folders with a constitution. First the changes in words; then, for each rule that changed and for the verdict of all rules together, a call that is judged less strictly than before and one that is judged more strictly, found by a solver and judged by the interpreter; or the statement that there is none, with the bounds within which that is proved.',
    ],
    operands: [
      { name: 'OLD', count: 'one', description: "A rule file, or a constitution's folder" },
      { name: 'NEW', count: 'one', description: 'What it would become' },
    ],
    flags: [],
    examples: [{ line: 'avactl rules diff constitutions/starter ./mine', what: 'before a proposal' }],
    run: async (call) => (await import('./rules-diff.ts')).diffRules(call),
  },
  {
    name: 'rules gas',
    summary: 'Shows what a judgement costs, and which part of the rule costs it',
    details: [
      'Of an expression: gas of each node from the declared bounds, a constant whatever the inputs, dearest first, and the totals against the limits of the rule. Of a guest: the gas that its tests took. Smaller bounds of inputs make a rule cheaper.',
    ],
    operands: [FILE],
    flags: [{ name: 'all', short: 'a', description: 'Every node' }],
    examples: [{ line: 'avactl rules gas rule.yaml', what: 'where the gas goes' }],
    run: async (call) => (await import('./rules-gas.ts')).gasOfRule(call),
  },
  {
    name: 'rules export',
    summary: 'Writes a rule as JSON, law bytes, IR, WebAssembly or SMT-LIB',
    details: [
      'json: the manifest with all defaults, id, gas and the expression as it was understood. cbor: the manifest as law has it. ir: the program whose hash is the id. wasm: the module that judges, or the guest as it was given. smt: the rule for a solver of your own.',
    ],
    operands: [FILE],
    flags: [
      { name: 'format', value: 'FORMAT', default: 'json', description: 'json, cbor, ir, wasm or smt' },
      { name: 'output', short: 'o', value: 'FILE', description: 'The file; stdout where not given and the form is text' },
    ],
    examples: [{ line: 'avactl rules export rule.yaml --format wasm -o rule.wasm', what: 'the module that judges' }],
    run: async (call) => (await import('./rules-export.ts')).exportRule(call),
  },
  {
    name: 'rules import',
    summary: 'Makes rules from what other tools have',
    details: [
      "claude: `permissions` of Claude Code's settings. mcp: the servers of .mcp.json. agt: a policy document of the agent-governance-toolkit. rego: a policy that OPA compiles, run unmodified. cedar: policies, as far as they need no entities.",
      "Writes a constitution's folder with rules and their tests, and says what was translated, what the rules say otherwise than the source (always more strictly), and what was left out and why. The result is linted. Exit 65 when that finds an error.",
    ],
    operands: [{ name: 'FILE', count: 'one', description: 'The file to read' }],
    flags: [
      { name: 'kind', value: 'KIND', description: 'claude, mcp, agt, rego or cedar; by what the file holds where not given' },
      { name: 'output', short: 'o', value: 'DIR', description: 'The folder; imported-KIND where not given' },
    ],
    examples: [
      { line: 'avactl rules import .claude/settings.json', what: 'deny, ask and allow as rules' },
      { line: 'avactl rules import policy.cedar -o ./policy', what: 'what cannot be said is named with line and column' },
    ],
    run: async (call) => (await import('./rules-import.ts')).importFile(call),
  },
];
