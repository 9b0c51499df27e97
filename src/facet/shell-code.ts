/** Programs that take code or change text: interpreters, awk, sed, printf, decoders (spec/facet.md T-35). */
import { type Call, many, options, type Program } from './shell-call.ts';
import { mentions, telling } from './shell-files.ts';
import { isHarmlessCode } from './shell-harmless.ts';
import { isRemoteCode, runsRemote } from './shell-more.ts';
import { wroteRecipes } from './shell-packages.ts';
import { awkDoes, sedDoes } from './shell-script.ts';
import { serves } from './shell-send.ts';
import { ALL, hasMarks, hidesCode, TAME, WILD } from './shell-syntax.ts';
import { escaped } from './shell-word.ts';

/** printf's and `echo -e`'s escapes. */
export function unescaped(text: string): string {
  let out = '';
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== '\\') out += text[at];
    else {
      const [value, length] = escaped(text, at + 1, true);
      out += value;
      at += length;
    }
  }
  return hasMarks(out) && !hasMarks(text) ? WILD : out;
}

const echo: Program = ({ args }) => {
  let at = 0;
  let escapes = false;
  for (; /^-[neE]+$/.test(args[at] ?? ''); at++) escapes = args[at].includes('e') || (escapes && !args[at].includes('E'));
  const text = args.slice(at).join(' ');
  return `${escapes || /\\[0x]/.test(text) ? unescaped(text) : text}\n`;
};

