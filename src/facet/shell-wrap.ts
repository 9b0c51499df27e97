/** Programs that run others: what is inside is what runs (spec/facet.md T-33). */
import { type Call, last, options, type Program } from './shell-call.ts';
import { mentions } from './shell-files.ts';
import { FIND_PROGRAMS } from './shell-find.ts';
import { isRemoteCode, runsRemote } from './shell-more.ts';
import { wroteRecipes } from './shell-packages.ts';
import { folderAt } from './shell-path.ts';
import { asPattern } from './shell-pattern.ts';
import { FOLDER } from './shell-state.ts';
import { ALL, hasHole, START, WILD } from './shell-syntax.ts';

interface Prefix {
  /** Letters of options with a value. */
  readonly short?: string;
  readonly long?: readonly string[];
  /** Words before the program: a time limit, a lock. */
  readonly skip?: number;
  /** `NAME=value` words may stand before the program. */
  readonly assigns?: boolean;
  readonly privileged?: boolean;
  /** The letter of the option that names its folder. */
  readonly folder?: string;
  /** An option of which the value is a line of shell. */
  readonly line?: string;
  /** Words that name what the program does before another program follows: `exec`, `run`. */
  readonly verbs?: RegExp;
}

const PREFIXES: Readonly<Record<string, Prefix>> = {
  sudo: { folder: 'D', short: 'ugpCrtTUDhRa', long: ['user', 'group', 'prompt', 'chdir', 'host', 'role', 'type', 'chroot'], assigns: true, privileged: true },
  doas: { short: 'uC', privileged: true },
  pkexec: { long: ['user'], privileged: true },
  run0: { folder: 'D', short: 'ugDp', privileged: true },
  runuser: { short: 'ucg', line: 'c', privileged: true, skip: 0 },
  su: { short: 'cgGsw', line: 'c', privileged: true },
  chroot: { skip: 1, privileged: true },
  nsenter: { short: 't', privileged: true },
  unshare: { long: ['wd', 'root'], privileged: true },
  setpriv: { privileged: true },
  capsh: { privileged: true },
  env: { folder: 'C', short: 'uCaP', long: ['unset', 'chdir', 'argv0'], assigns: true },
  nohup: {},
  nice: { short: 'n', long: ['adjustment'] },
  ionice: { short: 'cnpPu', long: ['class', 'classdata'] },
  chrt: { short: 'TPD', skip: 1 },
  taskset: { skip: 1 },
  numactl: { short: 'NmCip' },
  time: { short: 'of', long: ['output', 'format'] },
  timeout: { short: 'ks', long: ['kill-after', 'signal'], skip: 1 },
  gtimeout: { short: 'ks', skip: 1 },
  stdbuf: { short: 'ioe', long: ['input', 'output', 'error'] },
  setsid: {},
  flock: { short: 'wEc', line: 'c', skip: 1 },
  strace: { short: 'eopsuEPSaIXO' },
  ltrace: { short: 'eopsuanlAF' },
  fakeroot: {},
  catchsegv: {},
  linux32: {},
  linux64: {},
  setarch: { skip: 1 },
  arch: {},
  caffeinate: { short: 'tw' },
  'systemd-inhibit': { long: ['what', 'who', 'why', 'mode'] },
  'systemd-run': { short: 'putM', long: ['unit', 'property', 'slice', 'description', 'uid', 'gid'] },
  'xvfb-run': { short: 'nsefw' },
  'dbus-run-session': {},
  firejail: {},
  bwrap: { long: ['bind', 'ro-bind', 'dev', 'proc', 'tmpfs', 'chdir'] },
  prlimit: {},
  cpulimit: { short: 'lepP' },
  chronic: {},
  unbuffer: {},
  rlwrap: { short: 'aHfsbDP' },
  winpty: {},
  busybox: {},
  toybox: {},
  'gnome-terminal': {},
  xterm: { short: 'eT' },
  entr: {},
  watchexec: { short: 'weifds', long: ['watch', 'exts', 'ignore', 'filter', 'delay-run', 'shell'] },
  'cross-env': { assigns: true },
  'cross-env-shell': { assigns: true },
  dotenv: { short: 'efv' },
  'dotenv-cli': { short: 'efv' },
  direnv: { verbs: /^exec$/, skip: 1 },
  'aws-vault': { verbs: /^exec$/, skip: 1, short: 'd' },
  chef: { verbs: /^exec$/ },
  doppler: { verbs: /^run$/, short: 'pc' },
  op: { verbs: /^run$/, long: ['env-file'] },
  infisical: { verbs: /^run$/, long: ['env', 'path'] },
  chamber: { verbs: /^exec$/ },
  dotenvx: { verbs: /^run$/, short: 'f' },
  npx: { short: 'pc', long: ['package', 'call'], line: 'c' },
  bunx: {},
  pnpx: {},
  uvx: { long: ['from', 'with', 'python'] },
  pipx: { verbs: /^run$/, long: ['spec', 'python'] },
  pnpm: { folder: 'C', verbs: /^(?:exec|dlx)$/, short: 'CF', long: ['filter', 'dir'] },
  yarn: { verbs: /^(?:exec|dlx)$/, long: ['cwd'] },
  bun: { verbs: /^x$/ },
  uv: { verbs: /^run$/, long: ['with', 'python', 'project', 'directory', 'env-file', 'extra', 'group'], short: 'p' },
  poetry: { verbs: /^run$/, short: 'CP' },
  pipenv: { verbs: /^run$/ },
  pdm: { verbs: /^run$/, short: 'p' },
  rye: { verbs: /^run$/ },
  hatch: { verbs: /^run$/, short: 'e' },
  pixi: { verbs: /^run$/, short: 'e' },
  conda: { verbs: /^run$/, short: 'np', long: ['name', 'prefix'] },
  mamba: { verbs: /^run$/, short: 'np' },
  bundle: { verbs: /^exec$/ },
  mise: { verbs: /^(?:exec|x)$/ },
  asdf: { verbs: /^exec$/ },
  rbenv: { verbs: /^exec$/ },
  pyenv: { verbs: /^exec$/ },
  nvm: { verbs: /^exec$/, skip: 1 },
  fnm: { verbs: /^exec$/, long: ['using'] },
  volta: { verbs: /^run$/, long: ['node', 'npm'] },
  corepack: {},
  rustup: { verbs: /^run$/, skip: 1 },
  'nix-shell': { short: 'pIA', long: ['run', 'command', 'packages'], line: 'run' },
  nix: { verbs: /^(?:develop|shell|run)$/, short: 'c', line: 'c' },
  wsl: { short: 'du', long: ['distribution', 'user'] },
  multipass: { verbs: /^exec$/, skip: 1 },
  lima: {},
  limactl: { verbs: /^shell$/, skip: 1 },
  toolbox: { verbs: /^run$/, short: 'c' },
  distrobox: { verbs: /^enter$/, short: 'n' },
  script: { short: 'cEIOBTm', line: 'c', long: ['command'] },
};

