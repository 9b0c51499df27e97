/** The paths that every rule may read without declaring them, with their types (spec/input.md); facets add theirs. */
import { FACET_PATHS } from '../facet/version.ts';

const MACHINE_PATHS: readonly (readonly [string, string])[] = [
  ['action.kind', 'string(64)'],
  ['action.server', 'string(256)'],
  ['action.name', 'string(256)'],
  ['agent.name', 'string(256)'],
  ['agent.assurance', 'int'],
  ['session.calls', 'int'],
  ['session.denied', 'int'],
  ['session.escalated', 'int'],
  ['session.age_ms', 'int'],
  ['session.labels', 'list(string(256), 16)'],
  ['now_ms', 'int'],
];

export const ENVIRONMENT: ReadonlyMap<string, string> = new Map([...MACHINE_PATHS, ...FACET_PATHS]);

/** Whether the machine's state, and not the action, gives this path: such inputs are kept as the entry's witness. */
export const isWitnessed = (path: string): boolean => /^(agent|session|flow)\./.test(path);
