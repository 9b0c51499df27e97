/** What a command line does, read and not run (spec/facet.md T-30 to T-38). Total, bounded, the same everywhere. */
import type { Effect } from './map.ts';
import { Findings } from './shell-findings.ts';
import { ShellRun } from './shell-run.ts';
import { FOLDER, State } from './shell-state.ts';
import { LINE_BYTES_MAX, Unreadable } from './shell-syntax.ts';

export interface ShellFacts {
  readonly effect: Effect;
  readonly egress: boolean;
  /** Programs that run, by their last name, in the order in which they are met. */
  readonly commands: readonly string[];
  /** Paths by what is done: resolved, `~` the home folder, `*` for what is not known. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly deletes: readonly string[];
  /** `read.key`, `delete.home`, … (T-41). */
  readonly marks: readonly string[];
  readonly hosts: readonly string[];
  /** Of the statements that databases are given; null where there are none. */
  readonly sql: { readonly verbs: readonly string[]; readonly tables: readonly string[]; readonly unbounded: boolean; readonly opaque: boolean } | null;
  readonly acts: readonly string[];
  readonly pipes_to_shell: boolean;
  readonly privileged: boolean;
  readonly destroys: boolean;
  readonly opaque: boolean;
  /** Why it is opaque; empty where it is not. */
  readonly why: string;
}

/** @param folder where the line runs, null where that is not known */
export function readShell(line: string, folder: string | null): ShellFacts {
  const found = new Findings(folder);
  if (line.length > LINE_BYTES_MAX || /[\ue000-\ue00f\0]/.test(line)) found.unclear('a line that is not read');
  else {
    const state = new State(null, []);
    if (folder !== null) state.vars.set(FOLDER, [folder]);
    try {
      new ShellRun(found).line(line, state, null);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      found.unclear(error.message);
    }
  }
  const opaque = found.opaque !== null;
  return {
    effect: opaque ? 'opaque' : found.destroys ? 'irreversible' : found.effect,
    egress: found.egress || opaque,
    commands: [...found.commands],
    reads: [...found.touched.read],
    writes: [...found.touched.write],
    deletes: [...found.touched.delete],
    marks: [...found.marks].sort(),
    hosts: [...found.hosts],
    sql: found.statements,
    acts: [...found.acts].sort(),
    pipes_to_shell: found.pipesToShell,
    privileged: found.privileged,
    destroys: found.destroys,
    opaque,
    why: found.opaque ?? '',
  };
}
