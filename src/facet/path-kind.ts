/** What stands at a path, told by its name (spec/facet.md T-41). Names are compared without regard to case: some disks do so. */
import { mayMatch } from './shell-pattern.ts';
import { hasHole, hasMarks, hasPattern } from './shell-syntax.ts';

/** Append-only. */
export const PATH_KINDS = [
  'root',
  'home',
  'work',
  'system',
  'device',
  'key',
  'credential',
  'environment',
  'history',
  'startup',
  'client',
  'ava',
  'repository',
  'main',
] as const;
export type PathKind = (typeof PATH_KINDS)[number];

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const KEY_FOLDERS = words('.ssh .gnupg .password-store keyrings keychains');
/** In a folder of keys, but no secret. */
const SSH_OPEN = /\.pub$|^(?:known_hosts.*|config|authorized_keys2?|config\.d|allowed_signers|rc|agent.*)$/;
const KEY_NAME = /^(?:id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?|identity|ssh_host_\w+_key)$|\.(?:pem|key|p12|pfx|jks|keystore|ppk|kdbx)$/;
/** Keys of others, which all may see. */
const PUBLIC_FOLDERS = /^(?:node_modules|site-packages|ca-certificates)$/;
const CREDENTIAL_FOLDERS = words('.aws .azure .kube .oci gcloud .bitcoin .ethereum .electrum serviceaccount .terraform.d');
const CREDENTIAL_NAMES = words(
  '.netrc _netrc .git-credentials .npmrc .yarnrc.yml .pypirc .pgpass .my.cnf .mylogin.cnf .htpasswd .vault-token .boto .s3cfg .dockercfg .terraformrc .credentials.json application_default_credentials.json credentials.tfrc.json oauth_creds.json wallet.dat shadow gshadow logins.json key3.db key4.db cookies.sqlite shadow- gshadow-',
);
/** Their last two parts. */
const CREDENTIAL_ENDS = words(
  '.docker/config.json .cargo/credentials .cargo/credentials.toml .gem/credentials gh/hosts.yml .codex/auth.json .m2/settings.xml .m2/settings-security.xml .composer/auth.json rclone/rclone.conf solana/id.json etc/shadow etc/gshadow etc/master.passwd run/secrets .config/gcloud .gradle/gradle.properties default/cookies',
);
const ENVIRONMENT_OPEN = /\.(?:example|sample|template|tmpl|dist|defaults|schema|md|d\.ts)$/;
const HISTORY = /^\.(?:bash|zsh|python|psql|mysql|node_repl|sqlite|rediscli|sh)_?history$|^fish_history$|^\.lesshst$|^\.viminfo$/;
const STARTUP_NAMES = words(
  '.bashrc .bash_profile .bash_login .bash_logout .bash_aliases .profile .zshrc .zshenv .zprofile .zlogin .zlogout .kshrc .cshrc .tcshrc .login .inputrc .pam_environment .xinitrc .xprofile .xsession .xsessionrc .gitconfig authorized_keys authorized_keys2 sitecustomize.py usercustomize.py config.fish sudoers crontab .envrc .gdbinit .lldbinit .irbrc .pryrc .pdbrc .psqlrc .rprofile .curlrc .wgetrc',
);
const STARTUP_FOLDERS = words(
  'autostart launchagents launchdaemons hooks sudoers.d cron.d cron.daily cron.hourly cron.weekly cron.monthly crontabs profile.d init.d systemd environment.d .bashrc.d .zshrc.d',
);
const CLIENT_ENDS = words(
  '.claude/settings.json .claude/settings.local.json .claude/managed-settings.json .codex/config.toml .codex/hooks.json .cursor/mcp.json .cursor/hooks.json .vscode/mcp.json user/mcp.json .gemini/settings.json .copilot/mcp-config.json claude-code/managed-settings.json',
);
const CLIENT_NAMES = words('.claude.json .mcp.json claude_desktop_config.json');
const DEVICE = /^(?:sd|hd|nvme|vd|xvd|mmcblk|disk|rdisk|mapper|mem$|kmem$|port$|md|dm-|loop\d)/;
const SYSTEM = words('bin boot etc lib lib32 lib64 proc sbin sys system usr');
const SYSTEM_ALONE = words('var opt srv library applications mnt media volumes dev home users root run');
const HOME_FOLDERS = words(
  'documents desktop downloads pictures music movies videos library projects code src work repos .config .ssh .local .gnupg .aws .kube .claude .ava',
);

