/**
 * The types that the checker sees: kinds at every depth, without bounds, with dyn where the text gives up on types. The
 * types of the IR (infer.ts) are more exact, since `dyn()` is nothing there.
 */
import { dyn, list, map, NONE, str, type Type } from './type.ts';

export const DYN: Type = dyn(0);
export const STRING: Type = str(0);
export const BYTES: Type = { kind: 'bytes', bytes: 0 };

/** Without bounds. */
export function plain(type: Type): Type {
  if (type.kind === 'list') return list(plain(type.item), 0);
  if (type.kind === 'map') return map(plain(type.key), plain(type.value), 0);
  return 'bytes' in type ? { kind: type.kind, bytes: 0 } : type;
}

/** Whether a value of one may be a value of the other: the same kinds, or dyn or nothing at all in some place. */
export function fits(a: Type, b: Type): boolean {
  if ([a.kind, b.kind].some((kind) => kind === 'none' || kind === 'dyn')) return true;
  if (a.kind === 'list' && b.kind === 'list') return fits(a.item, b.item);
  if (a.kind === 'map' && b.kind === 'map') return fits(a.key, b.key) && fits(a.value, b.value);
  return a.kind === b.kind;
}

/** The type of what may be either: dyn where they differ. */
export function either(a: Type, b: Type): Type {
  if (a.kind === 'none') return b;
  if (b.kind === 'none') return a;
  if (a.kind === 'list' && b.kind === 'list') return list(either(a.item, b.item), 0);
  if (a.kind === 'map' && b.kind === 'map') return map(either(a.key, b.key), either(a.value, b.value), 0);
  return a.kind === b.kind ? a : DYN;
}

export const eitherOf = (types: readonly Type[]): Type => types.reduce(either, NONE);
