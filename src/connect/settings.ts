/** A settings file of a client program as AVA sees it: where its servers stand, and what its hooks look like. */
import { Fault } from '../base/fault.ts';
import { isOwnHook, type Launch, unwrapped } from './launch.ts';

/** How a program's settings say which commands run around a tool's use. */
export interface HookForm {
  readonly events: readonly string[];
  /** `grouped`: `hooks.EVENT = [{hooks: [entry]}]`; `flat`: `hooks.EVENT = [entry]`. */
  readonly shape: 'grouped' | 'flat';
  /** Further members that a new file must have. */
  readonly base: Readonly<Record<string, unknown>>;
  entry(launch: Launch): Readonly<Record<string, unknown>>;
}

export interface SettingsFile {
  readonly path: string;
  readonly scope: 'user' | 'project';
  readonly syntax: 'json' | 'toml';
  /** Where maps of servers stand; `*` is any key. */
  readonly maps: readonly (readonly string[])[];
  /** Hooks that belong here; null: none. */
  readonly hooks: HookForm | null;
}

/** A server that settings name. */
export interface FoundServer {
  readonly name: string;
  /** Members from the root to it. */
  readonly path: readonly string[];
  /** `direct`: past AVA; `wrapped`: through it; `remote`: by a URL; `odd`: neither a command nor a URL. */
  readonly state: 'direct' | 'wrapped' | 'remote' | 'odd';
}

/** Where settings are looked for. */
export interface Place {
  readonly home: string;
  /** A project whose own settings count too; null: none. */
  readonly project: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
}

/** What a client's own settings switch off or let through. */
export interface Loophole {
  readonly path: string;
  readonly what: string;
  /** AVA's hooks do not run at all. */
  readonly disarms: boolean;
  /** Its user cures it after connecting; until then it is told, and no reason not to connect. */
  readonly later?: boolean;
}

export interface HookOptions {
  /** An escalation is left to the client's own dialog. */
  readonly ask: boolean;
}

export interface Program {
  readonly id: 'claude-code' | 'codex' | 'cursor' | 'vscode' | 'claude-desktop';
  readonly title: string;
  /** Its hooks, in words: what they judge. Empty: it has none. */
  readonly judges: string;
  /** What stays outside AVA even when it is connected. */
  readonly outside: readonly string[];
  /** Every file that may hold servers or hooks, whether it is there or not. */
  files(place: Place, options: HookOptions): readonly SettingsFile[];
  /** Paths that show that the program is used here. */
  traces(place: Place): readonly string[];
  /** The oldest version of which a failed hook blocks, and how the program tells its own. */
  readonly version: { readonly command: string; readonly least: string; readonly fails: string } | null;
  loopholes(place: Place): readonly Loophole[];
  /** What its user must still do, once it is connected. */
  readonly afterwards: string;
}

export interface Edited {
  readonly text: string;
  readonly servers: readonly FoundServer[];
}

/** @throws Fault settings_malformed with the place, which the command line shows under the line */
export function malformed(path: string, text: string, offset: number, what: string): Fault {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  const column = offset - before.lastIndexOf('\n');
  return new Fault('settings_malformed', `${path}:${line}:${column} ${what}`, { path, line, column });
}

export type Table = Readonly<Record<string, unknown>>;
export const isTable = (value: unknown): value is Table => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The maps of servers that are there, by their paths. */
export function mapsIn(root: unknown, maps: SettingsFile['maps']): { readonly path: readonly string[]; readonly map: Table }[] {
  const found: { path: readonly string[]; map: Table }[] = [];
  for (const pattern of maps) {
    let level: { path: readonly string[]; map: Table }[] = isTable(root) ? [{ path: [], map: root }] : [];
    for (const key of pattern)
      level = level.flatMap(({ path, map }) =>
        Object.entries(map).flatMap(([name, value]) => ((key === '*' || key === name) && isTable(value) ? [{ path: [...path, name], map: value }] : [])),
      );
    found.push(...level);
  }
  return found;
}

/** The servers that settings name. */
export function serversOf(root: unknown, maps: SettingsFile['maps']): FoundServer[] {
  return mapsIn(root, maps).flatMap(({ path, map }) =>
    Object.entries(map).flatMap(([name, entry]) => {
      if (!isTable(entry)) return [];
      const { command, args = [], url } = entry;
      const state = unwrapped(command, args) !== null ? 'wrapped' : typeof command === 'string' ? 'direct' : typeof url === 'string' ? 'remote' : 'odd';
      return [{ name, path: [...path, name], state }];
    }),
  );
}

/** The member at a path, or undefined. */
export const memberAt = (root: unknown, path: readonly string[]): unknown => path.reduce<unknown>((at, key) => (isTable(at) ? at[key] : undefined), root);

/** Hooks of AVA for an event, as they stand; grouped or flat. */
export function ownHooks(root: unknown, event: string): Table[] {
  const groups = memberAt(root, ['hooks', event]);
  return (Array.isArray(groups) ? groups : []).flatMap((group: unknown) => {
    if (!isTable(group)) return [];
    const hooks: readonly unknown[] = Array.isArray(group['hooks']) ? group['hooks'] : [group];
    return hooks.filter((hook) => isTable(hook) && isOwnHook(hook)) as Table[];
  });
}

/** The events for which hooks of AVA stand in these settings. */
export function hookedEvents(root: unknown): string[] {
  const hooks = memberAt(root, ['hooks']);
  return isTable(hooks) ? Object.keys(hooks).filter((event) => ownHooks(root, event).length > 0) : [];
}
