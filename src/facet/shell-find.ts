/** `find` and `fd`: what they run on what they find (spec/facet.md T-33). */
import { baseName, many, type Program } from './shell-call.ts';
import { asPattern } from './shell-pattern.ts';
import { STAR, TAME, WILD } from './shell-syntax.ts';

const ACTIONS = /^-(?:exec|execdir|ok|okdir)$/;
const NAMES = /^-(?:i?name|i?path|i?wholename)$/;

/** A pattern of `find`: its stars match dots too. */
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
  for (let i = 0; i < rest.length; i++) {
    if (ACTIONS.test(rest[i])) {
      const end = rest.findIndex((word, place) => place > i && (word === ';' || (word === '+' && rest[place - 1] === '{}')));
      const command = rest.slice(i + 1, end < 0 ? undefined : end);
      for (const path of found.slice(0, 8))
        run.argv(
          command.map((word) => word.replaceAll('{}', () => path)),
          state.clone(),
          null,
        );
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
  return `${found.join('\n')}\n`;
};

/** `fd`: its own -x and -X. */
const fd: Program = ({ args, state, run }) => {
  const at = args.findIndex((arg) => /^(?:-x|-X|--exec|--exec-batch)$/.test(arg));
  const hidden = args.some((arg) => /^(?:-[a-zA-Z]*H|--hidden|-u+|--unrestricted)/.test(arg));
  if (at < 0) return `${TAME}\n`;
  const command = args.slice(at + 1).filter((word) => word !== ';');
  const path = hidden ? `${TAME}/${asPattern('.*')}` : TAME;
  const named = command.some((word) => /\{[^}]*\}/.test(word));
  run.argv(named ? command.map((word) => word.replace(/\{[^}]*\}/g, () => path)) : [...command, path], state.clone(), null);
  return WILD;
};

export const FIND_PROGRAMS: readonly (readonly [string, Program])[] = [...many('find gfind bfs', find), ...many('fd fdfind', fd)];
