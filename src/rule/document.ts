/** YAML with places: reads plain values off a document and refuses the rest by line and column. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, Scalar } from 'yaml';
import { Fault, type FaultName } from '../base/fault.ts';
import { suggestion } from '../base/nearest.ts';
import { textBytes } from './value.ts';

/** JSON values; integers past 2^53 as bigint. */
export type Plain = null | boolean | number | bigint | string | readonly Plain[] | { readonly [key: string]: Plain };

export const DOCUMENT_BYTES_MAX = 65_536;
const NESTING_MAX = 16;

/** A value of the document with its name in messages: `params.limit`. */
export class Field {
  private readonly source: string;
  private readonly lines: LineCounter;
  private readonly node: Node | null;
  private readonly offset: number;
  readonly name: string;

  constructor(source: string, lines: LineCounter, node: Node | null, offset: number, name: string) {
    this.source = source;
    this.lines = lines;
    this.node = node;
    this.offset = offset;
    this.name = name;
    if (node !== null && isAlias(node)) this.fail('an alias is not available here; write the value');
    if (node?.tag !== undefined && !node.tag.startsWith('tag:yaml.org,2002:')) this.fail('tags are not available');
    if (node !== null && !isAlias(node) && 'anchor' in node && node.anchor !== undefined) this.fail('anchors are not available');
  }

  /** @throws Fault with this value's line and column before the problem */
  fail(problem: string, slug: FaultName = 'rule_field'): never {
    throw place(this.lines, this.offset, problem, slug, this.name);
  }

  private child(node: unknown, offset: number, name: string): Field {
    const value = (node ?? null) as Node | null;
    return new Field(this.source, this.lines, value, value?.range?.[0] ?? offset, this.name === '' ? name : `${this.name}.${name}`);
  }

  /** The entries of a map, in the order of the text. */
  entries(): readonly (readonly [string, Field])[] {
    if (!isMap(this.node)) return this.fail(`${this.what()} is a map of names to values`);
    return this.node.items.map((pair) => {
      const key = pair.key;
      if (!isScalar(key) || typeof key.value !== 'string') {
        const text = isScalar(key) ? String(key.value) : 'this';
        throw place(this.lines, (key as Node).range?.[0] ?? this.offset, `\`${text}\` is not a name; quote it`, 'rule_field', this.name);
      }
      if (key.value === '__proto__') throw place(this.lines, key.range?.[0] ?? this.offset, '`__proto__` is refused', 'rule_field', this.name);
      return [key.value, this.child(pair.value, key.range?.[0] ?? this.offset, key.value)] as const;
    });
  }

  /** The entries of a record with these fields; an unknown one is refused with the nearest known. */
  fields<K extends string>(names: readonly K[], of: string): Partial<Record<K, Field>> {
    const found: Partial<Record<K, Field>> = {};
    if (!isMap(this.node)) this.fail(`${this.what()} is a map with ${names.join(', ')}`);
    for (const [name, field] of this.entries()) {
      if (!(names as readonly string[]).includes(name)) this.keyOf(name, `\`${name}\` is not a field of ${of}${suggestion(name, names)}`);
      found[name as K] = field;
    }
    return found;
  }

  private keyOf(name: string, problem: string): never {
    const pair = isMap(this.node) ? this.node.items.find((one) => isScalar(one.key) && one.key.value === name) : undefined;
    throw place(this.lines, (pair?.key as Scalar | undefined)?.range?.[0] ?? this.offset, problem, 'rule_field', name);
  }

  items(): readonly Field[] {
    const { node } = this;
    if (!isSeq(node)) return this.fail(`${this.what()} is a list`);
    return node.items.map((item, i) => this.child(item, this.offset, String(i + 1)));
  }

  get isList(): boolean {
    return isSeq(this.node);
  }

  text(maxBytes: number): string {
    const value = this.scalar();
    if (typeof value !== 'string') return this.fail(`${this.what()} is a text; quote it`);
    const text = value.trim();
    if (text === '') this.fail(`${this.what()} is empty`);
    if (textBytes(text) > maxBytes) this.fail(`${this.what()} has more than ${maxBytes} bytes`);
    return text;
  }

  integer(): bigint {
    const value = this.scalar();
    return typeof value === 'bigint' ? value : this.fail(`${this.what()} is an integer`);
  }

  /** An integer within bounds that a number holds. */
  count(min: number, max: number): number {
    const value = this.integer();
    if (value < BigInt(min) || value > BigInt(max)) this.fail(`${this.what()} is from ${min} to ${max}`);
    return Number(value);
  }

