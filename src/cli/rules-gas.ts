/** `avactl rules gas`: what a judgement costs and where, against the rule's limits. */
import { type AuthoredRule, readOneRule } from '../author/lint.ts';
import { runGuestTests } from '../law/guest-test.ts';
import { ENVIRONMENT, guestOf } from '../law/rule.ts';
import { bill, printProgram } from '../rule/print.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import type { Output } from './output.ts';
import { bytes, clip, columns, grouped, plain } from './text.ts';

const PAGE_BYTES = 65_536;
const TEXT_MAX = 100;
const ROWS = 20;

interface Cost {
  readonly node: number;
  readonly gas: number;
  readonly rounds: number;
  readonly total: number;
  readonly text: string;
}

export async function gasOfRule(call: Call): Promise<number> {
  const { out } = call;
  const [path] = call.operands;
  const rule = readOneRule(path, ENVIRONMENT);
  out.line(`${out.paint('bold', plain(rule.manifest.name))}  ${plain(rule.manifest.title)}`);
  if (rule.guest !== null) guest(out, rule);
  else expression(out, rule, call.given('all'));
  return EXIT.ok;
}

/** What a share of the whole is, in words of at most four letters. */
const share = (part: number, whole: number): string => (whole === 0 ? '' : `${Math.round((100 * part) / whole)} %`);

function expression(out: Output, { compiled, manifest }: AuthoredRule, all: boolean): void {
  if (compiled === null) return;
  const { program, gas, arena_bytes } = compiled;
  const { text, spans } = printProgram(program);
  const costs = bill(program)
    .map((item): Cost => {
      const span = spans.get(item.node);
      return { ...item, total: item.gas * item.rounds, text: span === undefined ? program.nodes[item.node].op : text.slice(...span) };
    })
    .sort((a, b) => b.total - a.total);
  const { limits } = manifest;
  const memory = { bytes: arena_bytes, limit: limits.memory_pages * PAGE_BYTES };
  out.value({ rule: manifest.name, gas, limit: limits.gas, memory, nodes: costs });
  const shown = all ? costs : costs.slice(0, ROWS);
  const rows = shown.map(({ total, gas: one, rounds, text: what }) => [
    grouped(total),
    share(total, gas),
    rounds === 1 ? '' : `${grouped(one)} × ${grouped(rounds)}`,
    clip(plain(what), TEXT_MAX),
  ]);
  for (const row of columns([['GAS', 'SHARE', 'ROUNDS', 'NODE'], ...rows], [0, 1, 2])) out.line(`  ${row}`);
  if (shown.length < costs.length) out.line(`  and ${costs.length - shown.length} more nodes (--all shows them)`);
  out.line(`gas     ${grouped(gas)} each judgement, whatever the inputs; ${share(gas, limits.gas)} of its limit ${grouped(limits.gas)}`);
  out.line(`memory  ${bytes(arena_bytes)} at most; ${share(memory.bytes, memory.limit)} of its limit ${bytes(memory.limit)}`);
}

function guest(out: Output, { guest: rule, manifest }: AuthoredRule): void {
  if (rule === null) return;
  const runs = runGuestTests(rule, guestOf(rule));
  const { limits } = manifest;
  out.value({ rule: manifest.name, limit: limits.gas, tests: runs.map(({ name, gas, got }) => ({ name, gas, got })) });
  const rows = runs.map(({ name, gas, got }) => [grouped(gas), share(gas, limits.gas), got, plain(name)]);
  for (const row of columns([['GAS', 'OF LIMIT', 'ANSWER', 'TEST'], ...rows], [0, 1])) out.line(`  ${row}`);
  out.line(`gas     measured as its tests run; a judgement costs what it takes, at most its limit ${grouped(limits.gas)}`);
}
