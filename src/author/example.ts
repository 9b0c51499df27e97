/** Examples short enough to read: what does not matter is left out, what does is made small. */
import type { Source, SourceValue } from '../rule/input.ts';
import { segments } from '../rule/input.ts';

type Group = { readonly [key: string]: SourceValue };
const isGroup = (value: SourceValue): value is Group => typeof value === 'object' && value !== null && !Array.isArray(value);

/** All places of a source, the deepest first: a group may go when all in it is gone. */
function placesOf(source: Group, before: readonly string[] = []): readonly (readonly string[])[] {
  return Object.entries(source).flatMap(([key, value]) => {
    const path = [...before, key];
    return isGroup(value) ? [...placesOf(value, path), path] : [path];
  });
}

function at(source: SourceValue, path: readonly string[]): SourceValue {
  return path.length === 0 ? source : isGroup(source) ? at(source[path[0]], path.slice(1)) : undefined;
}

function put(source: Group, [first, ...rest]: readonly string[], value: SourceValue): Group {
  if (rest.length > 0) return { ...source, [first]: put((source[first] ?? {}) as Group, rest, value) };
  if (value !== undefined) return { ...source, [first]: value };
  return Object.fromEntries(Object.entries(source).filter(([key]) => key !== first));
}

/** Simpler values to try in place of one, the simplest first. */
function simpler(value: SourceValue): readonly SourceValue[] {
  if (typeof value === 'number' || typeof value === 'bigint') return [0, 1].filter((one) => value > one);
  if (typeof value === 'string') {
    const half = [...value].slice(0, [...value].length >> 1).join('');
    return value.length <= 1 ? [] : ['a', half, value.slice(0, -1), [...value].slice(1).join('')];
  }
  if (Array.isArray(value)) {
    const items = value as readonly SourceValue[];
    const shorter = items.length === 0 ? [] : [[], items.slice(0, 1), items.slice(1)];
    return [...shorter, ...items.flatMap((item, i) => simpler(item).map((one) => items.map((other, j) => (i === j ? one : other))))];
  }
  return [];
}

/** Rounds of making values smaller. */
const ROUNDS = 24;

/**
 * A smaller source for which the same holds.
 * @param kept paths that stay, whatever they hold
 */
export function shrink(source: Source, holds: (source: Source) => boolean, kept: ReadonlySet<string> = new Set()): Source {
  const fixed = new Set([...kept].flatMap((path) => segments(path).map((_, i, parts) => parts.slice(0, i + 1).join('.'))));
  let small: Group = source;
  for (const path of placesOf(small)) {
    const value = at(small, path);
    if (value === undefined || fixed.has(path.join('.')) || (isGroup(value) && Object.keys(value).length > 0)) continue;
    const without = put(small, path, undefined);
    if (holds(without)) small = without;
  }
  for (let round = 0; round < ROUNDS; round++) {
    let changed = false;
    for (const path of placesOf(small)) {
      for (const value of simpler(at(small, path))) {
        const next = put(small, path, value);
        if (!holds(next)) continue;
        small = next;
        changed = true;
        break;
      }
    }
    if (!changed) break;
  }
  return small;
}
