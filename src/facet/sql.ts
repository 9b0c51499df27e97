/**
 * What SQL statements do, by their tokens (spec/facet.md T-39): PostgreSQL, MySQL and SQLite. Where these read a text in
 * different ways, it is opaque.
 */
import type { Effect } from './map.ts';
import { type Token, tokensOf, Undecodable } from './sql-token.ts';
import { SQL_TABLES_MAX, SQL_VERBS_MAX, TABLE_BYTES_MAX } from './version.ts';

export interface SqlFacts {
  readonly verbs: readonly string[];
  readonly tables: readonly string[];
  /** An update or deletion of all rows; a table, or what holds tables, dropped or emptied. */
  readonly unbounded: boolean;
  readonly opaque: boolean;
  readonly effect: Effect;
  /** Files of the database's machine that a statement reads. */
  readonly files: readonly string[];
  /** Lines of shell that a statement runs. */
  readonly programs: readonly string[];
}

const SQL_BYTES_MAX = 65_536;

const READS = new Set([
  'select',
  'show',
  'describe',
  'desc',
  'values',
  'table',
  'pragma',
  'use',
  'set',
  'begin',
  'start',
  'commit',
  'end',
  'rollback',
  'savepoint',
  'release',
  'abort',
  'fetch',
  'declare',
  'close',
  'listen',
  'help',
  'explain',
  'with',
  'reset',
  'discard',
  'checkpoint',
  'deallocate',
  'unlock',
]);
const WRITES = new Set([
  'insert',
  'update',
  'merge',
  'replace',
  'upsert',
  'create',
  'alter',
  'grant',
  'revoke',
  'comment',
  'rename',
  'vacuum',
  'analyze',
  'analyse',
  'reindex',
  'refresh',
  'cluster',
  'lock',
  'notify',
  'optimize',
  'repair',
  'attach',
  'detach',
  'load',
  'copy',
  'import',
  'export',
  'security',
  'flush',
  'purge',
  'call',
  'change',
  'handler',
  'cache',
  'reassign',
  'move',
]);
const DESTROYS = new Set(['delete', 'drop', 'truncate', 'shutdown', 'kill', 'restore']);
/** What runs text, or code that is not seen here. */
const OPAQUE = new Set(['execute', 'exec', 'prepare', 'do', 'delimiter', 'install', 'load_extension', 'xp_cmdshell', 'sp_executesql']);
const OPAQUE_CALLS = new Set([
  'dblink',
  'dblink_exec',
  'query_to_xml',
  'lo_export',
  'sys_exec',
  'sys_eval',
  'load_extension',
  'writefile',
  'edit',
  'eval',
  'xp_cmdshell',
  'openrowset',
  'openquery',
  'pg_read_binary_file',
  'pg_write_file',
  'fts3_tokenizer',
  'pg_reload_conf',
  'pg_file_write',
  'set_config',
  'plpy',
  'plv8',
  'shell',
  'readtext',
]);
const FILE_CALLS = new Set([
  'load_file',
  'pg_read_file',
  'readfile',
  'lo_import',
  'pg_ls_dir',
  'read_csv',
  'read_csv_auto',
  'read_json',
  'read_parquet',
  'read_text',
]);
const CHANGES = new Set(['insert', 'update', 'delete', 'merge', 'replace']);
const CONTAINERS = new Set(['table', 'database', 'schema', 'tablespace', 'owned', 'keyspace', 'collection', 'user', 'role']);

/** The facts of one or several statements. Never throws. */
export function sqlFacts(sql: string): SqlFacts {
  const out = {
    verbs: new Set<string>(),
    tables: new Set<string>(),
    files: [] as string[],
    programs: [] as string[],
    unbounded: false,
    opaque: sql.length > SQL_BYTES_MAX,
    rank: 0,
  };
  if (!out.opaque) {
    try {
      let statement: Token[] = [];
      for (const token of [...tokensOf(sql), { kind: 'mark', text: ';', depth: 0 } as const]) {
        if (token.text !== ';' || token.kind !== 'mark') statement.push(token);
        else {
          if (statement.length > 0) read(statement, out);
          statement = [];
        }
      }
    } catch (error) {
      if (!(error instanceof Undecodable)) throw error;
      out.opaque = true;
    }
  }
  if (out.verbs.size > SQL_VERBS_MAX || out.tables.size > SQL_TABLES_MAX) out.opaque = true;
  const effects: readonly Effect[] = ['read', 'write', 'irreversible'];
  return {
    verbs: [...out.verbs].slice(0, SQL_VERBS_MAX),
    tables: [...out.tables].filter((name) => name.length * 3 <= TABLE_BYTES_MAX).slice(0, SQL_TABLES_MAX),
    unbounded: out.unbounded,
    opaque: out.opaque,
    effect: out.opaque ? 'opaque' : effects[out.rank],
    files: out.files.slice(0, 16),
    programs: out.programs.slice(0, 16),
  };
}

