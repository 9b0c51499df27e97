/**
 * What a source is like when it comes from the machine and not from a riddle: groups that are always there, amounts that are
 * never negative, facets that come together (spec/decision.md D-2, spec/facet.md T-2 to T-12, T-20). Without this a solver
 * finds examples that no call can give.
 */
import type { Entry, Tools } from '../facet/map.ts';
import { EFFECTS, KINDS } from '../rule/manifest.ts';
import { type Script, type Term, TRUE } from './script.ts';
import { intTerm, lengthTerm } from './symbol.ts';
import { constantText } from './symbol-text.ts';
import type { World } from './world.ts';

const FACETS = ['money', 'mail', 'http', 'net', 'fs', 'shell', 'sql', 'secret'] as const;
type Facet = (typeof FACETS)[number];
/** Fields of groups that are always there, and yet may be missing. */
const OPTIONAL: ReadonlySet<string> = new Set(['action.server']);
const CERTAIN =
  /^(?:action|agent|session|flow|secret)\.|^(?:now_ms|effect|egress|sql\.(?:unbounded|opaque)|shell\.(?:opaque|pipes_to_shell|privileged|destroys))$/;
const COUNTED = /^(?:agent\.|session\.|flow\.|now_ms$|money\.amount$)/;
const MOST: Readonly<Record<string, bigint>> = { 'flow.passage': 2n, 'agent.assurance': 3n };
/** Decoded together or not at all. */
const TOGETHER: readonly (readonly string[])[] = [
  ['http.scheme', 'http.host', 'http.path'],
  ['fs.path', 'fs.paths'],
];

/** Asserts it of a world. `tools` is the map in force, null where it is not known. `names` are tools that some scope names. */
export function assertOrdinary(world: World, tools: Tools | null, names: readonly string[]): void {
  const { script } = world;
  for (const group of ['args', 'context', 'action', 'agent', 'session', 'flow']) if (usesGroup(world, group)) script.assert(world.group(group));
  for (const path of world.paths()) {
    const there = world.there(path) ?? TRUE;
    const value = world.value(path);
    if (CERTAIN.test(path) && !OPTIONAL.has(path)) script.assert(there);
    if (value?.kind === 'int' && COUNTED.test(path)) {
      script.assert(script.relation('bvsle', intTerm(0n), value.bits));
      script.assert(script.relation('bvsle', value.bits, intTerm(MOST[path] ?? 2n ** 53n - 1n)));
    }
    if (path === 'http.scheme') script.assert(oneOf(world, path, ['http', 'https']));
    if (path === 'http.host' && value?.kind === 'str') script.assert(script.relation('bvult', lengthTerm(0), value.length));
  }
  for (const paths of TOGETHER) {
    const read = paths.flatMap((path) => world.there(path) ?? []);
    for (const there of read) script.assert(script.equal(read[0], there));
  }
  const paths = world.value('fs.paths');
  const path = world.value('fs.path');
  if (paths?.kind === 'list') {
    script.assert(script.relation('bvult', lengthTerm(0), paths.length));
    if (path !== undefined && paths.items.length > 0) script.assert(world.symbols.equal(path, paths.items[0]));
  }
  assertTools(world, tools, names);
}

const usesGroup = (world: World, group: string): boolean => [...world.paths()].some((path) => path.startsWith(`${group}.`));

/** Whether a text is one of these. */
function oneOf(world: World, path: string, texts: readonly string[]): Term {
  const value = world.value(path);
  return value === undefined ? TRUE : world.script.or(...texts.map((text) => world.symbols.equal(value, constantText(text))));
}

/** Whether the value at a path is this text; true where nobody asks for it. */
export const isText = (world: World, path: string, text: string): Term => oneOf(world, path, [text]);

interface Profile {
  readonly effect: string;
  readonly egress: boolean;
  readonly facets: readonly Facet[];
}

