/**
 * The planned writer of input buffers (spec/input.md): byte for byte what `writeInputs` makes, but made once a rule and
 * then run for each decision, where writing the inputs costs more than judging. It allocates nothing but, for a text
 * past ASCII_LOOP_MAX or outside ASCII, one view, and for a map the array of its keys.
 *
 * It is generated code: shared closures see every shape of every rule and take 80 ns an input, code of its own takes 3.
 * The text of that code is made of numbers and of the fixed pieces below. Names reach it as values only, so no path, however
 * spelt, can become code.
 */
import { ABSENT, ENTRY_BYTES, PARENT_MISSING, SLOT_BYTES, type Source, segments, UNFIT, writeInputs } from './input.ts';
import type { Input } from './ir.ts';
import { type Type, tagOf } from './type.ts';
import * as values from './writer-value.ts';

/**
 * Writes the inputs found in `source` into `memory` from byte 0 and returns how many bytes the buffer takes. `view`
 * shows the same bytes. The memory must hold `inputBytesMax(inputs)`; bytes past the returned number may have changed.
 */
export type InputWriter = (source: Source, memory: Uint8Array, view: DataView) => number;

const UNFITTING = values.UNFITTING;
const TAG_LIST = tagOf('list');
const TAG_MAP = tagOf('map');

/** What generated code may call or read, by the name that it has there. */
const SCOPE = {
  slot: values.slot,
  putBool: values.putBool,
  putInt: values.putInt,
  putUint: values.putUint,
  putDouble: values.putDouble,
  putTimestamp: values.putTimestamp,
  putDuration: values.putDuration,
  putText: values.putText,
  putBytes: values.putBytes,
  putDyn: values.putDyn,
  sortedKeys: values.sortedKeys,
  isArray: Array.isArray,
  hasOwn: Object.hasOwn,
  prototype: Object.prototype,
} as const;

/** The text of a writer while it is made. */
class Plan {
  readonly names: string[] = [];
  readonly functions: string[] = [];
  readonly lines: string[] = [];
  /** The variable that holds the group of a path's first segments, by these. */
  private readonly groups = new Map<string, string>();

  /** A name as the variable that holds it. */
  private key(name: string): string {
    const known = this.names.indexOf(name);
    if (known >= 0) return `k${known}`;
    // a property's own name is interned: with any other string the engine looks the property up anew at each read
    const [interned] = Object.keys({ [name]: null });
    return `k${this.names.push(interned) - 1}`;
  }

  /**
   * `value` becomes what `group` has under `key`. `hasOwn` would cost ten times a plain read: it is asked only when the
   * property may be inherited, because Object.prototype has it, too.
   */
  private static inherited = (group: string, key: string): string => `(prototype[${key}] !== undefined && !hasOwn(${group}, ${key}))`;

  private static isGroup = (value: string): string => `(typeof ${value} === 'object' && ${value} !== null && !isArray(${value}))`;

  /** The variable of the group that holds a path's last segment, null at run time when it is missing. */
  group(parents: readonly string[]): string {
    const place = parents.map((part) => `${part.length}:${part}`).join();
    const known = this.groups.get(place);
    if (known !== undefined) return known;
    const group = `g${this.groups.size}`;
    if (parents.length === 0) this.lines.push(`const ${group} = ${Plan.isGroup('source')} ? source : null;`);
    else {
      const outer = this.group(parents.slice(0, -1));
      return this.inner(place, outer, this.key(parents[parents.length - 1]));
    }
    this.groups.set(place, group);
    return group;
  }

  private inner(place: string, outer: string, key: string): string {
    const group = `g${this.groups.size}`;
    this.groups.set(place, group);
    this.lines.push(
      `let ${group} = null;`,
      `if (${outer} !== null) {`,
      `  value = ${outer}[${key}];`,
      `  if (${Plan.isGroup('value')} && !${Plan.inherited(outer, key)}) ${group} = value;`,
      '}',
    );
    return group;
  }

  input({ path, type }: Input, at: number): void {
    const parts = segments(path);
    const group = this.group(parts.slice(0, -1));
    const key = this.key(parts[parts.length - 1]);
    this.lines.push(
      `if (${group} === null) slot(view, ${at}, 0, 0, ${PARENT_MISSING});`,
      'else {',
      `  value = ${group}[${key}];`,
      `  if (value === undefined || value === null || ${Plan.inherited(group, key)}) slot(view, ${at}, 0, 0, ${ABSENT});`,
      '  else {',
      `    after = ${this.put(type, `${at}`, 'value', 'end')};`,
      `    if (after === ${UNFITTING}) slot(view, ${at}, 0, 0, ${UNFIT});`,
      '    else end = after;',
      '  }',
      '}',
    );
  }

