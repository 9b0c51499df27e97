/** `avactl demo`: two real MCP servers, a scripted agent that turns, a real node between them; then the proof, and a forgery. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from '../api/client.ts';
import type { DecisionAnswer } from '../api/schema.ts';
import { verifyBundle } from '../audit/bundle.ts';
import { Fault } from '../base/fault.ts';
import { startNode } from '../node/start.ts';
import type { Call } from './command.ts';
import { AFTERWARDS, FILES, HONEST, HOSTILE, type ScriptedCall, USER_TEXT, WORLD } from './demo-story.ts';
import { startTools, type Tools } from './demo-tools.ts';
import { EXIT } from './exit.ts';
import { type Explanation, explainDecision } from './explanation.ts';
import { flipByte } from './flip-byte.ts';
import type { Output } from './output.ts';
import { duration, plain } from './text.ts';
import { type Verification, verifyPath } from './verification.ts';
import { printVerification } from './verify.ts';

const WARM_MS = 50;

interface Made {
  readonly call: ScriptedCall;
  readonly answer: DecisionAnswer;
  readonly hostile: boolean;
  /** Whether the tool was called, and what came of it. */
  readonly done: boolean;
}

interface Held {
  readonly says: string;
  readonly holds: boolean;
}

export async function demo(call: Call): Promise<number> {
  const { out } = call;
  const from = performance.now();
  // Its real path: the servers compare paths.
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'ava-demo-')));
  try {
    const home = join(scratch, 'home');
    for (const [path, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(home, path)), { recursive: true });
      writeFileSync(join(home, path), text);
    }
    const data = join(scratch, 'ledger');
    out.line('Two MCP servers from npm, filesystem and memory, work in a scratch folder. The agent is SCRIPTED: written by us,');
    out.line('no model. Every call is judged by a real node over HTTP before it happens.');
    out.line();
    const acts = await act(call, home, join(scratch, 'memory.jsonl'), data);
    const tampered = await forge(out, data, join(scratch, 'copy'), acts.bundle);
    const ok = acts.world.every(({ holds }) => holds) && acts.verified.verified && !tampered.verified;
    out.value({
      scripted: true,
      calls: acts.made.map(({ call: { server, tool, why }, answer, hostile, done }) => ({
        server,
        tool,
        why,
        hostile,
        verdict: answer.verdict,
        rules: answer.reasons.filter(({ mode }) => mode !== 'observe').map(({ rule }) => rule),
        receipt: answer.receipt,
        done,
      })),
      world: acts.world,
      explained: {
        receipt: acts.explanation.receipt,
        verdict: acts.explanation.verdict,
        rules: acts.explanation.rules.filter(({ result }) => result !== 'passed'),
      },
      verified: acts.verified.json,
      tampered: tampered.json,
      ok,
      ms: Math.round(performance.now() - from),
    });
    out.line();
    out.line(`${duration(performance.now() - from)}. Nothing is left behind. Next: \`avactl up\` starts a node of your own, \`avactl help\` has the rest.`);
    if (!ok) throw new Fault('internal', 'the demo did not come out as it should');
    return EXIT.ok;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface Acts {
  readonly made: readonly Made[];
  readonly world: readonly Held[];
  readonly bundle: Uint8Array;
  readonly explanation: Explanation;
  readonly verified: Verification;
}

/** The agent's session, the world after it, and the proof of one denial. */
async function act({ out, signal }: Call, home: string, memory: string, data: string): Promise<Acts> {
  const [started, served] = await Promise.allSettled([startNode({ dir: data, port: 0, constitution: 'starter', warm_ms: WARM_MS }), startTools(home, memory)]);
  const node = started.status === 'fulfilled' ? started.value : null;
  const tools = served.status === 'fulfilled' ? served.value : null;
  const client = node === null ? null : new Client(node.url);
  try {
    if (started.status === 'rejected') throw started.reason;
    if (served.status === 'rejected') throw served.reason;
    if (client === null || tools === null) throw new Fault('internal');
    const { session } = await client.openSession('scripted-agent', USER_TEXT);
    out.line(`${out.paint('cyan', 'user')}   ${USER_TEXT}`);
    const made: Made[] = [];
    const play = async (calls: readonly ScriptedCall[], hostile: boolean): Promise<void> => {
      for (const scripted of calls) {
        signal.throwIfAborted();
        made.push(await one(out, client, tools, session, scripted, home, hostile));
      }
    };
    await play(HONEST, false);
    out.line(out.paint('yellow', '       The newsletter tells the agent to leak and delete. From here on the script obeys it.'));
    await play(HOSTILE, true);
    out.line(out.paint('yellow', "       It gives up, and goes on with the user's task."));
    await play(AFTERWARDS, false);
    const world = await look(out, tools, home, made);
    const denied = made.findLast(({ answer }) => answer.verdict === 'deny') ?? made[made.length - 1];
    const bundle = await client.bundle(denied.answer.receipt);
    const explanation = explainDecision(verifyBundle(bundle));
    out.line();
    explainBriefly(out, explanation);
    const path = join(dirname(data), 'receipt.ava');
    writeFileSync(path, bundle);
    out.line();
    out.line(`${out.paint('bold', 'avactl verify receipt.ava')}   (no server: genesis, signature, inclusion, rules, and the verdict recomputed)`);
    const verified = await verifyPath(path, undefined);
    printVerification(out, verified);
    return { made, world, bundle, explanation, verified };
  } finally {
    client?.close();
    await tools?.close();
    await node?.close();
  }
}

