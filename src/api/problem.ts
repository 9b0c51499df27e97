/** Faults as `application/problem+json` (RFC 9457; spec/http.md N-5 to N-7), and back. */
import { FAULTS, Fault, type FaultContext, type FaultName } from '../base/fault.ts';
import { jsonAscii } from './json-value.ts';

export const PROBLEM_TYPE = 'application/problem+json';
const URN = 'urn:ava:fault:';
/** Seconds after which an overloaded node may be asked again (N-7). */
export const RETRY_AFTER_S = 1;

/** What was thrown as a fault; anything that is none is `internal`. */
export const faultOf = (error: unknown): Fault => (error instanceof Fault ? error : new Fault('internal'));

/** N-5, N-6: the problem document, in ASCII. */
export function problemOf(fault: Fault): string {
  const { slug, code, status, next } = fault;
  const { message, context } = slug === 'internal' ? new Fault('internal') : fault;
  let json = `{"type":"${URN}${slug}","title":${jsonAscii(FAULTS[slug][2])},"status":${status},"code":"${code}","detail":${jsonAscii(message)},"next":${jsonAscii(next)}`;
  for (const [key, value] of Object.entries(context)) json += `,${jsonAscii(key)}:${typeof value === 'string' ? jsonAscii(value) : JSON.stringify(value)}`;
  return `${json}}`;
}

const FIXED = new Set(['type', 'title', 'status', 'code', 'detail', 'next']);
const SLUGS: ReadonlySet<string> = new Set(Object.keys(FAULTS));

/** The fault that a problem document tells of, or null when it is none of AVA's. */
export function faultFrom(problem: unknown): Fault | null {
  if (typeof problem !== 'object' || problem === null) return null;
  const { type, detail } = problem as { type?: unknown; detail?: unknown };
  if (typeof type !== 'string' || !type.startsWith(URN) || typeof detail !== 'string') return null;
  const slug = type.slice(URN.length);
  if (!SLUGS.has(slug)) return null;
  const context: Record<string, FaultContext[string]> = {};
  for (const [key, value] of Object.entries(problem)) {
    if (!FIXED.has(key) && (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')) context[key] = value;
  }
  return new Fault(slug as FaultName, detail, context);
}
