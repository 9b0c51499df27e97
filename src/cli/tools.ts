/** `avactl tools list`, `tools show` and `tools map`: what tools do, by the map in force or by a guess. */
import type { Client } from '../api/client.ts';
import type { LedgerEvent } from '../api/events.ts';
import { type ToolView, toolView } from '../api/tool-view.ts';
import { Fault } from '../base/fault.ts';
import { suggestion } from '../base/nearest.ts';
import { isName } from '../base/record.ts';
import { argumentPaths, type Guess, guess } from '../facet/guess.ts';
import type { ArgPath } from '../facet/map.ts';
import { isServerName, serverNameOf } from '../mcp/names.ts';
import { Pins } from '../mcp/pin.ts';
import { dataFolder } from './address.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { pastEvents } from './log.ts';
import { guessDefinition, mapText } from './map-guess.ts';
import { withNode } from './node-client.ts';
import { brief, clip, columns, plain, plural } from './text.ts';
import { definitions, definitionsInFile, definitionsOf, type ToolDefinition } from './tool-definitions.ts';

/** Decisions that are looked through for tools that were used. */
const SEEN_DECISIONS = 2_000;
const ARGS_WIDTH = 60;
const WORDS_WIDTH = 100;

type DecisionEvent = Extract<LedgerEvent, { type: 'decision' }>;

interface Known extends ToolView {
  /** In the map, guessed from the name, or neither. */
  readonly from: 'listed' | 'guessed' | 'unlisted';
  /** Pinned by a gateway, or named by a decision. */
  readonly seen: boolean;
}

interface Tool {
  readonly server: string | null;
  readonly tool: string;
  readonly paths: readonly ArgPath[];
  readonly whole: boolean;
}

const keyOf = (server: string | null, tool: string): string => `${server ?? ''}\0${tool}`;

/** Tools that gateways pinned, with the arguments of their schemas; of one server or of all. */
function pinnedTools(call: Call): Map<string, Tool> {
  const found = new Map<string, Tool>();
  for (const [server, own] of new Pins(dataFolder(call)).definitions()) {
    for (const { name, paths, whole } of definitions(own, `the pins of ${server}`)) found.set(keyOf(server, name), { server, tool: name, paths, whole });
  }
  return found;
}

/** What the law in force says of tools, and which were seen. @throws Fault unreachable */
async function knownTools(call: Call): Promise<{ readonly constitution: number; readonly tools: readonly Known[] }> {
  return withNode(call, async (client) => {
    const { constitution, unlisted, tools } = await client.tools();
    const seen = pinnedTools(call);
    const { height } = await client.health();
    for (const [key, { server, name, receipt }] of await used(client, height)) {
      if (!seen.has(key)) seen.set(key, { server, tool: name, ...(await argumentsOf(client, receipt)) });
    }
    const listed = new Map(tools.map((view) => [keyOf(view.server, view.tool), view]));
    const all = new Map<string, Known>(tools.map((view) => [keyOf(view.server, view.tool), { ...view, from: 'listed', seen: false }]));
    for (const [key, { server, tool, paths, whole }] of seen) {
      const view = listed.get(key) ?? listed.get(keyOf(null, tool));
      const guessed = unlisted === 'guess' ? toolView(guess(server, tool, paths, whole).entry) : opaqueView(server, tool);
      all.set(
        key,
        view === undefined ? { ...guessed, from: unlisted === 'guess' ? 'guessed' : 'unlisted', seen: true } : { ...view, server, from: 'listed', seen: true },
      );
    }
    return { constitution, tools: [...all.values()].sort((a, b) => order(a.server ?? '', b.server ?? '') || order(a.tool, b.tool)) };
  });
}

/** The last decision about each tool that was called lately. */
async function used(client: Client, height: number): Promise<ReadonlyMap<string, DecisionEvent>> {
  const found = new Map<string, DecisionEvent>();
  for (const event of await pastEvents(client, height, SEEN_DECISIONS, ({ type }) => type === 'decision')) {
    if (event.type === 'decision' && event.kind === 'tool.call') found.set(keyOf(event.server, event.name), event);
  }
  return found;
}

