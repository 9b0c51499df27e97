/** Programs that read, write and delete files (spec/facet.md T-34). */

import { type PathKind, pathKinds } from './path-kind.ts';
import { baseName, type Call, last, looksLikePath, many, options, type Program } from './shell-call.ts';
import { isWhole } from './shell-send.ts';
import { FETCHED } from './shell-state.ts';
import { ALL, hasMarks, STAR, TAME, WILD } from './shell-syntax.ts';

const RECURSIVE = ['r', 'R', 'recursive', 'dereference-recursive'];
const has = (flags: ReadonlySet<string>, ...names: string[]): boolean => names.some((name) => flags.has(name));

/** Its operands are files that it prints or looks into. */
const reads =
  (short = '', long: readonly string[] = [], out?: (call: Call) => string): Program =>
  (call) => {
    const { operands, flags } = options(call.args, short, long);
    for (const path of operands) call.run.read(path, call.state, has(flags, ...RECURSIVE));
    return out === undefined ? WILD : out(call);
  };

/** A pager: commands that it runs at its start. */
const pager: Program = (call) => {
  if (call.args.some((arg) => /^\+.*[!|vs]/.test(arg))) call.run.found.unclear('commands of a pager');
  for (const line of options(call.args, 'P', ['pager']).values.get('P') ?? []) if (call.name === 'man') call.run.line(line, call.state.clone(), null);
  return call.name === 'man' ? WILD : reads('')({ ...call, args: call.args.filter((arg) => !arg.startsWith('+')) });
};

/** `cat`: what this line wrote, or what comes in. */
const cat: Program = (call) => {
  const { operands } = options(call.args);
  for (const path of operands) call.run.read(path, call.state);
  if (operands.length === 0) return call.stdin ?? WILD;
  if (operands.some((path) => isWhole(path, call))) return WILD + ALL;
  return operands.map((path) => (path === '-' ? (call.stdin ?? WILD) : (call.run.content(path, call.state) ?? WILD))).join('');
};

/** A filter that leaves lines out: what is left of all names is some. */
const narrowed = (text: string): string => text.replaceAll(STAR, TAME);

/** A filter: lines of its input, not other ones. */
const filter = (short: string, long: readonly string[] = []): Program =>
  reads(short, long, ({ name, args, stdin }) =>
    options(args, short, long).operands.length === 0 ? (name === 'head' || name === 'tail' ? narrowed(stdin ?? WILD) : (stdin ?? WILD)) : WILD,
  );

/** A filter that changes what it is given. */
const changes = (short: string, long: readonly string[] = []): Program =>
  reads(short, long, ({ args, stdin }) =>
    options(args, short, long).operands.length === 0 && stdin?.includes(TAME) === true && !stdin.includes(WILD) ? TAME : WILD,
  );

/** `grep`, `rg`: the first operand is what is looked for. */
const search =
  (deep: boolean): Program =>
  ({ args, state, stdin, run }) => {
    const { operands, flags, values } = options(args, 'efmABCdDtTgEjM', [
      'regexp',
      'file',
      'max-count',
      'after-context',
      'before-context',
      'context',
      'include',
      'exclude',
      'exclude-dir',
      'color',
      'type',
      'glob',
      'type-not',
      'max-depth',
    ]);
    for (const path of [...(values.get('f') ?? []), ...(values.get('file') ?? [])]) run.read(path, state);
    const files = values.has('e') || values.has('regexp') || values.has('f') || values.has('file') || has(flags, 'files') ? operands : operands.slice(1);
    const all = deep || has(flags, ...RECURSIVE);
    if (files.length === 0 && all && stdin === null) run.read('.', state, true);
    for (const path of files) run.read(path, state, all);
    // `--include=.env*` with a search of everything below.
    for (const name of [...(values.get('include') ?? []), ...(values.get('g') ?? []), ...(values.get('glob') ?? [])]) {
      if (!name.startsWith('!')) for (const root of files.length === 0 ? ['.'] : files) run.read(`${root}/${name.replaceAll('*', STAR)}`, state);
    }
    if (run.found.effect === 'read' && values.has('pre')) run.found.unclear('a program that reads for another');
    if (all && /^(?:\.\*?|\^|\$|)$/.test(operands[0] ?? '-') && (files.length === 0 ? stdin === null : files.some((path) => isWhole(path, { state, run }))))
      return WILD + ALL;
    if (has(flags, 'files') && files.length === 0 && !values.has('g') && !values.has('glob') && !values.has('t')) return STAR;
    if (has(flags, 'l', 'L', 'files-with-matches', 'files-without-match', 'files'))
      return files.length === 0 ? TAME : files.map((path) => (all ? `${path}/${TAME}` : path)).join('\n');
    if (files.length > 0 || stdin === null) return WILD;
    return has(flags, 'v', 'invert-match') || /^(?:\.\*?|\^|\$|)$/.test(operands[0] ?? '') ? stdin : narrowed(stdin);
  };

