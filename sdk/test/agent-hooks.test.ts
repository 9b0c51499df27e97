/**
 * The conformance vectors of responsibleai/agent-hooks with AVA as the interceptor: the host is that project's own
 * emitter and reference agent, the verdicts come from a real node. Each script of a vector becomes rules of one
 * constitution; an agent of its own name stands for each. Prints how many passed, and why others are left out.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer, type IncomingMessage } from 'node:http';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { type AgentContext, AvaInterceptor } from '../src/agent-hooks.ts';
import { Client } from '../src/client.ts';
import { type SdkNode, sdkNode } from './node.fixture.ts';

const here = import.meta.dirname;

interface Returned {
  readonly decision: 'allow' | 'deny' | 'transform';
  readonly reason?: string;
  readonly approval?: object;
  readonly warnings?: readonly { readonly reason: string }[];
  readonly transform?: { readonly path: string; readonly value?: unknown };
  readonly evidence?: object;
  readonly result_labels?: readonly string[];
}
interface Scripted {
  readonly at: string;
  readonly match?: Readonly<Record<string, unknown>>;
  readonly return?: Returned;
  readonly fault?: string;
}
interface Vector {
  readonly id: string;
  readonly capabilities: readonly string[];
  readonly interceptor_script?: readonly Scripted[];
  readonly interceptor_scripts?: readonly (readonly Scripted[])[];
}

const KINDS: Readonly<Record<string, string>> = {
  agent_startup: 'agent.start',
  input: 'user.input',
  pre_model_call: 'model.call',
  post_model_call: 'model.result',
  pre_tool_call: 'tool.call',
  post_tool_call: 'tool.result',
  output: 'agent.output',
};
const scriptsOf = (vector: Vector): readonly (readonly Scripted[])[] => vector.interceptor_scripts ?? [vector.interceptor_script ?? []];
const agentOf = (vector: string, script: number): string => `${vector.toLowerCase()}.${script}`;
const ruleOf = (vector: string, script: number, at: number): string => `${agentOf(vector, script)}/${at}`;

/** Why AVA's interceptor cannot be what this script is. */
function beyond({ at, fault, return: returned }: Scripted): string | null {
  if (fault === 'malformed_verdict') return 'a malformed verdict: AVA gives none';
  if (fault === 'mutate') return 'an interceptor that changes its context: AVA does not';
  if (returned === undefined) return null;
  if (returned.result_labels !== undefined) return 'result labels: AVA keeps its labels itself';
  if (returned.evidence !== undefined) return 'evidence past its bound: AVA names a receipt';
  if (returned.decision === 'allow' && returned.reason !== undefined) return 'a reason for an allow: AVA gives none';
  if (returned.transform !== undefined) {
    if (typeof returned.transform.value === 'number') return 'an integer past 2^53: AVA refuses it';
    if (returned.transform.path.includes('missing')) return 'a change of what is not there: AVA changes what it was shown';
    if (at === 'agent_startup') return 'a change where none is allowed: AVA denies instead';
  }
  return null;
}

const INPUTS: Readonly<Record<string, string>> = { 'tool_call.args.url': 'args.url', 'tool_result.value': 'args.content' };

/** The rule that answers as the script does. */
function ruleText(vector: string, script: number, at: number, scripted: Scripted): string {
  const { decision, approval, warnings, transform } = scripted.return as Returned;
  const name = ruleOf(vector, script, at);
  const inputs: string[] = [];
  const conditions = Object.entries(scripted.match ?? {}).map(([path, value]) => {
    if (path === 'tool_call.name') return `action.name == ${JSON.stringify(value)}`;
    const input = INPUTS[path];
    assert.ok(input, path);
    inputs.push(`${input}: string(256)`);
    return `${input} == ${JSON.stringify(value)}`;
  });
  if (transform !== undefined) {
    // asked again of the changed call, the rule passes
    assert.match(transform.path, /^\$(?:policy_)?target\.url$/);
    inputs.push('args.url: string(256)');
    conditions.push(`args.url != ${JSON.stringify(transform.value)}`);
  }
  const met = [`agent.name == ${JSON.stringify(agentOf(vector, script))}`, ...conditions].join(' && ');
  return [
    `rule: ${name}`,
    `title: ${name}`,
    'advice: none',
    `scope: kind.${KINDS[scripted.at]}`,
    `mode: ${warnings !== undefined && decision === 'allow' ? 'observe' : 'enforce'}`,
    ...(inputs.length > 0 ? [`inputs: { ${inputs.join(', ')} }`] : []),
    `judge: '!(${met})'`,
    ...(approval === undefined ? [] : ['otherwise: escalate']),
    ...(transform === undefined ? [] : [`obligations: [{ transform: args.url, to: ${JSON.stringify(transform.value)} }]`]),
  ].join('\n');
}

