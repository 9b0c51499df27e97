import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { answer, type Replies, type TestNode, testNode, wrapped } from '../../test/mcp/talk.ts';

let node: TestNode;
before(async () => {
  node = await testNode();
});
after(() => node.close());

/** A person who opens the page, and there allows or denies what the code names. */
function person(allow: boolean | null): Replies {
  return {
    asked: [],
    async elicit({ mode, url, message }) {
      assert.equal(mode, 'url');
      assert.match(String(message), /AVA holds the call of echo: A risky word needs a person/);
      const code = new URL(String(url)).hash.slice(1);
      assert.equal(String(url), `${node.url}/approvals#${code}`);
      if (allow !== null) {
        const { id } = await node.client.approval(code);
        await answer(node, id, allow);
      }
      return { action: allow === null ? 'decline' : 'accept' };
    },
  };
}

for (const era of ['modern', 'old'] as const) {
  test(`MG-134, MG-136: ${era} client: the person is shown the page, and the call goes on`, async () => {
    const replies = person(true);
    const talk = await wrapped(node, era, 'old', replies);
    assert.deepEqual(await talk.callTool('echo', { text: 'risky' }), { text: 'echo risky', isError: false });
    assert.deepEqual(
      replies.asked.map(({ method }) => method),
      era === 'old' ? ['elicitation/create', 'notifications/elicitation/complete'] : ['elicitation/create'],
    );
    // MG-102: used once, so the next call is held again
    await talk.callTool('echo', { text: 'risky' });
    assert.equal(replies.asked.filter(({ method }) => method === 'elicitation/create').length, 2);
    await talk.close();
  });

  test(`MG-136: ${era} client: denied is denied`, async () => {
    const talk = await wrapped(node, era, 'old', person(false));
    const { text, isError } = await talk.callTool('echo', { text: 'risky' });
    assert.equal(isError, true);
    assert.match(text, /AVA-4043|approval was denied/);
    await talk.close();
  });

  test(`MG-134: ${era} client: a person who will not look: the words say how to approve`, async () => {
    const talk = await wrapped(node, era, 'old', person(null));
    const { text, isError } = await talk.callTool('echo', { text: 'risky' });
    assert.equal(isError, true);
    assert.match(text, /AVA-3021[\s\S]*avactl approvals approve/);
    await talk.close();
  });
}
