/** `find` and `fd`: what they run on what they find (spec/facet.md T-33). */
import { baseName, many, options, type Program } from './shell-call.ts';
import { asPattern } from './shell-pattern.ts';
import { isWhole } from './shell-send.ts';
import { ALL, STAR, TAME, WILD } from './shell-syntax.ts';

const ACTIONS = /^-(?:exec|execdir|ok|okdir)$/;
const NAMES = /^-(?:i?name|i?path|i?wholename)$/;

/** A pattern of `find`: its stars match dots too. */
/** Tests that tell files apart. */
const SELECTS = /^-(?:i?regex|newer.*|[acm]time|[acm]min|size|user|group|nouser|perm|links|inum|samefile|empty)$/;

const anything = (name: string): string => asPattern(name).replaceAll(STAR, TAME);

/** `find`: what it runs on what it finds, what it deletes. */
const find: Program = ({ args, state, run }) => {
  let at = 0;
  while (/^-[HLPDO]/.test(args[at] ?? '')) at += args[at] === '-D' ? 2 : 1;
  const roots: string[] = [];
  for (; at < args.length && !/^[-(!]/.test(args[at]); at++) roots.push(args[at]);
  if (roots.length === 0) roots.push('.');
  const rest = args.slice(at);
  const named = rest.flatMap((arg, i) => (NAMES.test(rest[i - 1] ?? '') && !/^(?:!|-not)$/.test(rest[i - 2] ?? '') ? [[rest[i - 1], arg]] : []));
  const either = rest.some((word) => /^(?:-o|-or|,)$/.test(word));
  const narrow = !either && (rest.includes('-empty') || named.some(([, name]) => name.replace(/[*?[\].]/g, '').length > 1));
  const found = roots.flatMap((root) =>
    named.length === 0 ? [`${root}/${TAME}`] : named.map(([test, name]) => (/path|whole/.test(test) ? anything(name) : `${root}/${TAME}/${anything(name)}`)),
  );
  // Unfiltered, they are all that is there.
  const all = !narrow && (either || named.every(([, name]) => /^[*]*$/.test(name))) && !rest.some((word) => SELECTS.test(word));
  let gathered = false;
  for (let i = 0; i < rest.length; i++) {
    if (ACTIONS.test(rest[i])) {
      const end = rest.findIndex((word, place) => place > i && (word === ';' || (word === '+' && rest[place - 1] === '{}')));
      const command = rest.slice(i + 1, end < 0 ? undefined : end);
      for (const path of [...found.slice(0, 8), ...(all ? roots.map((root) => `${root}/${STAR}`) : [])])
        run.argv(
          command.map((word) => word.replaceAll('{}', () => path)),
          state.clone(),
          null,
        );
      gathered ||= all && roots.some((root) => isWhole(root, { state, run })) && /^(?:cat|tar|zip|base64|xxd|gzip)$/.test(baseName(command[0] ?? ''));
      // What is not narrowed down meets every file below.
      if (!narrow && /^(?:rm|shred|unlink|cat|cp|mv|tar|zip|chmod|chown)$/.test(baseName(command[0] ?? ''))) {
        const removes = /^(?:rm|shred|unlink|mv)$/.test(baseName(command[0]));
        for (const root of roots) {
          if (removes) run.remove(root, state, true);
          else run.read(root, state, true);
        }
      }
      i = end < 0 ? rest.length : end;
    } else if (rest[i] === '-delete') {
      for (const path of narrow ? found.slice(0, 8) : roots) run.remove(path, state, !narrow);
    } else if (/^-(?:fprint0?|fls|fprintf)$/.test(rest[i])) run.write(rest[++i] ?? '', state);
    else if (rest[i] === '-files0-from') run.read(rest[++i] ?? '', state);
  }
  if (gathered) return WILD + ALL;
  return `${[...found, ...(all ? roots.map((root) => `${root}/${STAR}`) : [])].join('\n')}\n`;
};

/** `fd`: its own -x and -X. */
const fd: Program = ({ args, state, run }) => {
  const at = args.findIndex((arg) => /^(?:-x|-X|--exec|--exec-batch)$/.test(arg));
  const hidden = args.some((arg) => /^(?:-[a-zA-Z]*H|--hidden|-u+|--unrestricted)/.test(arg));
  const words = options(args.slice(0, at < 0 ? undefined : at), 'dtesSEcjo', ['max-depth', 'type', 'extension', 'exclude', 'size', 'owner', 'changed-within']);
  const all = words.operands.every((word) => /^[.*]*$/.test(word)) && !['e', 'extension', 'S', 'size', 'changed-within'].some((flag) => words.flags.has(flag));
  const names = all ? STAR : TAME;
  if (at < 0) return `${names}\n`;
  const command = args.slice(at + 1).filter((word) => word !== ';');
  const path = hidden ? `${TAME}/${asPattern('.*')}` : names;
  const named = command.some((word) => /\{[^}]*\}/.test(word));
  run.argv(named ? command.map((word) => word.replace(/\{[^}]*\}/g, () => path)) : [...command, path], state.clone(), null);
  return WILD;
};

export const FIND_PROGRAMS: readonly (readonly [string, Program])[] = [...many('find gfind bfs', find), ...many('fd fdfind', fd)];
