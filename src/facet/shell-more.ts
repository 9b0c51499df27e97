/** Programs with verbs of their own: bins and disks, runtimes that fetch, keepers of secrets, servers (spec/facet.md T-34 to T-37). */
import { type Call, many, options, type Program } from './shell-call.ts';
import { changing } from './shell-files.ts';
import { isHarmlessCode } from './shell-harmless.ts';
import { server } from './shell-send.ts';
import { WILD } from './shell-syntax.ts';

/** An address of which the code would run. */
export const isRemoteCode = (word: string): boolean =>
  /^(?:(?:https?|ftp|git|ssh|git\+\w+|data|github|gitlab|bitbucket|gist):|git@)/i.test(word) || /(?:^[^@]|@)\S*@(?:https?|git\+\w+):/i.test(word);

/** Code from an address runs. */
export function runsRemote(word: string, { run }: Pick<Call, 'run'>): void {
  run.found.pipesToShell = true;
  run.found.egress = true;
  if (/^https?:/i.test(word)) run.host(word);
}

/** Puts the words behind its verb to the program that does the same. */
const does =
  (verbs: Readonly<Record<string, readonly string[]>>): Program =>
  (call) => {
    const at = call.args.findIndex((arg) => !arg.startsWith('-'));
    const same = Object.hasOwn(verbs, call.args[at] ?? '') ? verbs[call.args[at]] : undefined;
    return same === undefined ? changing(call) : call.run.argv([...same, ...call.args.slice(at + 1)], call.state.clone(), call.stdin);
  };

/** Code for Deno or Bun: an address, its input, a file of this line. */
export function runsScript(script: string, { stdin, state, run }: Call): void {
  if (isRemoteCode(script)) return runsRemote(script, { run });
  const text = script === '-' || script === '/dev/stdin' ? stdin : (run.content(script, state) ?? null);
  if (text === null || text === '') return;
  if (/[\ue000\ue001]/.test(text)) run.found.pipesToShell = true;
  if (!isHarmlessCode(text, 'node', run, state)) run.found.unclear('code of another language');
}

const deno: Program = (call) => {
  const { operands } = options(call.args, 'cLrnu', ['config', 'import-map', 'lock', 'cert', 'location', 'seed', 'ext', 'name', 'root'], false);
  const verb = /^(?:run|serve|test|bench|eval|install|compile|bundle|cache|check|fmt|lint|task|repl|x|info|doc|upgrade|init|add|remove)$/.test(
    operands[0] ?? '',
  )
    ? operands[0]
    : 'run';
  const words = verb === operands[0] ? operands.slice(1) : operands;
  call.run.found.does('write');
  if (verb === 'eval')
    for (const code of words.slice(0, 1)) if (!isHarmlessCode(code, 'node', call.run, call.state)) call.run.found.unclear('code of another language');
  if (/^(?:run|serve|test|bench|x|install|compile)$/.test(verb)) for (const script of words.slice(0, 1)) runsScript(script, call);
  if (words.length === 0 && verb === 'run' && call.stdin !== null) runsScript('-', call);
  return changing(call);
};

/** A shell of another grammar. */
const foreign: Program = (call) => {
  const { args, stdin, state, run } = call;
  const { operands, values } = options(args, 'ceI', ['commands', 'execute'], true);
  if (values.size > 0) run.found.unclear('code of another language');
  const text = operands[0] === undefined || operands[0] === '-' ? stdin : run.content(operands[0], state);
  if (typeof text === 'string' && text !== '') {
    if (/[\ue000\ue001]/.test(text)) run.found.pipesToShell = true;
    run.found.unclear('code of another language');
  }
  return changing(call);
};

/** Disks, pools and volumes: their own verbs. */
const disks: Program = (call) => {
  const { args, state, run } = call;
  const words = args.filter((arg) => !arg.startsWith('-'));
  const line = words.join(' ');
  run.found.does(
    /^(?:list|info|show|get|status|id-ctrl|smart-log|subvolume (?:list|show)|filesystem (?:show|df|usage)|device (?:stats|usage)|version|help)\b/.test(line)
      ? 'read'
      : 'write',
  );
  if (call.name === 'btrfs' && /^su\w* d/.test(line)) for (const path of words.slice(2)) run.remove(path, state, true);
  else if (
    /^(?:format|sanitize|destroy|labelclear|erase\w*|secureErase|zeroDisk|randomDisk|partitionDisk|reformat|delete\w*|delete-ns|apfs (?:delete|erase)\w*|luksFormat|luksErase|remove_all|wipe\w*)\b/i.test(
      line,
    ) ||
    args.some((arg) => /^--(?:zero-superblock|destroy|wipe|format)$/.test(arg))
  )
    run.found.act('wipe');
  return WILD;
};

/** Keepers of secrets: what shows one reads it. */
const keeper: Program = (call) => {
  const line = call.args.filter((arg) => !arg.startsWith('-')).join(' ');
  if (
    /^(?:get|show|list items|read|export|view|fetch|print|env|cat|secrets?\b(?! set)|decrypt|item get|kv get)\b/.test(line) ||
    call.args.some((arg) => /^(?:-d|--decrypt)$/.test(arg))
  )
    call.run.read('/run/secrets/keeper', call.state);
  return changing(call);
};

/** Code that comes from a repository elsewhere. */
const pulls: Program = (call) => {
  runsRemote('', call);
  return changing(call);
};

export const MORE_PROGRAMS: readonly (readonly [string, Program])[] = [
  ...many(
    'gio gvfs kioclient kioclient5',
    does({ trash: ['trash'], remove: ['rm', '-r'], move: ['mv'], rename: ['mv'], copy: ['cp', '-r'], cat: ['cat'], save: ['tee'] }),
  ),
  ...many('gvfs-trash gvfs-rm rip rmtrash safe-rm', (call) => call.run.argv(['trash', ...call.args], call.state.clone(), call.stdin)),
  ['coreutils', (call) => call.run.argv(call.args, call.state.clone(), call.stdin)],
  ...many('nvme zfs zpool btrfs diskutil mdadm dmsetup bcachefs stratis cryptsetup veracrypt storcli megacli hdiutil', disks),
  ...many('mkfs.f2fs mkfs.exfat mkfs.msdos mkfs.minix mkfs.bcachefs mkfs.jfs newfs newfs_hfs newfs_msdos diskpart nwipe', ({ run }) => {
    run.found.act('wipe');
    return '';
  }),
  ['deno', deno],
  ...many('nu xonsh elvish osh ysh ion murex oil nushell', foreign),
  ...many('serve http-server live-server miniserve darkhttpd caddy dufs static-server webfsd', server),
  ...many('bw lpass chamber sops ansible-vault infisical berglas gopass rbw keepassxc-cli pass-cli teller credstash', keeper),
  ...many('docker-credential-desktop docker-credential-osxkeychain docker-credential-pass git-credential-store git-credential-osxkeychain', keeper),
  ...many('ansible-pull', pulls),
];
