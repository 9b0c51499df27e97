/** The one class of errors that the SDK throws, with the codes of AVA (spec/http.md N-5). */

const URN = 'urn:ava:fault:';

/** Faults that arise on this side of the connection, or before a request is made; code and title are AVA's. */
const LOCAL = {
  unreachable: ['AVA-1005', 503, 'start one with `avactl up`, or name its address'],
  timed_out: ['AVA-4031', 408, 'ask again, or allow more time'],
  request_shape: ['AVA-4002', 400, 'send plain JSON'],
  not_finite: ['AVA-4005', 400, 'send a finite number'],
  integer_too_large: ['AVA-4004', 400, 'send a string'],
  too_deep: ['AVA-4006', 400, 'nest at most 16 levels'],
  key_forbidden: ['AVA-4008', 400, 'do not use __proto__ as a key'],
  text_malformed: ['AVA-4009', 400, 'send no lone surrogates'],
  verify_failed: ['AVA-5004', 400, 'do not trust this file; ask its holder for another'],
  bundle_malformed: ['AVA-5005', 400, 'ask its holder for another'],
} as const satisfies Record<string, readonly [code: string, status: number, next: string]>;

export type LocalSlug = keyof typeof LOCAL;

export class AvaError extends Error {
  /** Stable: `AVA-4012`. */
  readonly code: string;
  /** The code as a word: `overloaded`. */
  readonly slug: string;
  /** The status of HTTP that goes with it. */
  readonly status: number;
  /** What to do. */
  readonly next: string;
  /** Further members of the problem document, among them `path`. */
  readonly context: Readonly<Record<string, unknown>>;

  constructor(fields: {
    code: string;
    slug: string;
    status: number;
    detail: string;
    next: string;
    context?: Readonly<Record<string, unknown>>;
    cause?: unknown;
  }) {
    super(fields.detail, { cause: fields.cause });
    this.name = 'AvaError';
    this.code = fields.code;
    this.slug = fields.slug;
    this.status = fields.status;
    this.next = fields.next;
    this.context = fields.context ?? {};
  }
}

/** A fault of this side. `detail` is one plain sentence about this occurrence. */
export function localError(slug: LocalSlug, detail: string, more: { context?: Readonly<Record<string, unknown>>; cause?: unknown } = {}): AvaError {
  const [code, status, next] = LOCAL[slug];
  return new AvaError({ code, slug, status, detail, next, ...more });
}

const FIXED = new Set(['type', 'title', 'status', 'code', 'detail', 'next']);

/** The error that a problem document tells of, or null for what is none of AVA's. */
export function errorOf(problem: unknown): AvaError | null {
  if (typeof problem !== 'object' || problem === null) return null;
  const { type, status, code, detail, next } = problem as Readonly<Record<string, unknown>>;
  if (typeof type !== 'string' || !type.startsWith(URN) || typeof code !== 'string' || typeof detail !== 'string') return null;
  return new AvaError({
    code,
    slug: type.slice(URN.length),
    status: typeof status === 'number' ? status : 500,
    detail,
    next: typeof next === 'string' ? next : '',
    context: Object.fromEntries(Object.entries(problem).filter(([key]) => !FIXED.has(key))),
  });
}
