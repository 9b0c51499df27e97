/**
 * What would make a condition hold: one sentence for a comparison, worked out as far as a sum of integers allows. It reads
 * `money.amount must be at most 4` off `agent.sum("money.amount", "1d") + money.amount <= params.limit`.
 */
import { isFoldTerm, type Term } from './term.ts';
import { ERROR, type Result, type Value } from './value.ts';

/** How remedies see a program: texts and values of its terms. */
export interface View {
  text(term: Term): string;
  value(term: Term): Result | undefined;
  literal(value: Result): string;
}

/** Groups that the one who acts cannot change by acting otherwise. */
const GIVEN: ReadonlySet<string> = new Set(['params', 'agent', 'session', 'context', 'flow', 'now_ms']);

/** Whether anything in a term is the action's own: an argument, what a call really does. Shared terms are asked once. */
function isOwn(term: Term, known: Map<Term, boolean> = new Map()): boolean {
  const before = known.get(term);
  if (before !== undefined) return before;
  const below = isFoldTerm(term) ? [term.range, term.body, ...(term.predicate === undefined ? [] : [term.predicate])] : 'operands' in term ? term.operands : [];
  const own = 'input' in term ? !GIVEN.has(term.input.path.split('.')[0]) : below.some((one) => isOwn(one, known));
  known.set(term, own);
  return own;
}

/** The sentence, or undefined when the condition is of no kind that it can speak of. `wanted` is the value that it should have. */
export function remedy(term: Term, wanted: boolean, view: View): string | undefined {
  if (isFoldTerm(term) || !('operands' in term)) return undefined;
  const [a, b] = term.operands;
  switch (term.op) {
    case 'lt':
    case 'le': {
      // not (a < b) is b <= a, not (a <= b) is b < a
      const [less, more] = wanted ? [a, b] : [b, a];
      return order(less, more, (term.op === 'lt') === wanted, view);
    }
    case 'eq':
      // Said of the side that is the action's own, else of the one that is not a constant.
      return (isOwn(a) === isOwn(b) ? b.op === 'const' : isOwn(a)) ? equal(a, b, wanted, view) : equal(b, a, wanted, view);
    case 'member':
      return sentence(view.text(a), wanted ? 'must be in' : 'must not be in', b, view);
    case 'starts':
      return sentence(view.text(a), wanted ? 'must start with' : 'must not start with', b, view);
    case 'ends':
      return sentence(view.text(a), wanted ? 'must end with' : 'must not end with', b, view);
    case 'contains':
      return sentence(view.text(a), wanted ? 'must contain' : 'must not contain', b, view);
    case 'match':
      return `${view.text(a)} ${wanted ? 'must match' : 'must not match'} ${view.literal(term.mark as string)}`;
    default:
      return undefined;
  }
}

function sentence(subject: string, must: string, term: Term, view: View): string {
  const value = view.value(term);
  return `${subject} ${must} ${value === undefined || value === ERROR ? view.text(term) : view.literal(value)}`;
}

const equal = (own: Term, other: Term, wanted: boolean, view: View): string => sentence(view.text(own), wanted ? 'must be' : 'must not be', other, view);

/** `less` must be below `more` (strict) or at most it: said of the side that is the action's own. */
function order(less: Term, more: Term, strict: boolean, view: View): string {
  const upper = isOwn(less) || !isOwn(more);
  const [own, bound] = upper ? [less, more] : [more, less];
  const must = upper ? (strict ? 'must be below' : 'must be at most') : strict ? 'must be above' : 'must be at least';
  const limit = view.value(bound);
  const { term, rest } = typeof limit === 'bigint' ? unknown(own, view) : { term: own, rest: 0n };
  if (typeof limit === 'bigint') return `${view.text(term)} ${must} ${limit - rest}`;
  return sentence(view.text(own), must, bound, view);
}

/** The one operand of a sum that is the action's own, and the sum of the others. The whole sum where that is not so. */
function unknown(sum: Term, view: View): { readonly term: Term; readonly rest: bigint } {
  let term = sum;
  let rest = 0n;
  while (!isFoldTerm(term) && term.op === 'add') {
    const [a, b]: readonly Term[] = term.operands;
    const [own, other] = isOwn(a) ? [a, b] : [b, a];
    const value: Value | symbol | undefined = view.value(other);
    if (isOwn(other) || typeof value !== 'bigint') return { term: sum, rest: 0n };
    term = own;
    rest += value;
  }
  return { term, rest };
}
