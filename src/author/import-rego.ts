/** A Rego policy as a guest rule: OPA compiles it, AVA runs it unmodified. What it reads of `input` is what the rule gives it. */
import type { Environment } from '../rule/compile.ts';
import type { DraftFile } from './draft.ts';
import type { Part } from './imported.ts';
import { ruleName } from './rule-text.ts';

export interface ImportedRego {
  readonly name: string;
  readonly files: readonly DraftFile[];
  readonly translated: readonly Part[];
  readonly changed: readonly (Part & { readonly why: string })[];
  readonly refused: readonly (Part & { readonly why: string })[];
}

const REFERENCE = /\binput((?:\.[A-Za-z_]\w*|\["[A-Za-z0-9_$-]+"\])+)/g;
const DECLARED = 'string(1024)';

export function importRego(source: string, environment: Environment): ImportedRego {
  const uses = new Set<string>();
  const inputs = new Map<string, string>();
  const refused: (Part & { why: string })[] = [];
  const changed: (Part & { why: string })[] = [];
  const code = source.replaceAll(/#[^\n]*/g, (comment) => ' '.repeat(comment.length));
  for (const match of code.matchAll(REFERENCE)) {
    const parts = [...match[1].matchAll(/\.([A-Za-z_]\w*)|\["([^"]+)"\]/g)].map(([, name, quoted]) => name ?? quoted);
    const line = source.slice(0, match.index).split('\n').length;
    const paths = parts.map((_, i) => parts.slice(0, i + 1).join('.'));
    const known = paths.find((path) => environment.has(path));
    if (known !== undefined) uses.add(known);
    else if ((parts[0] === 'args' || parts[0] === 'context') && parts.length > 1) inputs.set(paths[paths.length - 1], DECLARED);
    else if (!refused.some(({ text }) => text === match[0]))
      refused.push({ text: match[0], line, why: 'AVA gives a policy no such input; pass it as context and read input.context…' });
  }
  // One that lies within another is a part of it.
  for (const path of inputs.keys()) if ([...inputs.keys()].some((other) => path.startsWith(`${other}.`))) inputs.delete(path);
  if (inputs.size > 0) changed.push({ text: [...inputs.keys()].join(', '), line: null, why: `declared as ${DECLARED}: say what types and bounds they have` });
  const name = ruleName('rego', /^\s*package\s+([\w.]+)/m.exec(source)?.[1] ?? 'policy');
  const lines = [
    '# Made from a Rego policy. Next: avactl rules build, which needs opa; then write tests.',
    `rule: ${name}`,
    `title: ${JSON.stringify(`What the policy ${name.slice(5)} does not allow`)}`,
    'advice: "See rule.rego."',
    'scope: [kind.tool.call]',
    'mode: enforce',
    ...(uses.size === 0 ? [] : [`uses: [${[...uses].sort().join(', ')}]`]),
    ...(inputs.size === 0 ? [] : ['inputs:', ...[...inputs].sort().map(([path, type]) => `  ${JSON.stringify(path)}: ${JSON.stringify(type)}`)]),
    'program: rule.wasm',
    'abi: opa',
    'otherwise: deny',
    'on_fault: deny',
  ];
  return {
    name,
    files: [
      { name: 'rule.yaml', text: `${lines.join('\n')}\n` },
      { name: 'rule.rego', text: source },
    ],
    translated: [{ text: name, line: 1 }],
    changed,
    refused,
  };
}
