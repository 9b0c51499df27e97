/** `avactl observe` and `avactl enforce`: the mode of rules for a while, and what enforcing would have done. */
import type { Client } from '../api/client.ts';
import type { LedgerEvent } from '../api/events.ts';
import type { RulesAnswer } from '../api/schema.ts';
import { Fault } from '../base/fault.ts';
import { encodeWire } from '../machine/transaction.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { eventsUntil } from './log.ts';
import { withNode } from './node-client.ts';
import { modeNow, ruleNamed } from './rules.ts';
import { signer } from './signer.ts';
import { columns, day, grouped, plain, plural } from './text.ts';

type Rule = RulesAnswer['rules'][number];
type Mode = 'observe' | 'enforce';

const DAY_MS = 86_400_000;
const OBSERVE_DAYS = 7;
const ENFORCE_DAYS = 365;
const DAYS_MAX = 3_650;
const RANK: Readonly<Record<string, number>> = { allow: 1, escalate: 2, deny: 3 };
/** Rules that are said to cause most: those that come to this share. */
const MOST_PERCENT = 80;

/** The rules of these names and prefixes (`flow/`), each once. @throws Fault rule_unknown */
async function rulesOf(client: Client, names: readonly string[]): Promise<readonly Rule[]> {
  const { rules } = await client.rules();
  const found = new Map<string, Rule>();
  for (const name of names) {
    const these = rules.filter(({ rule }) => rule === name || (name.endsWith('/') && rule.startsWith(name)));
    if (these.length === 0) await ruleNamed(client, name);
    for (const rule of these) found.set(rule.rule, rule);
  }
  return [...found.values()];
}

/** The end of a day in UTC, or a moment. @throws Fault usage */
function untilOf(text: string): number {
  const until_ms = /^\d{4}-\d\d-\d\d(?:T[\d:.]{5,12}Z)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!(until_ms > Date.now())) throw new Fault('usage', `--until is a date to come such as 2027-03-01, not \`${text}\``, { flag: 'until' });
  return until_ms;
}

export const observe = (call: Call): Promise<number> => withNode(call, (client) => setModes(call, client, 'observe'));
export const enforce = (call: Call): Promise<number> =>
  withNode(call, (client) => (call.given('preview') ? preview(call, client) : setModes(call, client, 'enforce')));

async function setModes(call: Call, client: Client, mode: Mode): Promise<number> {
  const { out } = call;
  if (call.operands.length === 0) throw new Fault('usage', 'name a rule, or what names begin with: `avactl enforce flow/`; --preview needs none');
  const named = await rulesOf(client, call.operands);
  const floor = named.filter((rule) => rule.mode === 'floor');
  // who names a floor rule itself is told; a prefix leaves it as it is
  if (floor.length > 0 && call.operands.some((name) => floor.some(({ rule }) => rule === name)))
    throw new Fault('mode_floor', `rule \`${floor[0].rule}\` is of the floor`);
  const given = call.text('until');
  const until_ms = given === undefined ? null : untilOf(given);
  const owner = await signer(call, client);
  const set: { rule: string; mode: Mode; until_ms: number | null }[] = [];
  for (const rule of named) {
    if (rule.mode === 'floor' || modeNow(rule) === mode) continue;
    const end_ms = until_ms ?? defaultEnd(rule, mode);
    await client.submit(encodeWire(owner.setMode(rule.rule, mode, end_ms - Date.now(), call.text('reason') ?? '')));
    // to say what the law itself says ends the override
    set.push({ rule: rule.rule, mode, until_ms: modeNow({ ...rule, override: undefined }) === mode ? null : end_ms });
  }
  out.value(set);
  for (const { rule, until_ms: end_ms } of set)
    out.line(
      `${out.paint('bold', rule)} ${mode === 'observe' ? 'only observes' : 'is enforced'}${end_ms === null ? ', as the law has it' : ` until ${day(end_ms)}`}`,
    );
  const alike = named.length - set.length;
  if (alike > 0) out.line(`${plural(alike, 'rule')} ${alike === 1 ? 'is' : 'are'} so already.`);
  return EXIT.ok;
}

