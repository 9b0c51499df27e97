/** The client programs that AVA knows: where their settings lie, and how each calls a hook. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Fault } from '../base/fault.ts';
import { suggestion } from '../base/nearest.ts';
import { CLAUDE_CODE } from './claude-code.ts';
import { CLAUDE_DESKTOP } from './claude-desktop.ts';
import { CODEX } from './codex.ts';
import { CURSOR } from './cursor.ts';
import type { Place, Program } from './settings.ts';
import { VSCODE } from './vscode.ts';

export type { Place, Program } from './settings.ts';

export const PROGRAMS: readonly Program[] = [CLAUDE_CODE, CODEX, CURSOR, VSCODE, CLAUDE_DESKTOP];

/** @throws Fault usage */
export function programNamed(id: string): Program {
  const program = PROGRAMS.find((one) => one.id === id);
  if (program !== undefined) return program;
  const ids = PROGRAMS.map((one) => one.id);
  throw new Fault('usage', `there is no client \`${id}\`${suggestion(id, ids) || `: it is one of ${ids.join(', ')}`}`, { client: id });
}

/** Whether the program's settings or folders are here. */
export const isHere = (program: Program, place: Place): boolean =>
  [...program.traces(place), ...program.files(place, { ask: false }).map(({ path }) => path)].some((path) => existsSync(path));

const VERSION_MS_MAX = 5_000;

/** The version that the program on PATH says it has; null where it is not there or says none. */
export function versionOf({ version }: Program, env: Place['env']): string | null {
  if (version === null) return null;
  const { stdout } = spawnSync(version.command, ['--version'], {
    encoding: 'utf8',
    timeout: VERSION_MS_MAX,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return /\b(\d{1,6}\.\d{1,6}\.\d{1,6})\b/.exec(stdout ?? '')?.[1] ?? null;
}

/** Whether version `a` is before `b`. */
export function isBefore(a: string, b: string): boolean {
  const [x, y] = [a, b].map((version) => version.split('.').map(Number));
  for (let i = 0; i < 3; i++) if (x[i] !== y[i]) return x[i] < y[i];
  return false;
}
