/**
 * Writes src/shape.gen.ts from the OpenAPI description of a real node: `node sdk/make-shapes.ts`. A test makes it again
 * and compares, so that the client's types cannot drift from what a node serves.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNode } from '../src/node/start.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly description?: string;
}

const SIMPLE: Readonly<Record<string, string>> = { string: 'string', integer: 'number', number: 'number', boolean: 'boolean', null: 'null' };

/** A schema as the text of a TypeScript type. */
function typeText(schema: Schema, indent: string): string {
  if (schema.$ref !== undefined) return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf !== undefined) return schema.anyOf.map((one) => typeText(one, indent)).join(' | ');
  if (typeof schema.type === 'object') return schema.type.map((type) => typeText({ ...schema, type }, indent)).join(' | ');
  if (schema.type === 'array') {
    const item = typeText(schema.items ?? {}, indent);
    return `readonly ${/[|{]/.test(item) ? `(${item})` : item}[]`;
  }
  if (schema.type === 'object') return objectText(schema, indent);
  return SIMPLE[schema.type ?? ''] ?? 'unknown';
}

function objectText({ properties = {}, required = [], additionalProperties }: Schema, indent: string): string {
  const fields = Object.entries(properties).map(([name, field]) => {
    const note = field.description === undefined ? '' : `${indent}  /** ${field.description} */\n`;
    return `${note}${indent}  readonly ${name}${required.includes(name) ? '' : '?'}: ${typeText(field, `${indent}  `)};\n`;
  });
  const open = additionalProperties === false ? '' : `${indent}  readonly [name: string]: unknown;\n`;
  if (fields.length === 0 && additionalProperties !== false) return 'Readonly<Record<string, unknown>>';
  return `{\n${fields.join('')}${open}${indent}}`;
}

/** The text of src/shape.gen.ts for an OpenAPI document. */
export function shapesOf(document: unknown): string {
  const { components } = document as { readonly components: { readonly schemas: Readonly<Record<string, Schema>> } };
  const types = Object.entries(components.schemas).map(([name, schema]) => {
    const note = schema.description === undefined ? '' : `/** ${schema.description} */\n`;
    return `${note}export type ${name} = ${typeText(schema, '')};\n`;
  });
  return `// Made by sdk/make-shapes.ts from a node's /openapi.json: do not edit.\n\n${types.join('\n')}`;
}

if (process.argv[1] === import.meta.filename) {
  const folder = mkdtempSync(join(tmpdir(), 'ava-shapes-'));
  const node = await startNode({ dir: join(folder, 'data'), port: 0, constitution: 'starter', warm_ms: 0 });
  try {
    writeFileSync(join(import.meta.dirname, 'src/shape.gen.ts'), shapesOf(await (await fetch(`${node.url}/openapi.json`)).json()));
  } finally {
    await node.close();
    rmSync(folder, { recursive: true });
  }
}
