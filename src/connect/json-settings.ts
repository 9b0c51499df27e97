/** Edits of JSON and JSONC as text: whatever is not ours keeps its comments, order, indentation and last newline. */
import { getNodeValue, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { added, nodeAt, type Path, removed, replaced, respelt } from './json-text.ts';
import { isOwnHook, type Launch, unwrapped, wrapped } from './launch.ts';
import { isRemote, unwrappedRemote, wrappedRemote } from './remote.ts';
import { type Edited, isTable, malformed, memberAt, type SettingsFile, serversOf, type Table } from './settings.ts';

const PARSING = { allowTrailingComma: true, disallowComments: false };

/** A text with its value. An empty file is an empty object. @throws Fault settings_malformed */
export function readJson(path: string, text: string): { readonly tree: Node | undefined; readonly value: Table } {
  if (/^\uFEFF?\s*$/.test(text)) return { tree: undefined, value: {} };
  const errors: ParseError[] = [];
  // A byte order mark counts as blank: every offset stays.
  const tree = parseTree(text.replace(/^\uFEFF/, ' '), errors, PARSING);
  if (errors.length > 0)
    throw malformed(
      path,
      text,
      errors[0].offset,
      `is no JSON: ${printParseErrorCode(errors[0].error)
        .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
        .toLowerCase()}`,
    );
  if (tree?.type !== 'object') throw malformed(path, text, tree?.offset ?? 0, 'is no JSON object');
  const twice = repeatedKey(tree);
  if (twice !== null) throw malformed(path, text, twice.offset, `has the key ${JSON.stringify(twice.value)} twice`);
  return { tree, value: getNodeValue(tree) as Table };
}

/** A key that an object of the first levels has twice: which one counts is the reader's choice, so nothing is changed there. */
function repeatedKey(node: Node, levels = 4): Node | null {
  if (node.type !== 'object' || levels === 0) return null;
  const seen = new Set<unknown>();
  for (const property of node.children ?? []) {
    const [key, value] = property.children ?? [];
    if (key !== undefined && seen.has(key.value)) return key;
    seen.add(key?.value);
    const inner = value === undefined ? null : repeatedKey(value, levels - 1);
    if (inner !== null) return inner;
  }
  return null;
}

/**
 * The same with AVA before each stdio server, and with its hooks. Twice is once. `remotes`: the servers at an address that are to
 * go through a gateway too. @throws Fault settings_malformed
 */
export function connectJson(file: SettingsFile, text: string, launch: Launch, remotes: (name: string) => boolean = () => false): Edited {
  let edited = text;
  const set = (path: readonly string[], key: string, value: unknown): void => {
    edited = nodeAt(edited, [...path, key]) === undefined ? added(edited, path, key, value) : replaced(edited, [...path, key], value);
  };
  const { value } = readJson(file.path, text);
  for (const { name, path, state } of serversOf(value, file.maps)) {
    const entry = memberAt(value, path) as Table;
    const remote = state === 'remote' && remotes(name) ? wrappedRemote(launch, name, entry) : null;
    if (remote !== null) edited = replaced(edited, path, remote);
    if (state === 'remote') continue;
    const { command, args = [] } = entry;
    const server = unwrapped(command, args)?.server ?? (typeof command === 'string' && isWords(args) ? { command, args } : null);
    if (server === null) continue;
    const wanted = wrapped(launch, name, server);
    if (command !== wanted.command) set(path, 'command', wanted.command);
    if (JSON.stringify(args) !== JSON.stringify(wanted.args)) set(path, 'args', wanted.args);
  }
  if (file.hooks !== null) {
    if (edited.trim() === '') edited = '{}\n';
    const { events, entry, shape, base } = file.hooks;
    const hook = entry(launch);
    for (const [key, member] of Object.entries(base)) if (readJson(file.path, edited).value[key] === undefined) set([], key, member);
    for (const event of events) {
      const group = shape === 'grouped' ? { hooks: [hook] } : hook;
      const there = ownGroups(readJson(file.path, edited).value, event);
      if (there.length === 1 && JSON.stringify(there[0].group) === JSON.stringify(group)) continue;
      for (const { at } of there.toReversed()) edited = removed(edited, ['hooks', event, at]);
      const { hooks } = readJson(file.path, edited).value;
      if (!isTable(hooks)) set([], 'hooks', { [event]: [group] });
      else if (!Array.isArray(hooks[event])) set(['hooks'], event, [group]);
      else edited = added(edited, ['hooks', event], null, group);
    }
  }
  return { text: edited, servers: serversOf(readJson(file.path, edited).value, file.maps) };
}

const isWords = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((word) => typeof word === 'string');

/** Groups of an event that hold nothing but hooks of AVA. */
function ownGroups(value: Table, event: string): { readonly at: number; readonly group: unknown }[] {
  const { hooks } = value;
  const groups = isTable(hooks) ? hooks[event] : undefined;
  return (Array.isArray(groups) ? groups : []).flatMap((group: unknown, at) => (isOwnGroup(group) ? [{ at, group }] : []));
}

function isOwnGroup(group: unknown): boolean {
  if (!isTable(group)) return false;
  if (!Array.isArray(group['hooks'])) return isOwnHook(group);
  return group['hooks'].length > 0 && group['hooks'].every((hook: unknown) => isTable(hook) && isOwnHook(hook));
}

/**
 * The text without what AVA wrote, for a file that its owner changed since. Where `original` has the same value its own
 * spelling comes back. @throws Fault settings_malformed
 */
export function disconnectJson(file: SettingsFile, text: string, original: string | null): string {
  let edited = text;
  const had = (path: Path): Node | undefined => (original === null ? undefined : nodeAt(original, path));
  const back = (path: Path, value: unknown): void => {
    const raw = had(path);
    const same = raw !== undefined && JSON.stringify(getNodeValue(raw)) === JSON.stringify(value);
    edited = same ? respelt(edited, path, (original as string).slice(raw.offset, raw.offset + raw.length)) : replaced(edited, path, value);
  };
  const { value } = readJson(file.path, text);
  for (const { path, state } of serversOf(value, file.maps)) {
    if (state !== 'wrapped') continue;
    const entry = memberAt(value, path) as Table;
    const server = unwrapped(entry['command'], entry['args'])?.server;
    if (server === undefined) continue;
    if (isRemote(entry)) {
      back(path, remoteBefore(had(path), entry, path) ?? unwrappedRemote(entry));
      continue;
    }
    back([...path, 'command'], server.command);
    if (server.args.length === 0 && had(path) !== undefined && had([...path, 'args']) === undefined) edited = removed(edited, [...path, 'args']);
    else back([...path, 'args'], server.args);
  }
  const { hooks } = value;
  if (!isTable(hooks)) return edited;
  for (const event of Object.keys(hooks)) {
    for (const { at } of ownGroups(value, event).toReversed()) edited = removed(edited, ['hooks', event, at]);
    const left = (readJson(file.path, edited).value['hooks'] as Table)[event];
    if (Array.isArray(left) && left.length === 0 && had(['hooks', event]) === undefined) edited = removed(edited, ['hooks', event]);
  }
  const rest = readJson(file.path, edited).value;
  if (isTable(rest['hooks']) && Object.keys(rest['hooks']).length === 0 && had(['hooks']) === undefined) edited = removed(edited, ['hooks']);
  return edited;
}

/** The old entry of a server at an address, where what stands there now was made from it; null where its owner changed it since. */
function remoteBefore(node: Node | undefined, entry: Table, path: readonly string[]): Table | null {
  const old: unknown = node === undefined ? undefined : getNodeValue(node);
  const own = unwrapped(entry['command'], entry['args']);
  if (!isTable(old) || own === null) return null;
  const [node_path, avactl] = [String(entry['command']), String((entry['args'] as readonly unknown[])[0])];
  const again = wrappedRemote({ node: node_path, avactl, data: own.data, port: own.port }, path[path.length - 1], old);
  return JSON.stringify(again) === JSON.stringify(entry) ? old : null;
}
