/** What an import came to: rules, and what of the source they do not say. */
import type { RuleText } from './rule-text.ts';

/** A part of the source: a pattern, a rule, a policy. */
export interface Part {
  readonly text: string;
  /** Of the source; null where it has no lines. */
  readonly line: number | null;
}

export interface Imported {
  readonly rules: readonly RuleText[];
  /** What the rules say as the source does. */
  readonly translated: readonly Part[];
  /** What they say otherwise than the source, always more strictly, or with something assumed; and how. */
  readonly changed: readonly (Part & { readonly why: string })[];
  /** What they do not say at all, and why. */
  readonly refused: readonly (Part & { readonly why: string })[];
}
