/** A refused call: with its code, the reason in words, and what would pass. It is thrown, or returned where asked so. */
import { AvaError } from './error.ts';
import type { DecisionAnswer, Reason } from './shape.gen.ts';

const CODES = {
  deny: ['AVA-3020', 'call_denied', 'do not retry it unchanged; see what would pass'],
  escalate: ['AVA-3021', 'call_escalated', 'wait for the approval, or do something else'],
} as const;

/** The reasons that made the verdict: rules that only observe had no part in it. */
export function bindingReasons({ verdict, reasons }: DecisionAnswer): Reason[] {
  const binding = reasons.filter(({ mode }) => mode !== 'observe');
  const deciding = binding.filter(({ answer }) => answer === verdict);
  return deciding.length > 0 ? deciding : binding;
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** What a person or a model is told: one line a reason. `why` says what became of an approval. */
export function refusalText(answer: DecisionAnswer, why = ''): string {
  const [code] = CODES[answer.verdict === 'escalate' ? 'escalate' : 'deny'];
  const lines = [`${code} ${answer.verdict === 'escalate' ? 'not permitted without the approval of a person' : 'denied'} by the constitution.`];
  if (why !== '') lines.push(sentence(why));
  for (const { rule, title, advice, values = [] } of bindingReasons(answer)) {
    const found = values.map((value) => ` ${sentence(`${value.path}: ${value.text}`)}`).join('');
    lines.push(`${rule}: ${sentence(title === '' ? rule : title)}${found}${advice === undefined ? '' : ` What would pass: ${sentence(advice)}`}`);
  }
  if (answer.approval !== undefined && why === '') lines.push(`Approval ${answer.approval} waits for a person.`);
  lines.push(`Do not retry it unchanged. Receipt ${answer.receipt}.`);
  return lines.join('\n');
}

export class Refusal extends AvaError {
  /** The decision. */
  readonly answer: DecisionAnswer;
  /** The rules that refused it, with title and advice. */
  readonly reasons: readonly Reason[];
  /** The approval that would let it pass, where one is open. */
  readonly approval: string | undefined;

  /** `why`: what became of an approval that was asked for. */
  constructor(answer: DecisionAnswer, why = '') {
    const [code, slug, next] = CODES[answer.verdict === 'escalate' ? 'escalate' : 'deny'];
    const reasons = bindingReasons(answer);
    const advice = reasons.flatMap(({ advice }) => (advice === undefined ? [] : [advice]));
    super({
      code,
      slug,
      status: 403,
      detail: refusalText(answer, why),
      next: advice.length > 0 ? advice.join(' ') : next,
      context: { receipt: answer.receipt },
    });
    this.name = 'Refusal';
    this.answer = answer;
    this.reasons = reasons;
    this.approval = answer.approval;
  }
}
