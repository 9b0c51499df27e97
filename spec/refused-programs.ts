/** Bytes that are no canonical program of the rule IR, each with the fault of its refusal (spec/rule-ir.md R-11). */
import { hex } from '../src/base/bytes.ts';
import { type Cbor, Writer } from '../src/base/cbor.ts';
import { canonical } from '../src/rule/canonical.ts';
import { encodeProgram, OPS } from '../src/rule/ir.ts';
import { lower } from '../src/rule/lower.ts';
import { parse } from '../src/rule/parse.ts';
import { scopeOf } from '../src/rule/scope.ts';
import { parseType } from '../src/rule/type-text.ts';

/** Nodes by the names of their operations: `in 0; any 0 - 2 1`, `-` where there is no predicate. */
function nodes(text: string): Cbor {
  const parts = text.split('; ').filter((part) => part !== '');
  return parts.map((part) => part.split(' ').map((word) => (word === '-' ? null : /^\d/.test(word) ? Number(word) : (OPS as readonly string[]).indexOf(word))));
}

function program(inputs: Cbor, consts: Cbor, text: string, out: number, version = 2, profile = 0): string {
  const writer = new Writer();
  writer.value([version, profile, inputs, consts, nodes(text), out]);
  return hex(writer.done());
}

/** Numbers of R-2. */
const BOOL = 2;
const INT = 3;
const A: Cbor = ['args.a', BOOL];
const B: Cbor = ['args.b', BOOL];
const XS: Cbor = ['args.xs', [10, 4, INT]];
const N: Cbor = ['args.n', INT];
const deep = (levels: number): Cbor => (levels === 1 ? INT : [10, 1, deep(levels - 1)]);

/** Sorting by hash takes one of two orders: this is the other. */
function unsorted(): string {
  const both = [program([A, B], [], 'in 0; in 1; and 0 1', 2), program([B, A], [], 'in 0; in 1; and 0 1', 2)];
  const type = parseType('bool');
  const right = hex(
    encodeProgram(
      canonical(
        lower(
          parse('args.a && args.b'),
          scopeOf(
            new Map([
              ['args.a', type],
              ['args.b', type],
            ]),
          ),
        ),
      ),
    ),
  );
  return both[0] === right ? both[1] : both[0];
}

