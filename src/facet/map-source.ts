/** The YAML of tool maps, read at the edge (spec/facet.md T-3); every refusal names line:column. */
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { Fault } from '../base/fault.ts';
import { isName } from '../base/record.ts';
import {
  ARGS_MAX,
  type ArgPath,
  type Binding,
  CLASS_WORDS_MAX,
  CLASSES_MAX,
  EFFECTS,
  ENTRIES_MAX,
  type Entry,
  encodeToolMap,
  type FsBinding,
  type HttpBinding,
  isLexicon,
  KINDS,
  LABELS,
  LEXICON_NOUNS,
  LEXICON_VERBS,
  type MailBinding,
  type MoneyBinding,
  PATH_SEGMENTS_MAX,
  type ShellBinding,
  type ToolMap,
  TRUSTS,
  UNLISTED,
  type WordClass,
} from './map.ts';
import { words } from './words.ts';

export const MAP_SOURCE_BYTES_MAX = 1_048_576;

/**
 * T-3: a tool map from its YAML. `file` is the name in messages.
 * @throws Fault map_yaml, map_field with `line`, `column` and the nearest name
 */
export function parseToolMap(source: string, file = 'tools.yaml'): ToolMap {
  return new Source(source, file).map();
}

/**
 * T-3: several maps as one: a class of the same name has the words of all, a tool one entry a server. The name and
 * `unlisted` are the first's. @throws Fault map_field, cbor_* where the bounds of one map are passed
 */
export function joinToolMaps(maps: readonly ToolMap[]): ToolMap {
  const [first, ...more] = maps;
  if (more.length === 0) return first;
  const join = (lists: readonly (readonly WordClass[])[]): WordClass[] =>
    [...Map.groupBy(lists.flat(), (each) => each.class)]
      .map(([name, all]) => ({ class: name, words: [...new Set(all.flatMap((each) => each.words))].sort(order) }))
      .sort((a, b) => order(a.class, b.class));
  const entries = new Map<string, Entry>();
  for (const map of maps) {
    for (const entry of map.entries) {
      const key = `${entry.tool}\0${entry.server ?? ''}`;
      if (entries.has(key)) throw new Fault('map_field', `${map.name}: the tool \`${entry.tool}\` has an entry in a map before`, { tool: entry.tool });
      entries.set(key, entry);
    }
  }
  const joined: ToolMap = {
    name: first.name,
    verbs: join(maps.map((map) => map.verbs)),
    nouns: join(maps.map((map) => map.nouns)),
    delegable: [...new Set(maps.flatMap((map) => map.delegable))],
    entries: [...entries.entries()].sort(([a], [b]) => order(a, b)).map(([, entry]) => entry),
    unlisted: first.unlisted,
  };
  encodeToolMap(joined);
  return joined;
}

const MAP_FIELDS = ['map', 'about', 'unlisted', 'verbs', 'nouns', 'delegable', 'tools'];
const TOOL_FIELDS = [
  'tool',
  'server',
  'effect',
  'egress',
  'args',
  'money',
  'mail',
  'http',
  'fs',
  'shell',
  'sql',
  'intent',
  'about',
  'result',
  'reads',
  'metadata',
];

class Source {
  private readonly file: string;
  private readonly lines = new LineCounter();
  private readonly root: Node | null;
  private verbs: readonly WordClass[] = [];
  private nouns: readonly WordClass[] = [];

  constructor(source: string, file: string) {
    this.file = file;
    if (source.length > MAP_SOURCE_BYTES_MAX) throw new Fault('map_yaml', `${file}: more than ${MAP_SOURCE_BYTES_MAX} characters`, { file });
    const document = parseDocument(source, { lineCounter: this.lines, uniqueKeys: true, schema: 'core', customTags: [] });
    const problem = document.errors[0] ?? document.warnings[0];
    if (problem !== undefined) {
      const { line, col } = this.lines.linePos(problem.pos[0]);
      throw new Fault('map_yaml', `${file}:${line}:${col} ${problem.message.split('\n')[0]}`, { file, line, column: col });
    }
    this.root = document.contents;
  }

  private fail(node: unknown, detail: string): never {
    const range = (node as Node | null)?.range;
    const { line, col } = this.lines.linePos(range?.[0] ?? 0);
    throw new Fault('map_field', `${this.file}:${line}:${col} ${detail}`, { file: this.file, line, column: col });
  }