/** A sample of each kind of name, for patterns that may mean it. */
const SAMPLES: readonly (readonly string[])[] = [
  '.ssh/id_rsa .ssh/id_ed25519 .ssh/id_ecdsa .ssh/id_dsa .gnupg/private-keys-v1.d .aws/credentials .kube/config .docker/config.json .config/gcloud .netrc .git-credentials .npmrc .pypirc .pgpass .env .env.local .env.production .bash_history .zsh_history etc/shadow etc/gshadow .claude/settings.json .claude/settings.local.json .claude.json .mcp.json .codex/config.toml .codex/auth.json .cursor/mcp.json .ava/owner.key .bashrc .zshrc .profile .bash_profile .ssh/authorized_keys .git/hooks/pre-commit id_rsa id_ed25519 .ssh .aws .gnupg .kube .ava .claude/.credentials.json .vault-token server.pem private.key etc/sudoers etc/crontab proc/self/environ'.split(
    ' ',
  ),
].flatMap((all) => all.map((each) => each.split('/')));

/** T-41: the tables, as the vectors publish them. */
export const PATH_TABLES: Readonly<Record<string, readonly string[] | string>> = {
  key_folders: [...KEY_FOLDERS],
  ssh_open: SSH_OPEN.source,
  key_name: KEY_NAME.source,
  public_folders: PUBLIC_FOLDERS.source,
  credential_folders: [...CREDENTIAL_FOLDERS],
  credential_names: [...CREDENTIAL_NAMES],
  credential_ends: [...CREDENTIAL_ENDS],
  environment_open: ENVIRONMENT_OPEN.source,
  history: HISTORY.source,
  startup_names: [...STARTUP_NAMES],
  startup_folders: [...STARTUP_FOLDERS],
  client_ends: [...CLIENT_ENDS],
  client_names: [...CLIENT_NAMES],
  device: DEVICE.source,
  system: [...SYSTEM],
  system_alone: [...SYSTEM_ALONE],
  home_folders: [...HOME_FOLDERS],
};

/** Literal characters of a name that is a pattern. */
const literal = (name: string): string => name.replace(/\ue004[^\]]*\]?/g, '').replace(/[\ue000-\ue004]/g, '');
/** A pattern that nearly every name fits. */
const isBroad = (name: string): boolean => hasPattern(name) && literal(name).length < 2;

/** Where the home folder of somebody ends in the path: the count of its parts, 0 where there is none. */
function homeParts(parts: readonly string[], rooted: boolean): number {
  if (parts[0] === '~') return 1;
  if (!rooted) return 0;
  if (parts[0] === 'root') return 1;
  if (mayMatch(parts[0] ?? '', 'home') || mayMatch(parts[0] ?? '', 'users')) return 2;
  return parts[0] === 'var' && parts[1] === 'root' ? 2 : 0;
}

/**
 * The kinds of a path whose dot segments are gone; it may hold the marks of a shell's patterns. `folder` is where the
 * call runs, null where that is not known.
 */
export function pathKinds(path: string, folder: string | null): readonly PathKind[] {
  const kinds = new Set<PathKind>();
  const rooted = path.startsWith('/');
  const parts = partsOf(path);
  places(parts, rooted, folder, kinds);
  named(parts, rooted, kinds);
  if (hasMarks(path)) {
    for (const sample of SAMPLES) {
      const tail = parts.slice(-sample.length);
      if (tail.length < sample.length || !tail.some(hasMarks)) continue;
      if (sample.length === 1 && (isBroad(tail[0]) ? !tail[0].startsWith('.') : literal(tail[0]).length < 2 && !tail[0].startsWith('.'))) continue;
      if (tail.every((part, i) => (!hasHole(part) || literal(part).length > 1 || part.startsWith('.')) && mayMatch(part, sample[i])))
        meant(sample, tail.some(hasHole), kinds);
    }
  }
  return PATH_KINDS.filter((kind) => kinds.has(kind));
}

/** A name of which a part is not known may hide a secret; what else it may be is not supposed of it. */
function meant(sample: readonly string[], unknown: boolean, kinds: Set<PathKind>): void {
  const found = new Set<PathKind>();
  named(sample, sample[0] === 'etc' || sample[0] === 'proc', found);
  for (const kind of found) if (!unknown || /^(?:key|credential|environment)$/.test(kind)) kinds.add(kind);
}

const partsOf = (path: string): readonly string[] =>
  path
    .toLowerCase()
    .split('/')
    .filter((part) => part !== '' && part !== '.');