export const REFUSED: readonly (readonly [name: string, bytes: string, fault: string])[] = [
  ['another version', program([A], [], 'in 0', 0, 1), 'rule_program'],
  ['a profile that is reserved', program([A], [], 'in 0', 0, 2, 1), 'rule_program'],
  ['no node', program([], [], '', 0), 'rule_program'],
  ['a reserved operation', program([A], [], 'in 0; toint 0', 1), 'rule_program'],
  ['an unknown operation', program([A], [], 'in 0; 43 0', 1), 'rule_program'],
  ['one operand too many', program([A], [], 'in 0; not 0 0', 1), 'rule_program'],
  ['and of one', program([A], [], 'in 0; and 0', 1), 'rule_program'],
  ['an operand that comes later', program([A], [], 'not 1; in 0', 0), 'rule_program'],
  ['an input that is not declared', program([A], [], 'in 1', 0), 'rule_program'],
  ['a constant that is not there', program([], [], 'const 0', 0), 'rule_program'],
  ['a constant of a later version', program([], [new Uint8Array(1)], 'const 0', 0), 'rule_program'],
  ['an integer past 64 bits', program([N], [2n ** 63n], 'in 0; const 0; lt 0 1', 2), 'rule_program'],
  ['an item outside its fold', program([XS], [], 'elem 1', 0), 'rule_program'],
  ['level 0 has no item', program([XS], [], 'in 0; any 0 - 2 1; elem 0', 1), 'rule_program'],
  ['a node of a fold used outside', program([XS, N], [], 'in 0; in 1; any 0 - 4 2; elem 1; lt 3 1; not 4', 5), 'rule_program'],
  ['a fold used within itself', program([XS], [], 'in 0; any 0 - 2 1; not 1', 1), 'rule_program'],
  ['a fold that owns nodes past the end', program([XS], [], 'in 0; any 0 - 2 2; elem 1', 1), 'rule_program'],
  ['folds that cross', program([XS], [], 'in 0; any 0 - 3 2; any 0 - 4 2; elem 1; elem 1', 1), 'rule_program'],
  ['a predicate of any', program([XS, A], [], 'in 0; in 1; any 0 1 1 0', 2), 'rule_type'],
  ['the answer in a fold', program([XS, N], [], 'in 0; in 1; any 0 - 4 2; elem 1; lt 3 1', 4), 'rule_program'],
  ['the answer is an int', program([N], [], 'in 0', 0), 'rule_type'],
  ['int and bool compared', program([N, A], [], 'in 0; in 1; eq 0 1', 2), 'rule_type'],
  ['an item of a list that is always empty', program([A], [], 'list; collect 0 - 2 1; elem 1; eq 1 0', 3), 'rule_type'],
  ['a type of a later version', program([['args.a', 4]], [], 'in 0; eq 0 0', 1), 'rule_program'],
  ['a bound over 65,536', program([['args.a', [8, 65_537]]], [], 'in 0; eq 0 0', 1), 'rule_program'],
  ['integer keys of an input', program([['args.a', [11, 1, INT, INT]]], [], 'in 0; eq 0 0', 1), 'rule_program'],
  ['a type of nine levels', program([['args.a', deep(9)]], [], 'in 0; eq 0 0', 1), 'rule_program'],
  ['a path that is none', program([['args..a', BOOL]], [], 'in 0', 0), 'rule_program'],
  ['a path twice', program([A, A], [], 'in 0; in 1; and 0 1', 2), 'rule_program'],
  ['a path within another', program([A, ['args.a.b', BOOL]], [], 'in 0; in 1; and 0 1', 2), 'rule_program'],
  ['inputs over 65,536 bytes', program([['args.a', [8, 65_536]]], [], 'in 0; eq 0 0', 1), 'rule_bound'],
  ['gas over the limit', program([['args.a', [10, 1_000, INT]]], [], 'in 0; any 0 - 2 3; any 0 - 4 2; elem 2; lt 3 3', 1), 'rule_bound'],
  ['513 levels', program([A], [], `in 0${Array.from({ length: 512 }, (_, i) => `; not ${i}`).join('')}`, 512), 'rule_bound'],
  ['operands of and out of order', unsorted(), 'rule_not_canonical'],
  ['an operand of and twice', program([A, B], [], 'in 0; in 1; and 0 1 1', 2), 'rule_not_canonical'],
  ['and within and', program([A, B, ['args.c', BOOL]], [], 'in 0; in 1; and 0 1; in 2; and 2 3', 4), 'rule_not_canonical'],
  ['equal nodes twice', program([N], [], 'in 0; in 0; add 0 1; lt 0 2', 3), 'rule_not_canonical'],
  ['a node that nothing uses', program([A, B], [], 'in 0; in 1', 0), 'rule_not_canonical'],
  ['a constant that nothing uses', program([A], [1], 'in 0', 0), 'rule_not_canonical'],
  ['an invariant within its fold', program([XS, N], [], 'in 0; any 0 - 4 3; elem 1; in 1; lt 2 3', 1), 'rule_not_canonical'],
  ['inputs in another order', program([['args.z', INT], N], [], 'in 1; in 0; lt 0 1', 2), 'rule_not_canonical'],
  ['nodes in another order', program([['args.z', INT], N], [], 'in 1; in 0; lt 1 0', 2), 'rule_not_canonical'],
  ['a byte after it', `${program([A], [], 'in 0', 0)}00`, 'cbor_trailing'],
  ['a byte missing', program([A], [], 'in 0', 0).slice(0, -2), 'cbor_truncated'],
  ['a long head', program([A], [], 'in 0', 0).replace(/^8602/, '861802'), 'cbor_not_shortest'],
  ['a tag', `c1${program([A], [], 'in 0', 0)}`, 'cbor_tag'],
];
