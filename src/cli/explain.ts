/** `avactl explain`: why a decision came out as it did. */
import { verifyBundle } from '../audit/bundle.ts';
import type { Receipt } from '../machine/receipt.ts';
import { isDecision } from '../machine/transaction.ts';
import { bundleOf } from './bundle-source.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { printErased, printTrace, traceView } from './explain-trace.ts';
import { type ExplainedRule, type Explanation, explainDecision, receiptId, type ToolAt } from './explanation.ts';
import { withNode } from './node-client.ts';
import type { Output } from './output.ts';
import { brief, clip, columns, moment, plain, plural } from './text.ts';

const VALUE_MAX = 160;
const JUDGE_MAX = 320;
const PART_MAX = 200;

export async function explain(call: Call): Promise<number> {
  const { out } = call;
  const verified = verifyBundle(await bundleOf(call, call.operands[0]));
  if (!call.given('trace')) {
    const explanation = explainDecision(verified, await toolsOf(call, verified.entry.receipt));
    out.value(explanation);
    printExplanation(out, explanation, call.given('all'));
    return EXIT.ok;
  }
  const { entry } = verified;
  if (isDecision(entry.transaction) && verified.recomputed === null) {
    out.value({ receipt: receiptId(entry), verdict: entry.receipt.verdict, reasons: entry.receipt.reasons, gas: entry.receipt.gas, erased: true, trace: null });
    printErased(out, verified);
    return EXIT.incomplete;
  }
  const explanation = explainDecision(verified, await toolsOf(call, verified.entry.receipt));
  const trace = traceView(verified);
  out.value({ ...explanation, erased: false, trace });
  printExplanation(out, explanation, call.given('all'));
  if (trace !== null) printTrace(out, trace);
  return EXIT.ok;
}

/** The tools that brought the values in; only a node knows them, a bundle holds one entry. */
async function toolsOf(call: Call, { reasons }: Receipt): Promise<ToolAt> {
  const places = new Map(
    reasons.flatMap(({ values }) => values.flatMap(({ place }) => (place === null ? [] : [[`${place.height}.${place.index}`, place] as const]))),
  );
  const names = new Map<string, string>();
  if (places.size === 0) return () => undefined;
  try {
    await withNode(call, async (client) => {
      for (const [key, { height, index }] of places) {
        const { transaction } = await client.receipt((await client.block(height)).receipts[index]);
        const { name } = transaction.payload as { name?: unknown };
        if (typeof name === 'string') names.set(key, name);
      }
    });
  } catch {
    // no node: the words do without the names
  }
  return ({ height, index }) => names.get(`${height}.${index}`);
}

/** T-25 */
function guessText({ effect, words }: NonNullable<Explanation['guess']>): string {
  const from = words.length === 0 ? 'its name says nothing' : `guessed from its name (${plain(words.join(', '))})`;
  return `This tool is not in the tool map: ${effect}, ${from}. \`avactl tools show\` has the rest.`;
}

/** The decision, the rules that objected in full, the others in a line each. */
export function printExplanation(out: Output, explanation: Explanation, all: boolean): void {
  const { action, rules } = explanation;
  const objecting = rules.filter(({ result }) => result !== 'passed');
  const passed = rules.filter(({ result }) => result === 'passed');
  out.line(
    `${out.verdict(explanation.verdict)}  ${plain(action.server === null ? action.name : `${action.server}/${action.name}`)}  ${brief(explanation.args, Math.max(40, out.width - 40))}`,
  );
  out.line(out.paint('dim', `${explanation.receipt}  ${moment(explanation.time_ms)}  ${explanation.constitution}  gas ${explanation.gas}`));
  if (explanation.guess !== null) out.line(guessText(explanation.guess));
  if (!explanation.enforced) out.line(out.paint('yellow', 'A rule that only observes would have been stricter.'));
  for (const rule of objecting) {
    out.line();
    printRule(out, rule);
  }
  if (all) {
    for (const rule of passed) {
      out.line();
      printRule(out, rule);
    }
  } else if (passed.length > 0) {
    out.line();
    out.line(`${plural(passed.length, 'rule')} passed: ${passed.map(({ rule }) => rule).join(', ')}${objecting.length === 0 ? '' : ' (--all shows them)'}`);
  }
  if (rules.length === 0) out.line('No rule is about this call.');
  if (objecting.every(({ binding }) => !binding) && !rules.some(({ answer, binding }) => answer === 'allow' && binding))
    out.line(`No binding rule objects, so the default of the constitution decides: ${explanation.default}.`);
}

const SAYS: Readonly<Record<ExplainedRule['result'], string>> = {
  passed: 'passed',
  failed: 'its condition is false',
  fault: 'its condition ended in an error',
  breaker: 'its breaker is open, it did not run',
  halt: 'it is halted, it did not run',
  gas: 'it met its limit of gas',
  memory: 'it met its limit of memory',
  stack: 'it met its limit of stack',
  unauthorised: 'it asked for what its manifest does not name',
  trap: 'it trapped',
};

function printRule(out: Output, rule: ExplainedRule): void {
  const answer = rule.answer === null ? out.paint('green', 'passed') : out.verdict(rule.answer);
  out.line(`${out.paint('bold', rule.rule)}  ${answer}${rule.binding ? '' : ' (observed, not binding)'}: ${SAYS[rule.result]}`);
  out.line(`  ${plain(rule.title)}`);
  out.line(
    out.paint(
      'dim',
      `  ${rule.mode}, ${rule.level}, enacted in ${rule.enacted}; program ${rule.program.slice(0, 16)}…, gas ${rule.judge === '' ? 'at most ' : ''}${rule.gas}`,
    ),
  );
  const judged = rule.judge === '' ? 'a guest program; --trace shows what it called' : clip(plain(rule.judge.replaceAll(/\s+/g, ' ')), JUDGE_MAX);
  out.line(`  rule   ${judged}`);
  const rows = rule.inputs.map(({ path, value, found, origin }) => [found ? '  input' : '  none', path, clip(plain(value), VALUE_MAX), origin.text]);
  for (const row of columns(rows)) out.line(row);
  for (const { text } of rule.values) out.line(`  from   ${clip(plain(text), JUDGE_MAX)}`);
  // Of a rule that objects, only what is amiss decides.
  const parts = rule.result === 'passed' || !rule.parts.some(({ amiss }) => amiss) ? rule.parts : rule.parts.filter(({ amiss }) => amiss);
  for (const { text, value, sides, amiss, remedy } of parts) {
    const shown = sides.filter((side) => side.text !== side.value && !rule.inputs.some(({ path }) => path === side.text));
    const worked = shown.length === 0 ? '' : `   (${shown.map((side) => `${side.text} is ${clip(plain(side.value), VALUE_MAX)}`).join('; ')})`;
    out.line(
      `  ${amiss ? 'amiss' : 'gave '}  ${clip(plain(text), PART_MAX)}  →  ${out.paint(amiss ? 'red' : 'green', clip(plain(value), VALUE_MAX))}${worked}`,
    );
    if (remedy !== null) out.line(`         ${clip(plain(remedy), JUDGE_MAX)}`);
  }
  if (rule.result === 'passed') return;
  // What did not run passes nothing, whatever it is given.
  if (rule.result === 'halt' || rule.result === 'breaker') return;
  if (rule.advice !== '') out.line(`  would pass   ${plain(rule.advice)}`);
  for (const { path, value } of rule.flips)
    out.line(`  would pass   with ${path} ${value === null ? 'left out' : `= ${clip(plain(value), VALUE_MAX)}`}, all else the same`);
}
