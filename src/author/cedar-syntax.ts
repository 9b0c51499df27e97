/** Cedar's policies as a tree with places (docs.cedarpolicy.com, grammar): what the importer reads, all else is refused by place. */
import { Fault } from '../base/fault.ts';

export interface CedarPlace {
  readonly line: number;
  readonly column: number;
}

export interface Entity {
  readonly type: string;
  readonly id: string;
}

export type CedarExpression = { readonly place: CedarPlace } & (
  | { readonly kind: 'literal'; readonly value: boolean | bigint | string }
  | { readonly kind: 'entity'; readonly entity: Entity }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'get'; readonly target: CedarExpression; readonly field: string }
  | { readonly kind: 'call'; readonly target: CedarExpression | null; readonly name: string; readonly operands: readonly CedarExpression[] }
  | { readonly kind: 'set'; readonly items: readonly CedarExpression[] }
  | { readonly kind: 'record' }
  | { readonly kind: 'not' | 'neg'; readonly operand: CedarExpression }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: CedarExpression; readonly right: CedarExpression }
  | { readonly kind: 'has'; readonly target: CedarExpression; readonly field: string }
  | { readonly kind: 'like'; readonly target: CedarExpression; readonly pattern: string }
  | { readonly kind: 'is'; readonly target: CedarExpression; readonly type: string }
  | { readonly kind: 'if'; readonly condition: CedarExpression; readonly then: CedarExpression; readonly otherwise: CedarExpression }
);

/** `principal == User::"a"`: what a policy's head says of one of its three. */
export interface Constraint {
  readonly operator: '==' | 'in' | 'is' | null;
  readonly entities: readonly Entity[];
  readonly type: string | null;
}

export interface CedarPolicy {
  readonly effect: 'permit' | 'forbid';
  readonly id: string | null;
  readonly principal: Constraint;
  readonly action: Constraint;
  readonly resource: Constraint;
  readonly conditions: readonly { readonly unless: boolean; readonly expression: CedarExpression }[];
  readonly place: CedarPlace;
}

interface Token {
  readonly kind: 'word' | 'text' | 'number' | 'mark' | 'end';
  readonly text: string;
  readonly place: CedarPlace;
}

const TOKEN = /\s+|\/\/[^\n]*|([A-Za-z_][A-Za-z0-9_]*)|("(?:[^"\\]|\\.)*")|(\d+)|(::|==|!=|<=|>=|&&|\|\||[@(){}[\].,;<>!+\-*?:=])/gy;
const DEPTH_MAX = 64;

function tokens(source: string): readonly Token[] {
  const found: Token[] = [];
  let line = 1;
  let begin = 0;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex;
    const place = { line, column: at - begin + 1 };
    const match = TOKEN.exec(source);
    if (match === null) throw broken(place, `\`${source[at]}\` is not understood`);
    const [text, word, quoted, number, mark] = match;
    if (word !== undefined) found.push({ kind: 'word', text, place });
    else if (quoted !== undefined) found.push({ kind: 'text', text: unescaped(quoted.slice(1, -1)), place });
    else if (number !== undefined) found.push({ kind: 'number', text, place });
    else if (mark !== undefined) found.push({ kind: 'mark', text, place });
    for (let i = at; i < at + text.length; i++) {
      if (source[i] !== '\n') continue;
      line += 1;
      begin = i + 1;
    }
  }
  found.push({ kind: 'end', text: 'the end', place: { line, column: source.length - begin + 1 } });
  return found;
}

/** `\*` stays: only a pattern of `like` may have one. */
const unescaped = (text: string): string =>
  text.replaceAll(/\\(?:u\{([0-9a-fA-F]{1,6})\}|x([0-7][0-9a-fA-F])|(.))/g, (whole, code?: string, byte?: string, char?: string) => {
    if (code !== undefined || byte !== undefined) return String.fromCodePoint(Math.min(Number.parseInt(code ?? byte ?? '', 16), 0x10ffff));
    return char === 'n' ? '\n' : char === 't' ? '\t' : char === 'r' ? '\r' : char === '0' ? '\0' : char === '*' ? whole : (char ?? '');
  });

