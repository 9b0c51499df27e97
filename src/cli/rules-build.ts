/** `avactl rules build`: a rule's folder becomes an admitted program, its tests run. */
import { buildRule } from '../author/build.ts';
import { hex } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { columns, plain, plural } from './text.ts';

export function buildRules(call: Call): Promise<number> {
  const { out } = call;
  const [dir] = call.operands;
  const check = call.given('check');
  const built = build(call, dir, check);
  const { rule, language, compiler, manifest, file, changed, inputs, tests } = built;
  const failed = tests.filter(({ passed }) => !passed).length;
  out.value({
    rule,
    language,
    compiler,
    abi: manifest.program?.abi ?? null,
    file,
    bytes: built.program.length,
    id: hex(built.id),
    module: manifest.program === null ? null : hex(manifest.program.module),
    changed,
    inputs,
    gas_limit: manifest.limits.gas,
    tests,
  });
  out.line(`${out.paint('bold', rule)}  ${plain(manifest.title)}`);
  const rows = [
    ['language', compiler ?? language],
    ['program', `${built.program.length} bytes${file === null ? '' : `, ${file}`}`],
    ['id', hex(built.id)],
    ...inputs.map(({ path, type }, i) => [i === 0 ? 'inputs' : '', `${i}  ${path}  ${type}`]),
  ];
  for (const row of columns(rows)) out.line(`  ${row}`);
  if (tests.length > 0) {
    const lines = tests.map(({ name, expect, got, passed, gas, trap }) => [
      passed ? out.paint('green', 'ok') : out.paint('red', 'FAIL'),
      plain(name),
      passed ? got : `${got}, not ${expect}${trap === null ? '' : `: ${trap}`}`,
      `gas ${gas}`,
    ]);
    for (const row of columns(lines)) out.line(`  ${row}`);
  }
  const verb = check ? 'would be written' : 'written';
  out.line(`${plural(tests.length, 'test')}, ${failed} failed; ${changed.length === 0 ? 'nothing changed' : `${changed.join(', ')} ${verb}`}`);
  if (failed > 0) return Promise.resolve(EXIT.rule);
  return Promise.resolve(check && changed.length > 0 ? EXIT.failed : EXIT.ok);
}

/** Shows what a compiler said in full before the fault. */
function build(call: Call, dir: string, check: boolean): ReturnType<typeof buildRule> {
  try {
    return buildRule(dir, { check });
  } catch (error) {
    if (error instanceof Fault && typeof error.context.output === 'string' && !call.out.json) call.out.note(error.context.output);
    throw error;
  }
}