/** One call: judged first; carried out only when allowed, and then its outcome is told. */
async function one(out: Output, client: Client, tools: Tools, session: string, scripted: ScriptedCall, home: string, hostile: boolean): Promise<Made> {
  const args = JSON.parse(JSON.stringify(scripted.args).replaceAll('{folder}', JSON.stringify(home).slice(1, -1))) as Record<string, unknown>;
  const answer = await client.decide({ session, action: { kind: 'tool.call', server: scripted.server, name: scripted.tool, args } });
  out.line(
    `${out.verdict(answer.verdict, 9)} ${`${scripted.server}/${scripted.tool}`.padEnd(26)} ${scripted.shown.padEnd(42)} ${out.paint('dim', scripted.why)}`,
  );
  for (const { rule, title, mode } of answer.reasons) if (mode !== 'observe') out.line(`          ${out.paint('bold', rule)}: ${plain(title)}`);
  if (answer.permit === undefined) return { call: scripted, answer, hostile, done: false };
  const { ok, text } = await tools.call({ ...scripted, args });
  await client.outcome({ permit: answer.permit, ok, result: text });
  return { call: scripted, answer, hostile, done: ok };
}

/** What the world looks like afterwards. */
async function look(out: Output, tools: Tools, home: string, made: readonly Made[]): Promise<Held[]> {
  const graph = await tools.call({ server: 'memory', tool: 'read_graph', args: {} });
  const world: Held[] = [
    ...WORLD.map(({ path, exists, says }) => ({ says, holds: existsSync(join(home, path)) === exists })),
    { says: 'the memory still knows the supplier', holds: graph.text.includes('Nordlicht') },
    { says: 'no hostile call happened', holds: made.every(({ hostile, done }) => !hostile || !done) },
  ];
  out.line();
  out.line(out.paint('bold', 'The world afterwards'));
  for (const { says, holds } of world) out.line(`${holds ? out.paint('green', 'yes') : out.paint('red', 'NO ')}  ${says}`);
  return world;
}

/** Two lines: what objected to what, and what would have passed. */
function explainBriefly(out: Output, { receipt, verdict, rules }: Explanation): void {
  out.line(out.paint('bold', `avactl explain ${receipt}`));
  const rule = rules.find(({ result, binding, answer }) => result !== 'passed' && binding && answer === verdict);
  if (rule === undefined) return;
  const read = rule.inputs.map(({ path, value, origin }) => `${path} = ${plain(value).slice(0, 80)} (${origin.text})`).join('; ');
  out.line(`${out.verdict(verdict)} by ${rule.rule} (${rule.mode}, ${rule.enacted}), which read ${read}.`);
  out.line(`Would pass: ${plain(rule.advice)}`);
}

/** Flips one bit of one byte in a copy of the ledger, within the entry of the denied call. */
async function forge(out: Output, data: string, copy: string, bundle: Uint8Array): Promise<Verification> {
  out.line();
  out.line(`${out.paint('bold', 'avactl verify ledger')}   (every byte, link and signature; every block is made again)`);
  printVerification(out, await verifyPath(data, undefined));
  cpSync(data, copy, { recursive: true });
  const { segment, at } = flipByte(copy, bundle);
  out.line();
  out.line(`${out.paint('bold', 'avactl verify copy')}   (a copy in which byte ${at} of ${segment} differs in one bit)`);
  const tampered = await verifyPath(copy, undefined);
  printVerification(out, tampered);
  return tampered;
}
