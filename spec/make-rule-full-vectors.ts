/**
 * Writes spec/vectors/rule-full.json, programs and input buffers of profile 1: `node spec/make-rule-full-vectors.ts`. A
 * test compares them.
 */
import { writeFileSync } from 'node:fs';
import { hex } from '../src/base/bytes.ts';
import { Writer } from '../src/base/cbor.ts';
import { admit } from '../src/rule/admit.ts';
import { canonical } from '../src/rule/canonical.ts';
import { find, type Source, writeInputs } from '../src/rule/input.ts';
import { judge } from '../src/rule/interpret.ts';
import { encodeProgram } from '../src/rule/ir.ts';
import { lower } from '../src/rule/lower.ts';
import { parse } from '../src/rule/parse.ts';
import { scopeOf } from '../src/rule/scope.ts';
import { parseType } from '../src/rule/type-text.ts';
import { FULL_RULES } from './full-rules.ts';
import { LIMITS } from './make-rule-vectors.ts';

const DECLARED: Readonly<Record<string, string>> = {
  'args.n': 'int',
  'args.u': 'uint',
  'args.d': 'double',
  'args.s': 'string(16)',
  'args.b': 'bytes(8)',
  'args.at': 'timestamp',
  'args.span': 'duration',
  'args.any': 'dyn(256)',
  'args.xs': 'list(double, 3)',
  'args.words': 'list(string(8), 3)',
  'args.m': 'map(string(4), dyn(32), 3)',
};
const FULL: Source = {
  args: {
    n: -3,
    u: 7,
    d: 2.5,
    s: 'héllo, 😀',
    b: '/wBo',
    at: '2024-02-29T23:59:59.5+01:00',
    span: '-1h30m0.5s',
    any: { list: [1, 2.5, 'x', null, true, [1]], id: 12, text: 'a,b' },
    xs: [1, 0.25, -2.5],
    words: ['a', 'B', ''],
    m: { k: 1, l: 'x', m: [2] },
  },
};
/** Other kinds at the same places: what is a dyn's differs, what is typed does not fit. */
const OTHER: Source = {
  args: { n: 0, u: 0, d: 0, s: '', b: '', at: '0001-01-01T00:00:00Z', span: '0', any: [5, 0.5], xs: [], words: [], m: {} },
};
const WRONG: Source = {
  args: { n: 0.5, u: -1, d: '1', s: 5, b: 'AB', at: '2024-02-30T00:00:00Z', span: '1', any: 'x'.repeat(257), xs: [true], words: [1], m: { toolong: 1 } },
};

function ruleVector(source: string): object {
  const scope = scopeOf(new Map(Object.entries(DECLARED).map(([path, type]) => [path, parseType(type)])));
  const { program, analysis, bytes, id } = admit(encodeProgram(canonical(lower(parse(source), scope))), LIMITS);
  const { inputs } = program;
  const cases = [FULL, OTHER, WRONG].map((given) => ({
    buffer: hex(writeInputs(inputs, given)),
    answer: judge(
      program,
      inputs.map((input) => find(input, given)),
    ),
  }));
  const { gas, input_bytes, const_bytes, arena_bytes } = analysis;
  return { source, bytes: hex(bytes), id: hex(id), gas, input_bytes, const_bytes, arena_bytes, cases };
}