const UNKNOWN: Profile = { effect: 'opaque', egress: true, facets: ['secret'] };
/** T-4: what is no call, but for its secrets. */
const MOMENTS: readonly Profile[] = [
  { effect: 'read', egress: false, facets: [] },
  { effect: 'read', egress: true, facets: ['http', 'net'] },
  { effect: 'read', egress: false, facets: ['fs'] },
  { effect: 'opaque', egress: true, facets: [] },
].flatMap((profile) => [profile, { ...profile, facets: [...profile.facets, 'secret'] }] as Profile[]);

/** T-4, T-12: what calls of an entry's tool are: as it says, or opaque where the arguments cannot be decoded; T-30, T-39: as decoded. */
function profilesOf(entry: Entry): readonly Profile[] {
  const bound = FACETS.filter((facet) =>
    facet === 'net' ? entry.http !== null || entry.shell !== null : facet !== 'secret' && (entry[facet] !== null || (facet === 'fs' && entry.shell !== null)),
  );
  const decoded = entry.shell !== null || entry.sql !== null;
  const effects = decoded ? EFFECTS : bound.length > 0 ? [entry.effect, 'opaque'] : [entry.effect];
  const egresses = entry.shell !== null ? [false, true] : [entry.egress];
  // A line of shell may hold statements.
  const bounds = entry.shell !== null && entry.sql === null ? [bound, [...bound, 'sql' as const]] : [bound];
  return effects.flatMap((effect) =>
    egresses.flatMap((egress) => bounds.map((facets): Profile => ({ effect, egress, facets: egress ? [...facets, 'secret'] : facets }))),
  );
}

/** T-4: effect, egress and facets are those that some tool has; those of a named tool where it is named. */
function assertTools(world: World, tools: Tools | null, names: readonly string[]): void {
  const { script } = world;
  script.assert(oneOf(world, 'effect', EFFECTS));
  script.assert(oneOf(world, 'action.kind', KINDS));
  const egress = world.value('egress');
  const is = ({ effect, egress: out, facets }: Profile): Term =>
    script.and(
      isText(world, 'effect', effect),
      egress?.kind === 'bool' ? (out ? egress.t : egress.f) : TRUE,
      ...FACETS.map((facet) => (facets.includes(facet) ? world.group(facet) : script.not(world.group(facet)))),
    );
  const some = (profiles: readonly Profile[]): Term => script.or(...distinct(profiles).map(is));
  const call = isText(world, 'action.kind', 'tool.call');
  if (call !== TRUE) script.assert(script.implies(script.not(call), some(MOMENTS)));
  if (tools === null) return;
  const { entries } = tools.map;
  script.assert(
    script.implies(call, some([UNKNOWN, ...entries.flatMap(profilesOf), ...(call === TRUE ? [{ ...UNKNOWN, effect: 'read', egress: false }] : [])])),
  );
  if (world.value('action.name') === undefined) return;
  for (const name of names) {
    const own = entries.filter(({ tool }) => tool === name);
    const profiles = own.length === 0 ? [UNKNOWN] : own.flatMap(profilesOf);
    script.assert(script.implies(script.and(call, isText(world, 'action.name', name)), some(profiles)));
  }
}

function distinct(profiles: readonly Profile[]): readonly Profile[] {
  const seen = new Map(profiles.map((profile) => [JSON.stringify(profile), profile]));
  return [...seen.values()];
}

/** D-3: whether a rule with this scope is asked. */
export function scopeTerm(world: World, script: Script, scope: readonly string[]): Term {
  return script.or(
    ...scope.map((item) => {
      const dot = item.indexOf('.');
      const name = item.slice(dot + 1);
      switch (item.slice(0, Math.max(dot, 0))) {
        case 'tool':
          return isText(world, 'action.name', name);
        case 'kind':
          return isText(world, 'action.kind', name);
        case 'effect':
          return isText(world, 'effect', name);
        case 'facet':
          return world.group(name);
        default:
          return TRUE;
      }
    }),
  );
}
