/** Containers and clusters: what of this machine is open to them, what runs in them (spec/facet.md T-37). */
import { type Call, last, many, options, type Program, setup } from './shell-call.ts';
import { hasHole, TAME, WILD } from './shell-syntax.ts';

const CONTAINER_VALUES = 'eluvwpmch';
const CONTAINER_LONG =
  'name env env-file volume mount workdir user publish network entrypoint label memory cpus platform hostname add-host tmpfs restart gpus device cap-add security-opt pid ipc ulimit log-driver file project-name profile index tail since until filter format progress project-directory'.split(
    ' ',
  );

const container: Program = ({ args, state, stdin, run, name }) => {
  const { found } = run;
  const top = options(args, 'cHlfp', ['context', 'host', 'config', 'log-level', 'file', 'project-name', 'env-file', 'profile', 'project-directory'], true);
  let words = [...top.operands];
  if (/^(?:compose|container|image|volume|system|network|builder|buildx)$/.test(words[0] ?? '')) {
    const group = words[0];
    words = [...options(words.slice(1), 'fp', ['file', 'project-name', 'env-file', 'profile', 'project-directory'], true).operands];
    if (words[0] === 'prune' || (group === 'volume' && /^(?:rm|prune)$/.test(words[0] ?? ''))) found.act('discard');
    if (
      (group === 'volume' && (words[0] === 'prune' || (words[0] === 'rm' && words.some(hasHole)))) ||
      (group === 'system' && words[0] === 'prune' && args.includes('--volumes'))
    )
      found.act('destroy');
    if (group === 'compose' && words[0] === 'down' && words.some((word) => word === '-v' || word === '--volumes')) found.act('discard');
  }
  const [verb = '', ...rest] = words;
  const host = last(top.values.get('H')) ?? last(top.values.get('host'));
  if (host !== undefined && !host.startsWith('unix://')) run.host(host.replace(/^\w+:\/\/(?:[^@]*@)?/, ''));
  found.does(/^(?:ps|images|logs|inspect|version|info|top|stats|port|history|diff|search|events|ls|config|help)$/.test(verb) ? 'read' : 'write');
  if (/^(?:pull|push|login|build|run|create|up)$/.test(verb)) found.egress = true;
  if (verb === 'push') found.act('publish');
  if (verb === 'exec') {
    const inner = options(rest, CONTAINER_VALUES, CONTAINER_LONG, true).operands.slice(1);
    if (inner.length > 0) run.argv(inner, state.clone(), stdin);
    return WILD;
  }
  if (verb === 'run' || verb === 'create') {
    const { values, operands, flags } = options(rest, CONTAINER_VALUES, CONTAINER_LONG, true);
    const mounts = [
      ...(values.get('v') ?? []),
      ...(values.get('volume') ?? []),
      ...(values.get('mount') ?? []).map((text) => /(?:^|,)(?:source|src)=([^,]*)/.exec(text)?.[1] ?? ''),
    ];
    for (const mount of mounts) {
      const from = mount.replace(/:.*$/, '');
      if (/^[/~.]|[\ue000-\ue005]/.test(from) && from !== '/var/run/docker.sock') mounted(from, { run, state });
      if (from.endsWith('docker.sock')) found.privileged = true;
    }
    if (flags.has('privileged') || values.has('device') || (values.get('pid') ?? []).includes('host')) found.privileged = true;
    const inner = operands.slice(1);
    // What shows the environment that a file fills shows the file.
    if (/(?:^|[^\w-])(?:env|printenv|set|export|declare|environ)(?:$|[^\w-])/.test(inner.join(' ')))
      for (const file of values.get('env-file') ?? []) run.read(file, state);
    // What runs inside meets what is mounted.
    if (mounts.length > 0 && inner.length > 0) run.argv(inner, state.clone(), stdin);
  }
  if (verb === 'cp')
    for (const path of rest.filter((word) => !word.startsWith('-') && !word.includes(':'))) {
      if (path === rest.at(-1)) run.write(path, state);
      else run.read(path, state, true);
    }
  if (name === 'docker-compose' && verb === 'down' && rest.includes('-v')) found.act('discard');
  return /^(?:ps|images|inspect|ls)$/.test(verb) ? TAME : WILD;
};

