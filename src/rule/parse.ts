/**
 * The parser of the expression language (spec/rule-ir.md R-14): CEL's core grammar with its macros, by recursive descent. Depth is counted as
 * it descends, so no text can exhaust the stack.
 */
import { INT_LITERAL_MAX, type Token, tokenise } from './lexer.ts';
import { type Binary, children, DEPTH_MAX, type Entry, type Expression, type FoldMacro, type Place, refuse, type Word } from './syntax.ts';

const RESERVED: ReadonlySet<string> = new Set([
  'as',
  'break',
  'const',
  'continue',
  'else',
  'for',
  'function',
  'if',
  'import',
  'let',
  'loop',
  'package',
  'namespace',
  'return',
  'var',
  'void',
  'while',
]);
const KEYWORDS: ReadonlySet<string> = new Set(['true', 'false', 'null', 'in']);
const FOLD_MACROS: ReadonlyMap<string, FoldMacro> = new Map([
  ['all', 'all'],
  ['exists', 'exists'],
  ['exists_one', 'exists_one'],
  ['existsOne', 'exists_one'],
  ['map', 'map'],
  ['filter', 'filter'],
  ['transformList', 'transformList'],
  ['transformMap', 'transformMap'],
  ['transformMapEntry', 'transformMapEntry'],
]);
/** Variables that a macro may have, and whether a predicate may come before its last argument. */
const SHAPES: Readonly<Record<FoldMacro, { readonly variables: readonly number[]; readonly predicate: boolean }>> = {
  all: { variables: [1, 2], predicate: false },
  exists: { variables: [1, 2], predicate: false },
  exists_one: { variables: [1, 2], predicate: false },
  filter: { variables: [1], predicate: false },
  map: { variables: [1], predicate: true },
  transformList: { variables: [2], predicate: true },
  transformMap: { variables: [2], predicate: true },
  transformMapEntry: { variables: [2], predicate: true },
};
/** From loose to tight; all of one row bind alike and to the left. */
const BINARY: readonly (readonly Binary[])[] = [
  ['<', '<=', '>', '>=', '==', '!=', 'in'],
  ['+', '-'],
  ['*', '/', '%'],
];

type Shape<T> = T extends unknown ? Omit<T, 'depth' | 'place'> : never;

/** @throws Fault rule_syntax, rule_unsupported, rule_bound, each with line and column */
export function parse(source: string): Expression {
  return new Parser(tokenise(source)).whole();
}

class Parser {
  private readonly tokens: readonly Token[];
  private at = 0;
  private depth = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  whole(): Expression {
    const expression = this.expression();
    if (this.token.kind !== 'end') this.unexpected('an operator or the end');
    return expression;
  }

  private get token(): Token {
    return this.tokens[this.at];
  }

  private is(text: string): boolean {
    return (this.token.kind === 'word' || this.token.kind === 'mark') && this.token.text === text;
  }

  private accept(text: string): boolean {
    if (!this.is(text)) return false;
    this.at += 1;
    return true;
  }

  private expect(text: string): void {
    if (!this.accept(text)) this.unexpected(`\`${text}\``);
  }

  private unexpected(wanted: string): never {
    return refuse(
      'rule_syntax',
      this.token.place,
      this.token.kind === 'end' ? `${wanted} expected at the end` : `${wanted} expected, \`${this.token.text}\` found`,
    );
  }

  private node(place: Place, shape: Shape<Expression>): Expression {
    let below = 0;
    for (const child of children(shape as Expression)) below = Math.max(below, child.depth);
    if (below >= DEPTH_MAX) refuse('rule_bound', place, `more than ${DEPTH_MAX} levels`);
    return { ...shape, place, depth: below + 1 } as Expression;
  }

  /** Runs a part that lies deeper in the text; the bound keeps the parser's own recursion small. */
  private deeper<T>(part: () => T): T {
    this.depth += 1;
    if (this.depth > DEPTH_MAX) refuse('rule_bound', this.token.place, `more than ${DEPTH_MAX} levels`);
    const result = part();
    this.depth -= 1;
    return result;
  }

  private expression(): Expression {
    return this.deeper(() => {
      const condition = this.logic('||');
      const place = this.token.place;
      if (!this.accept('?')) return condition;
      const then = this.logic('||');
      this.expect(':');
      const otherwise = this.expression();
      return this.node(place, { kind: 'choice', condition, then, otherwise });
    });
  }

