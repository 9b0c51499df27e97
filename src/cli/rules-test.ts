/** `avactl rules test`: a rule's own tests, on the interpreter and on the module that judges, and why one fails. */
import { type Authored, type AuthoredRule, readAuthored } from '../author/lint.ts';
import { runGuestTests } from '../law/guest-test.ts';
import { ENVIRONMENT, guestOf } from '../law/rule.ts';
import { type Compiled, testSource } from '../rule/compile.ts';
import { encodeInputs, type Found, find } from '../rule/input.ts';
import { interpretRule, wasmOf } from '../rule/judge.ts';
import type { Expectation } from '../rule/manifest.ts';
import { explainProgram, printPath, printValue } from '../rule/print.ts';
import { instantiate } from '../vm/run.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { flipsOf } from './flip.ts';
import type { Output } from './output.ts';
import { clip, columns, plain, plural } from './text.ts';

interface Trial {
  readonly name: string;
  readonly expect: Expectation;
  readonly got: Expectation;
  /** What the wasm module gave; null for a guest, which has no other. */
  readonly wasm: Expectation | null;
  readonly passed: boolean;
  readonly gas: number;
  readonly trap: string | null;
  /** Of a failing test: the inputs that it gives. */
  readonly inputs: readonly { readonly path: string; readonly value: string }[];
  /** Of a failing test: what the parts of the expression came to. */
  readonly parts: readonly { readonly text: string; readonly value: string; readonly remedy: string | null }[];
  /** Of a failing test: single inputs that, changed alone, let the rule pass. */
  readonly flips: readonly { readonly path: string; readonly value: string | null }[];
}

const VALUE_MAX = 160;

export async function testRules(call: Call): Promise<number> {
  const { out } = call;
  const authored = readAuthored(call.operands[0] ?? '.', ENVIRONMENT);
  const results = authored.rules.map((rule) => ({ rule: rule.manifest.name, file: rule.file, tests: trialsOf(rule) }));
  out.value({ findings: authored.findings, rules: results });
  for (const { file, line, column, message } of authored.findings) out.line(`${out.paint('red', 'ERROR')} ${plain(file)}:${line}:${column} ${plain(message)}`);
  for (const { rule, tests } of results) printRule(out, rule, tests);
  const all = results.flatMap(({ tests }) => tests);
  const failed = all.filter(({ passed }) => !passed).length;
  out.line(`${plural(results.length, 'rule')}, ${plural(all.length, 'test')}, ${failed} failed${unread(authored)}`);
  return failed > 0 || authored.findings.length > 0 ? EXIT.rule : EXIT.ok;
}

const unread = ({ findings }: Authored): string => (findings.length === 0 ? '' : `; ${plural(findings.length, 'file')} not read`);

function trialsOf({ compiled, guest }: AuthoredRule): readonly Trial[] {
  if (compiled !== null) return expressionTrials(compiled);
  if (guest === null) return [];
  return runGuestTests(guest, guestOf(guest)).map((run, i) => {
    const source = testSource(guest.manifest, guest.manifest.tests[i]);
    const inputs = run.passed ? [] : guest.inputs.map((input) => ({ path: printPath(input.path), value: valueText(find(input, source)) }));
    return { ...run, wasm: null, inputs, parts: [], flips: [] };
  });
}

const expectation = (answer: number): Expectation => (answer === 2 ? 'pass' : answer === 0 ? 'fail' : 'error');
const valueText = (found: Found): string => ('value' in found ? printValue(found.value) : found.missing === 2 ? 'of another type' : 'absent');

function expressionTrials(rule: Compiled): readonly Trial[] {
  const { manifest, program, gas } = rule;
  const instance = manifest.tests.length === 0 ? null : instantiate(wasmOf(program));
  return manifest.tests.map((test): Trial => {
    const source = testSource(manifest, test);
    const found = program.inputs.map((input) => find(input, source));
    const buffer = encodeInputs(found);
    const got = expectation(interpretRule(program, buffer));
    instance?.memory.set(buffer);
    const wasm = expectation(instance?.judge() ?? 1);
    const passed = got === test.expect && wasm === got;
    const why = passed
      ? { inputs: [], parts: [], flips: [] }
      : {
          inputs: program.inputs.map((input, i) => ({ path: printPath(input.path), value: valueText(found[i]) })),
          parts: explainProgram(program, found).map(({ text, result, remedy }) => ({ text, value: printValue(result), remedy: remedy ?? null })),
          flips: got === 'pass' ? [] : flipsOf(program, found).map(({ path, value }) => ({ path, value: value === null ? null : printValue(value) })),
        };
    return { name: test.name, expect: test.expect, got, wasm, passed, gas, trap: null, ...why };
  });
}

function printRule(out: Output, rule: string, tests: readonly Trial[]): void {
  out.line(`${out.paint('bold', plain(rule))}${tests.length === 0 ? '  no tests' : ''}`);
  for (const trial of tests) {
    const { name, expect, got, wasm, passed, trap } = trial;
    if (passed) {
      out.line(`  ${out.paint('green', 'ok')}    ${plain(name)}: ${got}`);
      continue;
    }
    const other = wasm !== null && wasm !== got ? ` on the interpreter and ${wasm} on wasm: please report this rule` : '';
    out.line(`  ${out.paint('red', 'FAIL')}  ${plain(name)}: ${got}, not ${expect}${other}${trap === null ? '' : `: ${trap}`}`);
    for (const row of columns(trial.inputs.map(({ path, value }) => [path, clip(plain(value), VALUE_MAX)]))) out.line(`          input  ${row}`);
    for (const { text, value, remedy } of trial.parts) {
      out.line(`          gave   ${clip(plain(text), VALUE_MAX)}  →  ${clip(plain(value), VALUE_MAX)}`);
      if (remedy !== null && expect === 'pass') out.line(`                 ${clip(plain(remedy), VALUE_MAX)}`);
    }
    if (expect === 'pass')
      for (const { path, value } of trial.flips)
        out.line(`          passes with ${path} ${value === null ? 'left out' : `= ${clip(plain(value), VALUE_MAX)}`}, all else the same`);
  }
}
