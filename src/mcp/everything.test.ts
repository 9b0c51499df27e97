import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Client as OldSdk } from '@modelcontextprotocol/sdk/client/index.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { type Replies, type TestNode, testNode, wrapped } from '../../test/mcp/talk.ts';

const folder = join(createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/package.json'), '..');
const EVERYTHING = [join(folder, 'dist/index.js'), 'stdio'];

let node: TestNode;
before(async () => {
  node = await testNode();
});
after(() => node.close());

const person = (): Replies => ({
  asked: [],
  elicit: ({ mode, requestedSchema }) => {
    if (mode === 'url') return { action: 'accept' };
    const { properties = {} } = (requestedSchema ?? {}) as { properties?: Record<string, { type?: string; enum?: string[] }> };
    const [[name, schema] = ['name', {}]] = Object.entries(properties);
    return { action: 'accept', content: { [name]: schema.enum?.[0] ?? 'Ada' } };
  },
});

// the server takes its time: all at once
describe('the real server everything', { concurrency: true }, () => {
  for (const era of ['old', 'modern'] as const)
    test(`MG-114, MG-130: ${era} client: progress, cancel, model, person`, async (t) => {
      const talk = await wrapped(node, era, EVERYTHING, person());
      t.after(() => talk.close());
      const seen: number[] = [];
      const long = await talk.callTool('trigger-long-running-operation', { duration: 0.4, steps: 4 }, { onprogress: ({ progress }) => seen.push(progress) });
      assert.match(long.text, /Long running operation completed/);
      // a client of the newer revision counts its own rounds too: this server asks for folders as soon as it can
      assert.deepEqual([...new Set(seen)].sort(), [1, 2, 3, 4]);
      const stop = new AbortController();
      const call = talk.callTool('trigger-long-running-operation', { duration: 60, steps: 2 }, { signal: stop.signal });
      setTimeout(() => stop.abort(), 50);
      await assert.rejects(call);
      assert.match((await talk.callTool('trigger-sampling-request', { prompt: 'hello', maxTokens: 5 })).text, /yes/);
      assert.match((await talk.callTool('trigger-elicitation-request')).text, /Ada/);
      assert.match((await talk.callTool('get-sum', { a: 2, b: 3 })).text, /5/);
    });

  test('MG-149: a client whose revision has no such tasks calls a tool that only runs as one; what it asks on the way reaches the person', async (t) => {
    const talk = await wrapped(node, 'modern', EVERYTHING, person());
    t.after(() => talk.close());
    const { tools } = await talk.sdk.listTools();
    assert.ok(tools.some(({ name }) => name === 'simulate-research-query'));
    const { text, isError } = await talk.callTool('simulate-research-query', { topic: 'bees', ambiguous: true });
    assert.equal(isError, false);
    assert.match(text, /bees/);
    assert.equal(talk.replies.asked.filter(({ method }) => method === 'elicitation/create').length, 1);
  });

  test('MG-144 to MG-146: a task of revision 2025-11-25: its result is judged and told when it is fetched; nobody else gets it', async (t) => {
    const talk = await wrapped(node, 'old', EVERYTHING, person());
    t.after(() => talk.close());
    const sdk = talk.sdk as OldSdk;
    const stream = sdk.experimental.tasks.callToolStream({ name: 'simulate-research-query', arguments: { topic: 'bees' } }, CallToolResultSchema, {
      task: { ttl: 60_000 },
    });
    let id = '';
    let text = '';
    for await (const message of stream) {
      if (message.type === 'taskCreated') id = message.task.taskId;
      if (message.type === 'result') text = JSON.stringify(message.result);
      if (message.type === 'error') throw message.error;
    }
    assert.match(text, /bees/);
    const again = await sdk.experimental.tasks.getTaskResult(id, CallToolResultSchema);
    assert.match(JSON.stringify(again), /bees/);
    await assert.rejects(sdk.experimental.tasks.getTask('another'), /no call of this conversation/);
  });
});