/** What is left of a package's name as a program: `@scope/name@1` is name. */
const packaged = (word: string): string => word.replace(/^@[^/]+\//, '').replace(/@[^/]*$/, '');

/** `tool` says what the program does where it runs no other. */
function prefixed(prefix: Prefix, tool: Program): Program {
  return ({ name, args, state, stdin, run }) => {
    const { found } = run;
    if (prefix.privileged) found.privileged = true;
    const given = options(args, prefix.short ?? '', prefix.long ?? [], true);
    const settings = new Map(given.values);
    const line =
      prefix.line === undefined ? undefined : (last(given.values.get(prefix.line)) ?? last(given.values.get('command')) ?? last(given.values.get('call')));
    if (line !== undefined) return run.line(line, state.clone(), stdin);
    let words = [...given.operands];
    if (prefix.verbs !== undefined) {
      if (!prefix.verbs.test(words[0] ?? '')) return tool({ name, args, state, stdin, run });
      const behind = options(words.slice(1), prefix.short ?? '', prefix.long ?? [], true);
      words = [...behind.operands];
      for (const [key, values] of behind.values) settings.set(key, values);
    }
    // `flock FILE -c LINE`, `su USER -c LINE`
    const behind = prefix.line === undefined ? -1 : words.findIndex((word) => word === `-${prefix.line}` || word === '--command');
    if (behind >= 0 && words[behind + 1] !== undefined) return run.line(words[behind + 1], state.clone(), stdin);
    words = words.slice(prefix.skip ?? 0);
    if (words[0] === '--') words.shift();
    const own = state.clone();
    const folder =
      last(settings.get('chdir')) ??
      last(settings.get('working-directory')) ??
      last(settings.get('wd')) ??
      (prefix.folder === undefined ? undefined : last(settings.get(prefix.folder)));
    if (folder !== undefined)
      own.vars.set(
        FOLDER,
        (own.vars.get(FOLDER) ?? [START]).map((from) => (folder.includes(WILD) ? WILD : folderAt(folder, from, own))),
      );
    // Those that put secrets into the environment, and what shows it.
    if (/^(?:dotenv|dotenv-cli|dotenvx|doppler|op|infisical|aws-vault|chamber)$/.test(name) && /^(?:env|printenv|set|export)$/.test(words[0] ?? ''))
      run.read('/run/secrets/environment', own);
    for (const word of /^(?:npx|bunx|pnpx|uvx|pipx|pnpm|yarn|bun)$/.test(name)
      ? [words[0] ?? '', ...['package', 'p', 'from', 'with', 'spec'].flatMap((key) => settings.get(key) ?? [])]
      : [])
      if (isRemoteCode(word)) runsRemote(word, { run });
    if (name === 'npx' && wroteRecipes(state)) found.unclear('recipes that this line wrote');
    if (prefix.assigns) {
      while (/^[A-Za-z_]\w*=/.test(words[0] ?? '')) {
        const [assign] = words.splice(0, 1);
        run.set(assign.slice(0, assign.indexOf('=')), assign.slice(assign.indexOf('=') + 1), own);
      }
    }
    if (name === 'env') {
      const split = args.findIndex((arg) => /^-[iv0]*S/.test(arg) || arg.startsWith('--split-string'));
      if (split >= 0) {
        const first = args[split].replace(/^-[iv0]*S|^--split-string=?/, '');
        return run.line([first, ...args.slice(split + 1)].join(' '), own, stdin);
      }
    }
    if (name === 'sudo' && (given.flags.has('e') || given.flags.has('edit'))) {
      for (const path of words) run.write(path, own);
      return '';
    }
    if (words.length === 0) return name === 'sudo' || name === 'su' ? run.code(stdin, own) : name === 'env' ? WILD + ALL : '';
    // `su USER` runs a shell on its input; `su USER -c LINE` was read above.
    if (name === 'su' || (name === 'runuser' && !given.flags.has('u'))) return run.code(stdin, own);
    // `sudo -s LINE`
    if (name === 'sudo' && (given.flags.has('s') || given.flags.has('i'))) return run.line(words.join(' '), own, stdin);
    if (/^(?:npx|bunx|pnpx|uvx|pipx|pnpm|yarn|bun)$/.test(name)) words[0] = packaged(words[0]);
    return run.argv(words, own, stdin);
  };
}

const SHELL_VALUES = new Set(['-o', '+o', '-O', '+O', '--rcfile', '--init-file']);

/** `sh`, `bash`, `zsh` …: a line, a script, or its input. */
const shell: Program = ({ args, state, stdin, run }) => {
  let at = 0;
  let line = false;
  let input = false;
  for (; at < args.length; at++) {
    const word = args[at];
    if (word === '--' || word === '-') {
      at++;
      break;
    }
    if (!/^[-+]./.test(word)) break;
    if (SHELL_VALUES.has(word)) {
      const file = args[++at];
      if (word.endsWith('file')) run.code(run.content(file ?? '', state) ?? null, state.clone());
    } else if (!word.startsWith('--')) {
      line ||= /^-[a-zA-Z]*c/.test(word);
      input ||= /^-[a-zA-Z]*s/.test(word);
    }
  }
  const rest = args.slice(at);
  const own = state.clone();
  if (line) {
    if (rest[0] === undefined) return '';
    if (rest[1] !== undefined) own.set('0', rest[1]);
    return rest[0].includes(WILD) ? run.code(rest[0], own) : run.line(rest[0], own, stdin, rest.slice(2));
  }
  const [script] = rest;
  if (script === undefined || input || script === '/dev/stdin') return run.code(stdin, own, rest);
  const text = run.content(script, own);
  if (text !== undefined) return run.code(text, own, rest.slice(1));
  if (script.includes(WILD)) run.found.unclear('a script that is known only when it runs');
  mentions({ name: 'script', args: [script], state, stdin, run });
  run.found.does('write');
  return WILD;
};

/** `xargs`: words of its input are arguments. */
const xargs: Program = ({ args, state, stdin, run }) => {
  const { values, operands, flags } = options(
    args,
    'IELnPsda',
    ['replace', 'max-args', 'max-procs', 'delimiter', 'arg-file', 'max-lines', 'max-chars', 'eof'],
    true,
  );
  const file = last(values.get('a')) ?? last(values.get('arg-file'));
  if (file !== undefined) run.read(file, state);
  const text = file === undefined ? stdin : (run.content(file, state) ?? WILD);
  const items =
    text === null
      ? [WILD]
      : text
          .split(/[\s\0]+/)
          .filter((item) => item !== '')
          .map(asPattern);
  const mark = last(values.get('I')) ?? last(values.get('replace')) ?? (flags.has('i') ? '{}' : undefined);
  // With a mark each line is one argument.
  const lines = text?.split('\n').filter((item) => item !== '') ?? [WILD];
  const command = operands.length === 0 ? ['echo'] : operands;
  const fields = items.length > 64 ? [WILD] : items;
  if (mark === undefined || mark === '') return run.argv([...command, ...fields], state.clone(), null);
  let out = '';
  for (const item of lines.length > 64 ? [WILD] : lines)
    out = run.argv(
      command.map((word) => word.replaceAll(mark, () => item)),
      state.clone(),
      null,
    );
  return out;
};

/** GNU parallel: a line for each of the values. */
const parallel: Program = ({ args, state, stdin, run }) => {
  const marks = args.findIndex((arg) => arg.startsWith(':::'));
  const { operands } = options(
    marks < 0 ? args : args.slice(0, marks),
    'jNaISLnCd',
    ['jobs', 'colsep', 'joblog', 'delay', 'timeout', 'arg-file', 'sshlogin'],
    true,
  );
  const items =
    marks < 0 ? (stdin === null ? [WILD] : stdin.split('\n').filter((item) => item !== '')) : args.slice(marks + 1).filter((arg) => !arg.startsWith(':::'));
  const line = operands.join(' ');
  for (const item of items.slice(0, 32))
    run.line(line === '' ? item : /\{[^}]*\}/.test(line) ? line.replace(/\{[^}]*\}/g, () => item) : `${line} ${item}`, state.clone(), null);
  if (items.length > 32) run.found.unclear('too many values');
  return WILD;
};

