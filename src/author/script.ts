/**
 * SMT-LIB text, built term by term: every operation gives a term, the same operation on the same terms gives the same
 * name, and what constants decide is decided here. Only booleans and bit vectors occur, so a solver always can answer.
 */

/** A term of SMT-LIB: a name or a literal. */
export type Term = string;

export const TRUE: Term = 'true';
export const FALSE: Term = 'false';

/** A script of more definitions is not given to a solver: it would not answer in time. */
export const DEFINITIONS_MAX = 120_000;

/** Why a program has no script, in words that follow "not proved: ". */
export class NotLowered extends Error {}

/** A bit vector literal. @param bits a multiple of 4 */
export function vector(value: bigint, bits: number): Term {
  const wrapped = BigInt.asUintN(bits, value);
  return `#x${wrapped.toString(16).padStart(bits / 4, '0')}`;
}

const literalOf = (term: Term): bigint | undefined => (term.startsWith('#x') ? BigInt(`0x${term.slice(2)}`) : undefined);

/** IEEE 754, 64 bits. */
export const FLOAT = '(_ FloatingPoint 11 53)';

export class Script {
  /** What a solver must know. */
  logic: 'QF_BV' | 'QF_BVFP' = 'QF_BV';
  private readonly lines: string[] = [];
  private readonly names = new Map<string, Term>();
  /** Names of free variables in the order of their declaration. */
  readonly variables: Term[] = [];

  /** A new free variable. */
  declare(sort: string): Term {
    const name = `v${this.variables.length}`;
    this.variables.push(name);
    this.lines.push(`(declare-const ${name} ${sort})`);
    return name;
  }

  bool(): Term {
    return this.declare('Bool');
  }

  vector(bits: number): Term {
    return this.declare(`(_ BitVec ${bits})`);
  }

  assert(term: Term): void {
    if (term !== TRUE) this.lines.push(`(assert ${term})`);
  }

  /** All declarations, definitions and assertions so far, from the `from`-th on. */
  text(from = 0): string {
    return (from === 0 ? this.lines : this.lines.slice(from)).join('\n');
  }

  get length(): number {
    return this.lines.length;
  }

  /** A name for a term. @throws NotLowered when there are too many */
  private define(sort: string, text: string): Term {
    const known = this.names.get(text);
    if (known !== undefined) return known;
    if (this.names.size >= DEFINITIONS_MAX) throw new NotLowered('it unfolds to more than a solver can look through');
    const name = `t${this.names.size}`;
    if (sort === FLOAT || text.includes('fp.')) this.logic = 'QF_BVFP';
    this.names.set(text, name);
    this.lines.push(`(define-fun ${name} () ${sort} ${text})`);
    return name;
  }

  private test(text: string): Term {
    return this.define('Bool', text);
  }

  and(...terms: readonly Term[]): Term {
    const kept = [...new Set(terms)].filter((term) => term !== TRUE);
    if (kept.includes(FALSE)) return FALSE;
    return kept.length === 0 ? TRUE : kept.length === 1 ? kept[0] : this.test(`(and ${kept.join(' ')})`);
  }

  or(...terms: readonly Term[]): Term {
    const kept = [...new Set(terms)].filter((term) => term !== FALSE);
    if (kept.includes(TRUE)) return TRUE;
    return kept.length === 0 ? FALSE : kept.length === 1 ? kept[0] : this.test(`(or ${kept.join(' ')})`);
  }

  not(term: Term): Term {
    return term === TRUE ? FALSE : term === FALSE ? TRUE : this.test(`(not ${term})`);
  }

  implies(a: Term, b: Term): Term {
    return this.or(this.not(a), b);
  }

  /** `then` or `otherwise`, of any sort. */
  choose(sort: string, condition: Term, then: Term, otherwise: Term): Term {
    if (condition === TRUE || then === otherwise) return then;
    if (condition === FALSE) return otherwise;
    return this.define(sort, `(ite ${condition} ${then} ${otherwise})`);
  }

  chooseBool(condition: Term, then: Term, otherwise: Term): Term {
    if (then === TRUE && otherwise === FALSE) return condition;
    return this.choose('Bool', condition, then, otherwise);
  }

  equal(a: Term, b: Term): Term {
    if (a === b) return TRUE;
    if (literalOf(a) !== undefined && literalOf(b) !== undefined) return FALSE;
    return this.test(a < b ? `(= ${a} ${b})` : `(= ${b} ${a})`);
  }

  /** A relation of bit vectors, such as `bvslt`; a test of overflow, such as `bvsaddo`. */
  relation(name: string, ...terms: readonly Term[]): Term {
    const [a, b] = terms.map(literalOf);
    if (a !== undefined && b !== undefined) {
      if (name === 'bvult') return a < b ? TRUE : FALSE;
      if (name === 'bvule') return a <= b ? TRUE : FALSE;
    }
    return this.test(`(${name} ${terms.join(' ')})`);
  }

  /** An operation on bit vectors with a result of `bits` bits. */
  operation(bits: number, name: string, ...terms: readonly Term[]): Term {
    return this.define(`(_ BitVec ${bits})`, `(${name} ${terms.join(' ')})`);
  }

  /** A term of any other sort. */
  term(sort: string, text: string): Term {
    return this.define(sort, text);
  }

  /** Bits `high` to `low` of a vector of `bits`. */
  extract(term: Term, bits: number, high: number, low: number): Term {
    if (low === 0 && high === bits - 1) return term;
    const literal = literalOf(term);
    if (literal !== undefined && (high - low + 1) % 4 === 0) return vector(literal >> BigInt(low), high - low + 1);
    return this.operation(high - low + 1, `(_ extract ${high} ${low})`, term);
  }

  /** Zeros put before a vector, up to `to` bits. */
  extend(term: Term, bits: number, to: number): Term {
    if (bits === to) return term;
    const literal = literalOf(term);
    return literal === undefined ? this.operation(to, `(_ zero_extend ${to - bits})`, term) : vector(literal, to);
  }
}
