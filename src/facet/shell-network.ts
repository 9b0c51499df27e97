/** Programs that speak over a network (spec/facet.md T-36). */
import { networkOf } from './host.ts';
import { baseName, type Call, last, many, options, type Program } from './shell-call.ts';
import { mentions } from './shell-files.ts';
import { isWhole } from './shell-send.ts';
import { FETCHED } from './shell-state.ts';
import { TAME, WILD } from './shell-syntax.ts';

/** `user@host:path` → its host; null for a path here. */
function remote(word: string): { readonly host: string; readonly path: string } | null {
  const found = /^(?:[^@/:]+@)?(\[[^\]]+\]|[^/:@]+):(.*)$/.exec(word);
  return found === null || /^[a-zA-Z]$/.test(found[1]) ? null : { host: found[1], path: found[2] };
}

/** The host of a URL of any scheme, without user and port. */
function hostOf(url: string): string {
  const inner = url.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').replace(/[/?#].*$/, '');
  return inner.replace(/^[^@]*@/, '').replace(/:\d+$/, '');
}

const CURL_SHORT = 'AbcCdDeEFhHKmoPQrtTuUwxXyYz';
const CURL_LONG = [
  ...'data data-raw data-binary data-urlencode data-ascii json form form-string header user user-agent referer cookie cookie-jar output request url proxy max-time connect-timeout retry retry-delay retry-max-time cacert cert key capath config upload-file write-out range resolve connect-to interface limit-rate max-redirs dump-header netrc-file unix-socket output-dir trace trace-ascii stderr create-file-mode oauth2-bearer aws-sigv4 ciphers tls-max proto noproxy socks5 socks5-hostname preproxy doh-url dns-servers hsts etag-save etag-compare'.split(
    ' ',
  ),
];

const curl: Program = ({ args, state, run }) => {
  const { operands, values, flags } = options(args, CURL_SHORT, CURL_LONG);
  const all = (...names: string[]): readonly string[] => names.flatMap((name) => values.get(name) ?? []);
  run.found.egress = true;
  for (const file of all('K', 'config')) {
    run.read(file, state);
    run.found.unclear('options that stand in a file');
  }
  for (const url of [...operands, ...all('url')]) {
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1].toLowerCase();
    if (scheme === 'file') run.read(url.replace(/^file:\/\/(?:localhost)?/i, ''), state);
    // {a,b} and [1-3] of curl's own.
    else for (const one of spread(url)) run.host(/^(?:https?:\/\/)/i.test(one) && !/@/.test(one) ? one : hostOf(one));
  }
  for (const proxy of all('x', 'proxy', 'preproxy', 'socks5', 'socks5-hostname', 'doh-url')) run.host(hostOf(proxy));
  for (const place of all('connect-to', 'resolve')) run.host(place.split(':').slice(2, 3)[0] || place.split(':')[0]);
  let sends = false;
  for (const data of all('d', 'data', 'data-binary', 'data-ascii', 'json', 'F', 'form', 'data-urlencode', 'H', 'header', 'b', 'cookie')) {
    const file = /^(?:[^@=<]*=)?[@<]([^;]*)/.exec(data)?.[1];
    if (file !== undefined && file !== '-') run.read(file, state);
  }
  for (const data of all('d', 'data', 'data-binary', 'data-raw', 'data-ascii', 'json', 'F', 'form', 'data-urlencode', 'form-string')) sends ||= data !== '';
  for (const file of all('T', 'upload-file')) {
    run.read(file, state);
    sends = true;
  }
  for (const file of all('E', 'cert', 'key', 'netrc-file')) if (file.includes(WILD)) run.found.unclear('a file that is known only when it runs');
  const method = last(all('X', 'request'))?.toUpperCase();
  if (sends || (method !== undefined && !/^(?:GET|HEAD|OPTIONS)$/.test(method))) run.found.does('write');
  if (sends) run.found.act('upload', 'write');
  if (method === 'DELETE') run.found.act([...run.found.hosts].some((host) => networkOf(host) === 'public') ? 'destroy' : 'discard', 'irreversible');
  const folder = last(all('output-dir')) ?? '.';
  for (const file of all('o', 'output')) run.write(file === '/dev/stdout' ? '-' : file.startsWith('/') || folder === '.' ? file : `${folder}/${file}`, state);
  if (flags.has('O') || flags.has('remote-name') || flags.has('J'))
    for (const url of operands) run.write(`${folder}/${baseName(url.replace(/[?#].*$/, ''))}`, state);
  // The server says what it is called.
  if (flags.has('J') || flags.has('remote-header-name') || (flags.has('remote-name-all') && operands.length > 0)) state.files.set(FETCHED, WILD);
  for (const file of all('c', 'cookie-jar', 'D', 'dump-header', 'trace', 'stderr')) run.write(file, state);
  return WILD;
};

