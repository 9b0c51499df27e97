/**
 * Batch and stream through HTTP, durable: a JavaScript client on the same cores sends batches of 64 over 16 connections,
 * then one NDJSON stream. Each answer's verdict is checked where the request set says what it must be.
 */
import { Agent, type ClientRequest, request as httpRequest } from 'node:http';
import { parseArgs } from 'node:util';
import { emit, rounded } from './figure.ts';
import { type NodeProcess, startNodeProcess } from './node-process.ts';
import { type Expected, requests } from './requests.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '4' } } });
const seconds = Number(values.seconds);
const BATCH = 64;
const BATCH_CONNECTIONS = 16;
const STREAM_OPEN = 256;

async function post(node: NodeProcess, path: string, body: unknown): Promise<Record<string, string>> {
  const answer = await fetch(node.url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as Record<string, string>;
}

async function shaped(node: NodeProcess, list: readonly Expected[]): Promise<{ line: string; allow: boolean | null }[]> {
  const sessions = new Map<string, string>();
  for (const { request } of list)
    if (!sessions.has(request.session)) sessions.set(request.session, (await post(node, '/v1/sessions', { agent: request.agent })).session);
  return list.map(({ allow, request }) => ({
    allow,
    line: JSON.stringify({
      session: sessions.get(request.session),
      action: { kind: 'tool.call', name: request.tool, args: request.args },
      context: request.facts,
      permit: false,
    }),
  }));
}

const isWrong = (verdict: string, allow: boolean | null): boolean => allow !== null && (verdict === 'allow') !== allow;

async function batches(node: NodeProcess, set: { line: string; allow: boolean | null }[], count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: count });
  const bodies: { body: string; from: number }[] = [];
  for (let from = 0; from + BATCH <= set.length; from += BATCH)
    bodies.push({
      body: `{"decisions":[${set
        .slice(from, from + BATCH)
        .map(({ line }) => line)
        .join(',')}]}`,
      from,
    });
  let next = 0;
  let done = 0;
  let wrong = 0;
  const times: number[] = [];
  const send = (body: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const request = httpRequest(
        `${node.url}/v1/decisions/batch`,
        { method: 'POST', agent, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => resolve(Buffer.concat(chunks).toString()));
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  const warm = performance.now() + 1_000;
  const end = warm + seconds * 1_000;
  const before = { cpu: Number.NaN };
  const one = async (): Promise<void> => {
    for (;;) {
      const begin = performance.now();
      if (begin > end) return;
      const { body, from } = bodies[next++ % bodies.length];
      const answer = JSON.parse(await send(body)) as { decisions: { verdict: string }[] };
      answer.decisions.forEach(({ verdict }, i) => {
        if (isWrong(verdict, set[from + i].allow)) wrong++;
      });
      if (begin < warm) continue;
      if (Number.isNaN(before.cpu)) before.cpu = node.cpu_s();
      done += BATCH;
      times.push(performance.now() - begin);
    }
  };
  await Promise.all(Array.from({ length: count }, one));
  agent.destroy();
  times.sort((a, b) => a - b);
  emit({
    bench: `http/batch-64/${count}`,
    unit: 'decisions/s',
    value: Math.round(done / seconds),
    p50_ms: rounded(times[times.length >> 1]),
    cpu_us: Math.round(((node.cpu_s() - before.cpu) * 1e6) / done),
    wrong,
  });
}

async function stream(node: NodeProcess, set: { line: string; allow: boolean | null }[]): Promise<void> {
  let sent = 0;
  let answered = 0;
  let counted = 0;
  let wrong = 0;
  let rest = '';
  let cpu = Number.NaN;
  const warm = performance.now() + 1_000;
  const end = warm + seconds * 1_000;
  await new Promise<void>((resolve, reject) => {
    const fill = (request: ClientRequest): void => {
      if (performance.now() > end) {
        if (!request.writableEnded) request.end();
        return;
      }
      let lines = '';
      for (; sent - answered < STREAM_OPEN; sent++) lines += `${set[sent % set.length].line}\n`;
      if (lines !== '') request.write(lines);
    };
    const request = httpRequest(`${node.url}/v1/decisions/stream`, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' } }, (response) => {
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          if (isWrong((JSON.parse(line) as { verdict: string }).verdict, set[answered++ % set.length].allow)) wrong++;
          const now = performance.now();
          if (now < warm || now > end) continue;
          if (Number.isNaN(cpu)) cpu = node.cpu_s();
          counted++;
        }
        fill(request);
      });
      response.on('end', resolve);
      response.on('error', reject);
    });
    request.on('error', reject);
    fill(request);
  });
  emit({
    bench: 'http/stream',
    unit: 'decisions/s',
    value: Math.round(counted / seconds),
    open: STREAM_OPEN,
    cpu_us: Math.round(((node.cpu_s() - cpu) * 1e6) / counted),
    wrong,
  });
}

const node = await startNodeProcess('peers');
try {
  emit({ bench: 'node/start', unit: 'ms', value: Math.round(node.start_ms) });
  const set = await shaped(node, requests().list);
  await batches(node, set, 1);
  await batches(node, set, BATCH_CONNECTIONS);
  await stream(node, set);
} finally {
  await node.stop();
}
