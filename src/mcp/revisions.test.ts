import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type TestClient, type TestNode, testNode, wrapped } from '../../test/mcp/talk.ts';
import type { Era } from './upstream-either.ts';

const ERAS: readonly Era[] = ['old', 'modern'];
let node: TestNode;
before(async () => {
  node = await testNode();
});
after(() => node.close());

for (const client of ERAS)
  for (const server of ERAS)
    describe(`MG-122, MG-110: ${client} client, ${server} server, stdio`, () => {
      let talk: TestClient & { readonly said: () => string };
      before(async () => {
        talk = await wrapped(node, client, server);
      });
      after(() => talk.close());

      test('lists and calls; a refusal is a result that says why', async () => {
        const { tools } = await talk.sdk.listTools();
        assert.ok(tools.some(({ name }) => name === 'echo'));
        assert.deepEqual(await talk.callTool('echo', { text: 'hello' }), { text: 'echo hello', isError: false });
        const refused = await talk.callTool('echo', { text: 'forbidden' });
        assert.equal(refused.isError, true);
        assert.match(refused.text, /AVA-3020 .*no\/word[\s\S]*The word is forbidden/);
      });

      test('the person, the model and the folders of the client are asked', async () => {
        assert.equal((await talk.callTool('ask')).text, 'accept Ada');
        // where both have a handshake the server's error reaches the client as it came
        if (client === 'old' && server === 'old') await assert.rejects(talk.callTool('page'), { code: -32042 });
        assert.equal((await talk.callTool('page')).text, 'page accept');
        assert.equal((await talk.callTool('sample')).text, 'model said yes');
        assert.equal((await talk.callTool('roots')).text, 'roots file:///home/me');
        const page = talk.replies.asked.find(({ params }) => params.mode === 'url');
        if (client === 'old' && server === 'old') return;
        assert.equal(page?.params.url, 'https://login.example/start');
        assert.equal('elicitationId' in (page?.params ?? {}), client === 'old');
      });

      test('progress goes through, and cancelling', async () => {
        const seen: number[] = [];
        assert.equal((await talk.callTool('slow', {}, { onprogress: ({ progress }) => seen.push(progress) })).text, 'done');
        assert.deepEqual(seen, [1, 2, 3]);
        const stop = new AbortController();
        const call = talk.callTool('endless', {}, { signal: stop.signal });
        setTimeout(() => stop.abort(), 100);
        await assert.rejects(call);
        for (let i = 0; i < 100 && !talk.said().includes('endless: cancelled'); i++) await new Promise((resolve) => setTimeout(resolve, 20));
        assert.match(talk.said(), /endless: cancelled/);
      });

      test('resources and prompts', async () => {
        const { contents } = await talk.sdk.readResource({ uri: 'note://one' });
        assert.equal((contents[0] as { text?: string }).text, 'the note');
        const { messages } = await talk.sdk.getPrompt({ name: 'greet', arguments: { name: 'Ada' } });
        assert.deepEqual(messages[0].content, { type: 'text', text: 'Greet Ada' });
      });
    });
