/** Runs the tests of a guest rule: what the machine would do, with what each test gives. */
import { Fault } from '../base/fault.ts';
import { INPUT_BYTES_MAX } from '../base/limit.ts';
import { type GuestRule, testSource } from '../rule/compile.ts';
import { encodeInputs, find, type Source } from '../rule/input.ts';
import type { Expectation } from '../rule/manifest.ts';
import type { Guest } from '../vm/guest.ts';
import type { Answers, Judged } from '../vm/host.ts';
import { trapOf, trapText } from '../vm/trap.ts';

export interface TestRun {
  readonly name: string;
  readonly expect: Expectation;
  readonly got: Expectation;
  readonly passed: boolean;
  readonly gas: number;
  /** Why it ended otherwise than by an answer. */
  readonly trap: string | null;
}

/**
 * Each test on the guest. `read` finds the path in what the test gives; `call` finds the other rule's answer in
 * `given: { calls: { NAME: pass } }`, an error where none is given; no oracle has a value.
 */
export function runGuestTests(rule: GuestRule, guest: Guest): readonly TestRun[] {
  return rule.manifest.tests.map(({ name, given, expect }, i) => {
    const source = testSource(rule.manifest, rule.manifest.tests[i]);
    const input = encodeInputs(rule.inputs.map((one) => find(one, source)));
    if (input.length > INPUT_BYTES_MAX) throw new Fault('internal', 'an input buffer over its bound');
    const { result, gas } = guest.judge(input, answersOf(rule, source, given.calls));
    const got: Expectation = result === 2 ? 'pass' : result === 0 ? 'fail' : 'error';
    const trap = result >= 16 ? trapOf(result - 16) : undefined;
    return { name, expect, got, passed: got === expect, gas, trap: trap === undefined ? null : trapText(trap) };
  });
}

function answersOf({ reads }: GuestRule, source: Source, calls: unknown): Answers {
  const results = new Map(typeof calls === 'object' && calls !== null ? Object.entries(calls) : []);
  return {
    read(path) {
      const input = reads.find((one) => one.path === path);
      return encodeInputs([input === undefined ? { missing: 0 } : find(input, source)]);
    },
    oracle: () => encodeInputs([{ missing: 0 }]),
    call(name): Judged {
      const result = results.get(name) === 'pass' ? 2 : results.get(name) === 'fail' ? 0 : 1;
      return { result, gas: 0, record: new Uint8Array(), short: false };
    },
  };
}