/** Programs that are refused, each with its fault. */
function refused(): object[] {
  type Item = number | string | null | boolean | bigint | Uint8Array | readonly Item[];
  const made = (inputs: Item, consts: Item, nodes: Item, out: number): string => {
    const writer = new Writer(256);
    writer.value([2, 1, inputs, consts, nodes, out] as never);
    return hex(writer.done());
  };
  const double: Item = ['args.a', 5];
  const dyn: Item = ['args.a', [12, 16]];
  return (
    [
      ['a program that profile 0 has', made([['args.a', 2]], [], [[1, 0]], 0), 'rule_program'],
      [
        'an input of type null',
        made(
          [['args.a', 1]],
          [],
          [
            [1, 0],
            [44, 0],
            [10, 1, 1],
          ],
          2,
        ),
        'rule_program',
      ],
      [
        'an input of type type',
        made(
          [['args.a', 13]],
          [],
          [
            [1, 0],
            [10, 0, 0],
          ],
          1,
        ),
        'rule_program',
      ],
      [
        'a double that is not finite',
        made(
          [double],
          [[5, 0x7ff0000000000000n]],
          [
            [1, 0],
            [0, 0],
            [11, 0, 1],
          ],
          2,
        ),
        'rule_program',
      ],
      [
        'a type that is none',
        made(
          [double],
          [[13, 12]],
          [
            [1, 0],
            [44, 0],
            [0, 0],
            [10, 1, 2],
          ],
          3,
        ),
        'rule_program',
      ],
      [
        'a uint below zero',
        made(
          [double],
          [[4, -1]],
          [
            [1, 0],
            [0, 0],
            [11, 0, 1],
          ],
          2,
        ),
        'rule_program',
      ],
      [
        'an int as the first of a pair',
        made(
          [double],
          [[3, 1]],
          [
            [1, 0],
            [0, 0],
            [11, 0, 1],
          ],
          2,
        ),
        'rule_program',
      ],
      [
        'a function that is none',
        made(
          [double],
          [],
          [
            [1, 0],
            [43, 34, 0],
          ],
          1,
        ),
        'rule_program',
      ],
      [
        'a function with too many operands',
        made(
          [double],
          [],
          [
            [1, 0],
            [43, 21, 0, 0],
          ],
          1,
        ),
        'rule_program',
      ],
      [
        'a part that is none',
        made(
          [['args.a', 6]],
          [3],
          [
            [1, 0],
            [37, 10, 0],
            [0, 0],
            [11, 1, 2],
          ],
          3,
        ),
        'rule_program',
      ],
      [
        'a zone of no minutes',
        made(
          [['args.a', 6]],
          [3],
          [
            [1, 0],
            [37, 16 * 1440, 0],
            [0, 0],
            [11, 1, 2],
          ],
          3,
        ),
        'rule_program',
      ],
      [
        'a regular expression that is no text',
        made(
          [['args.a', [8, 4]]],
          [3],
          [
            [1, 0],
            [28, 0, 0],
          ],
          1,
        ),
        'rule_program',
      ],
      [
        'a regular expression that is none',
        made(
          [['args.a', [8, 4]]],
          ['('],
          [
            [1, 0],
            [28, 0, 0],
          ],
          1,
        ),
        'rule_program',
      ],
      [
        'iter over a list',
        made(
          [['args.a', [10, 2, 5]]],
          [],
          [
            [1, 0],
            [38, 0, null, 2, 2],
            [5, 1],
            [43, 21, 2],
          ],
          1,
        ),
        'rule_not_canonical',
      ],
      [
        'a predicate of any',
        made(
          [dyn],
          [],
          [
            [1, 0],
            [39, 0, 2, 2, 1],
            [5, 1],
          ],
          1,
        ),
        'rule_type',
      ],
      ['an answer that is no bool', made([double], [], [[1, 0]], 0), 'rule_type'],
      [
        'an answer that is never there',
        made(
          [double],
          [],
          [
            [1, 0],
            [17, 0, 0],
          ],
          1,
        ),
        'rule_type',
      ],
      [
        'one operand twice',
        made(
          [dyn],
          [],
          [
            [1, 0],
            [7, 0, 0],
          ],
          1,
        ),
        'rule_not_canonical',
      ],
    ] as const
  ).map(([name, bytes, fault]) => ({ name, bytes, fault }));
}

/** The vectors as they stand in the file. */
export const fullVectors = (): object => ({
  limits: LIMITS,
  declared: DECLARED,
  sources: [FULL, OTHER, WRONG],
  positive: FULL_RULES.map(ruleVector),
  negative: refused(),
});

if (import.meta.main) writeFileSync(new URL('vectors/rule-full.json', import.meta.url), `${JSON.stringify(fullVectors(), null, 1)}\n`);
