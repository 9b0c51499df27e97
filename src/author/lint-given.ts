/** What a test gives that no rule can read: a misspelt path is silently absent, and the test then shows something else. */
import { nearest } from '../base/nearest.ts';
import type { Environment } from '../rule/compile.ts';
import type { Source } from '../rule/input.ts';
import type { Manifest } from '../rule/manifest.ts';

/** A path that is given and not known, and the known one that was probably meant. */
export interface UnknownGiven {
  readonly path: string;
  readonly meant: string | undefined;
}

/**
 * The paths of `given` that are no input's, its group's or a part of one. What is below `args` and `context` is the
 * caller's: there only a path that looks like a declared one is told.
 */
export function unknownGiven(manifest: Manifest, environment: Environment, given: Source): readonly UnknownGiven[] {
  const known = [...environment.keys(), ...manifest.params.map(({ name }) => `params.${name}`), ...manifest.inputs.map(({ path }) => path)];
  const found: UnknownGiven[] = [];
  /** `group` ends in a dot, or is empty. */
  const walk = (value: unknown, group: string): void => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    for (const [key, below] of Object.entries(value)) {
      const path = group + key;
      if (known.includes(path) || /^(?:agent|session)\.sum\(/.test(path)) continue;
      if (known.some((one) => one.startsWith(`${path}.`))) {
        walk(below, `${path}.`);
        continue;
      }
      const beside = known.filter((one) => one.startsWith(group)).map((one) => one.slice(group.length).split('.')[0]);
      const meant = nearest(key, beside);
      if (meant !== undefined || !/^(?:args|context)(?:\.|$)/.test(path)) found.push({ path, meant: meant && group + meant });
    }
  };
  walk(given, '');
  return found;
}
