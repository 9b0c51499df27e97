/** Ways past AVA that can be seen from here: programs that are not connected, what their settings let through, keys that agents hold. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Coverage, coverageOf, judgedOf } from '../connect/coverage.ts';
import { isBefore, type Place, PROGRAMS, versionOf } from '../connect/program.ts';
import type { Finding } from './finding.ts';
import { plain, plural } from './text.ts';

/** Agents' programs that AVA does not connect, by a path that shows them. */
const OTHERS: readonly (readonly [name: string, path: string])[] = [
  ['Gemini CLI', '.gemini'],
  ['Copilot CLI', '.copilot'],
  ['Windsurf', '.codeium/windsurf'],
  ['OpenCode', '.config/opencode'],
  ['Goose', '.config/goose'],
];
const SECRET = /(?:^|_)(?:API_?KEY|ACCESS_KEY|SECRET(?:_KEY)?|TOKEN|PASSWORD|PASSWD|CREDENTIALS)(?:_|$)/;
const NAMED_MAX = 8;
const CHECK = 'past AVA';

const named = (names: readonly string[]): string =>
  plain(names.slice(0, NAMED_MAX).join(', ')) + (names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more` : '');

/** Names only: values of the environment are never shown. */
export function detours(place: Place): Finding[] {
  const findings = PROGRAMS.flatMap((program) => {
    const coverage = coverageOf(program, place);
    return coverage === null ? [] : ofProgram(coverage, versionOf(program, place.env));
  });
  const warn = (detail: string, fix?: string): number => findings.push({ check: CHECK, state: 'warn', detail, ...(fix !== undefined && { fix }) });
  for (const [name, path] of OTHERS)
    if (existsSync(join(place.home, path)))
      warn(`${name} is here, and AVA does not connect it: its tools run unjudged`, 'put `avactl wrap` before its servers, or do without it');
  const keys = Object.keys(place.env)
    .filter((variable) => SECRET.test(variable.toUpperCase()) && place.env[variable] !== '')
    .sort();
  if (keys.length > 0)
    warn(
      `an agent started from this shell holds ${plural(keys.length, 'credential')} itself: ${named(keys)}`,
      'start agents without them: who holds a key needs no permission',
    );
  findings.push({
    check: CHECK,
    state: 'info',
    detail: 'an agent of your own user can stop the node, read its data folder, and change the settings back: run the node as another user where that matters',
  });
  findings.push({
    check: CHECK,
    state: 'info',
    detail: 'an agent that does not ask AVA is not judged by it: other programs, other terminals, and what an allowed command does',
  });
  return findings;
}

/** What goes past AVA in one program, the worst first. */
function ofProgram(coverage: Coverage, version: string | null): Finding[] {
  const { program, servers, hooks, loopholes, unread, stale } = coverage;
  const findings: Finding[] = [];
  const say = (state: Finding['state'], detail: string, fix?: string): number =>
    findings.push({ check: CHECK, state, detail: `${program.title}: ${detail}`, ...(fix !== undefined && { fix }) });
  const connect = `avactl connect ${program.id}`;
  for (const path of unread) say('warn', `${path} cannot be read, so what it holds is not known`, 'correct it');
  for (const path of stale)
    say('fail', `${path} names ${plural(1, 'program')} of AVA that is no longer there: its servers do not start`, `\`${connect}\` writes it anew`);
  const past = servers.filter(({ by }) => by === 'nothing');
  const project = past.length > 0 && past.every(({ scope }) => scope === 'project');
  if (past.length > 0)
    say(
      'warn',
      `${plural(past.length, 'MCP server')} of ${servers.length} ${past.length === 1 ? 'runs' : 'run'} past AVA: ${named(past.map(({ name }) => name))}`,
      `\`${connect}${project ? ' --project .' : ''}\``,
    );
  if (hooks === 'missing' || hooks === 'some')
    say('warn', `${hooks === 'some' ? 'some of its' : 'its'} hooks are missing: ${program.judges} go past AVA`, `\`${connect}\``);
  if (hooks === 'none' && servers.length > 0) say('info', `it has no hooks: ${program.outside.join('; ')} go past AVA`);
  if (program.version !== null && version !== null && isBefore(version, program.version.least) && hooks !== 'missing')
    say('warn', `AVA-3005 version ${version} ${program.version.fails}`, `upgrade it to ${program.version.least}`);
  for (const { path, what, disarms, later } of loopholes)
    say(
      disarms ? 'fail' : 'warn',
      `${plain(path)} has ${what}`,
      later === true ? program.afterwards : disarms ? 'take it away: nothing is judged by hooks' : undefined,
    );
  if (findings.length === 0)
    say(
      'ok',
      `${judgedOf(coverage)} of ${plural(servers.length, 'MCP server')} judged${hooks === 'all' ? ', hooks in place' : ''}; outside: ${program.outside.join('; ')}`,
    );
  return findings;
}

/** What a node that has just started says of the programs that it found: one line each. */
export function foundLines(place: Place, flags: string): string[] {
  return PROGRAMS.flatMap((program) => {
    const coverage = coverageOf(program, place);
    if (coverage === null || (coverage.servers.length === 0 && coverage.hooks === 'none')) return [];
    const { servers, hooks } = coverage;
    const judged = judgedOf(coverage);
    const whole = judged === servers.length && (hooks === 'all' || hooks === 'none');
    const share = whole ? 'all covered' : judged === 0 ? 'none covered' : `${judged} covered`;
    return [`found ${program.title}, ${plural(servers.length, 'MCP server')}; ${share}${whole ? '' : `  ->  avactl connect ${program.id}${flags}`}`];
  });
}