/** T-41: root, home, work, system, device: by where it stands. */
function places(parts: readonly string[], rooted: boolean, folder: string | null, kinds: Set<PathKind>): void {
  const last = parts.at(-1);
  // What a star stands for in a folder is the folder's content: to touch it is to touch the folder.
  const open = last !== undefined && (isBroad(last) || (hasHole(last) && literal(last) === ''));
  const whole = open && parts.length > 0 ? parts.slice(0, -1) : parts;
  const length = whole.length;
  if (rooted && length === 0) kinds.add('root');
  const home = homeParts(whole, rooted);
  if (home > 0 && length <= home) kinds.add('home');
  if (home > 0 && length === home + 1 && [...HOME_FOLDERS].some((name) => mayMatch(whole[home], name))) kinds.add('main');
  if (rooted && length > 0 && home === 0) {
    const first = whole[0] === 'private' && length > 1 ? whole[1] : whole[0];
    if ([...SYSTEM].some((name) => mayMatch(first, name)) && !(first === 'usr' && whole[1] === 'local' && length > 3)) kinds.add('system');
    if (length === 1 && [...SYSTEM_ALONE].some((name) => mayMatch(first, name))) kinds.add('system');
    if (first === 'dev' && DEVICE.test(whole[1] ?? '')) kinds.add('device');
  }
  if (hasHole(last ?? '') && !isBroad(last ?? '')) return;
  const here = folder === null ? null : partsOf(folder);
  if (!rooted && parts[0] !== '~') {
    if (whole.every((part) => part === '..')) kinds.add('work');
  } else if (here !== null) {
    const own = whole[0] === '~' && homeParts(here, true) > 0 ? [...here.slice(0, homeParts(here, true)), ...whole.slice(1)] : whole;
    if (own.length > 0 && own.length <= here.length && own.every((part, i) => mayMatch(part, here[i]))) kinds.add('work');
  }
}

/** T-41: the others: by name. */
function named(parts: readonly string[], rooted: boolean, kinds: Set<PathKind>): void {
  const last = parts.at(-1) ?? '';
  const before = parts.at(-2) ?? '';
  const end = `${before}/${last}`;
  const ssh = parts.includes('.ssh');
  if (parts.some((part) => KEY_FOLDERS.has(part)) && !(ssh && last !== '.ssh' && SSH_OPEN.test(last))) kinds.add('key');
  if (KEY_NAME.test(last) && !parts.some((part) => PUBLIC_FOLDERS.test(part)) && !(parts[0] === 'etc' && parts[1] === 'ssl' && parts[2] === 'certs'))
    kinds.add('key');
  if (
    parts.some((part) => CREDENTIAL_FOLDERS.has(part)) ||
    CREDENTIAL_NAMES.has(last) ||
    CREDENTIAL_ENDS.has(end) ||
    end === 'run/secrets' ||
    (before === 'secrets' && parts.at(-3) === 'run') ||
    (rooted && parts[0] === 'proc' && last === 'environ')
  )
    kinds.add('credential');
  if ((/^\.env(?:$|[.\-_])/.test(last) || last === '.envrc' || last.endsWith('.env')) && !ENVIRONMENT_OPEN.test(last)) kinds.add('environment');
  if (HISTORY.test(last)) kinds.add('history');
  if (
    STARTUP_NAMES.has(last) ||
    (STARTUP_FOLDERS.has(before) && (before !== 'hooks' || parts.at(-3) === '.git')) ||
    end === '.git/config' ||
    end === '.ssh/config' ||
    end === '.ssh/rc' ||
    end === 'etc/profile' ||
    end === 'etc/environment' ||
    end === 'etc/ld.so.preload' ||
    end === 'etc/passwd' ||
    end === 'etc/hosts' ||
    end === 'git/config' ||
    end === '.vscode/tasks.json' ||
    end === '.devcontainer/devcontainer.json' ||
    end === 'etc/gitconfig' ||
    (before === 'conf.d' && parts.at(-3) === 'fish') ||
    (before === 'site-packages' && last.endsWith('.pth')) ||
    (parts.includes('.git') && parts.includes('hooks')) ||
    parts.includes('systemd')
  )
    kinds.add('startup');
  if (
    CLIENT_ENDS.has(end) ||
    CLIENT_NAMES.has(last) ||
    (parts.includes('.claude') && parts.includes('hooks')) ||
    parts.some((part, i) => part === '@artifact-virtual' && parts[i + 1] === 'ava')
  )
    kinds.add('client');
  if (parts.includes('.ava')) kinds.add('ava');
  if (parts.includes('.git')) kinds.add('repository');
}