interface Out {
  readonly verbs: Set<string>;
  readonly tables: Set<string>;
  readonly files: string[];
  readonly programs: string[];
  unbounded: boolean;
  opaque: boolean;
  rank: number;
}

function read(tokens: readonly Token[], out: Out): void {
  const start = tokens.findIndex(({ text, kind }) => !(kind === 'mark' && text === '('));
  const first = tokens[start];
  if (first === undefined) return;
  if (first.kind !== 'word' || OPAQUE.has(first.text)) {
    out.opaque = true;
    return;
  }
  verb(first.text, tokens, start, out);
  const leads = first.text === 'with' || first.text === 'explain';
  tokens.forEach((token, i) => {
    if (token.kind !== 'word') return;
    const before = tokens[i - 1];
    const next = tokens[i + 1];
    if (i > start && leads && (CHANGES.has(token.text) || (first.text === 'explain' && token.text === 'select')) && begins(before))
      verb(token.text, tokens, i, out);
    if (i > start && first.text === 'explain' && DESTROYS.has(token.text) && begins(before)) verb(token.text, tokens, i, out);
    if (next?.text === '(' && next.kind === 'mark') {
      if (OPAQUE_CALLS.has(token.text)) out.opaque = true;
      if (FILE_CALLS.has(token.text)) file(tokens[i + 2], out);
    }
    tables(token.text, tokens, i, out);
  });
  special(first.text, tokens, out);
}

const begins = (before: Token | undefined): boolean =>
  before === undefined ||
  before.text === '(' ||
  before.text === ')' ||
  (before.kind === 'word' && /^(?:explain|analyze|analyse|verbose|as|extended|partitions|plan)$/.test(before.text));

function file(token: Token | undefined, out: Out): void {
  if (token?.kind === 'text') out.files.push(token.text);
  else out.opaque = true;
}

function verb(name: string, tokens: readonly Token[], at: number, out: Out): void {
  out.verbs.add(name);
  const next = tokens[at + 1]?.text ?? '';
  if (DESTROYS.has(name)) {
    out.rank = 2;
    if (name === 'truncate' || (name === 'drop' && CONTAINERS.has(next))) out.unbounded = true;
  } else if (WRITES.has(name)) out.rank = Math.max(out.rank, 1);
  else if (!READS.has(name)) out.opaque = true;
  if ((name === 'update' || name === 'delete') && !isBounded(tokens, at)) {
    out.unbounded = true;
    out.rank = 2;
  }
  if (name === 'call') out.opaque = true;
}

