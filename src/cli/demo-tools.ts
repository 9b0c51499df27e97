/** The two MCP servers of the demo: real ones from npm, each a process of its own, spoken to over stdio. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Fault } from '../base/fault.ts';
import type { ScriptedCall } from './demo-story.ts';

export interface ToolResult {
  readonly ok: boolean;
  /** The text parts of the answer. */
  readonly text: string;
}

export interface Tools {
  readonly names: readonly string[];
  call(call: Pick<ScriptedCall, 'server' | 'tool' | 'args'>): Promise<ToolResult>;
  close(): Promise<void>;
}

const PACKAGES = { filesystem: '@modelcontextprotocol/server-filesystem', memory: '@modelcontextprotocol/server-memory' } as const;

/** The program of an installed package. @throws Fault config */
function programOf(name: string): string {
  try {
    const require = createRequire(import.meta.url);
    const manifest = require.resolve(`${name}/package.json`);
    const [program] = Object.values((require(manifest) as { bin: Record<string, string> }).bin);
    return join(dirname(manifest), program);
  } catch {
    throw new Fault('config', `the demo needs the package ${name}, which is not installed: npm install ${name}`, { package: name });
  }
}

/** The MCP client. @throws Fault config */
async function loadSdk() {
  try {
    const [{ Client }, { StdioClientTransport }] = await Promise.all([
      import('@modelcontextprotocol/sdk/client/index.js'),
      import('@modelcontextprotocol/sdk/client/stdio.js'),
    ]);
    return { Client, StdioClientTransport };
  } catch {
    throw new Fault('config', 'the demo needs the package @modelcontextprotocol/sdk, which is not installed: npm install @modelcontextprotocol/sdk');
  }
}

/** Starts both. `memory` is the file in which the memory server keeps what it is told. @throws Fault config */
export async function startTools(folder: string, memory: string): Promise<Tools> {
  const programs = { filesystem: programOf(PACKAGES.filesystem), memory: programOf(PACKAGES.memory) };
  const { Client, StdioClientTransport } = await loadSdk();
  const connect = async (name: keyof typeof PACKAGES, args: readonly string[], env: Readonly<Record<string, string>>): Promise<InstanceType<typeof Client>> => {
    const client = new Client({ name: 'avactl-demo', version: '1' });
    await client.connect(new StdioClientTransport({ command: process.execPath, args: [programs[name], ...args], env: { ...env }, stderr: 'ignore' }));
    return client;
  };
  const started = await Promise.allSettled([connect('filesystem', [folder], {}), connect('memory', [], { MEMORY_FILE_PATH: memory })]);
  const clients = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const close = async (): Promise<void> => {
    await Promise.allSettled(clients.map((client) => client.close()));
  };
  const failed = started.find((one) => one.status === 'rejected');
  if (failed !== undefined) {
    await close();
    throw new Fault('config', `an MCP server of the demo does not start: ${failed.reason instanceof Error ? failed.reason.message : String(failed.reason)}`);
  }
  const by = { filesystem: clients[0], memory: clients[1] };
  const lists = await Promise.all(clients.map((client) => client.listTools()));
  return {
    names: lists.flatMap(({ tools }) => tools.map(({ name }) => name)),
    async call({ server, tool, args }) {
      const { content, isError } = await by[server].callTool({ name: tool, arguments: { ...args } });
      const parts = Array.isArray(content) ? (content as readonly { readonly type: string; readonly text?: string }[]) : [];
      return { ok: isError !== true, text: parts.map((part) => part.text ?? `(${part.type})`).join('\n') };
    },
    close,
  };
}
