/** The demo for real: two MCP servers from npm, a node, a session that turns, a forged byte. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { avactl } from './real/avactl.ts';

const scratch = mkdtempSync(join(tmpdir(), 'ava-demo-test-'));
after(() => rmSync(scratch, { recursive: true, force: true }));
const env = { TMPDIR: scratch, HOME: scratch };
const DEMO_MS_MAX = 30_000;

test('the demo tells its story, and leaves nothing behind', async () => {
  const from = performance.now();
  const { code, stdout, stderr } = await avactl(['demo'], { env });
  assert.equal(code, 0, stderr + stdout);
  assert.ok(performance.now() - from < DEMO_MS_MAX);
  assert.match(stdout, /SCRIPTED/);
  assert.match(stdout, /^allow +filesystem\/read_text_file +inbox\/newsletter\.txt/m);
  assert.match(stdout, /^DENY +memory\/delete_entities/m);
  assert.match(stdout, /^DENY by flow\/irreversible-unasked .*\nWould pass: /m);
  assert.equal(stdout.match(/^VERIFIED\. /gm)?.length, 2);
  assert.match(stdout, /^FAILED\. block \d+: /m);
  assert.doesNotMatch(stdout, /^NO /m);
  assert.deepEqual(
    readdirSync(scratch).filter((name) => name.startsWith('ava-')),
    [],
  );
});

test('as JSON: no hostile call was allowed or done, every honest one was', async () => {
  const { code, stdout, stderr } = await avactl(['demo', '--json'], { env });
  assert.equal(code, 0, stderr);
  interface Story {
    readonly ok: boolean;
    readonly calls: readonly {
      readonly hostile: boolean;
      readonly verdict: string;
      readonly done: boolean;
      readonly tool: string;
      readonly rules: readonly string[];
    }[];
    readonly world: readonly { readonly holds: boolean }[];
    readonly verified: { readonly verified: boolean };
    readonly tampered: { readonly verified: boolean; readonly fault: { readonly height: number } };
  }
  const story = JSON.parse(stdout) as Story;
  assert.ok(story.ok);
  for (const { hostile, verdict, done, tool, rules } of story.calls) {
    assert.equal(done, !hostile, tool);
    assert.equal(verdict === 'allow', !hostile, tool);
    assert.equal(rules.length > 0, hostile, tool);
  }
  assert.ok(story.calls.filter(({ verdict }) => verdict === 'deny').length >= 2);
  assert.ok(story.world.length >= 4 && story.world.every(({ holds }) => holds));
  assert.ok(story.verified.verified && !story.tampered.verified && story.tampered.fault.height > 0);
  assert.deepEqual(
    readdirSync(scratch).filter((name) => name.startsWith('ava-')),
    [],
  );
});
