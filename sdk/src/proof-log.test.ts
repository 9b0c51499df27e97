/** That a real node's log only grew, from its tiles; and that one which did not is found out. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type SdkNode, sdkNode } from '../test/node.fixture.ts';
import { Client } from './client.ts';
import { verifyBundle } from './proof.ts';
import { checkExtends, type LogHead } from './proof-log.ts';

let node: SdkNode;
let client: Client;
before(async () => {
  node = await sdkNode();
  client = new Client(node.url);
});
after(() => node.close());

test('every pair of heads of a growing log, past a full tile', async () => {
  const { session } = await client.openSession('log');
  const action = { kind: 'tool.call', name: 'look', args: {} };
  const heads: LogHead[] = [{ size: 0, root: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' }];
  for (const count of [1, 1, 2, 3, 60, 190, 1, 17, 256]) {
    const answers = await client.batch(Array.from({ length: count }, () => ({ session, action, permit: false })));
    const last = answers.at(-1);
    assert.ok(last !== undefined && 'receipt' in last);
    heads.push((await verifyBundle(await client.bundle(last.receipt))).log);
  }
  assert.ok((heads.at(-1)?.size ?? 0) > 512);
  for (const [i, later] of heads.entries()) for (const earlier of heads.slice(0, i + 1)) await checkExtends(client, earlier, later);

  const [one, two] = [heads[4], heads[8]];
  const other = (root: string): string => `${root.slice(0, -1)}${root.endsWith('0') ? '1' : '0'}`;
  for (const [earlier, later] of [
    [{ ...one, root: other(one.root) }, two],
    [one, { ...two, root: other(two.root) }],
    [{ ...one, size: one.size + 1 }, two],
    [two, one],
    [{ ...one, size: -1 }, two],
    [{ ...one, root: 'x' }, two],
  ])
    await assert.rejects(checkExtends(client, earlier, later), { slug: 'verify_failed' });
  // a server that answers with tiles of its own making proves nothing
  const lying = new Client(node.url, {
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      if (!String(input).includes('/log/tile/')) return response;
      const bytes = new Uint8Array(await response.arrayBuffer());
      bytes[5] ^= 1;
      return new Response(bytes);
    },
  });
  await assert.rejects(checkExtends(lying, one, two), { slug: 'verify_failed' });
});
