/** What the tools for authors find in a rule: where, how bad, and an example that shows it. */
import type { Source, SourceValue } from '../rule/input.ts';

export const SEVERITIES = ['error', 'warning', 'note'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Inputs that show it, and what they give; written so that a test of the rule takes them. */
export interface Example {
  /** YAML on one line: the `given` of a test. */
  readonly given: string;
  readonly outcome: string;
}

export interface Finding {
  readonly severity: Severity;
  /** Such as `never-passes`; stable. */
  readonly code: string;
  /** Empty where the file could not be read. */
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** One sentence. */
  readonly message: string;
  readonly example?: Example;
  readonly advice?: string;
}

const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_-]*$/;
/** Texts that YAML reads as something else, or with marks of its own. */
const PLAIN_TEXT = /^[A-Za-z./@][A-Za-z0-9 _./@+-]*[A-Za-z0-9_./@+-]$|^[A-Za-z]$/;
const WORDS_TAKEN = /^(?:true|false|null|yes|no|on|off|y|n|~|\.inf|\.nan)$/i;

/** A source as YAML on one line. */
export function givenText(source: Source): string {
  return flow(source);
}

function flow(value: SourceValue): string {
  if (typeof value === 'string') return PLAIN_TEXT.test(value) && !WORDS_TAKEN.test(value) ? value : JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly SourceValue[]).map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value as { readonly [key: string]: SourceValue }).filter(([, one]) => one !== undefined);
    if (entries.length === 0) return '{}';
    return `{ ${entries.map(([key, one]) => `${PLAIN_KEY.test(key) && !WORDS_TAKEN.test(key) ? key : JSON.stringify(key)}: ${flow(one)}`).join(', ')} }`;
  }
  return String(value ?? null);
}
