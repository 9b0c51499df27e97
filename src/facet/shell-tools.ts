/** The machine itself, AVA, and what nobody listed (spec/facet.md T-37, T-38). */
import { last, many, options, type Program, setup } from './shell-call.ts';
import { changing, mentions } from './shell-files.ts';
import type { Act } from './shell-findings.ts';
import { git } from './shell-git.ts';
import { ALL, TAME, WILD } from './shell-syntax.ts';

const machine =
  (act: Act): Program =>
  ({ run }) => {
    run.found.act(act);
    run.found.privileged = true;
    return '';
  };

const kill: Program = ({ name, args, run }) => {
  run.found.does('write');
  const all = args.filter((arg) => arg === '-1').length > (args.length === 1 ? 1 : 0) && name === 'kill' && args.at(-1) === '-1' && args.length > 1;
  if (all || name === 'killall5') run.found.act('kill-all');
  if (name !== 'kill' && args.some((arg) => /^(?:avactl|ava)$|bin\/avactl/.test(arg))) run.found.act('disable');
  return '';
};

const services: Program = ({ args, run }) => {
  const verb = args.find((arg) => !arg.startsWith('-')) ?? '';
  if (/^(?:status|is-active|is-enabled|list-\w+|show|cat|print|list)$/.test(verb)) return TAME;
  run.found.act(/^(?:poweroff|reboot|halt|kexec|suspend|hibernate|isolate|rescue|emergency)$/.test(verb) ? 'power' : 'deploy', 'write');
  if (args.some((arg) => /^(?:ava|avactl)(?:\.service)?$/.test(arg)) && /^(?:stop|disable|kill|mask|unload|remove|bootout)$/.test(verb))
    run.found.act('disable');
  return WILD;
};

/** AVA's own commands: an agent may look, never decide (spec/facet.md T-38). */
const ava: Program = ({ args, run }) => {
  const words = options(args, 'p', ['data', 'port', 'constitution', 'key', 'owner']).operands;
  const [command = '', second = ''] = words;
  const looks = /^(?:status|log|show|explain|check|verify|bundle|doctor|help|version|decide|trace|hook|wrap|gateway|demo|up|--help|--version|-v|-h)$/;
  if (command === '' || looks.test(command)) {
    run.found.does(command === 'up' || command === 'demo' ? 'write' : 'read');
    return WILD;
  }
  if (/^(?:rules|packs|tools|agents|proposals)$/.test(command) && /^(?:list|show|new|test|lint|diff|export|gas|build|import|)$/.test(second)) return WILD;
  if (command === 'approvals' && /^(?:list|show|)$/.test(second)) return WILD;
  if (command === 'connect') {
    run.found.does('write');
    return WILD;
  }
  run.found.act(/^(?:approvals|proposals|keys|roles|validators|vault)$/.test(command) ? 'approve' : 'disable');
  return WILD;
};

const COMMAND_LIKE =
  /^(?:rm|rmdir|shred|dd|mkfs(?:\..*)?|sh|bash|zsh|dash|ksh|curl|wget|cat|mv|cp|chmod|chown|sudo|python3?|perl|node|eval|find|xargs|env|nc|ssh|git|tee|ln|truncate|kill|kubectl|terraform|docker)$/;

