/** Edits of TOML as text. A parser reads the text before and after: an edit that says anything but what was meant is refused. */
import { isDeepStrictEqual } from 'node:util';
import { parse, TomlError } from 'smol-toml';
import { isOwnHook, type Launch, unwrapped, wrapped } from './launch.ts';
import { type Edited, isTable, malformed, memberAt, ownHooks, type SettingsFile, serversOf, type Table } from './settings.ts';
import { type Statement, statementsOf, tomlKey, tomlValue } from './toml-text.ts';

/** Stands above what AVA adds. */
const MARK = '# Of AVA; `avactl disconnect` takes it away.';

/** @throws Fault settings_malformed */
export function readToml(path: string, text: string): Table {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const offset =
      text
        .split('\n')
        .slice(0, error.line - 1)
        .join('\n').length +
      (error.line > 1 ? 1 : 0) +
      error.column -
      1;
    throw malformed(path, text, offset, `is no TOML: ${error.message.split('\n')[0]}`);
  }
}

/** Sets a member of a table and checks the whole text. @throws Fault settings_malformed where the text has a form that cannot be edited so */
function set(file: SettingsFile, text: string, path: readonly string[], key: string, value: unknown): string {
  const wanted = readToml(file.path, text);
  const holder = memberAt(wanted, path) as Record<string, unknown>;
  if (value === undefined) delete holder[key];
  else holder[key] = value;
  const edited = put(text, statementsOf(text), path, key, value, holder);
  if (edited === null || !isDeepStrictEqual(parse(edited), wanted))
    throw malformed(
      file.path,
      text,
      placeOf(text, path),
      `writes ${path.join('.')} in a form that AVA does not edit: write it as [${path.map(tomlKey).join('.')}]`,
    );
  return edited;
}

const samePath = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((key, i) => key === b[i]);

function put(text: string, statements: readonly Statement[], path: readonly string[], key: string, value: unknown, holder: Table): string | null {
  const own = statements.find(({ kind, path: is }) => kind === 'value' && samePath(is, [...path, key]));
  if (own !== undefined)
    return value === undefined ? text.slice(0, own.start) + text.slice(own.end) : text.slice(0, own.from) + tomlValue(value) + text.slice(own.to);
  // the whole server as an inline table
  const inline = statements.find(({ kind, path: is }) => kind === 'value' && samePath(is, path));
  if (inline !== undefined) return text.slice(0, inline.from) + tomlValue(holder) + text.slice(inline.to);
  if (value === undefined) return null;
  // a line more, after the first of this table, in the manner of that line
  const sibling = statements.find(({ kind, path: is }) => kind === 'value' && is.length === path.length + 1 && samePath(is.slice(0, -1), path));
  if (sibling === undefined) return null;
  const line = text.slice(sibling.start, sibling.from);
  const name = sibling.path.at(-1) as string;
  const before = line.lastIndexOf(name);
  if (before < 0) return null;
  const newline = text.slice(sibling.start, sibling.end).endsWith('\n') ? '' : '\n';
  return `${text.slice(0, sibling.end)}${newline}${line.slice(0, before)}${tomlKey(key)}${line.slice(before + name.length)}${tomlValue(value)}\n${text.slice(sibling.end)}`;
}

const placeOf = (text: string, path: readonly string[]): number => statementsOf(text).find(({ path: is }) => path.every((key, i) => is[i] === key))?.start ?? 0;

/** The same with AVA before each stdio server, and with its hooks. Twice is once. @throws Fault settings_malformed */
export function connectToml(file: SettingsFile, text: string, launch: Launch): Edited {
  let edited = text;
  const value = readToml(file.path, text);
  for (const { name, path } of serversOf(value, file.maps)) {
    const { command, args = [] } = memberAt(value, path) as { command?: unknown; args?: unknown };
    const server = unwrapped(command, args)?.server ?? (typeof command === 'string' && isWords(args) ? { command, args } : null);
    if (server === null) continue;
    const wanted = wrapped(launch, name, server);
    if (command !== wanted.command) edited = set(file, edited, path, 'command', wanted.command);
    if (JSON.stringify(args) !== JSON.stringify(wanted.args)) edited = set(file, edited, path, 'args', wanted.args);
  }
  if (file.hooks !== null) {
    const hook = file.hooks.entry(launch);
    const there = readToml(file.path, edited);
    const fresh = file.hooks.events.every((event) => JSON.stringify(ownHooks(there, event)) === JSON.stringify([hook]));
    if (!fresh) edited = withHooks(file, withoutHooks(edited), file.hooks.events, hook);
  }
  return { text: edited, servers: serversOf(readToml(file.path, edited), file.maps) };
}

