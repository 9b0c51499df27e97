/** The CEL specification's own tests, as far as the core profile goes, give the same values here. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { analyse } from '../src/rule/analysis.ts';
import { canonical } from '../src/rule/canonical.ts';
import { find, type Source } from '../src/rule/input.ts';
import { evaluate } from '../src/rule/interpret.ts';
import { lower } from '../src/rule/lower.ts';
import { parse } from '../src/rule/parse.ts';
import { printValue } from '../src/rule/print.ts';
import { scopeOf } from '../src/rule/scope.ts';
import { parseType } from '../src/rule/type-text.ts';

interface Conformance {
  readonly tests: readonly {
    readonly name: string;
    readonly expr: string;
    readonly types?: Readonly<Record<string, string>>;
    readonly source?: Source;
    readonly value: string;
  }[];
}

const { tests } = JSON.parse(readFileSync(new URL('vectors/cel.json', import.meta.url), 'utf8')) as Conformance;

test(`${tests.length} conformance tests`, () => {
  assert.ok(tests.length > 400);
  for (const { name, expr, types = {}, source = {}, value } of tests) {
    const program = canonical(lower(parse(expr), scopeOf(new Map(Object.entries(types).map(([path, type]) => [path, parseType(type)])))));
    analyse(program);
    assert.equal(
      printValue(
        evaluate(
          program,
          program.inputs.map((input) => find(input, source)),
        ),
      ),
      value,
      `${name}: ${expr}`,
    );
  }
});
