/**
 * The suites of `npm test`: which files, and which outside tools they need. A file belongs to the first suite
 * that names it. A suite whose tool is absent is left out and listed; with CI=true the tool is installed first.
 */

/** An outside tool: the command that shows it is there, and the one that brings it. */
export interface Tool {
  readonly probe: readonly string[];
  /** Packages of Debian, or of PyPI. */
  readonly apt?: readonly string[];
  readonly pip?: readonly string[];
  /** A command of a Go module, put beside npm's. */
  readonly go?: string;
}

export interface Suite {
  readonly name: string;
  /** Globs, from the root of the repository. */
  readonly files: readonly string[];
  readonly needs?: readonly ToolName[];
  /** Files at the same time; all processors where not given. 1 for suites that measure time. */
  readonly parallel?: number;
  /** Minutes after which one file is ended, and fails; 5 where not given. */
  readonly minutes?: number;
}

const tools = {
  python3: { probe: ['python3', '--version'], apt: ['python3'] },
  // fetches published vectors: test/vectors/Cargo.toml
  cargo: { probe: ['cargo', '--version'], apt: ['cargo'] },
  wabt: { probe: ['wast2json', '--version'], apt: ['wabt'] },
  binaryen: { probe: ['wasm-opt', '--version'], apt: ['binaryen'] },
  // the version that committed guests were made with: guest/compilers.json
  rustc: {
    probe: ['bash', '-c', '/usr/bin/rustc --version | grep -qF "rustc 1.63.0" && test -d /usr/lib/rustlib/wasm32-unknown-unknown/lib && which wasm-ld-14'],
    apt: ['rustc', 'libstd-rust-dev-wasm32', 'lld-14'],
  },
  opa: { probe: ['bash', '-c', 'opa version | grep -qF "Version: 1.22.2"'], go: 'github.com/open-policy-agent/opa@v1.22.2' },
  // where tracing is forbidden it is of no use
  strace: { probe: ['strace', '-qq', '-o', '/dev/null', 'true'], apt: ['strace'] },
  chromium: { probe: ['/usr/bin/chromium', '--version'], apt: ['chromium'] },
  // the host and the vectors of the agent-hooks conformance test, pinned by their checksums
  agenthooks: {
    probe: ['test', '-d', 'sdk/test/.vendor/agent_hooks_sdk-0.1.0b3.dist-info'],
    pip: ['--require-hashes', '--no-deps', '--target', 'sdk/test/.vendor', '-r', 'sdk/test/agent-hooks.txt'],
  },
} as const satisfies Record<string, Tool>;

export type ToolName = keyof typeof tools;
export const TOOLS: Readonly<Record<ToolName, Tool>> = tools;

export const SUITES: readonly Suite[] = [
  { name: 'spec, by Python', files: ['test/{spec-python,cel}.test.ts'], needs: ['python3'] },
  { name: 'WebAssembly specification', files: ['spec/suite/wasm.test.ts'], needs: ['cargo', 'wabt'] },
  { name: 'modules of binaryen', files: ['test/vm-binaryen.test.ts'], needs: ['binaryen'] },
  { name: 'modules of text', files: ['test/guest-built.test.ts'], needs: ['wabt'] },
  { name: 'guests in Rust', files: ['test/author-rust.test.ts', 'test/rules-page-rust.test.ts'], needs: ['rustc'] },
  { name: 'policies in Rego', files: ['test/author-rego.test.ts', 'test/rules-page-rego.test.ts'], needs: ['opa'] },
  { name: 'browser', files: ['test/approvals-page.test.ts', 'sdk/test/browser.test.ts'], needs: ['chromium'] },
  { name: 'house', files: ['test/{tidy,lock,package,readme,runner}.test.ts'] },
  { name: 'unit', files: ['src/**/*.test.ts'] },
  { name: 'agent-hooks conformance', files: ['sdk/test/agent-hooks.test.ts'], needs: ['python3', 'agenthooks'] },
  { name: 'SDK', files: ['sdk/src/*.test.ts', 'sdk/test/{package,readme}.test.ts'] },
  { name: 'specification', files: ['spec/**/*.test.ts', 'test/vectors-*.test.ts'] },
  { name: 'disk errors, by strace', files: ['test/disk-error.test.ts'], needs: ['strace'] },
  // the protocol's own suite, direct and through the gateway: 10 s
  { name: 'MCP conformance', files: ['test/mcp/conformance.test.ts'], parallel: 1 },
  { name: 'across rooms', files: ['test/**/*.test.ts'] },
  { name: 'sim', files: ['sim/**/*.test.ts'], minutes: 10 },
];
