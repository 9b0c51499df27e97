/** All programs that the shell reader knows, by name. */
import { BUILTINS } from './shell-builtin.ts';
import type { Call, Program } from './shell-call.ts';
import { CLOUD_PROGRAMS } from './shell-cloud.ts';
import { CODE_PROGRAMS } from './shell-code.ts';
import { CONTAINER_PROGRAMS } from './shell-containers.ts';
import { DATABASE_PROGRAMS, dropsDatabase } from './shell-database.ts';
import { FILE_PROGRAMS } from './shell-files.ts';
import { MORE_PROGRAMS } from './shell-more.ts';
import { NETWORK_PROGRAMS } from './shell-network.ts';
import { PACKAGE_PROGRAMS } from './shell-packages.ts';
import { sends } from './shell-send.ts';
import { TOOL_PROGRAMS, unlisted } from './shell-tools.ts';
import { wrappers } from './shell-wrap.ts';

const PLAIN: ReadonlyMap<string, Program> = new Map([
  ...FILE_PROGRAMS,
  ...NETWORK_PROGRAMS,
  ...CODE_PROGRAMS,
  ...PACKAGE_PROGRAMS,
  ...CONTAINER_PROGRAMS,
  ...CLOUD_PROGRAMS,
  ...DATABASE_PROGRAMS,
  ...TOOL_PROGRAMS,
  ...MORE_PROGRAMS,
]);
const PROGRAMS: ReadonlyMap<string, Program> = new Map([...PLAIN, ...wrappers(PLAIN, unlisted), ...BUILTINS]);

/** What reads the program of this name (lower case); undefined where nobody listed it. */
export const programOf = (name: string): Program | undefined => PROGRAMS.get(name);

/** Runs it: what its own reader says, and what holds of all programs. */
export function runProgram(program: Program | undefined, call: Call): string {
  dropsDatabase(call);
  sends(call);
  return (program ?? unlisted)(call);
}
