/** `avactl rules export`: a rule in the forms that other programs read. */
import { writeFileSync } from 'node:fs';
import { type AuthoredRule, readOneRule } from '../author/lint.ts';
import { scriptOf } from '../author/solver.ts';
import { hex } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { suggestion } from '../base/nearest.ts';
import { ENVIRONMENT } from '../law/rule.ts';
import { wasmOf } from '../rule/judge.ts';
import { encodeManifest } from '../rule/manifest.ts';
import { printProgram } from '../rule/print.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { plain, bytes as size, toJson } from './text.ts';

const FORMATS = ['json', 'cbor', 'ir', 'wasm', 'smt'] as const;
type Format = (typeof FORMATS)[number];

export async function exportRule(call: Call): Promise<number> {
  const { out } = call;
  const [path] = call.operands;
  const named = call.text('format') ?? 'json';
  const format = FORMATS.find((one) => one === named);
  if (format === undefined)
    throw new Fault('usage', `there is no format \`${named}\`${suggestion(named, FORMATS)}; there are ${FORMATS.join(', ')}`, { flag: 'format' });
  const rule = readOneRule(path, ENVIRONMENT);
  const made = exported(rule, format);
  const file = call.text('output');
  if (file === undefined && typeof made !== 'string') throw new Fault('usage', `\`${format}\` is bytes: name a file with --output`, { flag: 'output' });
  if (file === undefined) {
    out.raw(made as string);
    return EXIT.ok;
  }
  try {
    writeFileSync(file, made);
  } catch (error) {
    throw new Fault('usage', `${file} cannot be written (${(error as NodeJS.ErrnoException).code})`, { path: file });
  }
  out.value({ rule: rule.manifest.name, format, file, bytes: made.length });
  out.line(`${plain(file)}: ${rule.manifest.name} as ${format}, ${size(made.length)}`);
  return EXIT.ok;
}

function exported(rule: AuthoredRule, format: Format): string | Uint8Array {
  const { manifest, compiled, guest } = rule;
  switch (format) {
    case 'cbor':
      return encodeManifest(manifest);
    case 'json': {
      const { program } = manifest;
      const text = { ...manifest, program: program === null ? null : { ...program, module: hex(program.module) } };
      const meaning = compiled === null ? {} : { expression: printProgram(compiled.program).text };
      return `${toJson({ manifest: text, id: hex(compiled?.id ?? guest?.id ?? ''), gas: compiled?.gas ?? guest?.gas, inputs: rule.inputs.map(({ path }) => path), ...meaning }, 2)}\n`;
    }
    case 'wasm':
      return compiled === null ? (guest?.module ?? new Uint8Array()) : wasmOf(compiled.program);
    case 'ir':
      if (compiled === null) throw new Fault('usage', 'a guest program has no IR; --format wasm gives its module', { flag: 'format' });
      return compiled.bytes;
    case 'smt':
      return scriptOf(rule, ENVIRONMENT);
  }
}