/** Which arguments a call had; none where its inputs are erased. */
async function argumentsOf(client: Client, receipt: string): Promise<Pick<Tool, 'paths' | 'whole'>> {
  const { sidecar } = await client.receipt(receipt);
  return argumentPaths((sidecar as { args?: unknown } | null)?.args ?? {});
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const opaqueView = (server: string | null, tool: string): ToolView => ({
  ...toolView(guess(server, tool, [], false).entry),
  effect: 'opaque',
  egress: true,
  args: [],
  intent: [],
  about: [],
  result: 'untrusted',
  reads: [],
  metadata: [],
});

const argsText = ({ args }: ToolView): string => args.map(({ path, kind }) => `${path}:${kind}`).join(' ');

export async function listTools(call: Call): Promise<number> {
  const { out } = call;
  const [server] = call.operands;
  const known = await knownTools(call);
  const of = known.tools.filter((tool) => (server === undefined ? call.given('all') || tool.seen : tool.server === server));
  out.value({ constitution: known.constitution, tools: of });
  if (of.length > 0) {
    const rows = of.map((tool) => [tool.server ?? '*', plain(tool.tool), tool.effect, tool.from, brief(argsText(tool), ARGS_WIDTH)]);
    for (const row of columns([['SERVER', 'TOOL', 'EFFECT', 'FROM', 'ARGUMENTS'], ...rows])) out.line(row);
  }
  const guessed = of.filter(({ from }) => from === 'guessed').length;
  out.line(
    of.length === 0
      ? `No tool ${server === undefined ? 'has been used yet' : `of ${plain(server)} is known`}; the map lists ${plural(known.tools.length, 'tool')}: avactl tools list --all`
      : `${plural(of.length, 'tool')}, ${guessed} guessed from the name. What AVA makes of one: avactl tools show NAME`,
  );
  return EXIT.ok;
}

export async function showTool(call: Call): Promise<number> {
  const { out } = call;
  const [name] = call.operands;
  const { tools } = await knownTools(call);
  const slash = name.indexOf('/');
  const [server, tool] = slash > 0 ? [name.slice(0, slash), name.slice(slash + 1)] : [null, name];
  const found = tools.filter((each) => each.tool === tool && (server === null || each.server === server));
  if (found.length === 0) {
    const names = [...new Set(tools.map((each) => each.tool))];
    out.line(`\`${plain(tool)}\` is neither listed nor was it used${suggestion(tool, names)}; from its name alone:`);
  }
  const views: Known[] = found.length > 0 ? found : [{ ...toolView(guess(server, tool, []).entry), from: 'guessed', seen: false }];
  out.value({ tools: views });
  for (const view of views) {
    const rest = pinnedTools(call).get(keyOf(view.server, view.tool));
    out.line();
    out.line(
      `${out.paint('bold', `${view.server === null ? '' : `${plain(view.server)}/`}${plain(view.tool)}`)}  ${fromText(view, guess(view.server, view.tool, rest?.paths ?? []))}`,
    );
    for (const row of columns(rowsOf(view))) out.line(`  ${row}`);
  }
  return EXIT.ok;
}

/** From where the entry comes, in words. */
export function fromText({ from }: Pick<Known, 'from'>, { act, things }: Guess): string {
  if (from === 'listed') return 'listed in the tool map';
  if (from === 'unlisted') return 'not in the tool map';
  const words = [...act, ...things].join(' ');
  return words === '' ? 'not in the tool map; its name says nothing' : `not in the tool map; guessed from \`${plain(words)}\` in its name`;
}

/** Classes as they are called; words of the tool's own name (T-25) in quotes. */
const wordsText = (items: readonly string[]): string =>
  clip(plain(items.map((item) => (item.startsWith('=') ? `"${item.slice(1)}"` : item)).join(', ')), WORDS_WIDTH);

function rowsOf(view: ToolView): string[][] {
  const { effect, egress, args, facets, intent, about, result, reads } = view;
  return [
    ['effect', `${effect}${egress ? ', leaves the account' : ''}`],
    ...args.map(({ path, kind }, i) => [i === 0 ? 'arguments' : '', `${plain(path)}: ${kind}`]),
    ...(facets.length > 0 ? [['facets', facets.join(', ')]] : []),
    ...(intent.length > 0 ? [['asked for by', wordsText(intent)]] : []),
    ...(about.length > 0 ? [['with', wordsText(about)]] : []),
    ['result', `${result}${reads.length > 0 ? `, ${reads.join(', ')}` : ''}`],
  ];
}

export async function mapTools(call: Call): Promise<number> {
  const { out } = call;
  if (!call.given('guess')) throw new Fault('usage', '`tools map` needs --guess: it prints a map that a person checks', { flag: 'guess' });
  const { found, home } = await source(call);
  const name = call.text('name') ?? home;
  if (!isName(name)) throw new Fault('usage', `--name is a name of a-z, 0-9, . _ and -, not \`${name}\``, { flag: 'name' });
  // Definitions in a file may be of any server; one that answered is itself.
  const server = call.given('from') && !call.given('name') ? null : name;
  const guessed = found.map((definition) => guessDefinition(server, definition));
  const text = mapText(name, server, guessed);
  out.value({ map: name, tools: guessed.map(({ entry, checks }) => ({ ...toolView(entry), checks })), yaml: text });
  if (!out.json) out.raw(text);
  return EXIT.ok;
}

/** Where the definitions come from: a file, an address, or a server that is started. @throws Fault usage, unreachable */
async function source(call: Call): Promise<{ readonly found: readonly ToolDefinition[]; readonly home: string }> {
  const [from, url, command] = [call.text('from'), call.text('url'), call.operands];
  if ([from, url].filter((given) => given !== undefined).length + Number(command.length > 0) !== 1)
    throw new Fault('usage', 'one of --from FILE, --url URL and -- COMMAND… says which tools', {});
  if (from !== undefined) return { found: definitionsInFile(from), home: nameOf([from]) };
  if (url !== undefined) return { found: await definitionsOf({ url }, call.signal), home: nameOf([url.replace(/^https?:\/\//, '').replace(/[:/].*$/, '')]) };
  return { found: await definitionsOf({ command }, call.signal), home: nameOf(command) };
}

function nameOf(words: readonly string[]): string {
  const name = serverNameOf(words);
  return isServerName(name) && /^[a-z]/.test(name) ? name : 'server';
}