  bool(): boolean {
    const value = this.scalar();
    return typeof value === 'boolean' ? value : this.fail(`${this.what()} is true or false`);
  }

  oneOf<T extends string>(choices: readonly T[]): T {
    const value = this.scalar();
    const found = choices.find((choice) => choice === value);
    if (found === undefined) this.fail(`${this.what()} is one of ${choices.join(', ')}${suggestion(String(value), choices)}`);
    return found;
  }

  /** Any JSON value. */
  plain(depth = 0): Plain {
    const { node } = this;
    if (depth > NESTING_MAX) this.fail(`more than ${NESTING_MAX} levels`);
    if (isSeq(node)) return this.items().map((item) => item.plain(depth + 1));
    if (isMap(node)) return Object.fromEntries(this.entries().map(([name, field]) => [name, field.plain(depth + 1)]));
    const value = this.scalar();
    if (typeof value === 'bigint') return value >= -(2n ** 53n) + 1n && value < 2n ** 53n ? Number(value) : value;
    if (typeof value === 'number' && !Number.isFinite(value)) this.fail('a number is not finite');
    return value === 0 ? 0 : value;
  }

  private scalar(): null | boolean | number | bigint | string {
    const { node } = this;
    if (node === null) return null;
    const value: unknown = isScalar(node) ? node.value : undefined;
    if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string') {
      if (typeof value === 'string' && !value.isWellFormed()) this.fail(`${this.what()} has a lone surrogate`);
      return value;
    }
    return this.fail(`${this.what()} is one value`);
  }

  private what(): string {
    return this.name === '' ? 'a rule' : `\`${this.name}\``;
  }

  /**
   * The document's line and column of an offset in this text. YAML folds and indents, but keeps what is not blank, so the
   * n-th such character of the value is the n-th of its source. (Escapes in double quotes shift the places after them.)
   */
  locate(offset: number): { readonly line: number; readonly column: number } {
    const { node, source } = this;
    const value = isScalar(node) && typeof node.value === 'string' ? node.value : '';
    const lead = value.length - value.trimStart().length;
    let ink = 0;
    for (let i = 0; i < lead + offset && i < value.length; i++) if (!isBlank(value[i])) ink += 1;
    let at = this.offset;
    const type = isScalar(node) ? node.type : undefined;
    if (type === Scalar.BLOCK_FOLDED || type === Scalar.BLOCK_LITERAL) at = source.indexOf('\n', at) + 1;
    else if (type === Scalar.QUOTE_DOUBLE || type === Scalar.QUOTE_SINGLE) at += 1;
    const end = node?.range?.[1] ?? source.length;
    let place = at;
    for (; at < end && ink >= 0; at++) {
      if (isBlank(source[at])) continue;
      // Past the last of them: right after it.
      place = ink === 0 ? at : at + 1;
      ink -= 1;
    }
    const { line, col } = this.lines.linePos(place);
    return { line, column: col };
  }
}

const isBlank = (char: string): boolean => char === ' ' || char === '\n' || char === '\t' || char === '\r';

function place(lines: LineCounter, offset: number, problem: string, slug: FaultName, field: string): Fault {
  const { line, col } = lines.linePos(offset);
  return new Fault(slug, `${line}:${col} ${problem}`, { line, column: col, field, problem });
}

/** What the library says where a text has a sign that YAML takes for its own. */
const QUOTED: ReadonlySet<string> = new Set(['BLOCK_AS_IMPLICIT_KEY', 'UNEXPECTED_TOKEN', 'BAD_SCALAR_START', 'TAG_RESOLVE_FAILED']);
const QUOTE = '; mind the indentation, and put what has `: ` in it, or begins with a quote or one of ! & * | >, on a line of its own after `NAME: |`';

/** The root of a YAML text. @throws Fault rule_yaml with line and column */
export function readDocument(source: string): Field {
  if (source.length > DOCUMENT_BYTES_MAX) throw new Fault('rule_bound', `the file has more than ${DOCUMENT_BYTES_MAX} bytes`);
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, intAsBigInt: true, version: '1.2', schema: 'core', merge: false, prettyErrors: false });
  const [error] = [...document.errors, ...document.warnings];
  if (error !== undefined) {
    // The library meets the end of its stack as an error of the text.
    const problem = error.message.startsWith('Maximum call stack')
      ? 'nested too deeply'
      : `${error.message.split('\n')[0]}${QUOTED.has(error.code) ? QUOTE : ''}`;
    throw place(lines, error.pos[0], problem, 'rule_yaml', '');
  }
  const contents = document.contents as Node | null;
  return new Field(source, lines, contents, contents?.range?.[0] ?? 0, '');
}
