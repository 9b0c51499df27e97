/** What a shell does itself: folders, variables, aliases, code in its own process. */
import { type Call, options, type Program } from './shell-call.ts';
import { folderAt } from './shell-path.ts';
import { FOLDER, STRICT } from './shell-state.ts';
import { ALL, hasHole, hidesCode, START, TAME, WILD } from './shell-syntax.ts';

const silent: Program = ({ name, args, run }) => {
  if (args.some(hidesCode) && /^(?:\[|test)$/.test(name)) run.found.unclear('arithmetic on a text');
  // Completions run commands and expand words.
  if (name === 'compgen' && args.some((arg) => arg === '-C' || /\$\(|`/.test(arg))) run.found.unclear('a completion');
  return '';
};
const tells: Program = () => TAME;

/** All of the environment, where no name is given. */
const environment = (args: readonly string[]): boolean => args.every((arg) => /^-[a-zA-Z0]*$/.test(arg));

/** `cd`, `pushd`: the folder is what the argument leads to from each that it may be now. */
const changeFolder: Program = ({ args, state }) => {
  const target = args.find((arg) => arg === '-' || !arg.startsWith('-')) ?? '~';
  const now = state.vars.get(FOLDER) ?? [START];
  const old = state.vars.get('OLDPWD') ?? [TAME];
  const next = target === '-' ? old : now.map((folder) => (target.includes(WILD) ? WILD : folderAt(target, folder, state)));
  state.vars.set('OLDPWD', now);
  state.vars.set(FOLDER, [...new Set(next)]);
  return '';
};

const declare: Program = ({ args, state, run, name }) => {
  for (const arg of args) {
    const equals = arg.indexOf('=');
    if (/^[-+][a-zA-Z]*[nul]/.test(arg) && name !== 'export') run.found.unclear('a variable that stands for another');
    else if (args.some((each) => /^-[a-zA-Z]*i/.test(each)) && /\$\(|`/.test(arg)) run.found.unclear('arithmetic on a text');
    else if (equals > 0) run.set(arg.slice(0, equals).replace(/\+$|\[.*\]$/, ''), arg.slice(equals + 1), state);
  }
  return environment(args) ? WILD + ALL : '';
};

/** `read`: each line of a known input is a value. */
const read: Program = ({ args, stdin, state, run }) => {
  if (args.some(hidesCode)) run.found.unclear('arithmetic on a text');
  const { operands } = options(args, 'adinNptu');
  const names = operands.length > 0 ? operands : ['REPLY'];
  const unknown = stdin === null || stdin.includes(WILD) ? WILD : TAME;
  const lines = stdin === null ? [] : stdin.split('\n').filter((line) => line !== '');
  if (names.length === 1 && lines.length > 0 && lines.length <= 8) state.vars.set(names[0], [...new Set(lines)]);
  else if (lines.length === 1 && !hasHole(lines[0])) {
    const words = lines[0].split(/[ \t]+/);
    names.forEach((each, i) => run.set(each, i === names.length - 1 ? words.slice(i).join(' ') : (words[i] ?? ''), state));
  } else for (const each of names) state.set(each, lines.length > 0 && !hasHole(stdin ?? '') ? WILD : unknown);
  return '';
};

const mapfile: Program = ({ args, stdin, state, run }) => {
  const { operands, flags } = options(args, 'dnOsuCc');
  if (flags.has('C')) run.found.unclear('a callback');
  const name = operands[0] ?? 'MAPFILE';
  state.set(
    name,
    stdin === null
      ? WILD
      : stdin
          .split('\n')
          .filter((line) => line !== '')
          .join(' '),
  );
  state.set(`${name}[]`, '');
  return '';
};

const alias: Program = ({ args, state }) => {
  for (const arg of args) {
    const equals = arg.indexOf('=');
    if (equals > 0) state.aliases.set(arg.slice(0, equals), arg.slice(equals + 1));
  }
  return '';
};

/** `.` and `source`: a file's text runs here. */
const source: Program = ({ args, stdin, state, run }) => {
  const [path, ...rest] = args.filter((arg, i) => i > 0 || arg !== '--');
  if (path === undefined) return '';
  if (path === '/dev/stdin' || path === '-') return run.code(stdin, state, rest);
  run.read(path, state);
  const text = run.content(path, state);
  if (text !== undefined) return run.code(text, state, rest);
  run.found.does('write');
  return WILD;
};

const evaluate: Program = ({ args, state, run }) => run.code(args.join(' '), state);

const exec: Program = ({ args, state, stdin, run }) => {
  const { operands } = options(args, 'a', [], true);
  return operands.length === 0 ? '' : run.argv(operands, state, stdin);
};

/** `command`, `builtin`: look past functions; `command -v` only tells. */
const command: Program = ({ args, state, stdin, run }) => {
  const { operands, flags } = options(args, '', [], true);
  if (flags.has('v') || flags.has('V')) return TAME;
  const functions = new Map(state.functions);
  state.functions.clear();
  const out = run.argv(operands, state, stdin);
  for (const [name, body] of functions) state.functions.set(name, body);
  return out;
};

const set: Program = ({ args, state, run }) => {
  if (args.length === 0) return WILD + ALL;
  const dashes = args.indexOf('--');
  let first = 0;
  while (first < args.length && /^[-+]./.test(args[first]) && args[first] !== '--') first += /^[-+]\w*o$/.test(args[first]) ? 2 : 1;
  const words = dashes >= 0 && dashes <= first ? args.slice(dashes + 1) : args.slice(first);
  if (dashes >= 0 || words.length > 0) state.args = words;
  const given = args.slice(0, first);
  if (given.some((arg, i) => /^-[a-z]*e/.test(arg) || (arg === 'errexit' && given[i - 1] === '-o'))) state.set(STRICT, '');
  if (given.some((arg) => /^\+[a-z]*e/.test(arg))) state.vars.delete(STRICT);
  if (args.some((arg) => arg.includes('glob'))) run.found.unclear('patterns of another meaning');
  return '';
};

const shift: Program = ({ args, state }) => {
  state.args = state.args.slice(Number(args[0] ?? 1) || 1);
  return '';
};

const shopt: Program = ({ args, run }) => {
  if (args.some((arg) => /^(?:dotglob|globdots|glob_dots|extglob|extendedglob|nocaseglob|nocasematch|cdable_vars)$/i.test(arg)))
    run.found.unclear('patterns of another meaning');
  return '';
};

const trap: Program = ({ args, state, run }) => {
  const [action] = args.filter((arg) => arg !== '--');
  if (args.length > 1 && action !== undefined && action !== '-' && !action.startsWith('-')) run.code(action, state.clone());
  return '';
};

const hash: Program = ({ args, state, run }) => {
  const { values, operands } = options(args, 'p');
  const path = values.get('p')?.at(-1);
  if (path !== undefined && operands[0] !== undefined) state.aliases.set(operands[0], path);
  if (path?.includes(WILD)) run.found.unclear('a program that is known only when it runs');
  return '';
};

const arithmetic: Program = ({ args, state, run }) => {
  const values = args.flatMap((arg) => [arg, ...(arg.match(/[A-Za-z_]\w*/g) ?? []).flatMap((name) => state.vars.get(name) ?? [])]);
  if (values.some((value) => /[`$[]/.test(value) && /\$\(|`/.test(value))) run.found.unclear('arithmetic on a text');
  return '';
};

const fix: Program = ({ args, run }) => {
  if (!args.some((arg) => /^-[lnr]*l/.test(arg))) run.found.unclear('a command of the history');
  return WILD;
};

const enable: Program = ({ args, run }) => {
  if (args.includes('-f')) run.found.unclear('a builtin that is loaded');
  return '';
};

const unset: Program = ({ args, state, run }) => {
  if (args.some(hidesCode)) run.found.unclear('arithmetic on a text');
  for (const arg of args) {
    state.vars.delete(arg);
    state.functions.delete(arg);
  }
  return '';
};

const where: Program = ({ state }: Call) => `${(state.vars.get(FOLDER) ?? [START])[0]}\n`;

const coprocess: Program = ({ args, state, stdin, run }) => (args.length > 0 ? run.argv(args, state, stdin) : '');

export const BUILTINS: ReadonlyMap<string, Program> = new Map<string, Program>([
  ...['cd', 'chdir', 'pushd'].map((name): [string, Program] => [name, changeFolder]),
  ['popd', (call) => changeFolder({ ...call, args: ['-'] })],
  ...['declare', 'typeset', 'local', 'export', 'readonly', 'integer'].map((name): [string, Program] => [name, declare]),
  ['read', read],
  ['vared', read],
  ['mapfile', mapfile],
  ['readarray', mapfile],
  ['alias', alias],
  ['.', source],
  ['source', source],
  ['eval', evaluate],
  ['exec', exec],
  ['command', command],
  ['builtin', command],
  ['set', set],
  ['setopt', shopt],
  ['shopt', shopt],
  ['shift', shift],
  ['trap', trap],
  ['hash', hash],
  ['let', arithmetic],
  ['fc', fix],
  ['enable', enable],
  ['unset', unset],
  ['pwd', where],
  ['coproc', coprocess],
  ['noglob', coprocess],
  ['nocorrect', coprocess],
  ...[
    ':',
    'true',
    'false',
    '[',
    'test',
    'wait',
    'jobs',
    'exit',
    'return',
    'break',
    'continue',
    'logout',
    'times',
    'umask',
    'ulimit',
    'getopts',
    'bg',
    'fg',
    'disown',
    'unalias',
    'dirs',
    'bind',
    'complete',
    'compgen',
    'emulate',
    'autoload',
    'zmodload',
    'rehash',
    'suspend',
  ].map((name): [string, Program] => [name, silent]),
  ...['type', 'which', 'whence', 'whereis', 'history'].map((name): [string, Program] => [name, tells]),
]);