const remove: Program = ({ name, args, state, run }) => {
  const { operands, flags } = options(args);
  const deep = has(flags, ...RECURSIVE) || name === 'rimraf' || name === 'del-cli' || name.startsWith('trash') || name === 'srm';
  for (const path of operands) run.remove(path, state, deep);
  if (has(flags, 'no-preserve-root')) run.found.act('wipe');
  return '';
};

/** `shred`, `wipe`: beyond recovery. */
const shred: Program = ({ args, state, run }) => {
  for (const path of options(args, 'ns', ['iterations', 'size', 'random-source']).operands) {
    run.remove(path, state, true);
    run.write(path, state);
  }
  run.found.does('irreversible');
  return '';
};

const copy: Program = ({ args, state, run, name }) => {
  const { operands, flags, values } = options(args, name === 'install' ? 'mogtS' : 'tS', ['target-directory', 'suffix', 'mode', 'owner', 'group']);
  const folder = last(values.get('t')) ?? last(values.get('target-directory'));
  const from = folder === undefined ? operands.slice(0, -1) : operands;
  const to = folder ?? operands.at(-1);
  if (name === 'install' && has(flags, 'd')) for (const path of operands) run.write(path, state);
  else if (to !== undefined) {
    const deep = has(flags, 'r', 'R', 'a', 'recursive', 'archive') || name === 'mv';
    for (const path of from) {
      run.read(path, state, deep);
      // A name that is not known gets another in the same folder.
      if (name === 'mv' && !(hasMarks(path) && hasMarks(to) && folderOf(run.place(path, state)) === folderOf(run.place(to, state))))
        run.remove(path, state, true);
      const text = run.content(path, state);
      const source = run.place(path, state);
      const targets = [to, `${to}/${baseName(path)}`].map((target) => run.place(target, state));
      run.write(to, state, text);
      run.write(`${to}/${baseName(path)}`, state, text);
      // The copy is as good as what it was made of.
      for (const target of targets) {
        if (text === undefined) state.links.set(target, source);
        else state.files.set(target, text);
      }
    }
  }
  return '';
};

const folderOf = (path: string): string => path.replace(/[^/]*$/, '');

const link: Program = ({ args, state, run }) => {
  const { operands, values } = options(args, 'tS', ['target-directory']);
  const folder = last(values.get('t')) ?? last(values.get('target-directory'));
  const sources = folder !== undefined || operands.length === 1 ? operands : operands.slice(0, -1);
  const to = folder ?? (operands.length === 1 ? '.' : (operands.at(-1) ?? '.'));
  for (const path of sources) {
    // What is linked can be read under another name later.
    run.read(path, state, true);
    for (const name of [to, `${to}/${baseName(path)}`]) {
      if (operands.length > 1 || name !== '.') {
        const place = run.place(name, state);
        if (name === to) run.write(name, state);
        if (place !== '.') state.links.set(place, run.place(path, state));
      }
    }
  }
  return '';
};

const writes =
  (short = '', long: readonly string[] = [], content?: string): Program =>
  ({ args, state, run }) => {
    for (const path of options(args, short, long).operands) run.write(path, state, content);
    run.found.does('write');
    return '';
  };