/** `printf FORMAT ARGUMENTS`: `%s`, `%b`, `%q`, `%d`, `%c`, `%o`, `%x`; the format is used again while arguments are left. */
function formatted(format: string, args: readonly string[]): string {
  const directives = /%(?:%|[-+ #0]*(?:\d*)(?:\.\d+)?([a-zA-Z]))/g;
  let out = '';
  let next = 0;
  do {
    const before = next;
    let start = 0;
    for (const found of format.matchAll(directives)) {
      out += unescaped(format.slice(start, found.index));
      start = found.index + found[0].length;
      if (found[0] === '%%') out += '%';
      else if ('sqb'.includes(found[1])) {
        if (found[0].length > 2) return WILD;
        const value = args[next++] ?? '';
        out += found[1] === 'b' ? unescaped(value) : value;
      } else if (found[1] === 'c') out += (args[next++] ?? '').slice(0, 1);
      else if (/[diu]/.test(found[1])) {
        const value = args[next++] ?? '0';
        if (!/^-?\d+$/.test(value) && !/^['"]/.test(value) && !hasMarks(value)) return WILD;
        out += /^['"]/.test(value) ? String(value.codePointAt(1) ?? 0) : value;
      } else return WILD;
    }
    out += unescaped(format.slice(start));
    if (next === before) break;
  } while (next < args.length && out.length < 8192);
  return out;
}

const printf: Program = ({ args, state, run }) => {
  const into = args[0] === '-v' ? args[1] : undefined;
  if (into !== undefined && hidesCode(into)) run.found.unclear('arithmetic on a text');
  const [format = '', ...rest] = into === undefined ? args.filter((arg, i) => i > 0 || arg !== '--') : args.slice(2);
  const out = hasMarks(format) && format.includes(WILD) ? WILD : formatted(format, rest);
  if (into === undefined) return out;
  run.set(into, out, state);
  return '';
};

const BASE64 = /^[A-Za-z0-9+/=_\s-]*$/;

/** `base64 -d` of a known text. */
const base64: Program = ({ args, stdin, state, run, name }) => {
  const { operands, flags } = options(args, name === 'base64' ? 'wib' : 'n', ['wrap']);
  for (const path of operands) run.read(path, state);
  const text = operands.length > 0 ? run.content(operands[0], state) : stdin;
  const decodes = ['d', 'D', 'decode'].some((flag) => flags.has(flag));
  if (!decodes || typeof text !== 'string' || !BASE64.test(text)) return WILD;
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const char of text.replace(/[\s=]/g, '')) {
    held =
      ((held << 6) | 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.indexOf(char === '-' ? '+' : char === '_' ? '/' : char)) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 255);
    }
  }
  return printable(bytes);
};

const printable = (bytes: readonly number[]): string => (bytes.every((byte) => byte < 128 && byte > 0) ? String.fromCharCode(...bytes.slice(0, 8192)) : WILD);

/** `xxd -r -p` of a known text. */
const xxd: Program = ({ args, stdin, state, run }) => {
  const { operands, flags } = options(args, 'clsog');
  for (const path of operands) run.read(path, state);
  const text = operands.length > 0 ? run.content(operands[0], state) : stdin;
  if (!flags.has('r') || typeof text !== 'string') return WILD;
  const digits = (text.replace(/^[0-9a-f]+: /gm, '').match(/[0-9a-fA-F]{2}/g) ?? []).map((pair) => Number.parseInt(pair, 16));
  return flags.has('p') ? printable(digits) : WILD;
};

const rev: Program = ({ stdin, args, state, run }) => {
  for (const path of args) run.read(path, state);
  return stdin === null || hasMarks(stdin) || args.length > 0
    ? WILD
    : stdin
        .split('\n')
        .map((line) => [...line].reverse().join(''))
        .join('\n');
};

/** The characters of a set of `tr`; undefined where it is not plain. */
function setOf(text: string): string | undefined {
  const plain = unescaped(text.replace('[:upper:]', 'A-Z').replace('[:lower:]', 'a-z'));
  if (plain.includes('[:') || hasMarks(plain)) return undefined;
  let out = '';
  for (let i = 0; i < plain.length; i++) {
    if (plain[i + 1] === '-' && i + 2 < plain.length) {
      for (let code = plain.charCodeAt(i); code <= plain.charCodeAt(i + 2) && out.length < 512; code++) out += String.fromCharCode(code);
      i += 2;
    } else out += plain[i];
  }
  return out;
}

const tr: Program = ({ args, stdin }) => {
  const { operands, flags } = options(args);
  const [from, to] = [setOf(operands[0] ?? ''), setOf(operands[1] ?? '')];
  if (stdin?.includes(TAME) === true && !stdin.includes(WILD)) return stdin;
  if (stdin === null || hasMarks(stdin) || from === undefined || to === undefined || flags.has('c') || flags.has('C')) return WILD;
  const out = [...stdin].flatMap((char) => {
    const at = from.indexOf(char);
    if (at < 0) return [char];
    return flags.has('d') ? [] : [to[Math.min(at, to.length - 1)] ?? char];
  });
  return out.join('');
};

/** `python -c`, `node -e`: harmless where it only computes and prints. */
const interpreter =
  (language: 'python' | 'node' | 'other', letters: string, values = ''): Program =>
  (call) => {
    const { args, stdin, state, run } = call;
    const {
      operands,
      values: given,
      flags,
    } = options(args, letters + values, language === 'node' ? ['eval', 'print', 'require', 'import', 'loader'] : [], true);
    const codes = [...letters, 'eval', 'print', 'run'].flatMap((letter) => given.get(letter) ?? []);
    const { found } = run;
    const judge = (text: string | null): void => {
      if (text === null || text === '') return;
      if (!isHarmlessCode(text, language, run, state)) found.unclear('code of another language');
    };
    for (const code of codes) judge(code);
    for (const loaded of language === 'node' ? ['import', 'r', 'require', 'loader'].flatMap((key) => given.get(key) ?? []) : []) {
      if (isRemoteCode(loaded)) runsRemote(loaded, { run });
      else if (/[./]/.test(loaded)) judge(run.content(loaded, state) ?? null);
    }
    if (call.name === 'php' && given.has('S')) serves(given.get('t') ?? [], call);
    if (codes.length > 0) return WILD;
    if (language === 'python' && (flags.has('m') || given.has('m'))) {
      mentions({ name: 'python', args: operands, state, stdin, run });
      return module(given.get('m')?.[0] ?? operands[0] ?? '', call);
    }
    const [script] = operands;
    // AVA's own program by its file.
    if (/(?:^|\/)avactl(?:\.[cm]?[jt]s)?$/.test(script ?? '')) return run.argv(['avactl', ...operands.slice(1)], state.clone(), stdin);
    if (script !== undefined) mentions({ name: 'script', args: [script], state, stdin, run });
    if (script === undefined || script === '-' || script === '/dev/stdin') {
      if (stdin !== null && /[\ue000\ue001]/.test(stdin)) found.pipesToShell = true;
      judge(stdin);
      return WILD;
    }
    const text = run.content(script, state);
    if (text !== undefined) {
      if (/[\ue000\ue001]/.test(text)) found.pipesToShell = true;
      judge(text);
    } else if (script.includes(WILD)) found.unclear('a script that is known only when it runs');
    found.does('write');
    return WILD;
  };

/** `python -m NAME` */
function module(name: string, call: Call): string {
  const { args, run } = call;
  run.found.does('write');
  if (/^(?:pip|ensurepip)$/.test(name)) {
    run.found.act('install', 'write');
    run.found.egress = true;
  }
  if (/^(?:pty|code|timeit|pdb|trace|cProfile|profile|runpy|webbrowser|antigravity|smtpd)$/.test(name) && args.length > 2)
    run.found.unclear('code of another language');
  if (/^(?:http\.server|SimpleHTTPServer|pyftpdlib)$/.test(name)) {
    const { values } = options(call.args, 'dbpmWX', ['directory', 'bind', 'protocol']);
    serves([...(values.get('d') ?? []), ...(values.get('directory') ?? [])], call);
  } else if (name === 'smtpd') run.found.act('listen', 'write');
  if (/^(?:pytest|unittest|nose2|tox|nox)$/.test(name) && wroteRecipes(call.state)) run.found.unclear('recipes that this line wrote');
  return WILD;
}

const awk: Program = ({ args, stdin, state, run }) => {
  const { operands, values, flags } = options(args, 'fFvieEl', ['file', 'field-separator', 'assign', 'source', 'include', 'exec', 'load'], true);
  const files = [...(values.get('f') ?? []), ...(values.get('file') ?? []), ...(values.get('E') ?? [])];
  const sources = [...(values.get('e') ?? []), ...(values.get('source') ?? [])];
  const [first, ...rest] = operands;
  const scripts = files.length + sources.length > 0 ? sources : first === undefined ? [] : [first];
  for (const path of files) {
    const text = run.content(path, state);
    if (text !== undefined) scripts.push(text);
    else if (path === '-' || path.startsWith('/dev/')) run.found.unclear('a script that comes from elsewhere');
    else run.found.does('write');
  }
  for (const script of scripts) awkDoes(script, state, run);
  for (const path of files.length + sources.length > 0 ? operands : rest) if (!/^\w+=/.test(path)) run.read(path, state);
  if (flags.has('i') && values.get('i')?.includes('inplace')) for (const path of rest) run.write(path, state);
  return rest.length === 0 &&
    stdin?.includes(TAME) === true &&
    !stdin.includes(WILD) &&
    scripts.every((script) => /^\{\s*print(?:\s+\$\w+)?\s*\}$/.test(script))
    ? TAME
    : WILD;
};

const sed: Program = ({ args, stdin, state, run }) => {
  // -i takes its ending in the same word alone.
  const plain = args.map((arg) => (/^-[a-zA-Z]*i/.test(arg) && !arg.startsWith('--') ? arg.replace(/i.*$/, 'I') : arg));
  const { operands, values, flags } = options(plain, 'efl', ['expression', 'file', 'line-length']);
  const scripts = [...(values.get('e') ?? []), ...(values.get('expression') ?? [])];
  const files = [...(values.get('f') ?? []), ...(values.get('file') ?? [])];
  const inPlace = flags.has('I') || flags.has('in-place');
  const rest = scripts.length + files.length > 0 ? operands : operands.slice(1);
  if (scripts.length + files.length === 0 && operands[0] !== undefined) scripts.push(operands[0]);
  for (const path of files) {
    const text = run.content(path, state);
    if (text !== undefined) scripts.push(text);
    else run.found.does('write');
  }
  for (const script of scripts) sedDoes(script, state, run);
  for (const path of rest) {
    if (inPlace) run.write(path, state);
    else run.read(path, state);
  }
  return rest.length === 0 && stdin?.includes(TAME) === true && !stdin.includes(WILD) ? TAME : WILD;
};

/** An editor: what it is told to run at its start. */
const editor: Program = ({ args, state, stdin, run }) => {
  const { values, operands } = options(args, 'cSsTuUwWir', ['cmd', 'eval', 'exec', 'command']);
  const commands = [
    ...(values.get('c') ?? []),
    ...(values.get('cmd') ?? []),
    ...(values.get('eval') ?? []),
    ...args.filter((arg) => arg.startsWith('+')).map((arg) => arg.slice(1)),
  ];
  for (const command of commands)
    if (!/^(?:\d*|q!?|wq!?|x|qa!?|set \w+=?\w*|syntax (?:on|off)|normal G|\/.*)$/.test(command)) run.found.unclear('commands of an editor');
  if (stdin !== null && stdin !== '') run.found.unclear('commands of an editor');
  if (values.has('S') || values.has('s')) run.found.unclear('commands of an editor');
  for (const path of operands) if (!path.startsWith('+')) run.read(path, state);
  run.found.does('write');
  return '';
};

const opaque =
  (why: string): Program =>
  ({ run }) => {
    run.found.unclear(why);
    return WILD;
  };

const openssl: Program = ({ args, state, run }) => {
  for (const [i, arg] of args.entries()) {
    if (/^-(?:in|inkey|key|CAfile|cert)$/.test(args[i - 1] ?? '')) run.read(arg, state);
    if (args[i - 1] === '-out' || args[i - 1] === '-keyout') run.write(arg, state);
    if (args[i - 1] === '-connect') run.host(arg);
  }
  if (args.some((arg) => /engine|^-provider/.test(arg))) run.found.unclear('code that a program loads');
  return WILD;
};

export const CODE_PROGRAMS: readonly (readonly [string, Program])[] = [
  ['echo', echo],
  ['print', echo],
  ['printf', printf],
  ...many('base64 gbase64', base64),
  ...many('basenc', () => WILD),
  ['xxd', xxd],
  ['rev', rev],
  ['tr', tr],
  ...many(
    'python python2 python3 python3.8 python3.9 python3.10 python3.11 python3.12 python3.13 python3.14 pypy pypy3 ipython',
    interpreter('python', 'c', 'mWX'),
  ),
  ...many('node nodejs', interpreter('node', 'ep', 'rC')),
  ...many('perl', interpreter('other', 'eE', 'IMmFD')),
  ...many('ruby', interpreter('other', 'e', 'rIEC')),
  ...many('php', interpreter('other', 'rBRE', 'fSdzct')),
  ...many(
    'lua luajit lua5.4 tclsh wish guile racket elixir julia rscript r groovy scala sbcl clisp ghci jshell osascript swift expect erl raku ',
    interpreter('other', 'ceERlA'),
  ),
  ...many('ts-node tsx', interpreter('node', 'ep', 'r')),
  ...many('awk gawk mawk nawk', awk),
  ...many('sed gsed', sed),
  ...many('vim vi nvim view ex rvim gvim nano emacs emacsclient pico micro helix ed red joe', editor),
  ...many('pwsh powershell cmd cmd.exe wscript cscript mshta rundll32 gdb lldb m4 irb pry psysh cpan', opaque('code of another language')),
  // BSD's `e` shows the environment of each.
  ['ps', (call) => (/^[a-z]*e[a-z]*$/.test(call.args[0] ?? '') ? WILD + ALL : telling(call))],
  ['mktemp', () => `/tmp/tmp.${TAME}`],
  ['openssl', openssl],
  ...many(
    'seq date uname hostname whoami id nproc tty groups logname getconf locale tput lscpu lsb_release sw_vers uptime free vm_stat cal sleep usleep yes factor numfmt expr lsof pgrep pidof nvidia-smi ulimit_ dmesg w who finger',
    telling,
  ),
];
