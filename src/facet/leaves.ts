/**
 * Values of a tool's result (spec/facet.md T-17): JSON, the literals of Python, YAML's block style, else lines of text.
 * Bounded and total: what cannot be read as structure is text.
 */
import { isProse } from './value.ts';

export interface Leaf {
  /** The key under which it stands; empty in a list or plain text. */
  readonly key: string;
  readonly text: string;
  /** Leaves with the same number stand in one record. */
  readonly record: number;
}

/** UTF-16 units of one result that are looked at. */
export const RESULT_LENGTH_MAX = 65_536;
export const LEAVES_MAX = 4_096;
const DEPTH_MAX = 16;

/** T-17: the leaves of a result; with `structured` false a text is one leaf, whatever it looks like. */
export function leavesOf(result: unknown, structured: boolean): Leaf[] {
  const reader = new LeafReader(structured);
  reader.value(result, '', 0, 0);
  return reader.leaves;
}

class LeafReader {
  readonly leaves: Leaf[] = [];
  private readonly structured: boolean;
  private left = RESULT_LENGTH_MAX;
  private records = 0;

  constructor(structured: boolean) {
    this.structured = structured;
  }

  value(value: unknown, key: string, record: number, depth: number): void {
    if (this.leaves.length >= LEAVES_MAX || this.left <= 0 || value === null || value === undefined) return;
    if (typeof value === 'string') {
      if (depth < DEPTH_MAX && this.structured) this.text(value, key, record, depth);
      else this.leaf(value, key, record);
    } else if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') this.leaf(String(value), key, record);
    else if (typeof value === 'object' && depth < DEPTH_MAX) {
      if (Array.isArray(value)) {
        for (let i = 0; i < value.length; i++) {
          const item: unknown = value[i];
          this.value(item, key, typeof item === 'object' ? ++this.records : record, depth + 1);
          if (this.left <= 0) return;
        }
      } else {
        for (const [name, item] of Object.entries(value)) {
          // A key that no program chose (a name, an address) is a value too.
          if (this.structured && !/^[a-z_][a-z0-9_]*$/i.test(name)) this.leaf(name, '', record);
          this.value(item, name, record, depth + 1);
          if (this.left <= 0) return;
        }
      }
    }
  }

  private leaf(text: string, key: string, record: number): void {
    const trimmed = (text.length > this.left ? text.slice(0, this.left) : text).trim();
    this.left -= Math.min(text.length, this.left) + 8;
    if (trimmed !== '' && this.leaves.length < LEAVES_MAX) this.leaves.push({ key, text: trimmed, record });
  }

  private text(text: string, key: string, record: number, depth: number): void {
    const cut = text.length > this.left ? text.slice(0, this.left) : text;
    const first = cut.trimStart();
    // Text inside a record is a person's, but for the `text` of an MCP content item: its keys are not the server's.
    const own = depth === 0 || (key === 'text' && depth <= 3);
    if (own && (first.startsWith('{') || first.startsWith('['))) {
      const parsed = literal(first);
      if (parsed !== undefined) return this.value(parsed, key, record, depth + 1);
    }
    if (own && /^(?:- )*(?:- |[A-Za-z_][\w-]{0,40}:(?: |\r?\n))/.test(first)) return this.block(cut);
    const lines = cut.split('\n');
    if (lines.length > 1 && lines.every((line) => !isProse(line))) {
      for (const line of lines) this.leaf(line.replace(/^[^:]{1,40}: /, ''), key, record);
    } else this.leaf(cut, key, record);
  }

  /** YAML's block style as programs write it: `- `, `key: value`, quoted, folded and literal scalars. */
  private block(text: string): void {
    const lines = text.split('\n');
    let at = 0;
    let record = ++this.records;
    let recordIndent = -1;
    let key = '';
    while (at < lines.length && this.left > 0 && this.leaves.length < LEAVES_MAX) {
      const line = lines[at++];
      let indent = leading(line);
      let rest = line.slice(indent);
      if (rest === '') continue;
      let item = false;
      while (rest.startsWith('- ') || rest === '-') {
        item = true;
        rest = rest.slice(2).trimStart();
        if (KEY.test(rest) && (recordIndent < 0 || indent <= recordIndent)) {
          record = ++this.records;
          recordIndent = indent;
        }
        indent += 2;
      }
      const keyed = KEY.exec(rest);
      if (keyed !== null) {
        key = keyed[1].trim();
        rest = rest.slice(keyed[0].length);
      } else if (!item) {
        // Lines without a key stay together: sentences that belong together are read together.
        const first = at - 1;
        while (at < lines.length && !KEY.test(lines[at].trimStart()) && !lines[at].trimStart().startsWith('- ')) at++;
        this.leaf(lines.slice(first, at).join('\n'), key, record);
        continue;
      }
      if (rest === '' || rest === '[]' || rest === '{}' || rest === 'null') continue;
      // A scalar goes on while lines are indented deeper than the line on which its key or dash stands.
      const scalar = scalarAt(rest, lines, at, keyed === null ? indent - 2 : indent);
      at = scalar.next;
      if (scalar.plain && (scalar.text.startsWith('[') || scalar.text.startsWith('{'))) {
        const parsed = literal(scalar.text);
        if (parsed !== undefined) {
          this.value(parsed, key, record, 3);
          continue;
        }
      }
      this.leaf(scalar.text, key, record);
    }
  }
}

