/** git: what it runs, what it throws away, what it sends (spec/facet.md T-37). */

import { pathKinds } from './path-kind.ts';
import { last, options, type Program } from './shell-call.ts';
import { mentions } from './shell-files.ts';
import { folderAt } from './shell-path.ts';
import { FOLDER } from './shell-state.ts';
import { ALL, STAR, START, TAME, WILD } from './shell-syntax.ts';

/** Settings of which the value is run. */
const RUNS =
  /^(?:core\.(?:pager|editor|sshcommand|fsmonitor|hookspath|gitproxy|askpass|alternaterefscommand)|pager\..*|sequence\.editor|credential\..*helper|credential\.helper|diff\.external|diff\..*\.(?:command|textconv)|difftool\..*\.cmd|merge\..*\.driver|mergetool\..*\.cmd|filter\..*\.(?:clean|smudge|process)|gpg\.(?:program|.*\.program)|uploadpack\.packobjectshook|alias\..*|interactive\.difffilter|protocol\.ext\.allow|remote\..*\.(?:uploadpack|receivepack|vcs)|web\.browser|browser\..*\.cmd|man\..*\.cmd|sendemail\..*|trailer\..*\.(?:cmd|command)|url\..*\.insteadof|http\..*proxy.*|init\.templatedir|submodule\..*\.update|tar\..*\.command)$/i;
const PLAIN_VALUES =
  /^(?:cat|less(?: -[A-Za-z]+)*|true|false|vim?|nano|nvim|emacs|code(?: --wait)?|delta|store|cache(?: --timeout=\d+)?|osxkeychain|manager(?:-core)?|libsecret|git-lfs .*|\.husky(?:\/_)?|\.githooks|ssh(?: -i [\w./~-]+| -o (?:IdentitiesOnly|StrictHostKeyChecking)=\w+)*)?$/;

const QUIET = new Set(
  'status log diff show branch tag remote config rev-parse rev-list ls-files ls-tree ls-remote describe blame grep shortlog reflog cat-file merge-base name-rev for-each-ref show-ref symbolic-ref var version help stash worktree bisect count-objects fsck check-ignore check-attr cherry range-diff whatchanged diff-tree diff-index notes submodule verify-commit verify-tag archive bundle'.split(
    ' ',
  ),
);

