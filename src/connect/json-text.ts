/** Small edits of a JSONC text: one value, member or item at a time; every other character stays where it was. */
import { findNodeAtLocation, type Node, parseTree } from 'jsonc-parser';

export type Path = readonly (string | number)[];

/** Offsets are those of `text`: a byte order mark counts as a blank. */
export const treeOf = (text: string): Node | undefined => parseTree(text.replace(/^\uFEFF/, ' '), [], { allowTrailingComma: true, disallowComments: false });

export function nodeAt(text: string, path: Path): Node | undefined {
  const tree = treeOf(text);
  return tree === undefined ? undefined : findNodeAtLocation(tree, [...path]);
}

const splice = (text: string, from: number, to: number, put: string): string => `${text.slice(0, from)}${put}${text.slice(to)}`;
const endOf = ({ offset, length }: Node): number => offset + length;

/** Where `at` lies: the blanks that its line begins with. */
function indentAt(text: string, at: number): string {
  const line = text.lastIndexOf('\n', at - 1) + 1;
  return /^[ \t]*/.exec(text.slice(line, at))?.[0] ?? '';
}

interface Style {
  readonly step: string;
  readonly eol: string;
}

function styleOf(text: string): Style {
  return { step: /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ', eol: text.includes('\r\n') ? '\r\n' : '\n' };
}

/** A value as this text would have it, its first line beginning at `indent`. */
function written(value: unknown, indent: string, { step, eol }: Style): string {
  return JSON.stringify(value, null, step).replaceAll('\n', `${eol}${indent}`);
}

/** The text with another value at `path`, which is there. */
export function replaced(text: string, path: Path, value: unknown): string {
  const node = nodeAt(text, path) as Node;
  const many = text.slice(node.offset, endOf(node)).includes('\n');
  return splice(text, node.offset, endOf(node), many ? written(value, indentAt(text, node.offset), styleOf(text)) : inline(value));
}

/** The text with the raw spelling `raw` at `path`, which is there. */
export function respelt(text: string, path: Path, raw: string): string {
  const node = nodeAt(text, path) as Node;
  return splice(text, node.offset, endOf(node), raw);
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([key, member]) => `${JSON.stringify(key)}: ${inline(member)}`)
    .join(', ')} }`;
}

/** The text with a member more in the object at `path`, or an item in the array there: the last one. */
export function added(text: string, path: Path, key: string | null, value: unknown): string {
  const node = nodeAt(text, path) as Node;
  const style = styleOf(text);
  const last = node.children?.at(-1);
  const name = key === null ? '' : `${JSON.stringify(key)}: `;
  if (last !== undefined) {
    const one = !text.slice(node.offset, last.offset).includes('\n');
    const indent = indentAt(text, last.offset);
    return splice(text, endOf(last), endOf(last), one ? `, ${name}${inline(value)}` : `,${style.eol}${indent}${name}${written(value, indent, style)}`);
  }
  const outer = indentAt(text, node.offset);
  const inner = outer + style.step;
  return splice(text, node.offset + 1, endOf(node) - 1, `${style.eol}${inner}${name}${written(value, inner, style)}${style.eol}${outer}`);
}

/** The text without the member or item at `path`, which is there. */
export function removed(text: string, path: Path): string {
  const found = nodeAt(text, path) as Node;
  const node = found.parent?.type === 'property' ? found.parent : found;
  const siblings = node.parent?.children ?? [];
  const at = siblings.indexOf(node);
  const before = siblings[at - 1];
  const after = siblings[at + 1];
  if (before !== undefined) return splice(text, endOf(before), endOf(node), '');
  if (after !== undefined) return splice(text, node.offset, after.offset, '');
  const holder = node.parent as Node;
  return splice(text, holder.offset + 1, endOf(holder) - 1, '');
}
