/** Databases' command lines: the statements that they are given (spec/facet.md T-37). */
import { type Call, last, many, options, type Program } from './shell-call.ts';
import { changing } from './shell-files.ts';
import { WILD } from './shell-syntax.ts';
import { sqlFacts } from './sql.ts';

/** Tools of projects that empty or drop their databases. */
const DROPS =
  /(?:^|[ /])(?:prisma (?:migrate reset|db push .*--(?:force-reset|accept-data-loss))|(?:rails|rake|sequelize(?:-cli)?) (?:\S+ )*db:(?:drop|reset|migrate:reset|purge|truncate_all)|artisan (?:migrate:(?:fresh|reset|refresh)|db:wipe)|(?:manage\.py|django-admin) (?:flush|reset_db|sqlflush)|ecto\.(?:drop|reset)|typeorm schema:drop|(?:sqlx|diesel) database (?:drop|reset)|supabase db reset|flyway (?:\S+ )*clean|alembic downgrade base|knex migrate:rollback --all|drizzle-kit drop|mikro-orm (?:schema:drop|migration:fresh)|doctrine:(?:database|schema):drop|liquibase (?:\S+ )*drop-?all)(?: |$)/i;

/** T-37: the words of any program that drop a database. */
export function dropsDatabase({ name, args, run }: Call): void {
  if (DROPS.test([name, ...args].join(' ').slice(0, 512)) && !args.includes('--help')) run.found.act('drop');
}

const QUERY: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  psql: ['cdfhpUvoFLP', ['command', 'dbname', 'file', 'host', 'port', 'username', 'set', 'variable', 'output', 'field-separator', 'log-file', 'pset']],
  mysql: ['eDhPuS', ['execute', 'database', 'host', 'port', 'user', 'socket', 'init-command', 'pager', 'tee']],
  sqlite3: ['', ['cmd', 'init', 'separator']],
  duckdb: ['cfs', ['init']],
  clickhouse: ['qhud', ['query', 'host', 'user', 'database', 'password']],
  sqlcmd: ['SdUPQqio', []],
  bq: ['', []],
};

/** A database's command line: the statements that it is given. */
const database: Program = ({ name, args, state, stdin, run }) => {
  const { found } = run;
  const kind = /^(?:maria|my)/.test(name) ? 'mysql' : name === 'sqlite' ? 'sqlite3' : name.startsWith('clickhouse') ? 'clickhouse' : name;
  const plain = kind === 'sqlite3' ? args.map((arg) => (/^-[a-z]/.test(arg) ? `-${arg}` : arg)) : args;
  const [short, long] = QUERY[kind] ?? ['', []];
  const { operands, values } = options(plain, short, long);
  const all = (...names: string[]): readonly string[] => names.flatMap((each) => values.get(each) ?? []);
  found.act('database', 'read');
  const host = last(all('h', 'host', 'S'));
  if (host !== undefined && !host.startsWith('/') && kind !== 'sqlite3') run.host(host.replace(/[,\\].*$/, '').replace(/^tcp:/, ''));
  for (const word of [...operands, ...all('d', 'dbname')]) {
    const to = /^(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|redis(?:s)?):\/\/(?:[^@/]*@)?([^/:?]+)/.exec(word)?.[1];
    if (to !== undefined) run.host(to);
  }
  const statements = [...all('c', 'command', 'e', 'execute', 'q', 'query', 'Q', 'cmd', 's', 'init-command')];
  if (kind === 'sqlite3' || kind === 'bq') statements.push(...operands.slice(1));
  if (stdin !== null && stdin !== '') statements.push(stdin);
  for (const file of all('f', 'file', 'init', 'i')) {
    const text = run.content(file, state);
    if (text !== undefined) statements.push(text);
    else found.does('write');
  }
  for (const statement of statements) query(statement, kind, { run, state });
  if (values.has('pager')) run.line(last(all('pager')) ?? '', state.clone(), null);
  return WILD;
};

/** Statements, and the client's own commands among them. */
function query(text: string, kind: string, { run, state }: Pick<Call, 'run' | 'state'>): void {
  const { found } = run;
  const own = kind === 'sqlite3' ? /^\s*\.(\w+)\s*(.*)$/gm : /(?:^|\n|;)\s*\\(!|copy|i|ir|o|w|g|system|T|P|\.)\s*([^\n;]*)/g;
  for (const [, command, rest] of text.matchAll(own)) {
    if (/^(?:!|shell|system|sh)/.test(command)) run.line(rest, state.clone(), null);
    else if (/^(?:read|i|ir|\.|import|restore|open)$/.test(command)) run.read(rest.trim().split(/\s+/)[0] ?? '', state);
    else if (/^(?:output|once|o|w|backup|save|dump|log|T|excel)$/.test(command)) {
      if (rest.startsWith('|')) run.line(rest.slice(1), state.clone(), null);
      else run.write(rest.trim().split(/\s+/)[0] ?? '', state);
    } else if (/^(?:load|copy)$/.test(command)) found.unclear('a command of a database that is not read');
  }
  const statements = kind === 'sqlite3' ? text.replace(/^\s*\..*$/gm, '') : text.replace(/\\[a-zA-Z!][^\n;]*/g, '');
  const facts = sqlFacts(statements);
  found.told(facts);
  if (facts.opaque) found.unclear('a statement that cannot be read');
  found.does(facts.effect);
  if (facts.unbounded) {
    found.act('unbounded');
    if (facts.verbs.includes('drop') || facts.verbs.includes('truncate')) found.act('drop');
  }
  for (const file of facts.files) run.read(file, state);
  for (const program of facts.programs) run.line(program, state.clone(), null);
}

const store: Program = ({ args, stdin, run, name }) => {
  const text = `${args.join(' ')} ${stdin ?? ''}`;
  run.found.act('database', 'write');
  if (/\b(?:flushall|flushdb|dropdatabase|\.drop\(|deletemany\(\s*\{\s*\})/i.test(text)) run.found.act('drop');
  if (/\b(?:config\s+set|eval|script|module\s+load|slaveof|replicaof)\b/i.test(text) && name.startsWith('redis')) run.found.unclear('code of a database');
  if (/mongo/.test(name) && /--eval|--shell/.test(text) && /load\(|run\(|process|require|child_process|fs\./.test(text))
    run.found.unclear('code of a database');
  return WILD;
};

export const DATABASE_PROGRAMS: readonly (readonly [string, Program])[] = [
  ...many('psql mysql mariadb sqlite3 sqlite duckdb clickhouse clickhouse-client sqlcmd bq', database),
  ...many('redis-cli mongosh mongo etcdctl cqlsh influx valkey-cli', store),
  ...many('dropdb dropuser mysqladmin pg_restore', ({ run, args, name }) => {
    run.found.act('database', 'write');
    if (name.startsWith('drop') || args.includes('drop') || args.includes('--clean')) run.found.act('drop');
    return WILD;
  }),
  ...many('pg_dump mysqldump createdb createuser pg_dumpall', changing),
];