/** curl's braces and ranges. */
function spread(url: string): readonly string[] {
  // More of them than anybody writes are no host.
  if (url.split('{').length > 4 || url.length > 8192) return [''];
  const braces = /\{([^{}]*)\}/.exec(url);
  if (braces !== null)
    return braces[1]
      .split(',')
      .slice(0, 16)
      .flatMap((item) => spread(url.replace(braces[0], () => item)));
  return [url.replace(/\[[\w]+-[\w]+(?::\d+)?\]/g, '1')];
}

const wget: Program = ({ args, state, run }) => {
  const { operands, values, flags } = options(args, 'OoaiePUQtTwlADRBX', [
    ...'output-document output-file append-output input-file execute directory-prefix user-agent quota tries timeout wait level accept reject domains base header post-data post-file body-data body-file method user password http-user http-password ca-certificate certificate private-key use-askpass config referer load-cookies save-cookies'.split(
      ' ',
    ),
  ]);
  run.found.egress = true;
  for (const url of operands) run.host(/^(?:https?:\/\/)/i.test(url) && !url.includes('@') ? url : hostOf(url));
  for (const file of [...(values.get('post-file') ?? []), ...(values.get('body-file') ?? []), ...(values.get('i') ?? []), ...(values.get('input-file') ?? [])])
    run.read(file, state);
  for (const name of ['use-askpass', 'e', 'execute', 'config']) if (values.has(name)) run.found.unclear('options that run programs');
  const out = last(values.get('O')) ?? last(values.get('output-document'));
  const folder = last(values.get('P')) ?? last(values.get('directory-prefix')) ?? '.';
  if (out === undefined) for (const url of operands) run.write(`${folder}/${baseName(url.replace(/[?#].*$/, '')) || 'index.html'}`, state);
  else if (out !== '-') run.write(out, state);
  if (['content-disposition', 'trust-server-names', 'r', 'recursive', 'm', 'mirror', 'i', 'input-file'].some((flag) => flags.has(flag)))
    state.files.set(FETCHED, WILD);
  if (values.has('post-data') || values.has('post-file') || values.has('body-data') || values.has('body-file')) run.found.act('upload', 'write');
  return WILD;
};

/** HTTPie and xh: `METHOD URL items`. */
const httpie: Program = ({ args, state, run }) => {
  const { operands, flags, values } = options(args, 'aApos', ['auth', 'auth-type', 'print', 'output', 'session', 'timeout', 'body']);
  const words = /^[A-Z]+$/.test(operands[0] ?? '') ? operands.slice(1) : operands;
  if (words[0] !== undefined) run.host(words[0].replace(/^:(\/|\d|$)/, 'localhost:$1').replace(/:$/, ''));
  for (const item of words.slice(1)) {
    const file = /[:=]?@(.+)$/.exec(item)?.[1];
    if (file !== undefined) run.read(file, state);
  }
  if (flags.has('d') || flags.has('download')) state.files.set(FETCHED, WILD);
  for (const file of [...(values.get('o') ?? []), ...(values.get('output') ?? [])]) run.write(file, state);
  if (words.length > 1) run.found.does('write');
  return WILD;
};

