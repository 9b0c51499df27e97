/** `avactl status`: does a node run, under which law, how far is its ledger. */
import { addressOf, dataFolder, nodeUrl } from './address.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { withNode } from './node-client.ts';
import { standingText } from './rules.ts';
import { runningIn } from './running.ts';
import { day, duration, plain, plural } from './text.ts';

export async function status(call: Call): Promise<number> {
  const { out } = call;
  return withNode(call, async (client) => {
    const [health, constitution, { rules }] = await Promise.all([client.health(), client.constitution(), client.rules()]);
    const folder = dataFolder(call);
    // The folder is named only where this node is known to be its own.
    const own = addressOf(folder) === nodeUrl(call);
    const pid = own ? runningIn(folder) : null;
    const count = (mode: string): number => rules.filter((rule) => rule.mode === mode).length;
    const ends = rules.filter((rule) => rule.mode === 'observe' && rule.until_ms > 0).map(({ until_ms }) => until_ms);
    const stopped = rules.filter((rule) => standingText(rule) !== '');
    out.value({
      ...health,
      url: client.url.origin,
      ...(own && { data: folder, pid }),
      law: {
        name: constitution.name,
        version: constitution.version,
        default: constitution.default,
        floor: count('floor'),
        enforced: count('enforce'),
        observed: count('observe'),
        observed_until_ms: ends.length === 0 ? null : Math.min(...ends),
      },
      stopped: stopped.map(({ rule, breaker, breaker_until_ms, halt }) => ({ rule, breaker, breaker_until_ms, ...(halt !== undefined && { halt }) })),
    });
    const works = health.status === 'ok';
    out.line(
      `${works ? out.paint('green', 'Working.') : out.paint('red', 'FAILED.')} AVA ${health.version} at ${client.url.origin}${pid === null ? '' : `, process ${pid}`}, up ${duration(health.uptime_ms)}`,
    );
    if (health.fault !== undefined) out.line(`${health.fault.code} ${plain(health.fault.detail)}. It denies and stays readable. ${health.fault.next}.`);
    if (own) out.line(`data folder ${folder}`);
    out.line(`${plural(health.height, 'block')}; ${health.waiting} waiting; network ${health.network.slice(0, 16)}…`);
    const until = ends.length === 0 ? '' : ` until ${day(Math.min(...ends))}`;
    out.line(
      `constitution "${constitution.name}" v${constitution.version}: ${count('floor')} floor and ${count('enforce')} other rules enforced, ${count('observe')} only observed${until}; default ${constitution.default}`,
    );
    for (const rule of stopped) {
      const why = rule.halt === undefined ? '' : `, by ${plain(rule.halt.by)}: ${plain(rule.halt.reason)}`;
      out.line(out.paint('yellow', `${rule.rule} is stopped: ${standingText(rule)}${why}`));
    }
    return works ? EXIT.ok : EXIT.fault;
  });
}
