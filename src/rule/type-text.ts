/** Types as manifests write them: `list(string(64), 8)`. */
import { Fault } from '../base/fault.ts';
import { INPUT_BYTES_MAX } from '../base/limit.ts';
import { suggestion } from '../base/nearest.ts';
import { BOOL, DOUBLE, DURATION, INT, list, map, TIMESTAMP, TYPE_DEPTH_MAX, type Type, typeText, UINT } from './type.ts';

const TYPE_HELP =
  'a type is bool, int, uint, double, timestamp, duration, string(BYTES), bytes(BYTES), dyn(BYTES), list(TYPE, LENGTH) or map(string(BYTES), TYPE, LENGTH)';
const SCALARS: ReadonlyMap<string, Type> = new Map([BOOL, INT, UINT, DOUBLE, TIMESTAMP, DURATION].map((type) => [typeText(type), type]));
const WORDS = [...SCALARS.keys(), 'string', 'bytes', 'dyn', 'list', 'map'];

/**
 * The type of a text such as `list(string(64), 8)`; blanks do not matter.
 * @throws Fault rule_type with what was expected
 */
export function parseType(text: string): Type {
  const tokens = text.match(/[A-Za-z_]+|\d+|[^\s]/g) ?? [];
  let at = 0;
  const fail: (problem: string) => never = (problem) => {
    throw new Fault('rule_type', `type \`${text}\`: ${problem}; ${TYPE_HELP}`);
  };
  const take = (token: string): void => {
    if (tokens[at] !== token) fail(at < tokens.length ? `\`${token}\` expected before \`${tokens[at]}\`` : `\`${token}\` expected at the end`);
    at += 1;
  };
  const bound = (): number => {
    const token = tokens[at] ?? '';
    if (!/^(0|[1-9]\d{0,6})$/.test(token)) fail(`a bound expected${token === '' ? '' : ` in place of \`${token}\``}`);
    at += 1;
    const value = Number(token);
    if (value > INPUT_BYTES_MAX) fail(`the bound ${token} is over ${INPUT_BYTES_MAX}`);
    return value;
  };
  const type = (depth: number): Type => {
    if (depth > TYPE_DEPTH_MAX) fail(`more than ${TYPE_DEPTH_MAX} levels`);
    const word = tokens[at] ?? '';
    at += 1;
    const scalar = SCALARS.get(word);
    if (scalar !== undefined) return scalar;
    switch (word) {
      case 'string':
      case 'bytes':
      case 'dyn': {
        if (tokens[at] !== '(') fail(`\`${word}\` needs its largest size in bytes, for example ${word}(256)`);
        take('(');
        const bytes = bound();
        take(')');
        return { kind: word === 'string' ? 'str' : word, bytes };
      }
      case 'list': {
        take('(');
        const item = type(depth + 1);
        take(',');
        const length = bound();
        take(')');
        return list(item, length);
      }
      case 'map': {
        take('(');
        const key = type(depth + 1);
        if (key.kind !== 'str') fail('keys of an input are strings');
        take(',');
        const value = type(depth + 1);
        take(',');
        const length = bound();
        take(')');
        return map(key, value, length);
      }
      default:
        return fail(word === '' ? 'a type expected' : `\`${word}\` is not a type${suggestion(word, WORDS)}`);
    }
  };
  const result = type(1);
  if (at < tokens.length) fail(`\`${tokens[at]}\` after its end`);
  return result;
}
