/** A small constitution as a folder, for real nodes: rules that read what earlier blocks left. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SMALL_TOOLS } from '../../sim/small-law.ts';

/** What an agent may move in a day, in cents. */
export const DAY_LIMIT = 20_000;

const RULES: Readonly<Record<string, string>> = {
  day: `rule: pay/day
title: An agent moves at most 200 a day
advice: Wait until tomorrow.
scope: facet.money
mode: enforce
params: { limit: { type: int, value: ${DAY_LIMIT}, min: 0, max: 1000000, step: 100 } }
judge: "agent.sum(\\"money.amount\\", \\"24h\\") + money.amount <= params.limit"
`,
  payee: `rule: pay/payee
title: Payees that a tool named are asked about
scope: tool.pay
mode: enforce
judge: "args.to != 'mallory'"
inputs: { args.to: string(64) }
otherwise: escalate
`,
  calls: `rule: calls
title: At most 400 calls a session
scope: all
mode: enforce
judge: "session.calls < 400 && session.denied < 200"
`,
};

/** Writes it into a new folder below `parent`; its path. */
export function writeLaw(parent: string): string {
  const folder = join(parent, 'law');
  mkdirSync(join(folder, 'rules'), { recursive: true });
  writeFileSync(join(folder, 'tools.yaml'), SMALL_TOOLS);
  for (const [name, text] of Object.entries(RULES)) writeFileSync(join(folder, 'rules', `${name}.yaml`), text);
  const list = Object.keys(RULES).map((name) => `rules/${name}.yaml`);
  writeFileSync(join(folder, 'constitution.yaml'), `constitution: small\nversion: 1\ndefault: allow\ntools: tools.yaml\nrules: [${list.join(', ')}]\n`);
  return folder;
}
