/** What a tool's pin is of: what a model reads of it, and what its arguments and results are bound to (spec/gateway.md MG-40). */
import { isObject, type Params } from './message.ts';
import { canonicalJson, digestOf } from './value-digest.ts';

/** MG-40: the fields that count, in this order. */
export const DEFINITION_FIELDS = ['name', 'title', 'description', 'inputSchema', 'outputSchema', 'annotations', 'execution'] as const;

export type Definition = Readonly<Partial<Record<(typeof DEFINITION_FIELDS)[number], unknown>>>;

export function definitionOf(tool: Params): Definition {
  return Object.fromEntries(DEFINITION_FIELDS.flatMap((field) => (tool[field] === undefined ? [] : [[field, tool[field]]])));
}

export const definitionDigest = (definition: Definition): string => digestOf(DEFINITION_FIELDS.map((field) => definition[field] ?? null));

/** Fields that differ. */
export const changedFields = (before: Definition, after: Definition): string[] =>
  DEFINITION_FIELDS.filter((field) => canonicalJson(before[field] ?? null) !== canonicalJson(after[field] ?? null));

export const isDefinition = (value: unknown): value is Definition => isObject(value) && typeof value.name === 'string';
