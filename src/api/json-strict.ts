/**
 * The slow JSON parser (RFC 8259; spec/http.md N-12 to N-16): the same values as `JSON.parse`, but each refusal has a
 * code of its own and says where. Its recursion is bounded by `depthMax`.
 */
import { Fault, type FaultName } from '../base/fault.ts';
import { type Json, step } from './json-value.ts';

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
/** What a string may hold as it stands: no quote, no backslash, no control character. */
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPES: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const HEX4 = /^[0-9a-fA-F]{4}$/;
const WORDS: readonly (readonly [string, boolean | null])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];
const PATH_SHOWN_MAX = 512;

/** @throws Fault request_json, key_duplicate, key_forbidden, integer_too_large, not_finite, text_malformed, too_deep */
export function parseStrictly(text: string, depthMax: number): Json {
  return new Parser(text, depthMax).document();
}

class Parser {
  private readonly text: string;
  private readonly depthMax: number;
  private readonly path: (string | number)[] = [];
  private at = 0;

  constructor(text: string, depthMax: number) {
    this.text = text;
    this.depthMax = depthMax;
  }

  document(): Json {
    const value = this.value();
    this.space();
    if (this.at < this.text.length) this.malformed('something follows the value');
    return value;
  }

  /** N-15: `path` and, for malformed text, `offset` in UTF-16 units. */
  private fail(slug: FaultName, what: string): never {
    const path = `$${this.path.map(step).join('')}`.slice(0, PATH_SHOWN_MAX);
    throw new Fault(slug, `${what} at ${path}`, { path });
  }

  private malformed(what: string): never {
    const path = `$${this.path.map(step).join('')}`.slice(0, PATH_SHOWN_MAX);
    throw new Fault('request_json', `${what} at offset ${this.at}`, { offset: this.at, path });
  }

  private space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at += 1;
    }
  }

  private value(): Json {
    this.space();
    const char = this.text[this.at];
    if (char === '{') return this.object();
    if (char === '[') return this.array();
    if (char === '"') return this.string();
    if (char === '-' || (char >= '0' && char <= '9')) return this.number();
    for (const [word, value] of WORDS) {
      if (!this.text.startsWith(word, this.at)) continue;
      this.at += word.length;
      return value;
    }
    return this.malformed(char === undefined ? 'the text ends where a value is expected' : 'no value starts here');
  }

  private open(): void {
    if (this.path.length >= this.depthMax) this.fail('too_deep', `more than ${this.depthMax} levels`);
    this.at += 1;
    this.space();
  }

  private object(): Json {
    this.open();
    const object: Record<string, Json> = {};
    if (this.text[this.at] === '}') {
      this.at += 1;
      return object;
    }
    for (;;) {
      if (this.text[this.at] !== '"') this.malformed('a key in double quotes is expected');
      this.path.push('');
      const key = this.string();
      this.path[this.path.length - 1] = key;
      // N-13: where JSON.parse keeps the last of two, or makes an odd property, no one knows what was meant
      if (key === '__proto__') this.fail('key_forbidden', 'the key __proto__');
      if (Object.hasOwn(object, key)) this.fail('key_duplicate', 'the same key for the second time');
      this.space();
      if (this.text[this.at] !== ':') this.malformed('a colon is expected');
      this.at += 1;
      object[key] = this.value();
      this.path.pop();
      if (this.closes('}')) return object;
    }
  }

  private array(): Json {
    this.open();
    const list: Json[] = [];
    if (this.text[this.at] === ']') {
      this.at += 1;
      return list;
    }
    for (;;) {
      this.path.push(list.length);
      list.push(this.value());
      this.path.pop();
      if (this.closes(']')) return list;
    }
  }

  /** Past the closing bracket (true), or past a comma (false). */
  private closes(bracket: string): boolean {
    this.space();
    const char = this.text[this.at];
    if (char !== bracket && char !== ',') this.malformed(`a comma or ${bracket} is expected`);
    this.at += 1;
    if (char === bracket) return true;
    this.space();
    return false;
  }

  private string(): string {
    this.at += 1;
    let text = '';
    for (;;) {
      PLAIN.lastIndex = this.at;
      const plain = (PLAIN.exec(this.text) as RegExpExecArray)[0];
      this.at += plain.length;
      text += plain;
      const char = this.text[this.at];
      if (char === '"') {
        this.at += 1;
        if (!text.isWellFormed()) this.fail('text_malformed', 'a lone surrogate in a text'); // N-14
        return text;
      }
      if (char !== '\\') this.malformed(char === undefined ? 'the text ends within a string' : 'a control character in a string');
      text += this.escape();
    }
  }

  private escape(): string {
    const char = this.text[this.at + 1];
    if (char === 'u') {
      const digits = this.text.slice(this.at + 2, this.at + 6);
      if (!HEX4.test(digits)) this.malformed('four hex digits are expected after \\u');
      this.at += 6;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const plain = char === undefined ? undefined : ESCAPES[char];
    if (plain === undefined) return this.malformed('no such escape');
    this.at += 2;
    return plain;
  }

  /** N-12: integral values, `50.0` among them, are integers and must be safe ones. */
  private number(): number {
    NUMBER.lastIndex = this.at;
    const match = NUMBER.exec(this.text);
    if (match === null) return this.malformed('a number is malformed');
    this.at += match[0].length;
    const value = Number(match[0]);
    if (!Number.isFinite(value) || Object.is(value, -0)) this.fail('not_finite', `the number ${shorten(match[0])}`);
    if (Number.isInteger(value) && !Number.isSafeInteger(value))
      this.fail('integer_too_large', `the integer ${shorten(match[0])} is past 2^53: send a string,`);
    return value;
  }
}

const shorten = (digits: string): string => (digits.length <= 40 ? digits : `${digits.slice(0, 40)}…`);