/** Those whose words, joined, are a line: `watch`, `tmux new`, `hyperfine`. */
const joined =
  (short: string, long: readonly string[] = []): Program =>
  ({ args, state, run }) => {
    const { operands } = options(args, short, long, true);
    if (operands.length > 0) run.line(operands.join(' '), state.clone(), null);
    return WILD;
  };
const each =
  (short: string, long: readonly string[] = []): Program =>
  ({ args, state, run }) => {
    for (const line of options(args, short, long).operands) if (/\s/.test(line)) run.line(line.replace(/^npm:(\S+)/, 'npm run $1'), state.clone(), null);
    return WILD;
  };

const multiplexer: Program = ({ name, args, state, run }) => {
  const lines = args.filter((arg, i) => /\s/.test(arg) && !/^-[a-zA-Z]*[FtTnc]$/.test(args[i - 1] ?? ''));
  for (const line of lines) run.line(line, state.clone(), null);
  if (name === 'screen') {
    const { operands } = options(args, 'SXeTstphc', [], true);
    if (operands.length > 0) run.argv(operands, state.clone(), null);
  } else if (/^(?:new|new-session|neww|new-window|splitw|split-window|run|run-shell|send|send-keys|if|if-shell|pipe-pane)$/.test(args[0] ?? '')) {
    const { operands } = options(args.slice(1), 'sntcxyeFTpl', [], true);
    const words = operands.filter((word) => !/^(?:Enter|C-m|C-[a-z])$/.test(word));
    if (words.length > 0 && lines.length === 0) run.argv(words, state.clone(), null);
  }
  return WILD;
};

