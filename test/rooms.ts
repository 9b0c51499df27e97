/**
 * The room table (docs/architecture.md shows it): the data of test/tidy.test.ts. A room is a folder of `src/`; its
 * surface are the files, at most six, that other rooms may import. Every room may import base. A change here is a change of the design.
 */

export interface Room {
  readonly sentence: string;
  /** File names without `.ts`. */
  readonly surface: readonly string[];
  readonly imports: readonly string[];
  /** Packages from outside that it may import; `node:` modules are free in rooms that are not pure. */
  readonly packages?: readonly string[];
  /** No clock, no chance, no input or output, no promises, no floats: the same answer everywhere, for ever. */
  readonly pure?: boolean;
  /** Runs in browsers too, and stands alone: no `node:` module, nothing of any other room. */
  readonly browser?: boolean;
}

const BELOW_LAW = ['crypto', 'merkle', 'vm', 'rule', 'facet'];
const PURE_ROOMS = [...BELOW_LAW, 'law', 'governance', 'machine'];

export const ROOMS: Readonly<Record<string, Room>> = {
  base: { sentence: 'bytes, deterministic codec, faults, bounds', surface: ['bytes', 'cbor', 'record', 'fault', 'limit', 'nearest'], imports: [], pure: true },
  crypto: { sentence: 'one scheme a file, clause by clause', surface: ['hash', 'suite', 'bls', 'threshold', 'kem', 'prove'], imports: [], pure: true },
  merkle: { sentence: 'trees, proofs, notes', surface: ['tree', 'sparse', 'note', 'proof', 'tile'], imports: ['crypto'], pure: true },
  vm: { sentence: 'runs untrusted wasm under gas', surface: ['admit', 'run', 'guest', 'host', 'schedule', 'trap'], imports: ['crypto'], pure: true },
  rule: {
    sentence: 'from manifest to IR, bytes, cost',
    surface: ['manifest', 'compile', 'ir', 'input', 'judge', 'print'],
    imports: ['crypto'],
    packages: ['yaml'],
    pure: true,
  },
  facet: {
    sentence: 'what an action really does',
    surface: ['facet', 'map', 'map-source', 'flow', 'guess', 'version'],
    imports: ['crypto'],
    packages: ['yaml'],
    pure: true,
  },
  governance: { sentence: 'who may change what, when', surface: ['level', 'role', 'proposal', 'ballot', 'quorum', 'halt'], imports: ['crypto'], pure: true },
  law: {
    sentence: 'what is in force: genesis, compiled rules, roots',
    surface: ['genesis', 'law', 'rule', 'guest-test', 'sum-input', 'source'],
    imports: BELOW_LAW,
    packages: ['yaml'],
    pure: true,
  },
  machine: {
    sentence: 'the state machine; only writer of state',
    surface: ['transaction', 'receipt', 'block', 'state', 'apply', 'judge'],
    imports: PURE_ROOMS,
    pure: true,
  },
  store: {
    sentence: 'durable bytes and following them',
    surface: ['folder', 'log', 'frame', 'state', 'tiles', 'follow'],
    imports: ['crypto', 'merkle'],
    packages: ['lmdb'],
  },
  audit: { sentence: 'believes nobody: fsck, replay, bundles', surface: ['fsck', 'replay', 'bundle', 'trace'], imports: [...PURE_ROOMS, 'store'] },
  sequencer: {
    sentence: 'orders what comes in: solo (one node)',
    surface: ['port', 'solo', 'comet', 'edge', 'memo', 'ledger-log'],
    imports: [...PURE_ROOMS, 'store'],
  },
  chains: { sentence: 'reads, proves, writes EVM chains', surface: ['watch', 'send', 'abi'], imports: ['crypto', 'merkle'] },
  api: {
    sentence: 'shapes once; routes; client over HTTP or in process',
    surface: ['schema', 'routes', 'client', 'events', 'announcement', 'tool-view'],
    imports: [...PURE_ROOMS, 'store', 'sequencer', 'audit'],
    packages: ['typebox'],
  },
  service: { sentence: 'a folder a role', surface: ['start'], imports: ['api', 'crypto', 'rule', 'chains', 'audit'] },
  mcp: { sentence: 'the gateway for MCP', surface: ['start', 'pin', 'names', 'denial', 'told'], imports: ['api'], packages: ['undici'] },
  connect: {
    sentence: "puts AVA before agents' programs: their settings, hooks, a canary, what is covered",
    surface: ['connect', 'disconnect', 'program', 'coverage', 'hook', 'canary'],
    imports: ['api', 'mcp'],
    packages: ['jsonc-parser', 'smol-toml', '@modelcontextprotocol/sdk'],
  },
  author: {
    sentence: 'what rule authors use: drafts, solver, lint, diff, import, build',
    surface: ['draft', 'solver', 'lint', 'diff', 'import', 'build'],
    imports: [...PURE_ROOMS, 'audit'],
    packages: ['yaml', 'z3-solver'],
  },
  cli: {
    sentence: 'the commands of avactl',
    surface: ['main'],
    imports: [...PURE_ROOMS, 'store', 'audit', 'sequencer', 'chains', 'api', 'service', 'mcp', 'node', 'author', 'connect'],
    packages: ['yaml', '@modelcontextprotocol/sdk'],
  },
  node: {
    sentence: 'composition root: one node from its parts',
    surface: ['start', 'ledger', 'constitution', 'genesis', 'owner', 'notify'],
    imports: [...PURE_ROOMS, 'store', 'audit', 'sequencer', 'chains', 'api', 'service', 'mcp', 'connect'],
  },
  sdk: {
    sentence: 'asks AVA before a tool runs: a workspace, for browsers too',
    surface: [],
    imports: [],
    packages: ['ai', 'langchain', '@openai/agents', '@opentelemetry/api'],
    browser: true,
  },
};

