/** Spans of guarded calls, as OpenTelemetry's own SDK exports them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { type SdkNode, sdkNode } from '../test/node.fixture.ts';
import { Client } from './client.ts';
import { guard } from './guard.ts';
import { spans } from './otel.ts';
import { Session } from './session.ts';

const exporter = new InMemorySpanExporter();
const tracer = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).getTracer('test');

let node: SdkNode;
before(async () => {
  node = await sdkNode();
});
after(() => node.close());

/** The spans of one call, outer last: what ended first is exported first. */
async function traced(work: (session: Session) => Promise<unknown>, session?: Session): Promise<readonly ReadableSpan[]> {
  exporter.reset();
  await work(session ?? (await Session.open(new Client(node.url), { agent: 'otel' }))).catch(() => undefined);
  return exporter.getFinishedSpans();
}

const payment = { to: 'private-name', amount: 10 };

test('an allowed call: two spans, by the conventions; nothing private', async () => {
  const [asked, executed] = await traced((session) =>
    session.carryOut({ name: 'pay', server: 'bank', args: payment, call_id: 'c1' }, () => 'private result', { watcher: spans(tracer) }),
  );
  assert.deepEqual([executed.name, executed.kind, executed.status.code], ['execute_tool pay', SpanKind.INTERNAL, SpanStatusCode.UNSET]);
  assert.deepEqual([asked.name, asked.kind, asked.parentSpanContext?.spanId], ['run_guardrail AVA', SpanKind.CLIENT, executed.spanContext().spanId]);
  const { 'ava.receipt': receipt, 'ava.session': session, ...attributes } = executed.attributes;
  assert.match(String(receipt), /^\d+\.\d+\.[0-9a-f]{12}$/);
  assert.match(String(session), /^[0-9a-f]{32}$/);
  assert.deepEqual(attributes, {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'pay',
    'gen_ai.tool.type': 'function',
    'gen_ai.tool.call.id': 'c1',
    'ava.server': 'bank',
    'ava.verdict': 'allow',
    'ava.enforced': true,
    'ava.constitution': 1,
    'ava.rules': [],
  });
  assert.equal(asked.attributes['ava.receipt'], receipt);
  assert.doesNotMatch(JSON.stringify([asked, executed].map(({ attributes, events, status }) => ({ attributes, events, status }))), /private/);
});

test('a refused call names the rules; content where it is asked for', async () => {
  const pay = (session: Session, amount: number) =>
    guard(() => ({ done: true }), { session, name: 'pay', watcher: spans(tracer, { content: true }) })({ to: 'bob', amount });
  const [asked, refused] = await traced((session) => pay(session, 500));
  assert.deepEqual([refused.attributes['ava.verdict'], refused.attributes['ava.rules'], refused.attributes['error.type']], ['deny', ['pay/day'], 'AVA-3020']);
  assert.deepEqual(refused.status, { code: SpanStatusCode.ERROR, message: 'call_denied' });
  assert.equal(asked.status.code, SpanStatusCode.UNSET, 'the guardrail worked');
  const [, allowed] = await traced((session) => pay(session, 5));
  assert.deepEqual(
    [allowed.attributes['gen_ai.tool.call.arguments'], allowed.attributes['gen_ai.tool.call.result']],
    ['{"to":"bob","amount":5}', '{"done":true}'],
  );
});

test('a tool that fails, and a node that is down', async () => {
  const [, failed] = await traced((session) =>
    session.carryOut({ name: 'look', args: {} }, () => Promise.reject(new RangeError('private-name')), { watcher: spans(tracer) }),
  );
  assert.deepEqual([failed.attributes['error.type'], failed.status], ['RangeError', { code: SpanStatusCode.ERROR }]);
  const down = new Session(new Client('http://127.0.0.1:1', { retries: 0 }), '0'.repeat(32));
  const ended = await traced((session) => session.carryOut({ name: 'look', args: {} }, () => 1, { watcher: spans(tracer) }), down);
  assert.deepEqual(
    ended.map(({ name, attributes }) => [name, attributes['error.type']]),
    [
      ['run_guardrail AVA', 'AVA-1005'],
      ['execute_tool look', 'AVA-1005'],
    ],
  );
});
