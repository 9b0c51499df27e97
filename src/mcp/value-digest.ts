/** One text for equal JSON values: keys sorted, no space. Digests of definitions and calls are made of it. */
import { hash } from 'node:crypto';

/** Levels whose keys are sorted; below them a value is taken as it is written. */
const DEPTH_MAX = 64;

export function canonicalJson(value: unknown, depth = 0): string {
  if (depth > DEPTH_MAX) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null, depth + 1)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member, depth + 1)}`).join(',')}}`;
}

/** SHA-256 in hex. */
export const digestOf = (value: unknown): string => hash('sha256', canonicalJson(value), 'hex');
