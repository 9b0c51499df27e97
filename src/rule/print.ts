/**
 * Programs back as text, and what each part of one came to: what `explain` shows. The text compiles to the same program
 * again, but for the few that CEL cannot say (a filter whose body is not its item's own).
 */
import { liftAll } from './admit.ts';
import { FUNCTIONS } from './function.ts';
import type { Found } from './input.ts';
import { trace } from './interpret.ts';
import type { Program } from './ir.ts';
import { printText, printValue } from './print-value.ts';
import { remedy, type View } from './remedy.ts';
import { windowText } from './scope.ts';
import { fits, plain } from './static-type.ts';
import { type Binder, type FoldOp, type FoldTerm, type ItemOp, isFoldTerm, type Term } from './term.ts';
import { partOf, TIME_PARTS, zoneOf } from './time.ts';
import { type Type, typeText } from './type.ts';
import type { Result } from './value.ts';

export { bill } from './bill.ts';
export { printText, printValue } from './print-value.ts';

/** Characters of a printed program; what lies beyond is cut to `…`. */
export const PRINT_LENGTH_MAX = 65_536;

export interface Printed {
  readonly text: string;
  /** Where each node stands first in the text: [start, end) in UTF-16 units. */
  readonly spans: ReadonlyMap<number, readonly [number, number]>;
}

/** How tightly an expression binds, as the parser has it. */
const CHOICE = 0;
const OR = 1;
const AND = 2;
const RELATION = 3;
const SUM = 4;
const PRODUCT = 5;
const UNARY = 6;
const MEMBER = 7;

export function printProgram(program: Program): Printed {
  const terms = liftAll(program);
  const printer = new Printer();
  printer.term(terms[program.out], CHOICE);
  const spans = new Map<number, readonly [number, number]>();
  terms.forEach((term, i) => {
    const span = printer.spans.get(term);
    if (span !== undefined) spans.set(i, span);
  });
  return { text: printer.text, spans };
}

export function printTerm(term: Term): string {
  const printer = new Printer();
  printer.term(term, CHOICE);
  return printer.text;
}

/** The text of a type as manifests have it: `list(string(64), 8)`. */
export const printType = (type: Type): string => typeText(type);

const WORD = /^[A-Za-z_][A-Za-z0-9_]*$/;
const WORDS_TAKEN: ReadonlySet<string> = new Set(['true', 'false', 'null', 'in']);

/** `args.user-id` → `args["user-id"]`, `agent.sum(money.amount,86400000)` → `agent.sum("money.amount", "1d")`. */
export function printPath(path: string): string {
  const sum = /^(.*)\.sum\((.*),(\d+)\)$/.exec(path);
  if (sum !== null) return `${sum[1]}.sum("${sum[2]}", "${windowText(Number(sum[3]))}")`;
  const [first, ...rest] = path.split('.');
  return first + rest.map(field).join('');
}

const field = (name: string): string => (WORD.test(name) && !WORDS_TAKEN.has(name) ? `.${name}` : `[${printText(name)}]`);

const INFIX: ReadonlyMap<string, readonly [string, number]> = new Map([
  ['eq', [' == ', RELATION]],
  ['lt', [' < ', RELATION]],
  ['le', [' <= ', RELATION]],
  ['member', [' in ', RELATION]],
  ['add', [' + ', SUM]],
  ['sub', [' - ', SUM]],
  ['mul', [' * ', PRODUCT]],
  ['div', [' / ', PRODUCT]],
  ['rem', [' % ', PRODUCT]],
]);
const METHODS: ReadonlyMap<string, string> = new Map([
  ['starts', 'startsWith'],
  ['ends', 'endsWith'],
  ['contains', 'contains'],
]);
const CALLS: ReadonlyMap<string, string> = new Map([
  ['size', 'size'],
  ['toint', 'int'],
  ['touint', 'uint'],
  ['todbl', 'double'],
  ['tostr', 'string'],
  ['tobytes', 'bytes'],
  ['tobool', 'bool'],
  ['tots', 'timestamp'],
  ['todur', 'duration'],
  ['typeof', 'type'],
]);
/** Macros of one variable and of two. */
const MACROS: Readonly<Record<FoldOp, readonly [one: string, two: string]>> = {
  all: ['all', 'all'],
  any: ['exists', 'exists'],
  one: ['exists_one', 'existsOne'],
  collect: ['map', 'transformList'],
  collectmap: ['', 'transformMap'],
};

class Printer {
  text = '';
  readonly spans = new Map<Term, readonly [number, number]>();
  /** Names of the variables of the folds around, so that each has another. */
  private readonly names = new Map<Binder, string>();
  /** Folds with two variables. */
  private readonly two = new Set<Binder>();
  private depth = 0;

  private put(text: string): void {
    if (this.text.length < PRINT_LENGTH_MAX) this.text += text;
    else if (!this.text.endsWith('…')) this.text += '…';
  }