interface Planned {
  readonly left_out: string | null;
  /** What the vector calls a reason, and what AVA does. */
  readonly names: Readonly<Record<string, string>>;
}

function plan(vectors: readonly Vector[]): { readonly plan: Record<string, Planned>; readonly rules: readonly string[] } {
  const rules: string[] = [];
  const planned: Record<string, Planned> = {};
  for (const vector of vectors) {
    const scripts = scriptsOf(vector);
    const streams = vector.capabilities.includes('incremental_output') ? 'a streaming host: the reference host is none' : null;
    const why = [streams, ...scripts.flat().map(beyond)].find((reason) => reason !== null);
    const names: Record<string, string> = {};
    if (why === undefined) {
      for (const [script, list] of scripts.entries()) {
        for (const [at, scripted] of list.entries()) {
          const reason = scripted.return?.reason ?? scripted.return?.warnings?.[0].reason;
          if (scripted.return === undefined || (reason === undefined && scripted.return.transform === undefined)) continue;
          if (reason !== undefined) names[reason] = `ava:${ruleOf(vector.id, script, at)}`;
          rules.push(ruleText(vector.id, script, at, scripted));
        }
      }
    }
    planned[vector.id] = { left_out: why ?? null, names };
  }
  return { plan: planned, rules };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const piece of request.setEncoding('utf8') as AsyncIterable<string>) text += piece;
  return JSON.parse(text) as unknown;
}

interface Result {
  readonly id: string;
  readonly part: string;
  readonly status: string;
  readonly detail: string;
}

test('every vector that an interceptor can meet', { timeout: 120_000 }, async () => {
  let node: SdkNode | null = null;
  let vectors: readonly Vector[] = [];
  /** What the interceptor threw: a node that is down, and nothing else. */
  const failed: string[] = [];
  const interceptors = new Map<string, AvaInterceptor>();
  const ask = async (path: string, body: unknown): Promise<unknown> => {
    if (path === '/plan') {
      vectors = body as readonly Vector[];
      const made = plan(vectors);
      node = await sdkNode({ rules: made.rules });
      return made.plan;
    }
    const { vector, script, context } = body as { vector: string; script: number; context: AgentContext };
    const agent = agentOf(vector, script);
    const scripted = scriptsOf(vectors.find(({ id }) => id === vector) as Vector)[script];
    // an interceptor that fails is one whose node is down
    const down = scripted.some(({ fault, at }) => fault === 'raise' && at === context.interception_point);
    const known = interceptors.get(agent) ?? new AvaInterceptor(new Client((node as SdkNode).url));
    interceptors.set(agent, known);
    const interceptor = down ? new AvaInterceptor(new Client('http://127.0.0.1:1', { retries: 0 })) : known;
    return interceptor.intercept({ ...context, agent: { ...context.agent, id: agent } });
  };
  const server = createServer((request, response) => {
    bodyOf(request)
      .then((body) => ask(request.url ?? '', body))
      .then(
        (answer) => response.end(JSON.stringify(answer)),
        (error: unknown) => {
          failed.push(String(error));
          response.writeHead(500).end();
        },
      );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    const { port } = server.address() as { port: number };
    const { stdout, stderr } = await promisify(execFile)('python3', [resolve(here, 'agent-hooks.py'), `http://127.0.0.1:${port}`], {
      env: { ...process.env, PYTHONPATH: resolve(here, '.vendor') },
      maxBuffer: 16_777_216,
    }).catch((error: { stdout: string; stderr: string }) => error);
    assert.equal(stderr, '', failed.join('\n'));
    const results = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Result);
    const of = (status: string): readonly Result[] => results.filter((result) => result.status === status);
    const tally = Map.groupBy([...of('left out'), ...of('skip')], ({ detail }) => detail);
    console.log(
      `agent-hooks: ${results.length} vectors: ${of('pass').length} passed, ${of('fail').length} failed, ${of('left out').length + of('skip').length} not applicable`,
    );
    for (const [why, which] of tally) console.log(`  ${why}: ${which.map(({ id }) => id.slice(-3)).join(' ')}`);
    assert.deepEqual(of('fail'), []);
    for (const error of failed) assert.match(error, /^AvaError: no node answers/);
    assert.equal(results.length, vectors.length);
    assert.ok(of('pass').length >= 40, `${of('pass').length} passed`);
    assert.ok(results.length >= 75);
  } finally {
    server.close();
    await (node as SdkNode | null)?.close();
  }
});