/** A folder of this machine inside a container is open to what runs there. */
function mounted(path: string, { run, state }: Pick<Call, 'run' | 'state'>): void {
  run.read(path, state, true);
  const place = run.place(path, state);
  if (place === '/' || place === '~' || /^\/(?:home|root|Users|etc)(?:\/[^/]*)?$/.test(place)) run.found.privileged = true;
}

const cluster: Program = ({ args, state, stdin, run }) => {
  const { found } = run;
  const { operands, flags, values } = options(args, 'nclfkoLsp', [
    'namespace',
    'context',
    'kubeconfig',
    'container',
    'selector',
    'filename',
    'output',
    'tail',
    'since',
    'as',
    'image',
    'values',
    'set',
    'version',
    'timeout',
    'replicas',
    'patch',
    'type',
    'from-literal',
    'from-file',
    'dry-run',
    'field-selector',
  ]);
  const [verb = '', what = ''] = operands;
  found.egress = true;
  const quiet =
    /^(?:get|describe|logs|top|explain|version|cluster-info|api-resources|api-versions|config|auth|diff|list|ls|status|history|show|search|template|lint|events|wait|completion|options|repo|dependency|env|get-contexts|plugin)$/;
  if (verb === 'exec') {
    const dashes = args.indexOf('--');
    const inner = dashes >= 0 ? args.slice(dashes + 1) : operands.slice(2);
    found.does('write');
    if (inner.length > 0) run.argv(inner, state.clone(), stdin);
  } else if (verb === 'delete' || verb === 'uninstall' || verb === 'drain' || verb === 'replace') {
    const wide =
      /^(?:ns|namespaces?|pvc?|persistentvolume\w*|nodes?|crds?|customresource\w*|clusterrole\w*|all)$/i.test(what) ||
      /^(?:ns|namespace)\//i.test(what) ||
      flags.has('all') ||
      flags.has('A') ||
      flags.has('all-namespaces');
    found.act(wide || verb === 'uninstall' ? 'destroy' : 'discard');
  } else if (!quiet.test(verb)) found.act('deploy', 'write');
  if (
    verb === 'get' &&
    /^secrets?(?:\/|$)/.test(what) &&
    /^(?:yaml|json|jsonpath|go-template|custom)/.test((last(values.get('o')) ?? last(values.get('output')) ?? '').replace(/^=/, ''))
  )
    run.read('/run/secrets/kubernetes', state);
  if (verb === 'config' && what === 'view' && [...flags].some((flag) => flag === 'raw')) run.read('~/.kube/config', state);
  if (verb === 'cp') for (const path of operands.slice(1)) if (!path.includes(':')) run.read(path, state, true);
  for (const file of [...(values.get('f') ?? []), ...(values.get('filename') ?? [])]) {
    if (/^https?:/.test(file)) run.host(file);
    if (/^https?:/.test(file) || (file === '-' && stdin?.includes(WILD) === true)) found.unclear('a manifest that comes from elsewhere');
  }
  if (/^(?:install|upgrade)$/.test(verb) && operands.some((word) => /^https?:|^oci:/.test(word))) found.unclear('a chart that comes from elsewhere');
  if (verb === 'completion') return '';
  return quiet.test(verb) ? TAME : WILD;
};

export const CONTAINER_PROGRAMS: readonly (readonly [string, Program])[] = [
  ...many('docker podman nerdctl docker-compose podman-compose', container),
  ...many('kubectl oc k helm k9s kustomize argocd flux kubectx kubens minikube kind k3d eksctl', setup(/^docker-env\b/, cluster)),
];