/** Has the update or deletion at `at` a condition that some rows may fail? */
function isBounded(tokens: readonly Token[], at: number): boolean {
  const { depth } = tokens[at];
  let where = -1;
  let end = tokens.length;
  for (let i = at + 1; i < tokens.length; i++) {
    if (tokens[i].depth < depth) {
      end = i;
      break;
    }
    if (tokens[i].depth === depth && tokens[i].kind === 'word' && tokens[i].text === 'where' && where < 0) where = i;
    if (where >= 0 && tokens[i].depth === depth && /^(?:returning|order|limit)$/.test(tokens[i].text)) {
      end = i;
      break;
    }
  }
  if (where < 0) return false;
  const condition = tokens.slice(where + 1, end);
  const names = condition.filter(
    (token) =>
      token.kind === 'name' || (token.kind === 'word' && !/^(?:true|false|not|and|or|is|null|like|in|between|exists|select|from|where)$/.test(token.text)),
  );
  if (names.length === 0) return false;
  // `… or 1=1`, `id = id`
  for (let i = 0; i < condition.length; i++) {
    const [a, mark, b] = [condition[i], condition[i + 1], condition[i + 2]];
    const same =
      mark?.kind === 'mark' &&
      /^[=<>]$/.test(mark.text) &&
      a.kind === b?.kind &&
      a.text === b.text &&
      !/^[.(]$/.test(condition[i + 3]?.text ?? '') &&
      condition[i - 1]?.text !== '.';
    const alone = i === 0 || condition[i - 1].text === 'or' || condition[i - 1].text === '(';
    if (same && alone) return false;
    if (
      a.kind === 'word' &&
      a.text === 'or' &&
      (mark?.text === 'true' || (mark?.kind === 'number' && !/^[=<>!+*/-]$/.test(b?.text ?? '')) || mark?.text === 'not')
    )
      return false;
    if (a.text === 'is' && mark?.text === 'not' && b?.text === 'null' && condition.length <= 4) return false;
    if (a.text === 'like' && mark?.kind === 'text' && /^%+$/.test(mark.text)) return false;
  }
  return true;
}

/** Names behind `from`, `join`, `into`, `update`, `table`, and in lists of them. */
function tables(word: string, tokens: readonly Token[], i: number, out: Out): void {
  const begins_ = /^(?:from|join|into|update|table|truncate|using)$/.test(word);
  if (!begins_ || (word === 'update' && /^(?:for|on|do|no)$/.test(tokens[i - 1]?.text ?? ''))) return;
  let at = i + 1;
  for (;;) {
    while (
      /^(?:table|if|not|exists|only|lateral|ignore|low_priority|quick|or|rollback|replace|abort|fail|outfile|dumpfile)$/.test(tokens[at]?.text ?? '') &&
      tokens[at].kind === 'word'
    )
      at++;
    const name: string[] = [];
    while (tokens[at]?.kind === 'word' || tokens[at]?.kind === 'name') {
      name.push(tokens[at++].text);
      if (tokens[at]?.text !== '.') break;
      at++;
    }
    if (name.length > 0 && !(name.length === 1 && /^(?:select|values|set|where|generate_series|unnest)$/.test(name[0]))) out.tables.add(name.join('.'));
    // `from a, b c`
    if ((word === 'from' || word === 'table' || word === 'truncate') && tokens[at]?.text === ',') at++;
    else if (word === 'from' && tokens[at]?.kind === 'word' && tokens[at + 1]?.text === ',') at += 2;
    else return;
  }
}

/** Statements that reach past their database. */
function special(name: string, tokens: readonly Token[], out: Out): void {
  const words = tokens.map(({ text, kind }) => (kind === 'word' ? text : ''));
  const after = (word: string): Token | undefined => tokens[words.indexOf(word) + 1];
  if (words.includes('outfile') || words.includes('dumpfile')) {
    out.rank = 2;
    out.opaque = true;
  }
  if (name === 'copy') {
    if (words.includes('program')) {
      const program = after('program');
      if (program?.kind === 'text') out.programs.push(program.text);
      else out.opaque = true;
    } else if (words.includes('from') && after('from')?.kind === 'text') file(after('from'), out);
    else if (words.includes('to') && after('to')?.kind === 'text') out.opaque = true;
  }
  if (name === 'load' && words.includes('infile')) file(after('infile'), out);
  else if (name === 'load') out.opaque = true;
  if (name === 'attach')
    file(
      tokens.find(({ kind }) => kind === 'text'),
      out,
    );
  if (name === 'pragma' && (words.includes('writable_schema') || words.some((word) => word.endsWith('_directory')))) out.rank = 2;
  else if (name === 'pragma' && tokens.some(({ text }) => text === '=')) out.rank = Math.max(out.rank, 1);
  if (name === 'select' && words.includes('into')) out.rank = Math.max(out.rank, 1);
  if (name === 'alter' && words.includes('drop')) out.rank = 2;
  if (name === 'alter' && words.includes('system')) out.opaque = true;
  if (
    name === 'create' &&
    (words.includes('function') || words.includes('procedure') || words.includes('trigger') || words.includes('extension') || words.includes('event')) &&
    words.some((word) => /^(?:c|plpythonu|plpython3u|plperlu|plsh|soname)$/.test(word))
  )
    out.opaque = true;
  if (name === 'set' && words.includes('global')) out.rank = Math.max(out.rank, 1);
}
