import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type HttpGateway, httpGateway, httpServer, type TestClient, type TestNode, testNode } from '../../test/mcp/talk.ts';
import type { Era } from './upstream-either.ts';

const ERAS: readonly Era[] = ['old', 'modern'];
let node: TestNode;
before(async () => {
  node = await testNode();
});
after(() => node.close());

for (const server of ERAS) {
  let upstream: Awaited<ReturnType<typeof httpServer>>;
  let gateway: HttpGateway;
  before(async () => {
    upstream = await httpServer(server);
    gateway = await httpGateway(node, { fixture: { url: upstream.url } });
  });
  after(async () => {
    await gateway.close();
    upstream.stop();
  });
  for (const client of ERAS)
    describe(`MG-120, MG-122: ${client} client, ${server} server, HTTP`, () => {
      let talk: TestClient;
      before(async () => {
        talk = await gateway.client(client);
      });
      after(() => talk.close());

      test('calls, refusals', async () => {
        assert.deepEqual(await talk.callTool('echo', { text: 'hello' }), { text: 'echo hello', isError: false });
        assert.match((await talk.callTool('echo', { text: 'forbidden' })).text, /AVA-3020/);
      });

      test('the person, the model and the folders of the client are asked', async () => {
        assert.equal((await talk.callTool('ask')).text, 'accept Ada');
        assert.equal((await talk.callTool('sample')).text, 'model said yes');
        assert.equal((await talk.callTool('roots')).text, 'roots file:///home/me');
      });

      test('progress goes through; a cancelled call ends', async () => {
        const seen: number[] = [];
        assert.equal((await talk.callTool('slow', {}, { onprogress: ({ progress }) => seen.push(progress) })).text, 'done');
        assert.deepEqual(seen, [1, 2, 3]);
        const stop = new AbortController();
        const call = talk.callTool('endless', {}, { signal: stop.signal });
        setTimeout(() => stop.abort(), 100);
        await assert.rejects(call);
        assert.equal((await talk.callTool('echo', { text: 'after' })).text, 'echo after');
      });

      if (server === 'modern')
        test('MG-107: arguments go into the headers that the tool names', async () => {
          await talk.sdk.listTools();
          assert.equal((await talk.callTool('weather', { city: 'Zürich' })).text, 'sunny in Zürich');
        });

      test('resources and prompts', async () => {
        const { contents } = await talk.sdk.readResource({ uri: 'note://one' });
        assert.equal((contents[0] as { text?: string }).text, 'the note');
        const { messages } = await talk.sdk.getPrompt({ name: 'greet', arguments: { name: 'Ada' } });
        assert.deepEqual(messages[0].content, { type: 'text', text: 'Greet Ada' });
      });
    });
}