/** `chmod`, `chown`: the first operand is no file. */
const modes: Program = ({ args, state, run, name }) => {
  const { operands, flags } = options(args, '', ['reference', 'from']);
  for (const path of operands.slice(1)) {
    const place = run.place(path, state);
    if (has(flags, 'R', 'recursive') && (place === '/' || place === '~' || /^\/[^/]*$/.test(place))) run.found.act('wipe');
    if (name === 'chmod' && /[+=][rwx]*s|^[24567]\d{3}$/.test(operands[0])) run.found.privileged = true;
  }
  run.found.does('write');
  return '';
};

const tee: Program = ({ args, state, stdin, run }) => {
  const { operands, flags } = options(args);
  for (const path of operands) run.write(path, state, has(flags, 'a', 'append') ? (run.content(path, state) ?? '') + (stdin ?? WILD) : (stdin ?? WILD));
  return stdin ?? WILD;
};

const dd: Program = ({ args, state, stdin, run }) => {
  let text = stdin ?? WILD;
  let printed = true;
  for (const arg of args) {
    if (arg.startsWith('if=')) {
      run.read(arg.slice(3), state);
      text = run.content(arg.slice(3), state) ?? WILD;
    } else if (arg.startsWith('of=')) {
      run.write(arg.slice(3), state, text);
      printed = false;
    }
  }
  return printed ? text : '';
};

const format: Program = ({ args, run, state }) => {
  const { operands } = options(args, 'tLOEbmUF', ['label', 'type']);
  for (const path of operands) run.write(path, state);
  run.found.act('wipe');
  return '';
};

/** `tar`, `zip`: what goes in is read; what they run at checkpoints runs. */
const archive: Program = ({ name, args, state, stdin, run }) => {
  const sdel = args.includes('-sdel');
  const old =
    name.endsWith('tar') && args[0] !== undefined && /^[a-zA-Z]+$/.test(args[0]) ? [`-${args[0]}`, ...args.slice(1)] : args.filter((arg) => arg !== '-sdel');
  const { operands, flags, values } = options(old, name.endsWith('tar') ? 'fCXTIbgHKLNV' : name === 'unzip' ? 'dP' : 'bnPtTT', [
    'file',
    'directory',
    'exclude',
    'exclude-from',
    'files-from',
    'use-compress-program',
    'to-command',
    'checkpoint-action',
    'info-script',
    'new-volume-script',
    'rsh-command',
    'transform',
    'strip-components',
  ]);
  for (const option of ['I', 'use-compress-program', 'to-command', 'info-script', 'new-volume-script', 'F', 'rsh-command', 'unzip-command', 'TT']) {
    if (name.endsWith('tar') || option === 'unzip-command' || option === 'TT') for (const line of values.get(option) ?? []) run.line(line, state.clone(), null);
  }
  for (const action of values.get('checkpoint-action') ?? []) if (action.startsWith('exec=')) run.line(action.slice(5), state.clone(), null);
  const at = args.indexOf('-TT');
  if (name === 'zip' && at >= 0) run.line(args[at + 1] ?? '', state.clone(), null);
  const moves = (name === 'zip' && flags.has('m')) || sdel || (name === 'rar' && operands[0] === 'm');
  let whole = false;
  const extracts = has(flags, 'x', 'extract', 'get') || name === 'unzip' || name === 'gunzip';
  const lists = has(flags, 't', 'list', 'l') && !has(flags, 'c', 'create');
  for (const path of [...(values.get('T') ?? []), ...(values.get('files-from') ?? [])]) {
    run.read(path, state);
    if (path === '-') whole ||= (stdin ?? '').split('\n').some((name) => isWhole(name, { state, run }));
  }
  for (const folder of [...(values.get('C') ?? []), ...(values.get('directory') ?? []), ...(name === 'unzip' ? (values.get('d') ?? []) : [])])
    if (extracts) {
      run.write(folder, state);
      const place = run.place(folder, state);
      // What is unpacked there may be any of what runs by itself.
      if (place === '/') run.write('/etc/profile', state);
      else if (place === '~') run.write('~/.profile', state);
    }
  if (extracts && name.endsWith('tar') && (flags.has('P') || flags.has('absolute-names'))) run.write('/etc/profile', state);
  if (extracts) {
    run.found.does('write');
    const packed = last(values.get('f')) ?? last(values.get('file')) ?? operands[0];
    if ((packed === undefined || packed === '-' ? stdin : run.content(packed, state))?.includes(WILD) === true) state.files.set(FETCHED, WILD);
  } else if (!lists) {
    const from = last([...(values.get('C') ?? []), ...(values.get('directory') ?? [])]);
    for (const path of name === 'zip' || name === '7z' || name === 'rar' ? operands.slice(1) : operands) {
      const place = from === undefined || path.startsWith('/') ? path : `${from}/${path}`;
      run.read(place, state, true);
      whole ||= isWhole(place, { state, run });
      if (has(flags, 'remove-files') || moves) run.remove(place, state, true);
    }
    run.found.does('write');
    const packed = last(values.get('f')) ?? last(values.get('file')) ?? (name.endsWith('tar') ? undefined : operands[name === 'zip' ? 0 : 1]);
    if (packed !== undefined && packed !== '-') run.write(packed, state, whole ? WILD + ALL : WILD);
    if (whole) return WILD + ALL;
  }
  if (name === 'unzip' && flags.has('p')) for (const path of operands.slice(0, 1)) run.read(path, state);
  return WILD;
};