export const git: Program = ({ args, state: shell, run }) => {
  const { found } = run;
  let state = shell;
  let at = 0;
  for (; at < args.length && args[at].startsWith('-'); at++) {
    const word = args[at];
    if (word === '-c' || word === '--config-env') setting(args[++at] ?? '', '=');
    else if (word.startsWith('--config-env=') || word.startsWith('--exec-path=')) found.unclear('a setting that is known only when it runs');
    else if (/^(?:-C|--work-tree)(?:$|=)/.test(word)) {
      const folder = word.includes('=') ? word.slice(word.indexOf('=') + 1) : (args[++at] ?? '');
      state = state.clone();
      state.vars.set(
        FOLDER,
        (state.vars.get(FOLDER) ?? [START]).map((from) => (folder.includes(WILD) ? WILD : folderAt(folder, from, state))),
      );
    } else if (/^(?:--git-dir|--namespace|--super-prefix)$/.test(word)) at++;
  }
  const [verb, ...rest] = args.slice(at);
  if (verb === undefined) return '';
  if (verb.includes(WILD) || verb.includes(TAME)) {
    found.unclear('a command of git that is known only when it runs');
    return WILD;
  }
  const { operands, flags, values } = options(
    rest,
    verb === 'commit'
      ? 'mFCct'
      : verb === 'log' || verb === 'diff'
        ? 'nSGLOU'
        : verb === 'rebase'
          ? 'xsX'
          : verb === 'clone'
            ? 'bocju'
            : verb === 'archive'
              ? 'o'
              : 'm',
    ['message', 'exec', 'upload-pack', 'receive-pack', 'branch', 'depth', 'onto', 'format', 'output'],
  );
  if (!QUIET.has(verb)) found.does('write');

  function setting(text: string, mark: string): void {
    const equals = text.indexOf(mark);
    const [name, value] = equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
    if (!RUNS.test(name) || PLAIN_VALUES.test(value)) return;
    const line = value.replace(/^!/, '');
    if (/^(?:alias\.)/i.test(name) && !value.startsWith('!')) {
      shell.aliases.set(`git ${name.slice(6)}`, value);
      return;
    }
    if (/insteadof|proxy/i.test(name)) {
      found.egress = true;
      return;
    }
    if (/hookspath|templatedir|ext\.allow/i.test(name)) found.unclear('a folder of programs for git');
    else run.line(line, state.clone(), null);
  }
  const remoteHost = (word: string): void => {
    const host = /^(?:[a-z+]+:\/\/(?:[^@/]*@)?([^/:]+)|(?:[^@/\s]+@)([^:/\s]+):)/i.exec(word);
    if (word.startsWith('ext::')) run.line(word.slice(5).replace(/%[^ ]?/g, TAME), state.clone(), null);
    else if (host !== null) run.host(host[1] ?? host[2]);
    else if (/^(?:\/|~|\.\.?\/|file:)/.test(word)) return;
  };

  const alias = shell.aliases.get(`git ${verb}`);
  if (alias !== undefined) return run.line(`git ${alias} ${rest.join(' ')}`, state.clone(), null);
  switch (verb) {
    case 'push': {
      found.egress = true;
      found.act('push', 'write');
      const forced =
        (flags.has('f') || flags.has('force') || flags.has('mirror') || flags.has('delete') || flags.has('d') || flags.has('prune')) &&
        !flags.has('dry-run') &&
        !flags.has('n');
      if (forced || operands.slice(1).some((ref) => /^\+|^:./.test(ref))) found.act('force-push');
      if (operands[0] !== undefined) remoteHost(operands[0]);
      // To a host that no setting of the project names.
      if (/^(?:[a-z+]+:\/\/|[^/\s]+@[^/\s]+:)/i.test(operands[0] ?? '') || shell.vars.has(`git remote ${operands[0]}`)) found.act('send-all', 'write');
      break;
    }
    case 'clone':
    case 'fetch':
    case 'pull':
    case 'ls-remote':
    case 'submodule':
      found.egress = true;
      for (const word of operands) remoteHost(word);
      for (const line of [...(values.get('upload-pack') ?? []), ...(verb === 'clone' ? (values.get('u') ?? []) : [])]) run.line(line, state.clone(), null);
      for (const text of verb === 'clone' ? (values.get('c') ?? []) : []) setting(text, '=');
      if (flags.has('template')) found.unclear('a folder of programs for git');
      if (verb === 'submodule' && operands[0] === 'foreach') run.line(operands.slice(1).join(' '), state.clone(), null);
      break;
    case 'remote':
      if (/^(?:add|set-url)$/.test(operands[0] ?? '')) {
        found.does('write');
        shell.set(`git remote ${operands[1]}`, '');
        for (const word of operands.slice(2)) remoteHost(word);
      }
      break;
    case 'config': {
      const words = operands.filter((word) => !/^(?:set|get|unset|list)$/.test(word));
      if (words.length > 1 && !flags.has('get') && !flags.has('unset')) {
        found.does('write');
        const value = words.slice(1).join(' ');
        setting(`${words[0]}=${value}`, '=');
        // What is run later stands in a file that is run by itself.
        if (RUNS.test(words[0]) && !PLAIN_VALUES.test(value) && (!/^alias\./i.test(words[0]) || value.startsWith('!')))
          run.write(flags.has('global') ? '~/.gitconfig' : flags.has('system') ? '/etc/gitconfig' : '.git/config', state);
      }
      if (flags.has('e') || flags.has('edit')) found.does('write');
      break;
    }
    case 'rebase':
      for (const line of [...(values.get('x') ?? []), ...(values.get('exec') ?? [])]) run.line(line, state.clone(), null);
      break;
    case 'bisect':
      if (operands[0] === 'run') run.argv(rest.slice(rest.indexOf('run') + 1), state.clone(), null);
      break;
    case 'filter-branch':
      found.act('discard');
      for (const [i, word] of rest.entries()) if (/^--\w+-filter$/.test(rest[i - 1] ?? '')) run.line(word, state.clone(), null);
      break;
    case 'filter-repo':
      found.act('discard');
      break;
    case 'reset':
      if (flags.has('hard')) found.act('discard');
      break;
    case 'clean':
      if (!flags.has('n') && !flags.has('dry-run')) {
        found.act('discard');
        for (const path of operands) run.remove(path, state, true);
        const kinds = pathKinds(run.place('.', state), found.folder);
        // Where the line starts it is everyday work, above it is not.
        if (kinds.some((kind) => kind !== 'work') || (kinds.length > 0 && run.place('.', state) !== (found.folder ?? '.'))) run.remove('.', state, true);
      }
      break;
    case 'checkout':
    case 'restore':
    case 'switch':
      if (flags.has('f') || flags.has('force') || flags.has('discard-changes')) found.act('discard');
      break;
    case 'branch':
    case 'tag':
      if (operands.length > 0) found.does('write');
      if (flags.has('D') || flags.has('d') || flags.has('delete')) found.does('write');
      break;
    case 'stash':
      found.does(operands[0] === 'list' || operands[0] === 'show' ? 'read' : 'write');
      if (operands[0] === 'clear' || operands[0] === 'drop') found.act('discard');
      break;
    case 'reflog':
      if (operands[0] === 'expire' || operands[0] === 'delete') found.act('discard');
      break;
    case 'update-ref':
      if (flags.has('d')) found.act('discard');
      break;
    case 'gc':
      if (flags.has('prune')) found.act('discard');
      break;
    case 'add':
    case 'stage':
      mentions({ name: 'git', args: operands, state, stdin: null, run });
      break;
    case 'rm':
      if (!flags.has('cached') && !flags.has('n') && !flags.has('dry-run')) for (const path of operands) run.remove(path, state, flags.has('r'));
      break;
    case 'worktree':
      if (operands[0] !== 'list') found.does('write');
      break;
    case 'grep':
      for (const option of rest)
        if (/^(?:-O|--open-files-in-pager)/.test(option)) run.line(option.replace(/^-O|^--open-files-in-pager=?/, ''), state.clone(), null);
      break;
    case 'show':
    case 'diff':
    case 'cat-file':
      if (flags.has('ext-diff') || flags.has('textconv')) break;
      for (const word of operands) {
        const path = /^[^:]*:(.+)$/.exec(word)?.[1] ?? (verb === 'diff' && flags.has('no-index') ? word : undefined);
        if (path !== undefined) run.read(path, state);
      }
      for (const path of values.get('output') ?? []) run.write(path, state);
      break;
    case 'difftool':
    case 'mergetool':
      for (const line of [...(values.get('x') ?? []), ...(values.get('extcmd') ?? [])]) run.line(line, state.clone(), null);
      break;
    case 'hash-object':
    case 'apply':
    case 'am':
      for (const path of operands) run.read(path, state);
      break;
    case 'credential':
      if (operands[0] === 'fill') run.read('~/.git-credentials', state);
      break;
    case 'credential-store':
    case 'credential-osxkeychain':
    case 'credential-cache':
      if (operands[0] === 'get') run.read('~/.git-credentials', state);
      break;
    case 'bundle':
      if (operands[0] === 'create' && operands[1] !== '-') run.write(operands[1] ?? '', state, WILD + ALL);
      break;
    case 'archive':
      for (const path of [...(values.get('output') ?? []), ...(values.get('o') ?? [])]) run.write(path, state, WILD + ALL);
      if (last(values.get('exec')) !== undefined) found.unclear('a program at another place');
      for (const path of operands.slice(1)) run.read(path, state);
      break;
    case 'commit':
      if (values.has('F')) for (const path of values.get('F') ?? []) run.read(path, state);
      break;
    default:
  }
  // The project's folder: where the line begins, or above.
  if (verb === 'rev-parse' && flags.has('show-toplevel')) return '.';
  // All of the project's files, of which names or contents.
  if (
    (verb === 'ls-files' && operands.length === 0 && !/^-[a-zA-Z]*[dmoiu]|^--(?:deleted|modified|others|ignored|unmerged|exclude)/m.test(rest.join('\n'))) ||
    (verb === 'ls-tree' && operands.length < 2)
  )
    return STAR;
  if ((verb === 'log' || verb === 'format-patch') && operands.length === 0 && (flags.has('p') || flags.has('patch'))) return WILD + ALL;
  if (verb === 'archive' || verb === 'bundle' || verb === 'fast-export') return WILD + ALL;
  return verb === 'show' || verb === 'cat-file' || verb === 'log' || verb === 'config' ? WILD : TAME;
};
