/**
 * Where another engine's fields stand in AVA, and what types they have by the way they are used. What AVA does not know is
 * read from the context that the caller vouches for.
 */

import type { Source, SourceValue } from '../rule/input.ts';

export type FieldType = 'string' | 'int' | 'bool' | 'list';
const TYPES: Readonly<Record<FieldType, string>> = { string: 'string(1024)', int: 'int', bool: 'bool', list: 'list(string(256), 64)' };

/** Names that other engines have for what AVA knows by itself. */
const KNOWN: Readonly<Record<string, string>> = {
  tool: 'action.name',
  tool_name: 'action.name',
  toolName: 'action.name',
  'tool.name': 'action.name',
  action: 'action.name',
  'action.name': 'action.name',
  'action.type': 'action.name',
  server: 'action.server',
  agent: 'agent.name',
  agent_id: 'agent.name',
  agent_name: 'agent.name',
  'agent.name': 'agent.name',
  'agent.id': 'agent.name',
  call_count: 'session.calls',
  tool_calls: 'session.calls',
  tool_call_count: 'session.calls',
};
const KNOWN_TYPES: Readonly<Record<string, FieldType>> = {
  'action.name': 'string',
  'action.server': 'string',
  'agent.name': 'string',
  'session.calls': 'int',
};
const SEGMENT = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The paths that one import reads. */
export class PolicyInputs {
  private readonly types = new Map<string, FieldType>();
  /** Paths that are asked for, whatever they hold. */
  private readonly asked = new Set<string>();

  /** The path of a field, or why it has none. `type` is what the source compares it with. */
  path(field: string, type: FieldType): { readonly path: string } | { readonly why: string } {
    const known = KNOWN[field];
    const args = /^(?:args|arguments|params|parameters|tool_args|input)\.(.+)$/.exec(field)?.[1];
    const context = /^context\.(.+)$/.exec(field)?.[1];
    const path = known ?? (args === undefined ? `context.${context ?? field}` : `args.${args}`);
    if (!path.split('.').every((part) => SEGMENT.test(part))) return { why: `\`${field}\` is not a path that a rule can name` };
    const before = KNOWN_TYPES[path] ?? this.types.get(path);
    if (before !== undefined && before !== type) return { why: `\`${field}\` is used as ${type}, elsewhere as ${before}` };
    if (known === undefined) {
      const within = [...this.types.keys()].find((other) => other.startsWith(`${path}.`) || path.startsWith(`${other}.`));
      if (within !== undefined) return { why: `\`${field}\` is read whole and in parts` };
      this.types.set(path, type);
    }
    return { path };
  }

  /** A path of which only counts whether it is there: a text where nothing else says what it is. */
  ask(field: string): string {
    const path = `context.${field}`;
    this.asked.add(path);
    return path;
  }

  /** A call that gives these values, and of the rest the groups that hold it. */
  source(holds: readonly (readonly [path: string, value: SourceValue])[], base: Source): Source {
    const source: Record<string, SourceValue> = { ...base, args: {}, context: {} };
    const group = (parts: readonly string[]): Record<string, SourceValue> => {
      let at = source;
      for (const part of parts) at = at[part] = { ...(at[part] as object) } as Record<string, SourceValue>;
      return at;
    };
    for (const path of this.declared().keys()) group(path.split('.').slice(0, -1));
    for (const [path, value] of holds) {
      const parts = path.split('.');
      group(parts.slice(0, -1))[parts[parts.length - 1]] = value;
    }
    return source;
  }

  /** What the caller must give. */
  vouched(): readonly string[] {
    return [...this.declared().keys()].filter((path) => path.startsWith('context.'));
  }

  declared(): ReadonlyMap<string, string> {
    const untyped = [...this.asked].filter((path) => !this.types.has(path) && ![...this.types.keys()].some((one) => one.startsWith(`${path}.`)));
    return new Map([...[...this.types].map(([path, type]) => [path, TYPES[type]] as const), ...untyped.map((path) => [path, TYPES.string] as const)]);
  }
}

/** Whether AVA always has a value at a path: then nothing asks for it first. */
export const isCertain = (path: string): boolean => KNOWN_TYPES[path] !== undefined && path !== 'action.server';
