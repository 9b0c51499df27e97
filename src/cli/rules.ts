/** `avactl rules`: the law in force, as the node tells it. */
import { Fault } from '../base/fault.ts';
import { suggestion } from '../base/nearest.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { withNode } from './node-client.ts';
import { columns, day, plain, plural, toJson } from './text.ts';

export async function listRules(call: Call): Promise<number> {
  const { out } = call;
  return withNode(call, async (client) => {
    const { constitution, rules } = await client.rules();
    out.value({ constitution, rules });
    const rows = rules.map(({ rule, mode, until_ms, otherwise, gas, title }) => [
      rule,
      until_ms > 0 ? `${mode} until ${day(until_ms)}` : mode,
      otherwise,
      String(gas),
      plain(title),
    ]);
    for (const row of columns([['RULE', 'MODE', 'OTHERWISE', 'GAS', 'TITLE'], ...rows], [3])) out.line(row);
    out.line(`${plural(rules.length, 'rule')}, constitution v${constitution}`);
    return EXIT.ok;
  });
}

export async function showRule(call: Call): Promise<number> {
  const { out } = call;
  const [name] = call.operands;
  return withNode(call, async (client) => {
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
    out.value({ constitution, ...found });
    out.line(`${out.paint('bold', found.rule)}  ${plain(found.title)}`);
    const until = found.until_ms > 0 ? ` until ${day(found.until_ms)}` : '';
    const rows = [
      ['scope', found.scope.join(', ')],
      ['mode', `${found.mode}${until}`],
      ['judge', plain(found.judge.replaceAll(/\s+/g, ' ').trim())],
      ['otherwise', found.otherwise],
      ['on fault', found.on_fault],
      ...(found.grants ? [['grants', 'allow, where it passes']] : []),
      ...Object.entries(found.params).map(([param, value]) => ['param', `${param} = ${typeof value === 'string' ? value : toJson(value)}`]),
      ...found.inputs.map(({ path, type }) => ['reads', `${path}  ${type}`]),
      ...(found.advice === undefined ? [] : [['advice', plain(found.advice)]]),
      ['level', found.level],
      ['gas', String(found.gas)],
      ['program', found.id],
      ['law', `rule ${found.index + 1} of ${rules.length}, constitution v${constitution}`],
    ];
    for (const row of columns(rows)) out.line(`  ${row}`);
    return EXIT.ok;
  });
}