  term(term: Term, least: number): void {
    if (this.text.length >= PRINT_LENGTH_MAX) return this.put('');
    const own = precedence(term);
    if (own < least) this.put('(');
    const start = this.text.length;
    this.bare(term);
    if (!this.spans.has(term)) this.spans.set(term, [start, this.text.length]);
    if (own < least) this.put(')');
  }

  private bare(term: Term): void {
    if ('value' in term) return this.put(printValue(term.value));
    if ('input' in term) return this.put(term.op === 'in' ? printPath(term.input.path) : `has(${printPath(term.input.path)})`);
    if (isFoldTerm(term)) return this.fold(term);
    if ('binder' in term) return this.put(this.nameOf(term.op, term.binder));
    if ('mark' in term) return this.marked(term);
    const { operands } = term;
    const [a, b] = operands;
    const infix = INFIX.get(term.op);
    if (infix !== undefined) return this.infix(a, infix[0], b, infix[1]);
    const method = METHODS.get(term.op);
    if (method !== undefined) {
      this.term(a, MEMBER);
      return this.row([b], `.${method}(`, ')');
    }
    const call = CALLS.get(term.op);
    // A conversion of what has the type already would vanish.
    if (call !== undefined)
      return a.type.kind === term.type.kind && term.op !== 'typeof' ? this.row(operands, `${call}(dyn(`, '))') : this.row(operands, `${call}(`, ')');
    switch (term.op) {
      case 'not':
        if (!isFoldTerm(a) && a.op === 'eq') return this.infix(a.operands[0], ' != ', a.operands[1], RELATION);
        this.put('!');
        return this.term(a, UNARY);
      case 'neg':
        this.put('-');
        // -(1), not the literal -1.
        return this.term(a, a.op === 'const' ? MEMBER + 1 : UNARY);
      case 'and':
      case 'or':
        return this.chain(operands, term.op === 'and' ? ' && ' : ' || ', term.op === 'and' ? RELATION : AND);
      case 'sel':
        this.term(a, OR);
        this.put(' ? ');
        if (fits(plain(b.type), plain(operands[2].type))) this.term(b, OR);
        else this.row([b], 'dyn(', ')');
        this.put(' : ');
        return this.term(operands[2], CHOICE);
      case 'get':
        return this.get(a, b);
      case 'has':
        this.put('has(');
        this.get(a, b);
        return this.put(')');
      case 'list':
        return this.row(operands, '[', ']');
      case 'map':
        return this.row(operands, '{', '}', true);
      default:
        return this.row(operands, `${term.op}(`, ')');
    }
  }

  /** Two values whose types the checker would not let meet do so under dyn(). */
  private infix(a: Term, mark: string, b: Term, level: number): void {
    const [left, right] = [plain(a.type), plain(b.type)];
    const meet = mark === ' in ' ? right.kind !== 'list' || fits(left, right.item) : fits(left, right) || isTime(left) || isTime(right);
    if (meet) this.term(a, level);
    else this.row([a], 'dyn(', ')');
    this.put(mark);
    this.term(b, level + 1);
  }

  private chain(operands: readonly Term[], mark: string, level: number): void {
    operands.forEach((operand, i) => {
      if (i > 0) this.put(mark);
      this.term(operand, level);
    });
  }

  private row(operands: readonly Term[], before: string, after: string, pairs = false): void {
    this.put(before);
    operands.forEach((operand, i) => {
      if (i > 0) this.put(pairs && i % 2 === 1 ? ': ' : ', ');
      this.term(operand, CHOICE);
    });
    this.put(after);
  }

  private get(container: Term, key: Term): void {
    this.term(container, MEMBER);
    if ('value' in key && typeof key.value === 'string' && container.type.kind === 'map') return this.put(field(key.value));
    this.row([key], '[', ']');
  }

  /** The name of an item: of the one variable, or of the index or key and the item or value. */
  private nameOf(op: ItemOp, binder: Binder): string {
    const name = this.names.get(binder) ?? binder.name;
    const usual = op === 'iter' || op === (binder.range.kind === 'map' ? 'key' : 'elem');
    if (!this.two.has(binder)) return usual ? name : op === 'key' ? `index(${name})` : `value(${name})`;
    return op === 'key' ? `${name}k` : name;
  }

  private marked(term: Extract<Term, { mark: string | number }>): void {
    const { op, mark, operands } = term;
    const [a, ...rest] = operands;
    if (op === 'match') {
      this.term(a, MEMBER);
      return this.put(`.matches(${printText(mark as string)})`);
    }
    if (op === 'tsget') {
      this.term(a, MEMBER);
      return this.put(`.${TIME_PARTS[partOf(mark as number)]}(${zoneText(zoneOf(mark as number))})`);
    }
    const { name } = FUNCTIONS[mark as number];
    if (name === 'merge' && isFoldTerm(a) && a.op === 'collect') return this.fold(a, 'transformMapEntry');
    if (name === 'merge' || name.includes('.')) return this.row(operands, `${name}(`, ')');
    this.term(a, MEMBER);
    return this.row(rest, `.${name}(`, ')');
  }

