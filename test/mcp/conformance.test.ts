/** The protocol's own conformance suite, all its scenarios for servers: the same checks, direct and through the gateway. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { endAll, RealNode, scratch } from '../real/process.ts';
import { type Running, started, startGateway, writeLaw } from './gateway.ts';
import { conformance } from './suite.ts';

const SCENARIOS = 32;
const folder = scratch('conformance');
const open: Running[] = [];
after(async () => {
  await Promise.all(open.map((one) => one.stop()));
  await endAll();
  folder.remove();
});

test('each scenario gives the same direct and through the gateway', { timeout: 120_000 }, async () => {
  const law = writeLaw(join(folder.path, 'law'), {
    never: 'rule: never\ntitle: Nothing of that name is called\nscope: tool.never\nmode: enforce\njudge: "false"\n',
  });
  const [node, server] = await Promise.all([
    RealNode.start({ dir: join(folder.path, 'node'), constitution: law }),
    started([join(import.meta.dirname, 'conformant.ts')]),
  ]);
  open.push(server);
  const gateway = await startGateway(join(folder.path, 'gateway'), { conformant: { url: server.url } }, node.url);
  open.push(gateway);
  const direct = await conformance(server.url);
  const through = await conformance(gateway.url);
  console.log(`${'scenario'.padEnd(34)}direct  through`);
  const sum = (checks: readonly string[] = []): string => `${checks.filter((check) => check.endsWith(': SUCCESS')).length}/${checks.length}`;
  for (const [name, checks] of direct) console.log(`${name.padEnd(34)}${sum(checks).padEnd(8)}${sum(through.get(name))}`);
  assert.equal(direct.size, SCENARIOS);
  assert.deepEqual(through, direct, gateway.said());
  for (const [name, checks] of direct) for (const check of checks) assert.match(check, /: SUCCESS$/, name);
  const [, allowed] = /^ava_decisions_total\{verdict="allow"\} (\d+)$/m.exec(await node.client.metrics()) ?? [];
  assert.ok(Number(allowed) > 40, `judged were ${allowed}`);
});
