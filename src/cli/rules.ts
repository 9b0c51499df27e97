/** `avactl rules`: the law in force, as the node tells it. */
import type { Client } from '../api/client.ts';
import type { RulesAnswer } from '../api/schema.ts';
import { Fault } from '../base/fault.ts';
import { suggestion } from '../base/nearest.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { withNode } from './node-client.ts';
import { columns, day, duration, moment, plain, plural, toJson } from './text.ts';

type Rule = RulesAnswer['rules'][number];

/** How a rule stands where that is not as usual: `halted until …`, `breaker open until …`. */
export function standingText({ breaker, breaker_until_ms, halt }: Rule): string {
  if (halt !== undefined) return `halted until ${moment(halt.until_ms)}`;
  if (breaker === 'open') return `breaker open until ${moment(breaker_until_ms)}`;
  return breaker === 'half_open' ? 'breaker half-open' : '';
}

/** The mode that a rule has now: an override's, or that of the law, whose observing may have ended. */
export function modeNow({ mode, until_ms, override }: Rule): Rule['mode'] {
  if (override !== undefined) return override.mode;
  return mode === 'observe' && until_ms > 0 && Date.now() >= until_ms ? 'enforce' : mode;
}

/** `observe until 2026-12-01`, with the mode of the law beside that of an override. */
function modeText({ mode, until_ms, override }: Rule): string {
  const byLaw = until_ms > 0 ? `${mode} until ${day(until_ms)}` : mode;
  return override === undefined ? byLaw : `${override.mode} until ${day(override.until_ms)} (law: ${byLaw})`;
}

/** @throws Fault rule_unknown with the nearest name */
export async function ruleNamed(client: Client, name: string): Promise<Rule & { readonly constitution: number; readonly count: number }> {
  const { constitution, rules } = await client.rules();
  const found = rules.find(({ rule }) => rule === name);
  if (found === undefined)
    throw new Fault(
      'rule_unknown',
      `no rule is called \`${name}\`${suggestion(
        name,
        rules.map(({ rule }) => rule),
      )}`,
      { rule: name },
    );
  return { ...found, constitution, count: rules.length };
}

const breakerText = ({ faults, window_ms, open_ms, probes }: NonNullable<Rule['breaker_limits']>): string =>
  `${plural(faults, 'fault')} within ${duration(window_ms)} open it for ${duration(open_ms)}; ${plural(probes, 'decision')} without one close it`;

export async function listRules(call: Call): Promise<number> {
  const { out } = call;
  return withNode(call, async (client) => {
    const { constitution, rules } = await client.rules();
    out.value({ constitution, rules });
    const rows = rules.map((rule) => [rule.rule, modeText(rule), rule.otherwise, String(rule.gas), plain(rule.title)]);
    for (const row of columns([['RULE', 'MODE', 'OTHERWISE', 'GAS', 'TITLE'], ...rows], [3])) out.line(row);
    for (const rule of rules) if (standingText(rule) !== '') out.line(out.paint('yellow', `${rule.rule} is stopped: ${standingText(rule)}`));
    out.line(`${plural(rules.length, 'rule')}, constitution v${constitution}`);
    return EXIT.ok;
  });
}

export async function showRule(call: Call): Promise<number> {
  const { out } = call;
  const [name] = call.operands;
  return withNode(call, async (client) => {
    const { constitution, count, ...found } = await ruleNamed(client, name);
    out.value({ constitution, ...found });
    out.line(`${out.paint('bold', found.rule)}  ${plain(found.title)}`);
    const rows = [
      ['scope', found.scope.join(', ')],
      ['mode', modeText(found)],
      ...(found.override === undefined ? [] : [['said by', `${plain(found.override.by)}: ${plain(found.override.reason)}`]]),
      ...(standingText(found) === '' ? [] : [['stands', standingText(found)]]),
      ...(found.halt === undefined ? [] : [['halted by', `${plain(found.halt.by)}: ${plain(found.halt.reason)}`]]),
      ...(found.guest === undefined
        ? [['judge', plain(found.judge.replaceAll(/\s+/g, ' ').trim())]]
        : [['guest', `${found.guest.abi}, module ${found.guest.module}`]]),
      ...(found.guest?.hosts ?? []).map((host) => ['may use', host]),
      ...(found.guest?.calls ?? []).map((callee) => ['may call', callee]),
      ...(found.guest?.reads ?? []).map((path) => ['may read', path]),
      ['otherwise', found.otherwise],
      ['on fault', found.on_fault],
      ...(found.grants ? [['grants', 'allow, where it passes']] : []),
      ...Object.entries(found.params).map(([param, value]) => ['param', `${param} = ${typeof value === 'string' ? value : toJson(value)}`]),
      ...found.inputs.map(({ path, type }) => ['reads', `${path}  ${type}`]),
      ...(found.advice === undefined ? [] : [['advice', plain(found.advice)]]),
      ...(found.breaker_limits === undefined ? [] : [['breaker', breakerText(found.breaker_limits)]]),
      ['level', found.level],
      ['gas', String(found.gas)],
      ['program', found.id],
      ['law', `rule ${found.index + 1} of ${count}, constitution v${constitution}`],
    ];
    for (const row of columns(rows)) out.line(`  ${row}`);
    return EXIT.ok;
  });
}