const SSH_RUNS = /^(?:proxycommand|localcommand|knownhostscommand|permitlocalcommand|remotecommand|match)$/i;

/** `-o Option=value`: those that run a command here. */
function sshOptions(call: Call, values: ReadonlyMap<string, readonly string[]>): void {
  for (const option of values.get('o') ?? []) {
    const [name, ...value] = option.split(/[=\s]/);
    if (SSH_RUNS.test(name) && !/^(?:none|no)$/i.test(value.join(' '))) call.run.line(value.join(' ').replace(/%./g, TAME), call.state.clone(), null);
    if (/^(?:pkcs11provider|securitykeyprovider|include)$/i.test(name)) call.run.found.unclear('code that a program loads');
  }
  for (const host of values.get('J') ?? []) for (const jump of host.split(',')) call.run.host(hostOf(`ssh://${jump}`));
  if (values.has('F') && last(values.get('F')) !== 'none') call.run.found.unclear('options that stand in a file');
  if (values.has('I')) call.run.found.unclear('code that a program loads');
}

const ssh: Program = (call) => {
  const { args, state, stdin, run } = call;
  const { operands, values, flags } = options(args, 'bcDEeFIiJLlmOopQRSWw', [], true);
  sshOptions(call, values);
  run.found.egress = true;
  const [to, ...command] = operands;
  if (to === undefined) return WILD;
  run.host(hostOf(to.replace(/^ssh:\/\//, '')));
  const rest = options(command, 'bcDEeFIiJLlmOopQRSWw', [], true);
  sshOptions(call, rest.values);
  if (rest.operands.length > 0) run.line(rest.operands.join(' '), state.clone(), stdin);
  else if (stdin !== null && stdin !== '') run.code(stdin, state.clone());
  if (!flags.has('N')) run.found.does('write');
  return WILD;
};

/** `scp`, `rsync`, `sftp`: what leaves is read, what comes is written. */
const transfer: Program = (call) => {
  const { name, args, state, run } = call;
  const { operands, values, flags } = options(args, name === 'rsync' ? 'efTBM' : 'cDFiJloPSX', [
    'rsh',
    'exclude',
    'include',
    'exclude-from',
    'include-from',
    'files-from',
    'filter',
    'backup-dir',
    'rsync-path',
    'bwlimit',
    'port',
    'timeout',
    'log-file',
    'password-file',
    'chmod',
    'chown',
    'partial-dir',
    'temp-dir',
    'compare-dest',
    'link-dest',
  ]);
  if (name !== 'rsync') sshOptions(call, values);
  for (const line of [
    ...(values.get('e') ?? []),
    ...(values.get('rsh') ?? []),
    ...(values.get('rsync-path') ?? []),
    ...(name === 'rsync' ? [] : (values.get('S') ?? [])),
  ])
    run.line(line, state.clone(), null);
  for (const path of values.get('files-from') ?? []) run.read(path, state);
  const to = operands.at(-1);
  for (const word of operands) {
    const there = /^(?:rsync|sftp|scp|ssh):\/\//.test(word) ? { host: hostOf(word), path: '' } : remote(word);
    if (there !== null) {
      run.found.egress = true;
      run.host(there.host);
      if (word === to) {
        run.found.act('upload', 'write');
        if (operands.slice(0, -1).some((path) => remote(path) === null && isWhole(path, call))) run.found.act('send-all', 'write');
      } else state.files.set(FETCHED, WILD);
    } else if (name === 'sftp') run.host(hostOf(word));
    else if (word !== to || operands.length === 1) run.read(word, state, name === 'rsync' || flags.has('r'));
    else run.write(word, state);
    if (there === null && word === to && [...flags].some((flag) => /^del(?:ete.*)?$/.test(flag))) run.remove(word, state, true);
  }
  if (flags.has('remove-source-files')) for (const word of operands.slice(0, -1)) run.remove(word, state, true);
  if (name === 'sftp' && call.stdin !== null && /\bm?put\b|-r/.test(call.stdin)) run.found.act('send-all', 'write');
  if (name === 'sftp' && values.has('b')) run.found.unclear('commands that stand in a file');
  run.found.does('write');
  return WILD;
};

/** `nc`, `socat`: a socket, and perhaps a program at it. */
const socket: Program = ({ name, args, state, stdin, run }) => {
  run.found.egress = true;
  if (name === 'socat') {
    for (const arg of args.filter((word) => !word.startsWith('-') || word === '-')) {
      const command = /^(?:exec|system|shell):(.*)$/i.exec(arg)?.[1];
      if (command !== undefined) run.line(command.replace(/^["']|["'].*$|,[\w,=-]*$/g, ''), state.clone(), WILD);
      const peer = /^(?:tcp|udp|ssl|openssl|sctp)[46]?(?:-connect)?:(\[[^\]]+\]|[^:,]+)/i.exec(arg)?.[1];
      if (peer !== undefined && !/listen/i.test(arg)) run.host(peer);
      if (/listen/i.test(arg)) run.found.act('listen', 'write');
      const file = /^(?:open|file|create|gopen):([^,]+)/i.exec(arg)?.[1];
      if (file !== undefined) run.read(file, state);
    }
    return WILD;
  }
  const { operands, flags, values } = options(args, 'ecgGiIOpPqsTVwXx', ['exec', 'sh-exec', 'lua-exec', 'proxy']);
  for (const line of [...(values.get('e') ?? []), ...(values.get('c') ?? []), ...(values.get('exec') ?? []), ...(values.get('sh-exec') ?? [])])
    run.line(line, state.clone(), WILD);
  if (values.has('lua-exec')) run.found.unclear('code of another language');
  if (flags.has('l')) run.found.act('listen', 'write');
  else if (operands[0] !== undefined) run.host(operands[0]);
  // What is piped in leaves.
  if (stdin !== null && stdin !== '' && !flags.has('z')) run.found.act('upload', 'write');
  return WILD;
};

/** The first word that is no option is a host. */
const peer =
  (short: string, effect: 'read' | 'write' = 'read'): Program =>
  ({ name, args, state, stdin, run }) => {
    const { operands } = options(args, short);
    mentions({ name: 'peer', args, state, stdin, run });
    run.found.egress = true;
    run.found.does(effect);
    const word = operands.find((each) => /[.:]|^localhost$/.test(each)) ?? operands[0];
    if (word !== undefined) run.host(hostOf(word.replace(/^@/, '')));
    if (/^(?:aria2c|axel|l?ftp|tftp)$/.test(name)) state.files.set(FETCHED, WILD);
    if (stdin !== null && stdin !== '') run.found.does('write');
    return WILD;
  };

/** Looking a name up sends the name. */
const lookup: Program = ({ args, run }) => {
  run.found.egress = true;
  for (const arg of args) {
    if (arg.startsWith('@')) run.host(arg.slice(1));
    if (arg.includes(WILD)) run.found.unclear('a name that is known only when it runs');
  }
  return WILD;
};

export const NETWORK_PROGRAMS: readonly (readonly [string, Program])[] = [
  ['curl', curl],
  ['wget', wget],
  ['wget2', wget],
  ...many('http https xh httpie', httpie),
  ['ssh', ssh],
  ['mosh', ssh],
  ['autossh', ssh],
  ...many('scp rsync sftp', transfer),
  ...many('nc ncat netcat socat', socket),
  ...many('telnet ftp lftp tftp whois finger nmap masscan aria2c axel lynx links w3m elinks', peer('pPuUeOdt', 'write')),
  ...many('ping ping6 traceroute mtr tracepath arping', peer('ciIwWstp')),
  ...many('dig nslookup host drill kdig', lookup),
];