/** A program that nobody listed: its files of note are read; a known program among its words may be run by it. */
export const unlisted: Program = (call) => {
  const { args, state, run } = call;
  changing(call);
  const at = args.findIndex((arg, i) => COMMAND_LIKE.test(arg.replace(/^.*\//, '')) && i < args.length - 1);
  if (at >= 0) run.argv(args.slice(at), state.clone(), call.stdin);
  for (const [i, arg] of args.entries()) {
    if (/^(?:-c|-e|--exec|--command|--eval|--cmd|--run)$/.test(args[i - 1] ?? '') && /\s/.test(arg) && COMMAND_LIKE.test(arg.split(/\s+/)[0]))
      run.line(arg, state.clone(), null);
  }
  for (const arg of args) {
    const url = /^(?:https?):\/\/[^\s]+$/i.exec(arg)?.[0];
    if (url !== undefined) run.host(url.includes('@') ? url.replace(/^(https?:\/\/)[^@/]*@/i, '$1') : url);
  }
  return WILD;
};

const readsOnly: Program = mentions;

export const TOOL_PROGRAMS: readonly (readonly [string, Program])[] = [
  ['git', git],
  ...many('shutdown reboot halt poweroff init telinit', machine('power')),
  ...many('kill killall pkill killall5 skill', kill),
  ...many('systemctl service launchctl rc-service sv supervisorctl pm2 initctl', services),
  ...many(
    'iptables ip6tables nft ufw firewall-cmd pfctl setenforce apparmor_parser auditctl sysctl modprobe insmod rmmod mount umount losetup swapoff swapon useradd userdel usermod groupadd passwd chpasswd visudo chsh adduser deluser dscl csrutil spctl nvram update-alternatives loginctl hostnamectl timedatectl netplan ip ifconfig route',
    (call) => {
      if (call.args.length > 0 && !/^(?:-?-?(?:l|L|list|show|status|version|help|a|addr|address|link|route|n|nL|t))$/.test(call.args[0])) {
        call.run.found.privileged = true;
        call.run.found.does('write');
      }
      return WILD;
    },
  ),
  ...many('avactl ava', ava),
  ['ssh-agent', setup(/^(?:-s|-c|-k)?$/, unlisted)],
  [
    'ssh-keygen',
    (call) => {
      const { values, flags } = options(call.args, 'fCNPtbmOEIVnDszwaS', []);
      const file = last(values.get('f'));
      if (file !== undefined && !flags.has('l') && !flags.has('y') && !flags.has('F') && !flags.has('R') && !flags.has('H')) call.run.write(file, call.state);
      if (flags.has('y') && file !== undefined) call.run.found.does('read');
      if (values.has('D')) call.run.found.unclear('code that a program loads');
      return WILD;
    },
  ],
  ...many('ssh-add ssh-copy-id ssh-keyscan gpg gpg2 gpg-agent gpgconf pass age', ({ args, run, state }) => {
    if (args.some((arg) => /export-secret|^show$|^-d$|^--decrypt$/.test(arg))) run.read('~/.gnupg/private-keys-v1.d', state);
    mentions({ name: 'gpg', args, state, stdin: null, run });
    run.found.does('write');
    return WILD;
  }),
  [
    'getent',
    ({ args, state, run }) => {
      if (args.some((arg) => /shadow/.test(arg))) run.read('/etc/shadow', state);
      return WILD;
    },
  ],
  ...many('security secret-tool keyring kwallet-query', ({ args, run, state }) => {
    if (args.some((arg) => /find-(?:generic|internet)-password|dump-keychain|export|lookup|get|search/.test(arg)))
      run.read('~/Library/Keychains/login.keychain', state);
    return WILD;
  }),
  ['printenv', (call) => (call.args.every((arg) => arg.startsWith('-')) ? WILD + ALL : mentions(call))],
  ...many(
    'locale-gen tldr help info apropos cheat clear reset stty tig lazygit htop top btop btm iotop vmstat iostat sar ss netstat ifstat lsblk blkid lspci lsusb loc cloc scc tokei wc',
    readsOnly,
  ),
  ...many(
    'ruff black isort mypy pylint flake8 biome oxlint shellcheck hadolint golangci-lint rubocop pre-commit husky lint-staged prisma drizzle-kit knex alembic flask django-admin uvicorn gunicorn svelte-kit ng vue expo clang clang-format clang-tidy gcc g++ cc c++ rustc rustfmt javac java kotlinc gofmt goimports protoc buf sqlfluff dbt airflow jupyter code cursor subl open xdg-open start pbcopy pbpaste xclip wl-copy say notify-send',
    changing,
  ),
];