const broken = (place: CedarPlace, problem: string): Fault => new Fault('usage', `${place.line}:${place.column} ${problem}`, { ...place });

/** @throws Fault usage with line and column */
export function parseCedar(source: string): readonly CedarPolicy[] {
  const parser = new Parser(tokens(source));
  const policies: CedarPolicy[] = [];
  while (!parser.ended()) policies.push(parser.policy());
  return policies;
}

const RELATIONS = ['==', '!=', '<', '<=', '>', '>=', 'in'];

class Parser {
  private readonly all: readonly Token[];
  private at = 0;
  private depth = 0;

  constructor(all: readonly Token[]) {
    this.all = all;
  }

  ended(): boolean {
    return this.next.kind === 'end';
  }

  private get next(): Token {
    return this.all[this.at];
  }

  private is(text: string): boolean {
    return this.next.text === text && this.next.kind !== 'text';
  }

  private taken(text: string): boolean {
    if (!this.is(text)) return false;
    this.at += 1;
    return true;
  }

  private take(text: string): void {
    if (!this.taken(text)) throw broken(this.next.place, `\`${text}\` expected before \`${this.next.text}\``);
  }

  private takeKind(kind: Token['kind'], what: string): Token {
    const token = this.next;
    if (token.kind !== kind) throw broken(token.place, `${what} expected before \`${token.text}\``);
    this.at += 1;
    return token;
  }

  policy(): CedarPolicy {
    let id: string | null = null;
    while (this.taken('@')) {
      const name = this.takeKind('word', 'the name of an annotation').text;
      if (!this.taken('(')) continue;
      const value = this.takeKind('text', 'a text').text;
      if (name === 'id') id = value;
      this.take(')');
    }
    const { place } = this.next;
    const effect = this.takeKind('word', '`permit` or `forbid`').text;
    if (effect !== 'permit' && effect !== 'forbid') throw broken(place, `\`permit\` or \`forbid\` expected before \`${effect}\``);
    this.take('(');
    const principal = this.constraint('principal');
    this.take(',');
    const action = this.constraint('action');
    this.take(',');
    const resource = this.constraint('resource');
    this.taken(',');
    this.take(')');
    const conditions: { unless: boolean; expression: CedarExpression }[] = [];
    while (this.is('when') || this.is('unless')) {
      const unless = this.takeKind('word', 'a condition').text === 'unless';
      this.take('{');
      conditions.push({ unless, expression: this.expression() });
      this.take('}');
    }
    this.take(';');
    return { effect, id, principal, action, resource, conditions, place };
  }

  private constraint(name: string): Constraint {
    this.take(name);
    if (this.taken('is')) {
      const type = this.typeName();
      return { operator: 'is', type, entities: this.taken('in') ? [this.entity()] : [] };
    }
    const operator = this.taken('==') ? '==' : this.taken('in') ? 'in' : null;
    if (operator === null) return { operator, entities: [], type: null };
    if (this.is('?')) throw broken(this.next.place, 'a template: its slots are filled elsewhere');
    if (!this.taken('[')) return { operator, entities: [this.entity()], type: null };
    const entities: Entity[] = [];
    while (!this.taken(']')) {
      entities.push(this.entity());
      if (!this.is(']')) this.take(',');
    }
    return { operator, entities, type: null };
  }

  private typeName(): string {
    let name = this.takeKind('word', 'the name of a type').text;
    while (this.is('::') && this.all[this.at + 1].kind === 'word') {
      this.at += 1;
      name += `::${this.takeKind('word', 'a name').text}`;
    }
    return name;
  }

  private entity(): Entity {
    const type = this.typeName();
    this.take('::');
    return { type, id: this.takeKind('text', 'the id of an entity').text };
  }