const KEY = /^([A-Za-z_][\w .'()/&-]{0,60}):(?: +|$)/;

function leading(line: string): number {
  let count = 0;
  while (line.charCodeAt(count) === 32) count++;
  return count;
}

interface Scalar {
  readonly text: string;
  readonly next: number;
  readonly plain: boolean;
}

function scalarAt(first: string, lines: readonly string[], from: number, indent: number): Scalar {
  const quote = first[0];
  let next = from;
  if (quote === "'" || quote === '"') {
    const parts = [first];
    let open = !closes(first, 1, quote);
    while (open && next < lines.length) {
      const line = lines[next++].trim();
      parts.push(line);
      open = !closes(line, 0, quote);
    }
    return { text: unquoted(folded(parts), quote), next, plain: false };
  }
  const marked = /^[|>][+-]?\d?$/.test(first);
  const parts = marked ? [] : [first];
  while (next < lines.length && (lines[next].trim() === '' || leading(lines[next]) > indent)) parts.push(lines[next++].trim());
  return { text: (marked ? parts.join('\n') : folded(parts)).trim(), next, plain: !marked };
}

/** One line break is a space, an empty line a break, a backslash at the end nothing. */
function folded(lines: readonly string[]): string {
  let text = lines[0];
  let join = ' ';
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i];
    if (line === '') {
      text += '\n';
      join = '';
      continue;
    }
    // Cut before it is added: cutting the whole text for each line would grow with the square of its length.
    const goesOn = line.endsWith('\\');
    const kept = goesOn ? line.slice(0, -1) : line;
    text += line.startsWith('\\ ') ? kept.slice(1) : join + kept;
    join = goesOn ? '' : ' ';
  }
  return text;
}

/** Does the quoted scalar end in this line, read from `at`? */
function closes(line: string, at: number, quote: string): boolean {
  while (at < line.length) {
    if (quote === '"' && line[at] === '\\') at += 2;
    else if (line[at] !== quote) at++;
    else if (quote === "'" && line[at + 1] === "'") at += 2;
    else return true;
  }
  return false;
}

function unquoted(text: string, quote: string): string {
  const end = text.lastIndexOf(quote);
  const inner = text.slice(1, end > 0 ? end : undefined);
  if (quote === "'") return inner.replaceAll("''", "'");
  return inner.replace(/\\(n|t|r|"|\\| |x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4})/g, (_, code: string) => escaped(code));
}

function escaped(code: string): string {
  if (code === 'n' || code === 'r') return '\n';
  if (code === 't') return ' ';
  return code.length > 1 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : code;
}

/** JSON, else the literals of Python; undefined where it is neither. */
function literal(text: string): unknown {
  // Neither ends otherwise: most texts that only begin like one cost nothing.
  if (!/[\]})]\s*$/.test(text.slice(-16))) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return new Literal(text).whole();
  }
}

/** Dictionaries, lists, tuples, quoted texts and bare words, as Python prints them. */
class Literal {
  private readonly source: string;
  private at = 0;

  constructor(source: string) {
    this.source = source;
  }

  whole(): unknown {
    const value = this.value(0);
    this.space();
    return this.at >= this.source.length ? value : undefined;
  }

  private space(): void {
    while (this.source.charCodeAt(this.at) <= 32) this.at++;
  }

  private value(depth: number): unknown {
    this.space();
    const start = this.source[this.at];
    if (depth > DEPTH_MAX || start === undefined) return undefined;
    if (start === '{' || start === '[' || start === '(') return this.items(start, depth);
    if (start === "'" || start === '"') return this.quoted(start);
    const bare = /[^,\]}):]+/y;
    bare.lastIndex = this.at;
    const found = bare.exec(this.source)?.[0];
    if (found === undefined) return undefined;
    this.at += found.length;
    return found.trim();
  }

  private items(open: string, depth: number): unknown {
    const close = open === '{' ? '}' : open === '[' ? ']' : ')';
    const list: unknown[] = [];
    const entries: [string, unknown][] = [];
    this.at++;
    for (;;) {
      this.space();
      if (this.source[this.at] === close) {
        this.at++;
        return entries.length > 0 ? Object.fromEntries(entries) : list;
      }
      const from = this.at;
      const item = this.value(depth + 1);
      if (item === undefined) return undefined;
      const to = this.at;
      this.space();
      if (open === '{' && this.source[this.at] === ':') {
        this.at++;
        const value = this.value(depth + 1);
        if (value === undefined) return undefined;
        // A key that is itself a list or a dictionary stands as it was written: what it would print as is its own choice.
        entries.push([typeof item === 'string' ? item : this.source.slice(from, to), value]);
        this.space();
      } else list.push(item);
      if (this.source[this.at] === ',') this.at++;
      else if (this.source[this.at] !== close) return undefined;
    }
  }

  private quoted(quote: string): string | undefined {
    let text = '';
    for (let at = this.at + 1; at < this.source.length; at++) {
      const char = this.source[at];
      if (char === quote) {
        this.at = at + 1;
        return text;
      }
      if (char === '\\') {
        at++;
        text += escaped(this.source[at] ?? '');
      } else text += char;
    }
    return undefined;
  }
}