  private logic(operator: '||' | '&&'): Expression {
    const next = (): Expression => (operator === '||' ? this.logic('&&') : this.binary(0));
    const first = next();
    if (!this.is(operator)) return first;
    const place = this.token.place;
    const operands = [first];
    while (this.accept(operator)) operands.push(next());
    return this.node(place, { kind: 'logic', operator, operands });
  }

  private binary(row: number): Expression {
    if (row === BINARY.length) return this.unary();
    let left = this.binary(row + 1);
    for (;;) {
      const place = this.token.place;
      const operator = BINARY[row].find((one) => this.accept(one));
      if (operator === undefined) return left;
      const right = this.binary(row + 1);
      left = this.node(place, { kind: 'binary', operator, left, right });
    }
  }

  private unary(): Expression {
    const place = this.token.place;
    if (this.accept('!')) {
      const operand = this.deeper(() => this.unaryOf('!'));
      return this.node(place, { kind: 'unary', operator: '!', operand });
    }
    if (!this.is('-')) return this.member();
    const next = this.tokens[this.at + 1];
    if (next.kind === 'literal' && (next.literal.type === 'int' || next.literal.type === 'double')) return this.member();
    this.at += 1;
    const operand = this.deeper(() => this.unaryOf('-'));
    return this.node(place, { kind: 'unary', operator: '-', operand });
  }

  /** `!` and `-` do not mix: `!-x` is no expression. */
  private unaryOf(operator: '!' | '-'): Expression {
    if (operator === '!' && this.is('-')) this.unexpected('an operand of `!`');
    if (operator === '-' && this.is('!')) this.unexpected('an operand of `-`');
    return this.unary();
  }

  private member(): Expression {
    let target = this.primary();
    for (;;) {
      const place = this.token.place;
      if (this.accept('.')) {
        if (this.is('?')) this.optional(place);
        const name = this.field();
        target = this.is('(') ? this.method(target, name) : this.node(target.place, { kind: 'select', target, field: name });
      } else if (this.accept('[')) {
        if (this.is('?')) this.optional(place);
        const index = this.expression();
        this.expect(']');
        target = this.node(target.place, { kind: 'index', target, index });
      } else if (this.is('{') && (target.kind === 'name' || target.kind === 'select')) {
        return refuse('rule_unsupported', target.place, 'a message is built here; use a map, for example {"name": value}');
      } else return target;
    }
  }

  private optional(place: Place): never {
    return refuse('rule_unsupported', place, 'optional values are not available; write `has(x) ? x : y`');
  }

  private field(): Word {
    const { kind, text, place } = this.token;
    if (kind !== 'quoted' && (kind !== 'word' || KEYWORDS.has(text))) this.unexpected('a field name');
    this.at += 1;
    return { text, place };
  }

  private primary(): Expression {
    const token = this.token;
    const { place, text } = token;
    if (token.kind === 'literal') {
      this.at += 1;
      if (token.literal.type === 'int' && token.literal.value === INT_LITERAL_MAX) refuse('rule_syntax', place, `\`${text}\` is past 64 bits`);
      return this.node(place, { kind: 'literal', literal: token.literal });
    }
    if (this.accept('-')) return this.negative(place);
    if (this.accept('(')) {
      const inner = this.expression();
      this.expect(')');
      return inner;
    }
    if (this.accept('[')) return this.node(place, { kind: 'list', items: this.items(']') });
    if (this.accept('{')) return this.node(place, { kind: 'map', entries: this.entries() });
    const global = this.accept('.');
    if (this.token.kind !== 'word') this.unexpected('an expression');
    return this.named(this.token.text, place, global);
  }

  private negative(place: Place): Expression {
    const token = this.token;
    this.at += 1;
    if (token.kind !== 'literal') return this.unexpected('a number');
    const { literal } = token;
    if (literal.type === 'int') return this.node(place, { kind: 'literal', literal: { type: 'int', value: -literal.value } });
    if (literal.type === 'double') return this.node(place, { kind: 'literal', literal: { type: 'double', value: -literal.value } });
    return this.unexpected('a number');
  }

