/** OpenAPI 3.1 from the table of routes and the shapes (spec/http.md N-3). */
import { STATUS_CODES } from 'node:http';
import type { TSchema } from 'typebox';
import { OPERATIONS, type Operation } from './operation.ts';
import { PROBLEM_TYPE } from './problem.ts';
import { Problem } from './schema.ts';

type Document = Record<string, unknown>;

/** A shape with every named part as a reference to `#/components/schemas`. */
function referring(shape: unknown, schemas: Document): unknown {
  if (typeof shape !== 'object' || shape === null) return shape;
  if (Array.isArray(shape)) return shape.map((item) => referring(item, schemas));
  const { $id, ...rest } = shape as { $id?: string };
  const inner = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, referring(value, schemas)]));
  if ($id === undefined) return inner;
  schemas[$id] = inner;
  return { $ref: `#/components/schemas/${$id}` };
}

function content(type: string, shape: TSchema | undefined, schemas: Document): Document {
  const schema = shape === undefined ? {} : { schema: referring(shape, schemas) };
  return { [type.split(';')[0]]: schema };
}

function operationOf(operation: Operation, schemas: Document): Document {
  const named = [...operation.path.matchAll(/\{([a-z]+)\+?\}/g)].map((match) => ({ name: match[1], in: 'path', required: true, schema: { type: 'string' } }));
  const more = [
    ...(operation.headers ?? []).map((header) => ({ ...header, in: 'header', required: false, schema: { type: 'string' } })),
    ...(operation.query ?? []).map((query) => ({ ...query, in: 'query', required: false, schema: { type: 'string' } })),
  ];
  const parameters = [...named, ...more];
  const problem = content(PROBLEM_TYPE, Problem, schemas);
  // /ready and /health answer 503 with their own shape when they can
  const faults = operation.faults.map((status) => [
    String(status),
    { description: STATUS_CODES[status], content: problem, ...(status === 503 && { headers: { 'Retry-After': { schema: { type: 'integer' } } } }) },
  ]);
  return {
    operationId: operation.id,
    summary: operation.summary,
    ...(parameters.length > 0 && { parameters }),
    ...(operation.request !== undefined && { requestBody: { required: true, content: content(operation.request.type, operation.request.shape, schemas) } }),
    responses: {
      200: { description: 'OK', content: content(operation.answer.type, operation.answer.shape, schemas) },
      ...Object.fromEntries(faults),
      default: { description: 'A problem document (RFC 9457)', content: problem },
    },
  };
}

export function openApi(version: string, url: string): Document {
  const schemas: Document = {};
  const paths: Record<string, Document> = {};
  for (const operation of OPERATIONS) {
    const path = operation.path.replaceAll('+}', '}');
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: operationOf(operation, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'AVA', version, summary: 'A constitution for AI agents', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url }],
    paths,
    components: { schemas },
  };
}