/** Where programs begin: what neither these nor a test reaches is dead. Globs from the root. */
export const ENTRIES: readonly string[] = [
  'bin/avactl.mjs',
  'src/cli/main.ts',
  'src/api/client.ts',
  'tools/*.mjs',
  'tools/check.ts',
  'tools/test.ts',
  'bench/*.ts',
  'spec/make-*.ts',
  'spec/suite/*.ts',
  'guest/*.mjs',
  'sdk/make-shapes.ts',
  // the entry points of sdk/package.json
  'sdk/src/{client,guard,session,error,refusal,proof,proof-log,ai,langchain,openai-agents,agent-hooks,otel}.ts',
  '**/*.test.ts',
];

/** Files of pure rooms that divide: how many divisions, and why none is a float that could differ. */
export const DIVISIONS: Readonly<Record<string, readonly [count: number, reason: string]>> = {
  'src/base/cbor-writer.ts': [1, 'the high word of a length: Math.floor of a safe integer by 2^32 is exact'],
  'src/merkle/proof.ts': [2, 'halves and powers of two of safe integers: exact'],
  'src/merkle/tile.ts': [4, 'Math.floor of safe integers by 256 and 1000: exact below 2^53'],
  'src/rule/arithmetic.ts': [1, 'bigint division'],
  'src/rule/double.ts': [4, 'the division of doubles itself, which IEEE 754 rounds in one way, in one place; else bigint division'],
  'src/rule/print.ts': [1, 'minutes by sixty: the dividend is a multiple'],
  'src/rule/time.ts': [23, 'bigint division'],
  'src/rule/scope.ts': [1, 'bigint division'],
  'src/rule/wasm-node.ts': [2, 'pairs: an even count by two'],
  'src/rule/writer-value.ts': [1, 'the high word of a safe integer: Math.floor by 2^32 is exact'],
  'src/rule/cost.ts': [2, 'multiples of eight by eight or two: exact'],
  'src/facet/money.ts': [1, 'bigint division'],
};