  map(): ToolMap {
    const top = this.fields(this.root, 'the tool map', MAP_FIELDS);
    const name = this.name(top.get('map') ?? this.fail(this.root, '`map` is missing: the name of the map'));
    this.verbs = this.classes(top.get('verbs'), 'verbs');
    this.nouns = this.classes(top.get('nouns'), 'nouns');
    const delegable = this.classNames(top.get('delegable'), this.verbs, 'verbs');
    const entries: Entry[] = [];
    const seen = new Set<string>();
    for (const node of this.items(top.get('tools') ?? this.fail(this.root, '`tools` is missing'), ENTRIES_MAX)) {
      for (const entry of this.tools(node)) {
        const key = `${entry.server ?? ''}\0${entry.tool}`;
        if (seen.has(key)) this.fail(node, `the tool \`${entry.tool}\` has two entries`);
        seen.add(key);
        entries.push(entry);
      }
    }
    if (entries.length > ENTRIES_MAX) this.fail(this.root, `more than ${ENTRIES_MAX} tools`);
    entries.sort((a, b) => order(a.tool, b.tool) || order(a.server ?? '', b.server ?? ''));
    const unlisted = top.has('unlisted') ? this.choice(top.get('unlisted'), UNLISTED) : 'opaque';
    const map: ToolMap = { name, verbs: this.verbs, nouns: this.nouns, delegable, entries, unlisted };
    encodeToolMap(map); // the bounds of the record hold, or a fault says which
    return map;
  }

  private tools(node: unknown): Entry[] {
    const fields = this.fields(node, 'a tool', TOOL_FIELDS);
    const names = this.texts(fields.get('tool') ?? this.fail(node, '`tool` is missing: the name of the tool, or a list of names'));
    const servers = fields.has('server') ? this.texts(fields.get('server')) : [null];
    const effect = this.choice(fields.get('effect') ?? this.fail(node, '`effect` is missing'), EFFECTS);
    const entry = {
      effect,
      egress: fields.has('egress') ? this.bool(fields.get('egress')) : false,
      args: this.args(fields.get('args')),
      money: this.optional(fields.get('money'), (x) => this.money(x)),
      mail: this.optional(fields.get('mail'), (x) => this.mail(x)),
      http: this.optional(fields.get('http'), (x) => this.http(x)),
      fs: this.optional(fields.get('fs'), (x) => this.fs(x)),
      shell: this.optional(fields.get('shell'), (x) => this.shell(x)),
      sql: this.optional(fields.get('sql'), (x) => this.pathOf(x)),
      intent: this.classNames(fields.get('intent'), [...this.verbs, ...LEXICON_VERBS], 'verbs'),
      about: this.classNames(fields.get('about'), [...this.nouns, ...LEXICON_NOUNS], 'nouns'),
      // T-5: what is not said is not trusted.
      result: fields.has('result') ? this.choice(fields.get('result'), TRUSTS) : ('untrusted' as const),
      reads: this.optional(fields.get('reads'), (x) => this.list(x).map((item) => this.choice(item, LABELS))) ?? [],
      metadata: this.optional(fields.get('metadata'), (x) => this.texts(x)) ?? [],
    };
    return names.flatMap((tool) => servers.map((server) => ({ tool, server, ...entry })));
  }

  private args(node: unknown): Entry['args'] {
    if (node === undefined) return [];
    const out = this.pairs(node, 'args').map(([key, value]) => ({ path: this.pathOf(key), kind: this.choice(value, KINDS) }));
    if (out.length > ARGS_MAX) this.fail(node, `more than ${ARGS_MAX} arguments`);
    return out.sort((a, b) => order(a.path.join('.'), b.path.join('.')));
  }

  private money(node: unknown): MoneyBinding {
    const fields = this.fields(node, 'money', ['amount', 'minor', 'currency', 'payee']);
    return {
      amount: this.pathOf(fields.get('amount') ?? this.fail(node, '`money.amount` is missing')),
      minor: fields.has('minor') ? this.bool(fields.get('minor')) : false,
      currency: this.optional(fields.get('currency'), (x) => this.binding(x)),
      payee: this.optional(fields.get('payee'), (x) => this.pathOf(x)),
    };
  }

  private mail(node: unknown): MailBinding {
    const fields = this.fields(node, 'mail', ['to', 'subject', 'body']);
    return {
      to: this.list(fields.get('to') ?? this.fail(node, '`mail.to` is missing')).map((x) => this.pathOf(x)),
      subject: this.optional(fields.get('subject'), (x) => this.pathOf(x)),
      body: this.optional(fields.get('body'), (x) => this.pathOf(x)),
    };
  }

  private http(node: unknown): HttpBinding {
    const fields = this.fields(node, 'http', ['method', 'url']);
    return {
      method: this.binding(fields.get('method') ?? this.fail(node, '`http.method` is missing: `=GET`, or the argument that holds it')),
      url: this.pathOf(fields.get('url') ?? this.fail(node, '`http.url` is missing')),
    };
  }

  private fs(node: unknown): FsBinding {
    const fields = this.fields(node, 'fs', ['op', 'path']);
    return {
      op: this.binding(fields.get('op') ?? this.fail(node, '`fs.op` is missing: `=read`, or the argument that holds it')),
      paths: this.list(fields.get('path') ?? this.fail(node, '`fs.path` is missing')).map((x) => this.pathOf(x)),
    };
  }

