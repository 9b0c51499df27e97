/** Infrastructure, clouds and forges: what their words say (spec/facet.md T-37). */
import { many, options, type Program } from './shell-call.ts';
import { isWhole, serves } from './shell-send.ts';
import { FETCHED } from './shell-state.ts';
import { WILD } from './shell-syntax.ts';

/** `terraform destroy`, and those like it. */
const infrastructure: Program = ({ args, run }) => {
  const { operands, flags } = options(args, '', ['var', 'var-file', 'target', 'stack', 'chdir', 'state', 'out']);
  const [verb = '', second = ''] = operands;
  run.found.egress = true;
  const destroys =
    verb === 'destroy' ||
    verb === 'down' ||
    (verb === 'apply' && flags.has('destroy')) ||
    args.some((arg) => /^-{1,2}destroy$/.test(arg)) ||
    (verb === 'workspace' && second === 'delete') ||
    (verb === 'state' && /^(?:rm|push)$/.test(second)) ||
    verb === 'force-unlock';
  if (destroys) run.found.act('destroy');
  else if (/^(?:apply|up|import|taint|untaint|refresh|deploy|provision|playbook)$/.test(verb)) run.found.act('deploy');
  else if (/^(?:plan|show|validate|fmt|output|version|providers|graph|console|preview|synth|diff|get|list|ls|state|workspace|test)$/.test(verb) || verb === '')
    run.found.does('read');
  else run.found.does('write');
  if (verb === 'console') run.found.does('write');
  return WILD;
};

