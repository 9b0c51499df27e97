/** A client of tool servers that does as little as it can, so that what is measured is not the client: one call at a time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { Agent, request as httpRequest } from 'node:http';

export interface BenchClient {
  /** The text of the tool's first block. */
  call(tool: string, args: object): Promise<string>;
  stop(): void;
}

type Ask = (method: string, params: object, notice?: boolean) => Promise<unknown>;

const REVISION = '2025-11-25';

async function greeted(ask: Ask, stop: () => void): Promise<BenchClient> {
  await ask('initialize', { protocolVersion: REVISION, capabilities: {}, clientInfo: { name: 'bench', version: '1' } });
  await ask('notifications/initialized', {}, true);
  await ask('tools/list', {});
  return {
    async call(tool, args) {
      const { content, isError } = (await ask('tools/call', { name: tool, arguments: args })) as { content: { text: string }[]; isError?: boolean };
      if (isError === true) throw new Error(content[0].text);
      return content[0].text;
    },
    stop,
  };
}

const resultOf = (text: string): unknown => {
  const { result, error } = JSON.parse(text) as { result?: unknown; error?: { message: string } };
  if (error !== undefined) throw new Error(error.message);
  return result;
};

export async function stdioClient(command: string, args: readonly string[]): Promise<BenchClient> {
  const child: ChildProcess = spawn(command, [...args], { stdio: ['pipe', 'pipe', 'ignore'] });
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: unknown) => void }>();
  let rest = '';
  let next = 0;
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const { id, method } = JSON.parse(line) as { id?: number; method?: string };
      const asked = method === undefined && id !== undefined ? waiting.get(id) : undefined;
      if (asked === undefined || id === undefined) continue;
      waiting.delete(id);
      try {
        asked.resolve(resultOf(line));
      } catch (error) {
        asked.reject(error);
      }
    }
  });
  const ask: Ask = (method, params, notice = false) => {
    next += 1;
    child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...(!notice && { id: next }), method, params })}\n`);
    return notice ? Promise.resolve() : new Promise((resolve, reject) => waiting.set(next, { resolve, reject }));
  };
  return greeted(ask, () => void child.kill());
}

export async function httpClient(url: string): Promise<BenchClient> {
  const agent = new Agent({ keepAlive: true });
  let session: string | undefined;
  let next = 0;
  const ask: Ask = (method, params, notice = false) =>
    new Promise((resolve, reject) => {
      next += 1;
      const body = JSON.stringify({ jsonrpc: '2.0', ...(!notice && { id: next }), method, params });
      const headers = {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'content-length': Buffer.byteLength(body),
        ...(session !== undefined && { 'mcp-session-id': session, 'mcp-protocol-version': REVISION }),
      };
      const sent = httpRequest(url, { method: 'POST', agent, headers }, (response) => {
        session ??= response.headers['mcp-session-id'] as string | undefined;
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          if (notice) return resolve(undefined);
          const data = text.startsWith('{')
            ? text
            : (text.split('\n').findLast((line) => line.startsWith('data: {') && line.includes(`"id":${next}`)) ?? '').slice(6);
          try {
            resolve(resultOf(data));
          } catch (error) {
            reject(new Error(`status ${response.statusCode}: ${text.slice(0, 200)}`, { cause: error }));
          }
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  return greeted(ask, () => agent.destroy());
}
