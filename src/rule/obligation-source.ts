/** Obligations as people write them: `redact: args.body`, `cap: args.amount` with `at`, `transform` with `to`, `delay`, `notify`. */
import type { Cbor } from '../base/cbor.ts';
import type { Field } from './document.ts';
import { PATH_BYTES_MAX } from './ir.ts';
import { OBLIGATIONS, OBLIGATIONS_MAX, type Obligation, obligationProblem, REDACTED } from './obligation.ts';
import { windowMs } from './scope.ts';

const WHOM_BYTES_MAX = 256;
const FIELDS = [...OBLIGATIONS, 'with', 'at', 'to'] as const;

/** @throws Fault rule_field with the place */
export function readObligations(field: Field | undefined): readonly Obligation[] {
  const obligations = (field?.items() ?? []).map((item): Obligation => {
    const given = item.fields(FIELDS, 'an obligation');
    const names = OBLIGATIONS.filter((name) => given[name] !== undefined);
    const [name] = names;
    if (names.length !== 1) return item.fail(`an obligation is one of ${OBLIGATIONS.join(', ')}`);
    const named = given[name] as Field;
    const made = ((): Obligation => {
      switch (name) {
        case 'redact':
          return { do: name, path: named.text(PATH_BYTES_MAX), value: given.with?.text(PATH_BYTES_MAX) ?? REDACTED };
        case 'cap':
          return {
            do: name,
            path: named.text(PATH_BYTES_MAX),
            value: given.at === undefined ? item.fail('`at` is missing: the most that it may be') : Number(given.at.integer()),
          };
        case 'transform':
          return {
            do: name,
            path: named.text(PATH_BYTES_MAX),
            value: given.to === undefined ? item.fail('`to` is missing: the value that it gets') : (given.to.plain() as Cbor),
          };
        case 'delay':
          return { do: name, path: '', value: windowMs(named.text(WHOM_BYTES_MAX)) ?? named.fail(`a delay is a time such as 5s, at most an hour`) };
        default:
          return { do: name, path: '', value: named.text(WHOM_BYTES_MAX) };
      }
    })();
    const problem = obligationProblem(made);
    return problem === undefined ? made : named.fail(problem);
  });
  if (obligations.length > OBLIGATIONS_MAX) field?.fail(`at most ${OBLIGATIONS_MAX} obligations`);
  return obligations;
}