/** `at`, `batch`, `crontab -`: later, but it runs. */
const later: Program = ({ name, args, state, stdin, run }) => {
  if (name === 'crontab' && args.includes('-l')) return WILD;
  run.found.act('schedule', 'write');
  if (name === 'crontab' && args.includes('-r')) run.found.act('discard');
  const file = name === 'crontab' ? args.find((arg) => !arg.startsWith('-')) : last(options(args, 'fqt').values.get('f'));
  const text = file !== undefined ? (run.content(file, state) ?? WILD) : stdin;
  if (name !== 'crontab') run.code(text, state.clone());
  else if (text !== null) {
    for (const line of text.split('\n')) {
      const command = /^\s*(?:@\w+|(?:\S+\s+){4}\S+)\s+(.*)$/.exec(line);
      if (hasHole(line)) run.found.unclear('code that comes from elsewhere');
      else if (command !== null) run.line(command[1], state.clone(), null);
    }
  }
  return '';
};

/** Programs that run others; `tools` says what those of them do that run none. */
export const wrappers = (tools: ReadonlyMap<string, Program>, unlisted: Program): readonly (readonly [string, Program])[] => [
  ...Object.entries(PREFIXES).map(([name, prefix]): [string, Program] => [name, prefixed(prefix, tools.get(name) ?? unlisted)]),
  ...['sh', 'bash', 'dash', 'zsh', 'ksh', 'mksh', 'ash', 'rbash', 'fish', 'csh', 'tcsh', 'yash', 'posh', 'bash5'].map((name): [string, Program] => [
    name,
    shell,
  ]),
  ['xargs', xargs],
  ['gxargs', xargs],
  ['parallel', parallel],
  ...FIND_PROGRAMS,
  ['watch', joined('nd', ['interval'])],
  ['hyperfine', each('wmMrpcsnLPSi', ['warmup', 'min-runs', 'max-runs', 'runs', 'prepare', 'setup', 'cleanup', 'conclude', 'export-json', 'export-markdown'])],
  ['concurrently', each('nckspmr', ['names', 'kill-others-on-fail', 'prefix', 'max-processes'])],
  [
    'nodemon',
    ({ args, state, run }: Call) => {
      const { values } = options(args, 'xwei', ['exec', 'watch', 'ext', 'ignore', 'delay']);
      const line = last(values.get('x')) ?? last(values.get('exec'));
      if (line !== undefined) run.line(line, state.clone(), null);
      return WILD;
    },
  ],
  ['tmux', multiplexer],
  ['screen', multiplexer],
  ['at', later],
  ['batch', later],
  ['crontab', later],
];
