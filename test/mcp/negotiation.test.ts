/** The library's own client starts `avactl wrap` as it would start the server, and finds the revision by itself. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { scratch, serverProgram, type TestNode, testNode } from './talk.ts';

const avactl = fileURLToPath(new URL('../../bin/avactl.mjs', import.meta.url));
let node: TestNode;
before(async () => {
  node = await testNode();
});
after(() => node.close());

describe('MG-118, MG-122: avactl wrap in a process of its own', { concurrency: true }, () => {
  for (const server of ['old', 'modern'] as const)
    for (const [mode, revision] of [
      ['auto', '2026-07-28'],
      ['legacy', '2025-11-25'],
    ] as const)
      test(`${mode} negotiation, ${server} server`, async (t) => {
        const folder = scratch();
        const client = new Client({ name: 'library', version: '1' }, { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode } });
        client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: { name: 'Ada' } }));
        t.after(async () => {
          await client.close();
          folder.remove();
        });
        const args = [avactl, 'wrap', '--name', server, '--data', folder.path, '--url', node.url, '--', process.execPath, serverProgram(server)];
        await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: 'ignore' }));
        assert.equal(client.getNegotiatedProtocolVersion(), revision);
        const { content } = await client.callTool({ name: 'ask', arguments: {} });
        assert.deepEqual(content, [{ type: 'text', text: 'accept Ada' }]);
        const { isError } = await client.callTool({ name: 'echo', arguments: { text: 'forbidden' } });
        assert.equal(isError, true);
      });
});