const isWords = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((word) => typeof word === 'string');

function withHooks(file: SettingsFile, text: string, events: readonly string[], hook: Table): string {
  const lines = events.flatMap((event) => [
    `[[hooks.${event}]]`,
    `[[hooks.${event}.hooks]]`,
    ...Object.entries(hook).map(([key, member]) => `${tomlKey(key)} = ${tomlValue(member)}`),
  ]);
  const gap = text === '' ? '' : text.endsWith('\n') ? '\n' : '\n\n';
  const edited = `${text}${gap}${MARK}\n${lines.join('\n')}\n`;
  try {
    const value = parse(edited);
    if (events.every((event) => JSON.stringify(ownHooks(value, event)) === JSON.stringify([hook]))) return edited;
  } catch {
    // said below
  }
  throw malformed(file.path, text, placeOf(text, ['hooks']), 'writes hooks in a form that AVA cannot add to: write them as [[hooks.EVENT]]');
}

/** Takes away each group of hooks that is AVA's alone, with the mark above it. */
function withoutHooks(text: string): string {
  const statements = statementsOf(text);
  let edited = text;
  for (let i = statements.length - 1; i >= 0; i--) {
    const { kind, path, start } = statements[i];
    if (kind !== 'array' || path.length !== 2 || path[0] !== 'hooks') continue;
    let end = i + 1;
    while (end < statements.length && !(statements[end].kind !== 'value' && !isBelow(statements[end].path, path))) end++;
    const part = text.slice(start, statements[end - 1].end);
    const groups = memberAt(parse(part), path);
    const hooks = Array.isArray(groups) && groups.length === 1 && isTable(groups[0]) ? groups[0]['hooks'] : undefined;
    if (!Array.isArray(hooks) || hooks.length === 0 || !hooks.every((hook: unknown) => isTable(hook) && isOwnHook(hook))) continue;
    edited = edited.slice(0, start) + edited.slice(statements[end - 1].end);
  }
  const mark = edited.indexOf(MARK);
  if (mark < 0 || /^[ \t]*\[\[hooks\./m.test(edited.slice(mark).split('\n')[1] ?? '')) return edited;
  const gap = edited[mark - 1] === '\n' && (mark === 1 || edited[mark - 2] === '\n') ? mark - 1 : mark;
  return edited.slice(0, gap) + edited.slice(mark + MARK.length + 1);
}

const isBelow = (path: readonly string[], above: readonly string[]): boolean => path.length > above.length && samePath(path.slice(0, above.length), above);

/**
 * The text without what AVA wrote, for a file that its owner changed since. Where `original` has the same value its own
 * spelling comes back. @throws Fault settings_malformed
 */
export function disconnectToml(file: SettingsFile, text: string, original: string | null): string {
  let edited = withoutHooks(text);
  const before = original === null ? [] : statementsOf(original);
  const value = readToml(file.path, text);
  for (const { path, state } of serversOf(value, file.maps)) {
    if (state !== 'wrapped') continue;
    const { command, args } = memberAt(value, path) as Table;
    const server = unwrapped(command, args)?.server;
    if (server === undefined) continue;
    const had = before.filter(({ path: is }) => isBelow(is, path));
    for (const [key, member] of [
      ['command', server.command],
      ['args', server.args.length === 0 && had.length > 0 && !had.some(({ path: is }) => is.at(-1) === 'args') ? undefined : server.args],
    ] as const) {
      edited = set(file, edited, path, key, member);
      const raw = before.find(({ kind, path: is }) => kind === 'value' && samePath(is, [...path, key]));
      const now = statementsOf(edited).find(({ kind, path: is }) => kind === 'value' && samePath(is, [...path, key]));
      if (raw === undefined || now === undefined) continue;
      const spelt = edited.slice(0, now.from) + (original as string).slice(raw.from, raw.to) + edited.slice(now.to);
      if (isDeepStrictEqual(parse(spelt), parse(edited))) edited = spelt;
    }
  }
  // what AVA added began on a line of its own
  return original !== null && original !== '' && !original.endsWith('\n') ? edited.replace(/\n$/, '') : edited;
}
