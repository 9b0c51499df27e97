/** A tool map guessed from definitions, as YAML that a person checks (spec/facet.md T-25). */
import { stringify } from 'yaml';
import { type Guess, guess } from '../facet/guess.ts';
import { type ArgPath, type Binding, CLASSES_MAX, type Effect, type Entry } from '../facet/map.ts';
import type { ToolDefinition } from './tool-definitions.ts';

export interface Guessed {
  readonly entry: Entry;
  /** By field of the entry: what a person should check there, in short. */
  readonly checks: Readonly<Record<string, string>>;
}

/** The guess for a definition; what the server says of itself makes it stricter, never looser. */
export function guessDefinition(server: string | null, definition: ToolDefinition): Guessed {
  const { name, paths, whole, says } = definition;
  const found = guess(server, name, paths, whole);
  const effect = effectOf(found.entry.effect, says);
  const raised = effect !== found.entry.effect && found.entry.effect === 'read';
  const own = raised ? guess(server, `update_${name}`, paths, whole).entry : found.entry;
  const entry: Entry = { ...found.entry, effect, intent: own.intent, about: own.about };
  return { entry, checks: checksOf(found, entry, definition) };
}

function effectOf(effect: Effect, { reads, destroys }: ToolDefinition['says']): Effect {
  if (effect === 'opaque') return effect;
  if (reads === false && effect === 'read') return 'write';
  return destroys === true && reads !== true && effect === 'write' ? 'irreversible' : effect;
}

function checksOf({ act, things, untold, entry: guessed }: Guess, entry: Entry, { whole, says }: ToolDefinition): Record<string, string> {
  const checks: Record<string, string> = {};
  if (!whole) checks.args = 'the schema has more arguments than are looked at';
  else if (untold.length > 0) checks.args = `${untold.map((path) => path.join('.')).join(', ')}: the name says nothing`;
  if (entry.effect === 'opaque') checks.effect = 'it may do anything: asked each time';
  else if (act.length === 0) checks.effect = 'no act is known in the name';
  else if (says.reads === true && entry.effect !== 'read') checks.effect = `the server says that it only reads, \`${act.join(' ')}\` does not`;
  else if (entry.effect !== guessed.effect) checks.effect = `from what the server says; \`${act.join(' ')}\` says ${guessed.effect}`;
  if (entry.effect === 'read' && things.length === 0) checks.result = 'what it returns is not known from the name';
  if (entry.result === 'own' || entry.result === 'directory') checks.result = 'can nobody else write what stands there?';
  return checks;
}

const pathText = (path: ArgPath): string => path.join('.');
const bindingText = ({ fixed, path }: Binding): string => (fixed === null ? pathText(path) : `=${fixed}`);
const present = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined && value !== false));

/** The facets of an entry as the YAML has them. */
export function facetFields(entry: Entry): Record<string, unknown> {
  const { money, mail, http, fs, shell, sql } = entry;
  return present({
    money:
      money &&
      present({
        amount: pathText(money.amount),
        minor: money.minor,
        currency: money.currency && bindingText(money.currency),
        payee: money.payee && pathText(money.payee),
      }),
    mail: mail && present({ to: mail.to.map(pathText), subject: mail.subject && pathText(mail.subject), body: mail.body && pathText(mail.body) }),
    http: http && { method: bindingText(http.method), url: pathText(http.url) },
    fs: fs && { op: bindingText(fs.op), path: fs.paths.length === 1 ? pathText(fs.paths[0]) : fs.paths.map(pathText) },
    shell: shell && present({ command: pathText(shell.command), cwd: shell.cwd && pathText(shell.cwd) }),
    sql: sql && pathText(sql),
  });
}

const flow = (value: unknown): string => stringify(value, { collectionStyle: 'flow', flowCollectionPadding: true, lineWidth: 0 }).trimEnd();

/** Words of a tool's own name become a class of the map, since a map names classes only. */
function ownClass(tool: string, words: readonly string[], classes: Map<string, readonly string[]>): string | undefined {
  const name = `own/${tool
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .slice(0, 56)}`;
  const own = words.filter((word) => word.startsWith('=')).map((word) => word.slice(1));
  if (own.length === 0 || classes.size >= CLASSES_MAX) return undefined;
  classes.set(name, own);
  return name;
}

/** The YAML of a map: an entry a tool, with a comment on each line that a person should check. */
export function mapText(name: string, server: string | null, guessed: readonly Guessed[]): string {
  const verbs = new Map<string, readonly string[]>();
  const nouns = new Map<string, readonly string[]>();
  const named = (tool: string, items: readonly string[], classes: Map<string, readonly string[]>): string[] => {
    const own = ownClass(tool, items, classes);
    return [...items.filter((item) => !item.startsWith('=')), ...(own === undefined ? [] : [own])];
  };
  const tools = guessed.map(({ entry, checks }) => {
    const fields: Record<string, unknown> = {
      effect: entry.effect,
      ...(entry.egress && { egress: true }),
      ...(entry.args.length > 0 && { args: Object.fromEntries(entry.args.map(({ path, kind }) => [pathText(path), kind])) }),
      ...facetFields(entry),
    };
    const [intent, about] = [named(entry.tool, entry.intent, verbs), named(entry.tool, entry.about, nouns)];
    if (intent.length > 0) fields.intent = intent;
    if (about.length > 0) fields.about = about;
    fields.result = entry.result;
    if (entry.reads.length > 0) fields.reads = entry.reads;
    if (entry.metadata.length > 0) fields.metadata = entry.metadata;
    const lines = Object.entries(fields).map(([field, value]) => {
      const check = checks[field];
      return `    ${field}: ${flow(value)}${check === undefined ? '' : `  # check: ${check}`}`;
    });
    return [`  - tool: ${flow(entry.tool)}`, ...(server === null ? [] : [`    server: ${flow(server)}`]), ...lines].join('\n');
  });
  const classes = (field: string, of: ReadonlyMap<string, readonly string[]>): string =>
    of.size === 0 ? '' : `${field}:\n${[...of].map(([each, words]) => `  ${each}: ${flow(words)}\n`).join('')}`;
  return [
    `# Guessed from names, schemas and annotations by avactl tools map --guess: read each line, the commented ones first.\n`,
    `map: ${name}\n`,
    classes('verbs', verbs),
    classes('nouns', nouns),
    tools.length === 0 ? 'tools: []\n' : `tools:\n${tools.join('\n')}\n`,
  ].join('');
}
