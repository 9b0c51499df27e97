// `node guest/build.mjs [--check] [WORD…]`: builds every rule of guest/ and constitutions/ that has a source, or with --check
// compares the committed modules with what their sources give. What was made by one version of a compiler is made again by
// that version alone: a rule whose compiler is not here, or is another, is left out and named.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { buildRule } from '../src/author/build.ts';

const root = resolve(import.meta.dirname, '..');
const check = process.argv.includes('--check');
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const SOURCES = { 'rule.ts': 'assemblyscript', 'rule.rs': 'rust', 'rule.rego': 'rego' };
const PINS = join(root, 'guest', 'compilers.json');
const pins = JSON.parse(readFileSync(PINS, 'utf8'));

let failed = 0;
let leftOut = 0;
for (const source of globSync('{guest/{examples,probe},constitutions}/**/rule.{ts,rs,rego}', { cwd: root }).sort()) {
  const path = source.split(sep).join('/');
  const language = SOURCES[path.slice(path.lastIndexOf('/') + 1)];
  if (words.length > 0 && !words.some((word) => path.includes(word) || word === language)) continue;
  const dir = join(root, dirname(path));
  try {
    const { compiler, changed, tests } = buildRule(dir, { check });
    const bad = tests.filter(({ passed }) => !passed);
    if (check && compiler !== pins[language]) {
      leftOut++;
      console.log(`left out  ${path}: made by ${pins[language]}, here is ${compiler}`);
      continue;
    }
    if (!check) pins[language] = compiler;
    if (bad.length > 0 || (check && changed.length > 0)) failed++;
    console.log(`${bad.length > 0 ? 'FAIL' : changed.length === 0 ? 'same' : check ? 'DIFFERS' : 'written'}  ${path}  ${changed.join(' ')}`);
    for (const { name, expect, got } of bad) console.log(`  ${name}: ${got}, not ${expect}`);
  } catch (error) {
    if (error.slug === 'tool_missing' && check) {
      leftOut++;
      console.log(`left out  ${path}: ${error.message}`);
      continue;
    }
    failed++;
    console.log(`FAIL  ${path}: ${error.message}\n${error.context?.output ?? ''}`);
  }
}
if (!check) writeFileSync(PINS, `${JSON.stringify(pins, null, 2)}\n`);
console.log(`${failed} failed, ${leftOut} left out`);
process.exitCode = failed > 0 ? 1 : 0;
