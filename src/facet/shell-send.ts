/** The working folder, the home folder or all of the environment leaves this machine (spec/facet.md T-36). */
import { pathKinds } from './path-kind.ts';
import { type Call, options } from './shell-call.ts';
import { ALL, hasHole, hasPattern } from './shell-syntax.ts';

/** Programs that give what they read to another machine. */
const SENDERS =
  /^(?:curl|wget2?|https?|xh|httpie|ssh|mosh|autossh|scp|rsync|sftp|ncat|nc|netcat|socat|telnet|l?ftp|tftp|aws|gsutil|gcloud|az|s3cmd|mc|rclone|mail|mailx|sendmail|mutt|gh|glab|croc|wormhole|magic-wormhole|transfer|ffsend|dig|nslookup|host|openssl|restic|borg)$/;

/** Does the path stand for all of the working folder, the home folder or the disk? */
export function isWhole(path: string, { state, run }: Pick<Call, 'state' | 'run'>): boolean {
  if (path === '' || path.startsWith('-') || hasHole(path) || /^\w+:\/\//.test(path)) return false;
  if (/(?:^|\/)\.git\/*$/.test(path)) return true;
  return pathKinds(run.place(path, state), run.found.folder).some((kind) => kind === 'work' || kind === 'home' || kind === 'root' || kind === 'main');
}

/** T-36: what this program is given to send is, or holds, a whole. */
export function sends(call: Call): void {
  const { name, args, stdin, state, run } = call;
  if (!SENDERS.test(name)) return;
  const texts = [stdin ?? '', ...args];
  const files = args.flatMap((arg) => [arg, arg.replace(/^[^=@]*=?@/, ''), arg.replace(/^[^=]*=/, ''), arg.replace(/^-[a-zA-Z]@?/, '')]);
  const held = files.map((file) => (file === '' || hasHole(file) || file.length > 512 ? '' : (run.content(file, state) ?? '')));
  // A pattern or a listing that names all that is there.
  const all = files.some((file) => hasPattern(file) && isWhole(file, call));
  if (all || [...texts, ...held].some((text) => text.includes(ALL))) run.found.act('send-all', 'write');
}

/** A server of files, of a folder: what is in it leaves. */
export function serves(folders: readonly string[], call: Call): void {
  call.run.found.act('listen', 'write');
  for (const folder of folders.length > 0 ? folders : ['.']) call.run.read(folder, call.state, true);
}

/** `serve`, `http-server`: a folder for all who ask. */
export const server = (call: Call): string => {
  const { operands, values } = options(call.args, 'pldcatTrh', ['port', 'listen', 'config', 'root', 'directory', 'path', 'host', 'bind']);
  const roots = ['root', 'directory', 'path', 'r', 't', 'd'].flatMap((key) => values.get(key) ?? []);
  const folders = [...operands, ...roots].filter((word) => /^[./~]|^[\ue005]/.test(word) || /\//.test(word));
  if (call.name !== 'caddy' || /^(?:file-server|browse)$/.test(operands[0] ?? '')) serves(folders, call);
  return '';
};
