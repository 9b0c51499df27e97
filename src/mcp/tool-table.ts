/** The tools that one server offers, with their pins (spec/gateway.md MG-31, MG-41, MG-43). */
import { type Definition, definitionDigest, definitionOf } from './definition.ts';
import { type Answer, failure, isObject, type Params, RPC } from './message.ts';
import { isToolName } from './names.ts';
import { type PinState, type Pins, TOOLS_MAX } from './pin.ts';
import type { Upstream } from './upstream.ts';
import { canonicalJson } from './value-digest.ts';

export interface Tool {
  readonly name: string;
  /** As the server gave it. */
  readonly given: Params;
  readonly definition: Definition;
  readonly digest: string;
}

/** MG-43: UTF-16 units of one tool's definition as JSON, and of all of a server's. */
const DEFINITION_LENGTH_MAX = 131_072;
const DEFINITIONS_LENGTH_MAX = 2_097_152;
/** Pages of one list. */
const PAGES_MAX = 128;
/** How soon a tool that was missing is looked for again. */
const RELOAD_MS = 1_000;

export class ToolTable {
  readonly server: Upstream;
  private readonly pins: Pins;
  private readonly report: (message: string) => void;
  private tools: ReadonlyMap<string, Tool> = new Map();
  /** Members of the list's result beside the tools. */
  private rest: Params = {};
  private fresh = false;
  private loaded_ms = 0;
  private loading: Promise<Answer | null> | null = null;
  private readonly told = new Set<string>();

  constructor(server: Upstream, pins: Pins, report: (message: string) => void) {
    this.server = server;
    this.pins = pins;
    this.report = report;
  }

  /** What was loaded may no longer hold. */
  expire(): void {
    this.fresh = false;
  }

  /** All tools that may be listed: pinned, with proper names; or the server's error. @throws Fault config: the pins cannot be read */
  async list(): Promise<{ readonly tools: readonly Tool[]; readonly rest: Params } | { readonly error: Answer }> {
    const error = await this.load();
    if (error !== null) return { error };
    return { tools: [...this.tools.values()].filter((tool) => this.state(tool) !== 'changed'), rest: this.rest };
  }

  /** The tool, whether listed or not; null where the server has none of this name. */
  async find(name: string): Promise<Tool | { readonly error: Answer } | null> {
    if (!this.fresh || (!this.tools.has(name) && Date.now() - this.loaded_ms > RELOAD_MS)) {
      const error = await this.load();
      if (error !== null) return { error };
    }
    return this.tools.get(name) ?? null;
  }

  /** @throws Fault config */
  state(tool: Tool): PinState {
    return this.pins.state(this.server.name, tool.name, tool.digest);
  }

  private load(): Promise<Answer | null> {
    this.loading ??= this.fetch().finally(() => (this.loading = null));
    return this.loading;
  }

  private async fetch(): Promise<Answer | null> {
    const given: Params[] = [];
    let rest: Params = {};
    let cursor: unknown;
    this.fresh = true;
    for (let page = 0; page < PAGES_MAX; page++) {
      const answer = await this.server.request('tools/list', cursor === undefined ? {} : { cursor });
      if (answer === null || 'error' in answer) {
        this.fresh = false;
        return answer ?? failure(RPC.gateway, 'no answer to tools/list');
      }
      const { tools, nextCursor, ...others } = answer.result;
      if (Array.isArray(tools)) given.push(...(tools as unknown[]).filter(isObject));
      rest = page === 0 ? others : rest;
      cursor = nextCursor;
      if (typeof cursor !== 'string' || given.length >= TOOLS_MAX) break;
    }
    this.take(given.slice(0, TOOLS_MAX));
    this.rest = rest;
    this.loaded_ms = Date.now();
    return null;
  }

  /** MG-31: a name that is no proper name, or that stands twice, is nobody's. */
  private take(given: readonly Params[]): void {
    const byName = Map.groupBy(given, ({ name }) => (typeof name === 'string' ? name : ''));
    const tools = new Map<string, Tool>();
    let length = 0;
    for (const [name, those] of byName) {
      if (!isToolName(name))
        this.tell(`${JSON.stringify(name.slice(0, 64))} is no name of a tool: it may use A-Z a-z 0-9 _ . - / only, so that none looks like another`);
      else if (those.length > 1) this.tell(`it offers ${those.length} tools named ${name}: none of them is listed`);
      else {
        const definition = definitionOf(those[0]);
        const own = canonicalJson(definition).length;
        if (own > DEFINITION_LENGTH_MAX || length + own > DEFINITIONS_LENGTH_MAX) {
          this.tell(`${name} says more of itself than may be pinned: it is not listed`);
          continue;
        }
        length += own;
        tools.set(name, { name, given: those[0], definition, digest: definitionDigest(definition) });
      }
    }
    this.tools = tools;
    const states = this.pins.check(
      this.server.name,
      [...tools.values()].map(({ definition }) => definition),
    );
    for (const [name, state] of states)
      if (state === 'changed') this.tell(`its tool ${name} is not as it was pinned, so it is refused: see \`avactl tools diff ${this.server.name}\``);
  }

  /** Once each. */
  private tell(what: string): void {
    if (this.told.has(what)) return;
    if (this.told.size < TOOLS_MAX) this.told.add(what);
    this.report(`server ${this.server.name}: ${what}`);
  }
}
