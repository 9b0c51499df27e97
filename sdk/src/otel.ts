/**
 * Spans of guarded calls (OpenTelemetry, GenAI semantic conventions): `execute_tool NAME`, with a span `run_guardrail AVA`
 * within it for the time that AVA was asked. Arguments and results are no attributes unless they are asked for.
 */
import { context, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import { AvaError } from './error.ts';
import { bindingReasons, Refusal } from './refusal.ts';
import type { Watcher } from './session.ts';
import type { DecisionAnswer } from './shape.gen.ts';

export interface SpanOptions {
  /** Puts `gen_ai.tool.call.arguments` and `gen_ai.tool.call.result` into the span: they may hold private data. */
  readonly content?: boolean;
}

const VALUE_MAX = 8_192;

/** The conventions have no guardrail attributes yet that are settled: what AVA says has its own namespace. */
const verdictOf = (answer: DecisionAnswer) => ({
  'ava.verdict': answer.verdict,
  'ava.enforced': answer.enforced,
  'ava.receipt': answer.receipt,
  'ava.constitution': answer.constitution,
  'ava.rules': answer.verdict === 'allow' ? [] : bindingReasons(answer).map(({ rule }) => rule),
  ...(answer.approval !== undefined && { 'ava.approval': answer.approval }),
});

const json = (value: unknown): string => {
  try {
    return (JSON.stringify(value) ?? '').slice(0, VALUE_MAX);
  } catch {
    return '';
  }
};

function fail(span: Span, error: unknown): void {
  span.setAttribute('error.type', error instanceof AvaError ? error.code : error instanceof Error ? error.name : '_OTHER');
  // a refusal names no argument; any other message may
  span.setStatus({ code: SpanStatusCode.ERROR, ...(error instanceof Refusal && { message: error.slug }) });
}

/** Give it to `guard` or to an adapter as `watcher`. */
export function spans(tracer: Tracer, { content = false }: SpanOptions = {}): Watcher {
  return {
    begin({ name, args, server, call_id }, session) {
      const span = tracer.startSpan(`execute_tool ${name}`, {
        kind: SpanKind.INTERNAL,
        attributes: {
          'gen_ai.operation.name': 'execute_tool',
          'gen_ai.tool.name': name,
          'gen_ai.tool.type': 'function',
          'ava.session': session,
          ...(call_id !== undefined && { 'gen_ai.tool.call.id': call_id }),
          ...(server !== undefined && { 'ava.server': server }),
          ...(content && { 'gen_ai.tool.call.arguments': json(args) }),
        },
      });
      const within = trace.setSpan(context.active(), span);
      let asking: Span | null = tracer.startSpan(
        'run_guardrail AVA',
        { kind: SpanKind.CLIENT, attributes: { 'gen_ai.operation.name': 'run_guardrail', 'gen_ai.tool.name': name } },
        within,
      );
      return {
        judged(answer, waited) {
          const attributes = verdictOf(answer);
          span.setAttributes(attributes);
          if (waited) span.addEvent('ava.approval.answered', attributes);
          asking?.setAttributes(attributes).end();
          asking = null;
        },
        run: (work) => context.with(within, work),
        end(ended) {
          const error = 'error' in ended ? ended.error : ended.outcome.ok ? null : new Error(ended.outcome.error);
          if (error !== null) fail(span, error);
          else if (content && 'outcome' in ended) span.setAttribute('gen_ai.tool.call.result', json(ended.outcome.result));
          // AVA was asked and never answered
          if (asking !== null && error !== null) fail(asking, error);
          asking?.end();
          span.end();
        },
      };
    },
  };
}