  private fold(term: FoldTerm, entries?: 'transformMapEntry'): void {
    const { op, binder, range, predicate, body } = term;
    this.term(range, MEMBER);
    this.depth += 1;
    const name = `x${this.depth}`;
    this.names.set(binder, name);
    const used = usedOf(term);
    const two =
      entries !== undefined ||
      op === 'collectmap' ||
      used.has(binder.range.kind === 'map' ? 'elem' : 'key') ||
      (used.size > 0 && !used.has('iter') && binder.range.kind === 'dyn');
    const parts = predicate === undefined ? [body] : [predicate, body];
    if (two) {
      this.two.add(binder);
      this.row(parts, `.${entries ?? MACROS[op][1]}(${name}k, ${name}, `, ')');
    } else if (op === 'collect' && predicate !== undefined && 'binder' in body && !isFoldTerm(body) && body.binder === binder) {
      this.row([predicate], `.filter(${name}, `, ')');
    } else this.row(parts, `.${MACROS[op][0]}(${name}, `, ')');
    this.depth -= 1;
  }
}

const isTime = ({ kind }: Type): boolean => kind === 'ts' || kind === 'dur';

/** `"+05:30"`; nothing for UTC. */
function zoneText(minutes: number): string {
  if (minutes === 0) return '';
  const size = Math.abs(minutes);
  const pad = (n: number): string => String(n).padStart(2, '0');
  return `"${minutes < 0 ? '-' : '+'}${pad((size - (size % 60)) / 60)}:${pad(size % 60)}"`;
}

/** Which items of a fold its predicate and body use. */
function usedOf({ binder, predicate, body }: FoldTerm): ReadonlySet<ItemOp> {
  const used = new Set<ItemOp>();
  const seen = new Set<Term | undefined>([undefined]);
  const visit = (term: Term | undefined): void => {
    if (term === undefined || seen.has(term)) return;
    seen.add(term);
    if (isFoldTerm(term)) [term.range, term.predicate, term.body].forEach(visit);
    else if ('operands' in term) term.operands.forEach(visit);
    else if ('binder' in term && term.binder === binder) used.add(term.op);
  };
  visit(predicate);
  visit(body);
  return used;
}

function precedence(term: Term): number {
  if (isFoldTerm(term)) return MEMBER;
  const infix = INFIX.get(term.op);
  if (infix !== undefined) return infix[1];
  switch (term.op) {
    case 'sel':
      return CHOICE;
    case 'or':
      return OR;
    case 'and':
      return AND;
    case 'not':
      return !isFoldTerm(term.operands[0]) && term.operands[0].op === 'eq' ? RELATION : UNARY;
    case 'neg':
      return UNARY;
    default:
      return MEMBER;
  }
}

/** One side of a comparison. */
export interface Side {
  readonly text: string;
  readonly result: Result;
}

/** A part of a rule with what it came to. */
export interface Part {
  readonly node: number;
  readonly text: string;
  readonly result: Result;
  /** The value that lets the rule pass; undefined where either may, by the rest of the rule. */
  readonly wanted: boolean | undefined;
  /** Of a comparison: its sides. */
  readonly sides: readonly Side[];
  /** Of a comparison that is not as wanted: what would be, in one sentence. */
  readonly remedy: string | undefined;
}

/**
 * The conditions that a rule is made of, in order: what `&&`, `||`, `!` and `?:` join, with the value of each for these
 * inputs. A fold is one condition.
 */
export function explainProgram(program: Program, found: readonly Found[]): readonly Part[] {
  const terms = liftAll(program);
  const results = trace(program, found);
  const byTerm = new Map(terms.map((term, i): readonly [Term, Result] => [term, results[i]]));
  const view: View = { text: printTerm, value: (term) => byTerm.get(term), literal: printValue };
  const parts = new Map<number, Part>();
  const seen = new Set<string>();
  const visit = (i: number, wanted: boolean | undefined): void => {
    const { op, operands } = program.nodes[i];
    if (seen.has(`${i} ${wanted}`)) return;
    seen.add(`${i} ${wanted}`);
    if (op === 'not') return visit(operands[0], wanted === undefined ? undefined : !wanted);
    if (op === 'and' || op === 'or') return operands.forEach((j) => visit(j, wanted));
    if (op === 'sel' && terms[i].type.kind === 'bool') return operands.forEach((j, k) => visit(j, k === 0 ? undefined : wanted));
    if (parts.has(i)) return;
    const result = results[i];
    const sides = INFIX.get(op)?.[1] === RELATION ? operands.map((j): Side => ({ text: printTerm(terms[j]), result: results[j] })) : [];
    const amiss = wanted !== undefined && result !== wanted;
    parts.set(i, { node: i, text: printTerm(terms[i]), result, wanted, sides, remedy: amiss ? remedy(terms[i], wanted, view) : undefined });
  };
  visit(program.out, true);
  return [...parts.values()];
}