  private shell(node: unknown): ShellBinding {
    const fields = this.fields(node, 'shell', ['command', 'cwd']);
    return {
      command: this.pathOf(fields.get('command') ?? this.fail(node, '`shell.command` is missing: the argument that holds the command line')),
      cwd: this.optional(fields.get('cwd'), (x) => this.pathOf(x)),
    };
  }

  /** `=text` is fixed, else a path into the arguments. */
  private binding(node: unknown): Binding {
    const text = this.text(node);
    return text.startsWith('=') ? { fixed: text.slice(1), path: [] } : { fixed: null, path: this.pathOf(node) };
  }

  private pathOf(node: unknown): ArgPath {
    const path = this.text(node).split('.');
    if (path.length > PATH_SEGMENTS_MAX || path.some((part) => part === '' || part === '__proto__' || part.length > 64)) {
      this.fail(node, `\`${path.join('.')}\` is not a path into the arguments`);
    }
    return path;
  }

  private classes(node: unknown, what: string): WordClass[] {
    if (node === undefined) return [];
    const out = this.pairs(node, what).map(([key, value]): WordClass => {
      const found = new Set<string>();
      for (const item of this.list(value)) {
        const normal = words(this.text(item));
        if (normal.length !== 1) this.fail(item, `\`${this.text(item)}\` is not one word`);
        found.add(normal[0]);
      }
      if (found.size > CLASS_WORDS_MAX) this.fail(value, `more than ${CLASS_WORDS_MAX} words`);
      const name = this.name(key);
      if (isLexicon(name)) this.fail(key, `\`${name}\`: such classes are the lexicon's, choose another name`);
      return { class: name, words: [...found].sort(order) };
    });
    if (out.length > CLASSES_MAX) this.fail(node, `more than ${CLASSES_MAX} classes`);
    return out.sort((a, b) => order(a.class, b.class));
  }

  private classNames(node: unknown, classes: readonly WordClass[], what: string): readonly string[] {
    if (node === undefined) return [];
    const known = classes.map((each) => each.class);
    return this.list(node).map((item) => {
      const name = this.text(item);
      if (!known.includes(name)) this.fail(item, `\`${name}\` is no class of \`${what}\`${hint(name, known)}`);
      return name;
    });
  }

  private optional<T>(node: unknown, read: (node: unknown) => T): T | null {
    return node === undefined || (isScalar(node) && node.value === null) ? null : read(node);
  }

  private pairs(node: unknown, what: string): [Node, unknown][] {
    if (!isMap(node)) return this.fail(node, `\`${what}\` must be a map`);
    return (node as YAMLMap).items.map((pair: Pair) => [pair.key as Node, pair.value]);
  }

  private fields(node: unknown, what: string, known: readonly string[]): Map<string, unknown> {
    const out = new Map<string, unknown>();
    for (const [key, value] of this.pairs(node, what)) {
      const field = this.text(key);
      if (!known.includes(field)) this.fail(key, `\`${field}\` is not a field of ${what}${hint(field, known)}`);
      out.set(field, value);
    }
    return out;
  }

  private items(node: unknown, max: number): readonly unknown[] {
    if (!isSeq(node)) return this.fail(node, 'a list is expected');
    if (node.items.length > max) this.fail(node, `more than ${max} items`);
    return node.items;
  }

  /** One or a list of them. */
  private list(node: unknown): readonly unknown[] {
    return isSeq(node) ? this.items(node, ENTRIES_MAX) : [node];
  }

  private texts(node: unknown): string[] {
    return this.list(node).map((item) => this.text(item));
  }

  private text(node: unknown): string {
    if (!isScalar(node) || typeof node.value !== 'string' || node.value === '') return this.fail(node, 'a text is expected');
    return node.value;
  }

  private name(node: unknown): string {
    const text = this.text(node);
    return isName(text) ? text : this.fail(node, `\`${text}\` is not a name (a-z, 0-9, . _ / -)`);
  }

  private bool(node: unknown): boolean {
    if (!isScalar(node) || typeof node.value !== 'boolean') return this.fail(node, 'true or false is expected');
    return node.value;
  }

  private choice<T extends string>(node: unknown, names: readonly T[]): T {
    const text = this.text(node);
    const found = names.find((each) => each === text);
    return found ?? this.fail(node, `\`${text}\` is not one of ${names.join(', ')}${hint(text, names)}`);
  }
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The nearest known name, when it is near. */
function hint(name: string, known: readonly string[]): string {
  let best = '';
  let least = 3;
  for (const each of known) {
    const far = distance(name, each);
    if (far < least) {
      least = far;
      best = each;
    }
  }
  return best === '' ? '' : `; \`${best}\`?`;
}

/** Levenshtein, over the first 32 characters. */
function distance(left: string, right: string): number {
  const a = left.slice(0, 32);
  const b = right.slice(0, 32);
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length];
}