/** The clouds' own command lines: the words say it. */
const cloud: Program = ({ args, state, run, name }) => {
  const { found } = run;
  found.egress = true;
  const words = args.filter((arg) => !arg.startsWith('-'));
  const line = words.join(' ');
  const recursive = args.some((arg) => /^--(?:recursive|delete|force|all)$/.test(arg) || arg === '-r' || arg === '-m');
  if (
    /\b(?:rb|delete-bucket|delete-\w[\w-]*|terminate-\w[\w-]*|deregister-\w[\w-]*|destroy|purge|purge-\w+)\b/.test(line) ||
    /\b(?:delete|remove|rm|destroy|apps:destroy|teardown)\b/.test(line)
  ) {
    const wide =
      recursive ||
      /^(?:vercel|netlify|railway|wrangler|firebase|render)$/.test(name) ||
      /\b(?:rb|delete-bucket|delete-db-\w+|delete-stack|delete-cluster|delete-table|terminate-instances|destroy|apps:destroy|project|projects|group|instances|clusters|sql|vm|resource|db|stack|nodegroup|repo)\b/.test(
        line,
      );
    found.act(wide ? 'destroy' : 'discard');
  } else if (
    /\b(?:deploy|create\S*|put-\S+|update\S*|run|start\S*|stop\S*|scale|promote|release|publish|cp|mv|sync|set\S*|add\S*|import|modify-\S+|attach-\S+|apply|push|upload|mb|invoke|send\S*|edit|merge|close|login|upgrade|enable|disable|reboot\S*)\b/.test(
      line,
    )
  )
    found.does('write');
  if (/^(?:deploy|--prod)\b|\bdeploy\b/.test(line)) found.act('deploy');
  if (args.includes('--delete') && /\bsync\b/.test(line)) found.act('discard');
  const commands = args.flatMap((arg, i) =>
    arg.startsWith('--command=') ? [arg.slice(10)] : args[i - 1] === '--command' || (args[i - 1] === '-C' && name.startsWith('fly')) ? [arg] : [],
  );
  for (const command of commands) run.line(command, state.clone(), null);
  if (
    /\b(?:get-secret-value|get-parameters?\b.*|secrets versions access|print-access-token|print-identity-token|get-session-token|export-credentials|get-login-password|keyvault secret show|auth token|config:get|secret get|item get|read op|print-refresh-token|get-access-token|kv get|env pull|configure get|configure export-credentials|secrets get|secrets download|variables|config -a|item get)\b|^read /.test(
      line,
    ) &&
    !/get-login-password/.test(line)
  )
    run.read('/run/secrets/cloud', state);
  if ((name === 'heroku' && /^config(?: |$)/.test(line)) || (name === 'doppler' && /^secrets(?: (?:get|download)|$)/.test(line)))
    run.read('/run/secrets/cloud', state);
  for (const arg of args) if (/^file:\/\/|^fileb:\/\//.test(arg)) run.read(arg.replace(/^fileb?:\/\//, ''), state);
  if (/\b(?:cp|mv|sync|upload)\b/.test(line)) {
    const files = words.slice(words.findIndex((word) => /^(?:cp|mv|sync|upload|copy|move)$/.test(word)) + 1);
    for (const file of files) if (!/^\w+:\/\//.test(file) && file !== files.at(-1)) run.read(file, state, recursive);
    found.act('upload', 'write');
    if (/^\w[\w+-]*:/.test(files.at(-1) ?? '') && files.slice(0, -1).some((file) => isWhole(file, { state, run }))) found.act('send-all', 'write');
    if (!/^\w[\w+-]*:/.test(files.at(-1) ?? '') && files.some((file) => /^\w+:\/\//.test(file))) state.files.set(FETCHED, WILD);
  }
  return WILD;
};

/** `rclone`: paths here, and at remotes. */
const rclone: Program = (call) => {
  const { args, state, run } = call;
  const [verb = '', ...paths] = options(args, '', ['config', 'transfers', 'include', 'exclude', 'filter', 'addr', 'user', 'pass']).operands;
  const here = (path: string): boolean => !/^[\w .+@-]+:/.test(path);
  run.found.egress = true;
  run.found.does(/^(?:ls\w*|size|check|cat|about|config|listremotes|tree|version)$/.test(verb) ? 'read' : 'write');
  if (/^(?:delete|deletefile|purge|rmdirs?|cleanup)$/.test(verb)) {
    for (const path of paths) if (here(path)) run.remove(path, state, true);
    if (!paths.every(here) && verb !== 'deletefile') run.found.act('destroy');
  } else if (verb === 'serve') serves(paths.slice(1), call);
  else {
    for (const path of paths.slice(0, /^(?:copy|copyto|sync|move|moveto|bisync)$/.test(verb) ? 1 : undefined)) {
      if (!here(path)) continue;
      run.read(path, state, true);
      if (verb.startsWith('move')) run.remove(path, state, true);
      if (paths.slice(1).some((to) => !here(to)) && isWhole(path, { state, run })) run.found.act('send-all', 'write');
    }
    if (verb === 'sync' && here(paths[1] ?? ':')) run.remove(paths[1], state, true);
  }
  return WILD;
};

/** GitHub's and GitLab's command lines. */
const forge: Program = ({ args, state, run }) => {
  const { found } = run;
  found.egress = true;
  const [what = '', verb = ''] = args.filter((arg) => !arg.startsWith('-'));
  if (what === 'auth' && (verb === 'token' || args.includes('--show-token') || args.includes('-t'))) run.read('~/.config/gh/hosts.yml', state);
  else if (
    what === 'api' &&
    args.some((arg, i) => /^(?:-X=?|--method=)DELETE$/i.test(arg) || (/^(?:-X|--method)$/.test(args[i - 1] ?? '') && /^DELETE$/i.test(arg)))
  )
    found.act('destroy');
  else if (what === 'api')
    found.does(
      args.some((arg, i) => /^(?:-f|-F|--field|--raw-field|--input)/.test(arg) || (/^(?:-X|--method)$/.test(args[i - 1] ?? '') && !/^GET$/i.test(arg)))
        ? 'write'
        : 'read',
    );
  else if ((what === 'repo' || what === 'release' || what === 'secret' || what === 'project') && /^(?:delete|archive|rename)/.test(verb)) found.act('destroy');
  else if (
    /^(?:create|edit|merge|close|reopen|comment|review|ready|upload|set|add|delete|run|rerun|cancel|enable|disable|fork|sync|transfer|lock|pin|import)/.test(
      verb,
    )
  ) {
    found.does('write');
    if (what === 'release' || what === 'gist') found.act('publish');
    if (what === 'gist') for (const path of args.slice(2).filter((arg) => !arg.startsWith('-'))) run.read(path, state);
  } else if (what === 'alias' || what === 'extension') found.does('write');
  if (/^(?:release|run)$/.test(what) && verb === 'download') state.files.set(FETCHED, WILD);
  if (what === 'repo' && verb === 'create' && args.some((arg) => /^--(?:push|source)/.test(arg)) && args.includes('--public')) found.act('publish');
  if (what === 'alias' && verb === 'set' && args.some((arg) => arg.startsWith('!') || arg === '--shell'))
    run.line((args.at(-1) ?? '').replace(/^!/, ''), state.clone(), null);
  return what === 'completion' ? '' : WILD;
};

export const CLOUD_PROGRAMS: readonly (readonly [string, Program])[] = [
  ...many('terraform tofu terragrunt pulumi cdk cdktf sst serverless sls ansible-playbook ansible packer nomad vagrant', infrastructure),
  ...many(
    'aws gcloud gsutil az doctl heroku fly flyctl vercel netlify wrangler firebase railway supabase render oci ibmcloud linode-cli hcloud eb sam amplify s3cmd mc op vault doppler',
    cloud,
  ),
  ['rclone', rclone],
  ...many('gh glab hub tea', forge),
];