  /** The call that writes a value into the slot at `at` and its heap from `end` on. */
  private put(type: Type, at: string, value: string, end: string): string {
    switch (type.kind) {
      case 'bool':
        return `putBool(view, ${at}, ${value}, ${end})`;
      case 'int':
        return `putInt(view, ${at}, ${value}, ${end})`;
      case 'uint':
        return `putUint(view, ${at}, ${value}, ${end})`;
      case 'dbl':
        return `putDouble(view, ${at}, ${value}, ${end})`;
      case 'ts':
        return `putTimestamp(view, ${at}, ${value}, ${end})`;
      case 'dur':
        return `putDuration(view, ${at}, ${value}, ${end})`;
      case 'str':
        return `putText(memory, view, ${at}, ${value}, ${end}, ${type.bytes})`;
      case 'bytes':
        return `putBytes(memory, view, ${at}, ${value}, ${end}, ${type.bytes})`;
      case 'dyn':
        return `putDyn(memory, view, ${at}, ${value}, ${end}, ${type.bytes})`;
      case 'list':
        return `${this.list(type.item, type.length)}(memory, view, ${at}, ${value}, ${end})`;
      case 'map':
        return `${this.map(type.key, type.value, type.length)}(memory, view, ${at}, ${value}, ${end})`;
      default:
        return `${UNFITTING}`;
    }
  }

  private define(body: readonly string[]): string {
    const name = `put${this.functions.length}`;
    this.functions.push(`function ${name}(memory, view, at, value, end) {\n${body.join('\n')}\n}`);
    return name;
  }

  private list(item: Type, lengthMax: number): string {
    const putItem = this.put(item, `end + i * ${SLOT_BYTES}`, 'value[i]', 'after');
    return this.define([
      `if (!isArray(value) || value.length > ${lengthMax}) return ${UNFITTING};`,
      'const length = value.length;',
      `slot(view, at, ${TAG_LIST}, length, end);`,
      `let after = end + length * ${SLOT_BYTES};`,
      'for (let i = 0; i < length; i++) {',
      `  after = ${putItem};`,
      `  if (after === ${UNFITTING}) return ${UNFITTING};`,
      '}',
      'return after;',
    ]);
  }

  private map(key: Type, item: Type, lengthMax: number): string {
    const putKey = this.put(key, 'entry', 'keys[i]', 'after');
    const putItem = this.put(item, `entry + ${SLOT_BYTES}`, 'value[keys[i]]', 'after');
    return this.define([
      `const keys = sortedKeys(value, ${lengthMax});`,
      `if (keys === null) return ${UNFITTING};`,
      `slot(view, at, ${TAG_MAP}, keys.length, end);`,
      `let after = end + keys.length * ${ENTRY_BYTES};`,
      'for (let i = 0; i < keys.length; i++) {',
      `  const entry = end + i * ${ENTRY_BYTES};`,
      `  after = ${putKey};`,
      `  if (after === ${UNFITTING}) return ${UNFITTING};`,
      `  after = ${putItem};`,
      `  if (after === ${UNFITTING}) return ${UNFITTING};`,
      '}',
      'return after;',
    ]);
  }
}

/** W-11: a writer for these inputs, to be kept as long as the rule. */
export function planWriter(inputs: readonly Input[]): InputWriter {
  const plan = new Plan();
  inputs.forEach((input, i) => plan.input(input, i * SLOT_BYTES));
  const code = [
    `'use strict';`,
    `const { ${Object.keys(SCOPE).join(', ')} } = scope;`,
    ...plan.names.map((_, i) => `const k${i} = names[${i}];`),
    ...plan.functions,
    'return (source, memory, view) => {',
    `let end = ${inputs.length * SLOT_BYTES}, value, after;`,
    ...plan.lines,
    'return end;',
    '};',
  ].join('\n');
  try {
    return new Function('scope', 'names', code)(SCOPE, plan.names) as InputWriter;
  } catch (error) {
    if (!(error instanceof EvalError)) throw error;
    // a process that forbids generated code gets the same bytes, slowly
    return (source, memory) => {
      const buffer = writeInputs(inputs, source);
      memory.set(buffer);
      return buffer.length;
    };
  }
}
