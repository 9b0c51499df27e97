/** Judges one call in process, as the machine does, on the interpreter: rules in scope, one input buffer each, the join. */
import type { Facets } from '../src/facet/facet.ts';
import type { Source } from '../src/rule/input.ts';
import { type InputWriter, interpretRule, planWriter } from '../src/rule/judge.ts';
import { type Folder, type Verdict, worse } from './constitution.ts';

export interface Answer {
  readonly verdict: Verdict;
  /** The rules that said what the verdict says, joined by `+`. */
  readonly rule: string;
}

export interface Call {
  readonly tool: string;
  readonly facets: Facets | null;
  /** The nested inputs but for `params`. */
  readonly source: Readonly<Record<string, unknown>>;
}

export function judgeWith(folder: Folder): (call: Call) => Answer {
  const memory = new Uint8Array(131_072);
  const view = new DataView(memory.buffer);
  const rules = folder.rules.map((compiled) => ({
    compiled,
    params: Object.fromEntries(compiled.manifest.params.map(({ name, value }) => [name, Number(value)])),
    write: planWriter(compiled.inputs) as InputWriter,
  }));
  return ({ tool, facets, source }) => {
    const about = new Set(['all', 'kind.tool.call', `tool.${tool}`]);
    if (facets !== null) {
      about.add(`effect.${facets.effect}`);
      for (const group of ['money', 'mail', 'http', 'fs'] as const) if (facets[group] !== undefined) about.add(`facet.${group}`);
    }
    let verdict: Verdict | null = null;
    let said: string[] = [];
    for (const { compiled, params, write } of rules) {
      const { manifest, program } = compiled;
      if (manifest.mode === 'observe' || !manifest.scope.some((item) => about.has(item))) continue;
      const used = write({ ...source, params } as Source, memory, view);
      const answer = interpretRule(program, memory.subarray(0, used));
      const says: Verdict | null = answer === 2 ? (manifest.grants ? 'allow' : null) : answer === 0 ? manifest.otherwise : manifest.on_fault;
      if (says === null) continue;
      const joined: Verdict = verdict === null ? says : worse(verdict, says);
      if (joined !== verdict) said = [];
      if (joined === says) said.push(manifest.name);
      verdict = joined;
    }
    return { verdict: verdict ?? folder.default, rule: said.join('+') };
  };
}