/** Until the law says the same by itself, where it does within a year. */
function defaultEnd(rule: Rule, mode: Mode): number {
  const now = Date.now();
  if (mode === 'observe') return now + OBSERVE_DAYS * DAY_MS;
  return rule.until_ms > now ? Math.min(rule.until_ms, now + ENFORCE_DAYS * DAY_MS) : now + ENFORCE_DAYS * DAY_MS;
}

interface Would {
  readonly rule: string;
  denied: number;
  escalated: number;
}

/** What the calls of the last days would have met, had these rules been binding. */
async function preview(call: Call, client: Client): Promise<number> {
  const { out } = call;
  const days = call.count('days', 1, DAYS_MAX);
  const selected = new Set((call.operands.length === 0 ? (await client.rules()).rules : await rulesOf(client, call.operands)).map(({ rule }) => rule));
  const { height } = await client.health();
  const from = await heightAt(client, height, Date.now() - days * DAY_MS);
  let calls = 0;
  const all: Would = { rule: 'all', denied: 0, escalated: 0 };
  const byRule = new Map<string, Would>();
  for await (const event of eventsUntil(client, from, height)) {
    if (event.type !== 'decision' || event.kind === 'tool.list') continue;
    calls += 1;
    count(event, selected, all, byRule);
  }
  const rules = [...byRule.values()].sort((a, b) => b.denied + b.escalated - a.denied - a.escalated || (a.rule < b.rule ? -1 : 1));
  const caused = rules.reduce((sum, { denied, escalated }) => sum + denied + escalated, 0);
  const { most, percent } = mostOf(rules, caused);
  out.value({ days, calls, denied: all.denied, escalated: all.escalated, rules });
  const cause =
    caused === 0
      ? ''
      : `; ${most === rules.length ? `all from ${plural(most, 'rule')}` : `${plural(most, 'rule')} ${most === 1 ? 'causes' : 'cause'} ${percent} %`}`;
  out.line(`${plural(days, 'day')}, ${plural(calls, 'call')}: ${grouped(all.denied)} more would be denied, ${grouped(all.escalated)} more escalated${cause}`);
  if (rules.length > 0)
    for (const row of columns(
      [['RULE', 'DENIED', 'ESCALATED'], ...rules.map(({ rule, denied, escalated }) => [plain(rule), grouped(denied), grouped(escalated)])],
      [1, 2],
    ))
      out.line(`  ${row}`);
  if (caused > 0) out.line('`avactl log -f` shows them as they come (allow*), `avactl explain RECEIPT` says why.');
  return EXIT.ok;
}

/** Adds a decision that would have been stricter, and the observed rules that make it so. */
function count({ verdict, reasons }: Extract<LedgerEvent, { type: 'decision' }>, selected: ReadonlySet<string>, all: Would, byRule: Map<string, Would>): void {
  const stricter = reasons.filter(({ rule, mode, answer }) => mode === 'observe' && selected.has(rule) && RANK[answer] > RANK[verdict]);
  if (stricter.length === 0) return;
  const denied = stricter.some(({ answer }) => answer === 'deny');
  all[denied ? 'denied' : 'escalated'] += 1;
  for (const { rule, answer } of stricter) {
    const would = byRule.get(rule) ?? { rule, denied: 0, escalated: 0 };
    would[answer === 'deny' ? 'denied' : 'escalated'] += 1;
    byRule.set(rule, would);
  }
}

/** The fewest rules that cause most of it, and how much. */
function mostOf(rules: readonly Would[], caused: number): { readonly most: number; readonly percent: number } {
  let sum = 0;
  for (let i = 0; i < rules.length; i++) {
    sum += rules[i].denied + rules[i].escalated;
    if (100 * sum >= MOST_PERCENT * caused) return { most: i + 1, percent: Math.floor((100 * sum) / caused) };
  }
  return { most: 0, percent: 0 };
}

/** The first block at or after a time: blocks follow their time. */
async function heightAt(client: Client, head: number, time_ms: number): Promise<number> {
  let low = 1;
  let high = head + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((await client.block(middle)).fields.time_ms < time_ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
