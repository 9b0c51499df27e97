/** Patterns with stars as conditions of the expression language: exactly, or not at all. */
import { literal } from './rule-text.ts';

/** The condition that a text matches a pattern in which `*` stands for any characters. */
export function wildcard(subject: string, pattern: string): string {
  const pieces = pattern.split('*');
  if (pieces.length === 1) return `${subject} == ${literal(pattern)}`;
  const [first, last] = [pieces[0], pieces[pieces.length - 1]];
  const middle = pieces.slice(1, -1).filter((piece) => piece !== '');
  if (middle.length > 0) return `${subject}.matches(${literal(`^${pieces.map(escaped).join('[\\s\\S]*')}$`)})`;
  const parts = [
    ...(first === '' ? [] : [`${subject}.startsWith(${literal(first)})`]),
    ...(last === '' ? [] : [`${subject}.endsWith(${literal(last)})`]),
    // What both ends share is not there twice.
    ...(first !== '' && last !== '' ? [`size(${subject}) >= ${[...first].length + [...last].length}`] : []),
  ];
  return parts.length === 0 ? 'true' : parts.length === 1 ? parts[0] : `(${parts.join(' && ')})`;
}

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, (char) => (char === '/' || char === '-' ? char : `\\${char}`));

/**
 * The condition that a path matches a pattern in which `*` stays within a name and `**` does not (gitignore).
 * @param pattern from the root, or beginning with `**`
 */
export function pathGlob(subject: string, pattern: string): string {
  const simple = simplePath(subject, pattern);
  if (simple !== undefined) return simple;
  let regex = '';
  for (let i = 0; i < pattern.length; i++) {
    if (pattern.startsWith('**/', i)) {
      regex += '(.*/)?';
      i += 2;
    } else if (pattern.startsWith('**', i)) {
      regex += '.*';
      i += 1;
    } else if (pattern[i] === '*') regex += '[^/]*';
    else if (pattern[i] === '?') regex += '[^/]';
    else regex += escaped(pattern[i]);
  }
  return `${subject}.matches(${literal(`^${regex}$`)})`;
}

/** Those that need no regular expression. */
function simplePath(subject: string, pattern: string): string | undefined {
  const plain = (text: string): boolean => !/[*?[\]]/.test(text);
  if (plain(pattern)) return `${subject} == ${literal(pattern)}`;
  if (pattern.endsWith('/**') && plain(pattern.slice(0, -3))) return `${subject}.startsWith(${literal(pattern.slice(0, -2))})`;
  // **/name and **/*.ending: at any depth, also at the top.
  const name = pattern.startsWith('**/') ? pattern.slice(3) : undefined;
  if (name === undefined || name.includes('/')) {
    const inner = name?.endsWith('/**') ? name.slice(0, -3) : undefined;
    return inner !== undefined && plain(inner)
      ? `(${subject}.contains(${literal(`/${inner}/`)}) || ${subject}.startsWith(${literal(`${inner}/`)}))`
      : undefined;
  }
  if (plain(name)) return `(${subject} == ${literal(name)} || ${subject}.endsWith(${literal(`/${name}`)}))`;
  if (name.startsWith('*') && plain(name.slice(1))) return `${subject}.endsWith(${literal(name.slice(1))})`;
  return undefined;
}
