/** A real node on a free port, with a small constitution that has every kind of answer; for the tests of the SDK. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMALL_TOOLS } from '../../sim/small-law.ts';
import { octetsFromHex } from '../../src/base/bytes.ts';
import { encodeWire } from '../../src/machine/transaction.ts';
import { Owner } from '../../src/node/owner.ts';
import { type RunningNode, startNode } from '../../src/node/start.ts';

const RULES: Readonly<Record<string, string>> = {
  'pay/day': `title: An agent moves at most 100 a day
advice: Wait until tomorrow, or pay less.
scope: facet.money
mode: enforce
judge: "agent.sum(\\"money.amount\\", \\"24h\\") + money.amount <= 10000"`,
  'flow/payee': `title: After reading what others wrote, money goes only where the user said
advice: The user names the payee.
scope: tool.pay
mode: enforce
judge: "!flow.gate || flow.dest_unknown == 0"`,
  'mail/ask': `title: Mail needs a person
advice: A person approves it.
scope: tool.mail
mode: enforce
judge: "session.calls < 0"
otherwise: escalate`,
  'read/keys': `title: No private keys
advice: Read another file.
scope: tool.read
mode: floor
inputs: { args.path: string(256) }
judge: "!args.path.contains(\\".ssh\\")"`,
  watch: `title: Pages are watched
advice: none
scope: tool.page
mode: observe
judge: "session.calls < 0"`,
};

const TEXTS: readonly string[] = Object.entries(RULES).map(([rule, text]) => `rule: ${rule}\n${text}`);

export interface SdkNode {
  readonly url: string;
  readonly node: RunningNode;
  /** What the owner's key says to an approval. */
  answer(approval: string, allow: boolean): Promise<void>;
  close(): Promise<void>;
}

/** Starts it; `port` 0 takes a free one; `rules` in place of the small constitution's, as texts. */
export async function sdkNode({ port = 0, origins = [] as readonly string[], rules = TEXTS } = {}): Promise<SdkNode> {
  const folder = mkdtempSync(join(tmpdir(), 'ava-sdk-'));
  const law = join(folder, 'law');
  mkdirSync(join(law, 'rules'), { recursive: true });
  writeFileSync(join(law, 'tools.yaml'), SMALL_TOOLS);
  const files = rules.map((text, i) => {
    writeFileSync(join(law, 'rules', `${i}.yaml`), `${text}\n`);
    return `rules/${i}.yaml`;
  });
  writeFileSync(join(law, 'constitution.yaml'), `constitution: sdk\nversion: 1\ndefault: allow\ntools: tools.yaml\nrules: [${files.join(', ')}]\n`);
  const node = await startNode({ dir: join(folder, 'data'), port, constitution: law, warm_ms: 0, origins });
  const { law: inForce, key } = node.ledger;
  const owner = new Owner({ network: inForce.network, principal: [...inForce.validators.keys()][0], key, now: Date.now });
  return {
    url: node.url,
    node,
    async answer(approval, allow) {
      const wire = encodeWire(owner.answerApproval(octetsFromHex(approval, 16) ?? '', allow, ''));
      const response = await fetch(`${node.url}/v1/transactions`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/cbor' },
        body: new Uint8Array(wire),
      });
      if (!response.ok) throw new Error(await response.text());
    },
    async close() {
      await node.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