  private named(text: string, place: Place, global: boolean): Expression {
    if (text === 'in') this.unexpected('an expression');
    const at = this.token.place;
    this.at += 1;
    if (text === 'true' || text === 'false') return this.node(place, { kind: 'literal', literal: { type: 'bool', value: text === 'true' } });
    if (text === 'null') return this.node(place, { kind: 'literal', literal: { type: 'null', value: null } });
    if (RESERVED.has(text)) refuse('rule_syntax', at, `\`${text}\` is a reserved word`);
    if (!this.accept('(')) return this.node(place, { kind: 'name', name: text, global });
    const args = this.items(')');
    if (text === 'has' && args.length === 1) return this.has(place, args[0]);
    return this.node(place, { kind: 'call', target: undefined, name: { text, place: at }, args });
  }

  private has(place: Place, argument: Expression): Expression {
    if (argument.kind === 'select') return this.node(place, { kind: 'has', target: argument.target, field: argument.field });
    if (argument.kind === 'index' && argument.index.kind === 'literal' && argument.index.literal.type === 'string') {
      return this.node(place, { kind: 'has', target: argument.target, field: { text: argument.index.literal.value, place: argument.index.place } });
    }
    return refuse('rule_syntax', argument.place, '`has` takes a field, for example has(args.to)');
  }

  private method(target: Expression, name: Word): Expression {
    this.expect('(');
    const args = this.items(')');
    const macro = FOLD_MACROS.get(name.text);
    const fold = macro === undefined ? undefined : this.fold(macro, target, name, args);
    if (fold !== undefined) return fold;
    if (target.kind === 'name' && target.name === 'cel' && !target.global) {
      const special = this.special(target.place, name, args);
      if (special !== undefined) return special;
    }
    return this.node(target.place, { kind: 'call', target, name, args });
  }

  /** A macro over a range; undefined when the arguments are not as many as it takes. */
  private fold(macro: FoldMacro, range: Expression, name: Word, args: readonly Expression[]): Expression | undefined {
    const { variables, predicate } = SHAPES[macro];
    const count = variables.find((n) => args.length === n + 1 || (predicate && args.length === n + 2));
    if (count === undefined) return undefined;
    return this.node(name.place, {
      kind: 'fold',
      macro,
      range,
      variable: this.variable(args[0], name.text),
      second: count === 2 ? this.variable(args[1], name.text) : undefined,
      predicate: args.length === count + 2 ? args[count] : undefined,
      body: args[args.length - 1],
    });
  }

  /** `cel.bind`, and what optimisers write: `cel.block([a, b], e)`, where `cel.index(1)` is b, and `cel.iterVar(0, 1)`. */
  private special(place: Place, name: Word, args: readonly Expression[]): Expression | undefined {
    const numbers = args.map((one) => (one.kind === 'literal' && one.literal.type === 'int' ? one.literal.value : undefined));
    if (name.text === 'bind' && args.length === 3) {
      return this.node(place, { kind: 'bind', variable: this.variable(args[0], 'cel.bind'), value: args[1], body: args[2] });
    }
    if ((name.text === 'index' && args.length === 1) || (name.text === 'iterVar' && args.length === 2)) {
      return numbers.includes(undefined) ? undefined : this.node(place, { kind: 'name', name: `@${name.text} ${numbers.join(' ')}`, global: false });
    }
    if (name.text !== 'block' || args.length !== 2 || args[0].kind !== 'list') return undefined;
    return args[0].items.reduceRight(
      (body, value, i) => this.node(place, { kind: 'bind', variable: { text: `@index ${i}`, place: value.place }, value, body }),
      args[1],
    );
  }

  private variable(expression: Expression, macro: string): Word {
    if (expression.kind !== 'name' || expression.global) refuse('rule_syntax', expression.place, `the first argument of \`${macro}\` names a variable`);
    return { text: expression.name, place: expression.place };
  }

  /** Items up to `end`; a list may end in a comma, arguments may not. */
  private items(end: ')' | ']'): readonly Expression[] {
    const items: Expression[] = [];
    if (this.accept(end)) return items;
    for (;;) {
      if (this.is('?')) this.optional(this.token.place);
      items.push(this.expression());
      if (this.accept(end)) return items;
      this.expectComma(end);
      if (end === ']' && this.accept(end)) return items;
    }
  }

  private expectComma(end: string): void {
    if (!this.accept(',')) this.unexpected(`\`,\` or \`${end}\``);
  }

  private entries(): readonly Entry[] {
    const entries: Entry[] = [];
    while (!this.accept('}')) {
      if (this.is('?')) this.optional(this.token.place);
      const key = this.expression();
      this.expect(':');
      entries.push({ key, value: this.expression() });
      if (!this.is('}')) this.expectComma('}');
    }
    return entries;
  }
}