/** Lists names: of a pattern, what it may mean. */
const list: Program = ({ args, state, run }) => {
  const { operands, flags } = options(args, 'ITw', ['ignore', 'hide', 'color', 'sort', 'time']);
  const hidden = has(flags, 'a', 'A', 'all', 'almost-all');
  const own = operands.length > 0 && !has(flags, 'd', 'directory');
  const names = operands.length === 0 ? [STAR, ...(hidden ? [`.${STAR}`] : [])] : operands;
  for (const path of operands) if (path.includes(WILD)) run.place(path, state);
  return `${names.flatMap((path) => (own && !/[\ue002-\ue004]/.test(path) ? [path, TAME, ...(hidden ? [`.${STAR}`] : [])] : [path])).join('\n')}\n`;
};

const paths =
  (change: (path: string) => string): Program =>
  ({ args }) => {
    const { operands } = options(args, 's', ['relative-to', 'suffix']);
    return operands.length === 0 ? TAME : `${operands.map(change).join('\n')}\n`;
  };

const truncate: Program = ({ args, state, run }) => {
  for (const path of options(args, 'sr', ['size', 'reference']).operands) {
    run.write(path, state, '');
    // Emptied, all of them are as good as deleted.
    if (isWhole(path, { state, run })) run.remove(path, state, true);
  }
  return '';
};

/** `split --filter`, `sort --compress-program`, `sort -o`. */
const sort: Program = (call) => {
  const { values } = options(call.args, 'kotST', ['output', 'compress-program', 'files0-from', 'filter', 'parallel']);
  // `split` names its pieces.
  if (call.name === 'split' && (call.stdin ?? WILD).includes(WILD)) call.state.files.set(FETCHED, WILD);
  for (const line of [...(values.get('compress-program') ?? []), ...(values.get('filter') ?? [])]) call.run.line(line, call.state.clone(), null);
  for (const path of [...(values.get('o') ?? []), ...(values.get('output') ?? [])]) call.run.write(path, call.state);
  for (const path of values.get('files0-from') ?? []) call.run.read(path, call.state);
  return filter('kotST', ['output', 'compress-program', 'files0-from', 'parallel'])(call);
};

const TELLING: ReadonlySet<PathKind> = new Set(['key', 'credential', 'environment', 'ava']);

