/**
 * Programs back as text, and what each part of one came to: what `explain` shows. The text compiles to the same program
 * again, but for what CEL cannot say (a map's values and a list's indices as items).
 */
import { liftAll } from './admit.ts';
import type { Found } from './input.ts';
import { trace } from './interpret.ts';
import type { Const, Program } from './ir.ts';
import { remedy, type View } from './remedy.ts';
import { windowText } from './scope.ts';
import { isFoldTerm, type Term } from './term.ts';
import { type Type, typeText } from './type.ts';
import { ERROR, isList, isMap, type Result, type Value } from './value.ts';

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

/** A text literal: what has no shape of its own is escaped. */
export function printText(text: string): string {
  let out = '"';
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (char === '"' || char === '\\') out += `\\${char}`;
    else if (char === '\n') out += '\\n';
    else if (char === '\t') out += '\\t';
    else if (char === '\r') out += '\\r';
    else if (code < 32 || (code >= 127 && code < 160) || code === 0x2028 || code === 0x2029 || (code >= 0xfff0 && code < 0x10000))
      out += `\\u${code.toString(16).padStart(4, '0')}`;
    else out += char;
  }
  return `${out}"`;
}

/** A value as a literal of the language. */
export function printValue(value: Result): string {
  if (value === ERROR) return 'error';
  if (typeof value === 'string') return printText(value);
  if (typeof value !== 'object') return String(value);
  if (isList(value)) return `[${value.map(printValue).join(', ')}]`;
  if (!isMap(value)) return '';
  return `{${value.keys.map((key, i) => `${printValue(key)}: ${printValue(value.values[i])}`).join(', ')}}`;
}

/** The text of a type as manifests have it: `list(string(64), 8)`. */
export const printType = (type: Type): string => typeText(type);

const printConst = (value: Const): string => printValue(value as Value);

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

class Printer {
  text = '';
  readonly spans = new Map<Term, readonly [number, number]>();
  /** Names of the variables of the folds around, so that each has another. */
  private readonly names = new Map<unknown, string>();
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
    if ('value' in term) return this.put(printConst(term.value));
    if ('input' in term) return this.put(term.op === 'in' ? printPath(term.input.path) : `has(${printPath(term.input.path)})`);
    if (isFoldTerm(term)) return this.fold(term);
    if ('binder' in term) {
      const name = this.names.get(term.binder) ?? term.binder.name;
      const usual = term.op === (term.binder.range.kind === 'map' ? 'key' : 'elem');
      return this.put(usual ? name : term.op === 'key' ? `index(${name})` : `value(${name})`);
    }
    const { operands } = term;
    const [a, b] = operands;
    const infix = INFIX.get(term.op);
    if (infix !== undefined) return this.infix(a, infix[0], b, infix[1]);
    const method = METHODS.get(term.op);
    if (method !== undefined) {
      this.term(a, MEMBER);
      return this.row([b], `.${method}(`, ')');
    }
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
        this.term(b, OR);
        this.put(' : ');
        return this.term(operands[2], CHOICE);
      case 'size':
        return this.row(operands, 'size(', ')');
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

  private infix(a: Term, mark: string, b: Term, level: number): void {
    this.term(a, level);
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

  private fold(term: Extract<Term, { range: Term }>): void {
    const { op, binder, range, predicate, body } = term;
    this.term(range, MEMBER);
    this.depth += 1;
    const name = `x${this.depth}`;
    this.names.set(binder, name);
    const usual = 'binder' in body && !isFoldTerm(body) && body.binder === binder && body.op === (binder.range.kind === 'map' ? 'key' : 'elem');
    if (op === 'collect' && predicate !== undefined && usual) this.foldCall('filter', name, [predicate]);
    else if (op === 'collect') this.foldCall('map', name, predicate === undefined ? [body] : [predicate, body]);
    else this.foldCall(op === 'all' ? 'all' : op === 'any' ? 'exists' : 'exists_one', name, [body]);
    this.depth -= 1;
  }

  private foldCall(macro: string, name: string, parts: readonly Term[]): void {
    this.row(parts, `.${macro}(${name}, `, ')');
  }
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
