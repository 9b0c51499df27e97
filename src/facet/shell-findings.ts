/** What a shell line was found to do (spec/facet.md T-30). */
import type { Effect } from './map.ts';
import { type PathKind, pathKinds } from './path-kind.ts';
import { plainMarks } from './shell-syntax.ts';
import type { SqlFacts } from './sql.ts';
import { SHELL_COMMANDS_MAX, SQL_TABLES_MAX, SQL_VERBS_MAX, VALUES_MAX } from './version.ts';

/** Acts beyond files that rules ask for. Append-only. */
export const ACTS = [
  'force-push',
  'push',
  'publish',
  'deploy',
  'destroy',
  'install',
  'wipe',
  'fork-bomb',
  'power',
  'database',
  'drop',
  'unbounded',
  'upload',
  'listen',
  'kill-all',
  'approve',
  'disable',
  'schedule',
  'discard',
  'send-all',
] as const;
export type Act = (typeof ACTS)[number];
export type Touch = 'read' | 'write' | 'delete';

/** Kinds that say nothing about a file that is only read. */
const READ_PLAIN: ReadonlySet<PathKind> = new Set(['work', 'system', 'repository', 'startup', 'main']);
/** What `destroys` says. */
const DESTROYS: ReadonlySet<Act> = new Set(['force-push', 'destroy', 'wipe', 'fork-bomb', 'drop', 'unbounded']);
const RANK: Readonly<Record<Effect, number>> = { read: 0, write: 1, irreversible: 2, opaque: 3 };

/** Is it the project's own `.git`, or what in it holds the history? */
function isHistory(path: string, folder: string | null): boolean {
  const found = /^(.*?)(?:^|\/)\.git(?:\/(?:objects|refs|head|[\ue000-\ue004]+))?$/i.exec(path);
  return found !== null && (found[1] === '' ? !path.startsWith('/') : pathKinds(found[1], folder).includes('work'));
}

export class Findings {
  readonly commands = new Set<string>();
  readonly touched: Readonly<Record<Touch, Set<string>>> = { read: new Set(), write: new Set(), delete: new Set() };
  readonly marks = new Set<string>();
  readonly hosts = new Set<string>();
  readonly acts = new Set<Act>();
  effect: Effect = 'read';
  egress = false;
  /** What databases are told. */
  statements: { readonly verbs: readonly string[]; readonly tables: readonly string[]; readonly unbounded: boolean; readonly opaque: boolean } | null = null;
  pipesToShell = false;
  privileged = false;
  destroys = false;
  /** Why it could not be read, or null. */
  opaque: string | null = null;
  /** Where the call runs, or null. */
  readonly folder: string | null;

  constructor(folder: string | null) {
    this.folder = folder;
  }

  unclear(why: string): void {
    this.opaque ??= why;
  }

  command(name: string): void {
    if (this.commands.size >= SHELL_COMMANDS_MAX) this.unclear('too many programs');
    else if (name.length <= 64) this.commands.add(name);
  }

  does(effect: Effect): void {
    if (RANK[effect] > RANK[this.effect]) this.effect = effect;
  }

  act(act: Act, effect: Effect = 'irreversible'): void {
    this.acts.add(act);
    if (DESTROYS.has(act)) this.destroys = true;
    this.does(effect);
  }

  told({ verbs, tables, unbounded, opaque }: SqlFacts): void {
    const before = this.statements;
    this.statements = {
      verbs: [...new Set([...(before?.verbs ?? []), ...verbs])].slice(0, SQL_VERBS_MAX),
      tables: [...new Set([...(before?.tables ?? []), ...tables])].slice(0, SQL_TABLES_MAX),
      unbounded: unbounded || before?.unbounded === true,
      opaque: opaque || before?.opaque === true,
    };
    if (unbounded) this.destroys = true;
  }

  /** A path, resolved, with marks. `deep`: all below it too. */
  touch(how: Touch, path: string, deep: boolean): void {
    const paths = this.touched[how];
    if (paths.size >= VALUES_MAX) return this.unclear('too many files');
    paths.add(plainMarks(path));
    for (const kind of pathKinds(path, this.folder)) {
      if (how === 'read' && (READ_PLAIN.has(kind) || ((kind === 'home' || kind === 'root') && !deep))) continue;
      if (how === 'delete' && kind === 'repository' && (!deep || !isHistory(path, this.folder))) continue;
      if (how === 'delete' && !deep && (kind === 'work' || kind === 'home' || kind === 'root' || kind === 'main') && !/[\ue002-\ue004]/.test(path)) continue;
      this.marks.add(`${how}.${kind}`);
      if (how === 'delete' && (kind === 'root' || kind === 'home' || kind === 'main' || kind === 'work' || kind === 'system')) {
        if (deep && (kind !== 'system' || path.split('/').length <= 3)) this.act('wipe');
      }
      if (how === 'write' && kind === 'device') this.act('wipe');
    }
    if (how !== 'read') this.does(how === 'delete' && this.destroys ? 'irreversible' : 'write');
  }
}