  private expression(): CedarExpression {
    this.depth += 1;
    const { place } = this.next;
    if (this.depth > DEPTH_MAX) throw broken(place, `more than ${DEPTH_MAX} levels`);
    const expression = this.taken('if') ? this.choice(place) : this.chain('||', () => this.chain('&&', () => this.relation()));
    this.depth -= 1;
    return expression;
  }

  private choice(place: CedarPlace): CedarExpression {
    const condition = this.expression();
    this.take('then');
    const then = this.expression();
    this.take('else');
    return { kind: 'if', condition, then, otherwise: this.expression(), place };
  }

  private chain(operator: string, one: () => CedarExpression): CedarExpression {
    let left = one();
    while (this.is(operator)) {
      const { place } = this.next;
      this.at += 1;
      left = { kind: 'binary', operator, left, right: one(), place };
    }
    return left;
  }

  private relation(): CedarExpression {
    const left = this.sum();
    const { place, text } = this.next;
    if (this.taken('has'))
      return {
        kind: 'has',
        target: left,
        field: this.next.kind === 'text' ? this.takeKind('text', 'a name').text : this.takeKind('word', 'a name').text,
        place,
      };
    if (this.taken('like')) return { kind: 'like', target: left, pattern: this.takeKind('text', 'a pattern').text, place };
    if (this.taken('is')) return { kind: 'is', target: left, type: this.typeName(), place };
    if (this.next.kind === 'text' || !RELATIONS.includes(text)) return left;
    this.at += 1;
    return { kind: 'binary', operator: text, left, right: this.sum(), place };
  }

  private sum(): CedarExpression {
    let left = this.chain('*', () => this.unary());
    while (this.is('+') || this.is('-')) {
      const { place, text } = this.next;
      this.at += 1;
      left = { kind: 'binary', operator: text, left, right: this.chain('*', () => this.unary()), place };
    }
    return left;
  }

  private unary(): CedarExpression {
    const { place } = this.next;
    if (this.taken('!')) return { kind: 'not', operand: this.unary(), place };
    if (this.taken('-')) return { kind: 'neg', operand: this.unary(), place };
    return this.member();
  }

  private member(): CedarExpression {
    let target = this.primary();
    for (;;) {
      const { place } = this.next;
      if (this.taken('.')) {
        const name = this.takeKind('word', 'a name').text;
        target = this.taken('(') ? { kind: 'call', target, name, operands: this.operands(')'), place } : { kind: 'get', target, field: name, place };
      } else if (this.taken('[')) {
        target = { kind: 'get', target, field: this.takeKind('text', 'the name of an attribute').text, place };
        this.take(']');
      } else return target;
    }
  }

  private operands(end: string): readonly CedarExpression[] {
    const found: CedarExpression[] = [];
    while (!this.taken(end)) {
      found.push(this.expression());
      if (!this.is(end)) this.take(',');
    }
    return found;
  }

  private primary(): CedarExpression {
    const token = this.next;
    const { place } = token;
    if (token.kind === 'number') return { kind: 'literal', value: BigInt(this.takeKind('number', 'a number').text), place };
    if (token.kind === 'text') return { kind: 'literal', value: this.takeKind('text', 'a text').text, place };
    if (this.taken('(')) {
      const inner = this.expression();
      this.take(')');
      return inner;
    }
    if (this.taken('[')) return { kind: 'set', items: this.operands(']'), place };
    if (this.taken('{')) {
      for (let open = 1; open > 0 && !this.ended(); this.at += 1) open += this.is('{') ? 1 : this.is('}') ? -1 : 0;
      return { kind: 'record', place };
    }
    if (this.is('true') || this.is('false')) return { kind: 'literal', value: this.takeKind('word', 'a value').text === 'true', place };
    const name = this.takeKind('word', 'a value').text;
    if (this.is('::')) {
      this.at -= 1;
      return { kind: 'entity', entity: this.entity(), place };
    }
    if (this.taken('(')) return { kind: 'call', target: null, name, operands: this.operands(')'), place };
    return { kind: 'variable', name, place };
  }
}