/** Any program's arguments that are files of a kind that matters are taken to be read. */
export const mentions: Program = ({ args, state, run }) => {
  for (const arg of args) {
    for (const word of new Set([arg, arg.replace(/^[^=]*=/, ''), arg.replace(/^@/, ''), arg.replace(/^-[a-zA-Z]/, '')])) {
      if (looksLikePath(word) && pathKinds(run.place(word, state), null).some((kind) => TELLING.has(kind))) run.read(word, state);
    }
  }
  return WILD;
};

/** The same, of a program that may change files. */
export const changing: Program = (call) => {
  call.run.found.does('write');
  return mentions(call);
};

/** The same, of one that prints plain names or numbers. */
export const telling: Program = (call) => {
  mentions(call);
  return TAME;
};

/** `cpio`, `pax`: files of which the names come in. */
const named: Program = (call) => {
  const paths = (call.stdin ?? '').split('\n').filter((path) => path !== '');
  for (const path of paths) call.run.read(path, call.state, true);
  changing(call);
  return paths.some((path) => isWhole(path, call)) ? WILD + ALL : WILD;
};

export const FILE_PROGRAMS: readonly (readonly [string, Program])[] = [
  ['cat', cat],
  ...many('less more most man', pager),
  ...many(
    'tac bat batcat zcat bzcat xzcat zless nl od hexdump strings base32 uuencode cksum md5sum sha1sum sha256sum sha512sum b2sum shasum md5 iconv fmt fold pr column comm join diff diff3 sdiff cmp colordiff delta vimdiff paste look file jq yq gron xmllint csvtool exiftool pdftotext pandoc look ul tailf multitail ccat highlight glow mdcat view vimcat dos2unix ag msgcat',
    reads(''),
  ),
  ...many('head', filter('nc', ['lines', 'bytes'])),
  ...many('tail', filter('ncs', ['lines', 'bytes', 'pid', 'sleep-interval', 'max-unchanged-times'])),
  ...many('uniq', filter('fsw')),
  ...many('sort split', sort),
  ...many('shuf', filter('nio')),
  ...many('cut', changes('bcdf', ['delimiter', 'fields', 'characters'])),
  ...many('expand unexpand', changes('t')),
  ...many('grep egrep fgrep zgrep ggrep', search(false)),
  ...many('rg ag ack ugrep', search(true)),
  ...many('rm grm unlink rmdir rimraf srm trash trash-put del-cli', remove),
  ...many('shred wipe scrub', shred),
  ...many('cp mv gcp gmv install', copy),
  ...many('ln link', link),
  ...many('touch mkdir mkfifo mknod', writes('mtdr', ['mode', 'date', 'reference'])),
  ...many('chmod chown chgrp chattr setfacl', modes),
  ['tee', tee],
  ['sponge', tee],
  ['dd', dd],
  ['dcfldd', dd],
  ...many(
    'mkfs mkfs.ext2 mkfs.ext3 mkfs.ext4 mkfs.xfs mkfs.btrfs mkfs.vfat mkfs.fat mkfs.ntfs mke2fs mkswap wipefs blkdiscard fdisk sfdisk gdisk sgdisk parted cfdisk lvremove vgremove pvremove hdparm badblocks cryptsetup format newfs_apfs',
    format,
  ),
  ...many('tar gtar bsdtar zip unzip 7z rar', archive),
  ...many('gzip gunzip bzip2 bunzip2 xz unxz zstd lz4 brotli', (call) => {
    for (const path of options(call.args, 'S').operands) call.run.read(path, call.state);
    call.run.found.does('write');
    return WILD;
  }),
  ...many('ls dir vdir exa eza lsd tree gls', list),
  ...many('stat du df', (call) => (call.args.some((arg) => isWhole(arg, call)) ? STAR : TAME)),
  ...many(
    'realpath readlink',
    paths((path) => path),
  ),
  ...many(
    'dirname',
    paths((path) => (path.includes('/') ? path.replace(/\/[^/]*\/*$/, '') || '/' : '.')),
  ),
  ...many('basename', paths(baseName)),
  ['truncate', truncate],
  ...many('cpio pax', named),
];
