/** Package managers and build tools: the project's own recipes run, what comes from elsewhere is told (spec/facet.md T-37). */
import { many, options, type Program, setup } from './shell-call.ts';
import type { State } from './shell-state.ts';
import { TAME, WILD } from './shell-syntax.ts';

const SCRIPTS =
  /^(?:run|run-script|test|t|start|build|dev|lint|exec|ci|i|install|add|remove|rm|un|uninstall|update|up|upgrade|init|create|link|audit|outdated|ls|list|view|info|why|pack|version|config|cache|dedupe|prune|rebuild|doctor|prefix|root|bin|fund|explain|ping|search|whoami|help|set-script|pkg|query|import|patch|store|env|fetch|x|workspace|workspaces|node|check|plugin|dlx|policies|generate-lock-entry|-v|--version|-h|--help)$/;

/** `npm`, `pnpm`, `yarn`, `bun`: scripts of the project, packages from elsewhere. */
const packages: Program = ({ args, state, run, name }) => {
  const { operands, flags, values } = options(args, name === 'npm' ? 'wC' : 'CF', [
    'prefix',
    'workspace',
    'filter',
    'registry',
    'script-shell',
    'userconfig',
    'call',
    'cwd',
  ]);
  const { found } = run;
  if (wroteRecipes(state)) found.unclear('recipes that this line wrote');
  // `yarn npm publish`
  const verb = (name === 'yarn' && operands[0] === 'npm' ? operands[1] : operands[0]) ?? '';
  found.does(
    /^(?:ls|list|view|info|why|outdated|audit|root|prefix|bin|fund|ping|search|whoami|help|version|query|explain)$/.test(verb) || operands.length === 0
      ? 'read'
      : 'write',
  );
  if (/^(?:publish|unpublish|deprecate|dist-tag|owner|access|token|login|adduser|logout|team|hook|profile|org|star)$/.test(verb) && !flags.has('dry-run'))
    found.act('publish');
  if (/^(?:install|i|ci|add|update|up|upgrade|create|init|dlx|exec|x)$/.test(verb)) {
    found.act('install', 'write');
    found.egress = true;
  }
  for (const line of [...(values.get('script-shell') ?? []), ...(values.get('call') ?? [])]) run.line(line, state.clone(), null);
  if (verb === 'exec' || verb === 'x')
    run.argv(
      args
        .slice(args.indexOf(verb) + 1)
        .filter((word, i) => i > 0 || word !== '--')
        .map((word, i) => (i === 0 ? word.replace(/^@[^/]+\//, '').replace(/@[^/]*$/, '') : word)),
      state.clone(),
      null,
    );
  // AVA's own program as a script: `npm run -s avactl -- approvals approve X`.
  const own = operands.indexOf('avactl');
  if (own >= 0) run.argv(operands.slice(own), state.clone(), null);
  // `config set script-shell`, and what it takes for granted.
  if (
    (verb === 'config' || verb === 'set') &&
    operands.some((word) => /script-shell|^editor|^shell|init-module|node-options|^git(?:=|$)|viewer|userconfig|globalconfig/.test(word))
  )
    found.unclear('a setting that runs programs');
  if ((verb === 'config' || verb === 'c') && operands[1] === 'get' && operands.some((word) => /auth|token|password/i.test(word))) run.read('~/.npmrc', state);
  if (
    !SCRIPTS.test(verb) &&
    verb !== '' &&
    name === 'npm' &&
    !/^(?:publish|unpublish|deprecate|dist-tag|owner|access|token|login|adduser|logout|team|hook|profile|org|star|stars|bugs|docs|repo|home|completion|diff|edit|explore|find-dupes|install-test|it|install-ci-test|cit|sbom|shrinkwrap|stop|restart|unstar|c|set|get|tst|sit)$/.test(
      verb,
    )
  )
    found.does('write');
  return /^(?:prefix|root|bin|pkg|view|version|whoami|ls|list)$/.test(verb) ? TAME : WILD;
};

const installer: Program = ({ args, run }) => {
  const verb = args.find((arg) => !arg.startsWith('-')) ?? '';
  const quiet = /^(?:list|show|info|search|freeze|check|config|outdated|help|deps|leaves|log|doctor|cache|policy|depends|files|query|home|--version)$/.test(
    verb,
  );
  run.found.does(quiet ? 'read' : 'write');
  if (/^(?:install|upgrade|update|add|sync|reinstall|download|get|full-upgrade|dist-upgrade|bundle)$/.test(verb) || args[0]?.startsWith('-S') === true) {
    run.found.act('install', 'write');
    run.found.egress = true;
  }
  if (/^(?:publish|yank|owner|push|upload)$/.test(verb) && !args.includes('--dry-run')) run.found.act('publish');
  return WILD;
};

/** Recipes that this very line wrote, and then runs. */
const wroteRecipes = (state: State): boolean =>
  [...state.files.keys()].some((path) =>
    /(?:^|\/)(?:package\.json|makefile|gnumakefile|justfile|taskfile\.ya?ml|rakefile|gulpfile\.[cm]?[jt]s|build\.gradle|build\.rs|setup\.py|conftest\.py|cmakelists\.txt)$/i.test(
      path,
    ),
  );

/** Build tools: the project's own recipes. */
const builds: Program = ({ args, state, run, name }) => {
  const { values } = options(args, name === 'make' || name === 'gmake' ? 'fCIjloW' : '', ['file', 'directory', 'eval', 'makefile', 'manifest-path', 'config']);
  for (const code of values.get('eval') ?? []) run.found.unclear(`code of another language${code === '' ? '' : ' on the line'}`);
  for (const file of [...(values.get('f') ?? []), ...(values.get('file') ?? []), ...(values.get('makefile') ?? [])]) {
    if (file === '-' || file.startsWith('/dev/') || run.content(file, state) !== undefined) run.found.unclear('recipes that come from elsewhere');
  }
  for (const arg of args) {
    if (/^(?:SHELL|MAKEFLAGS|\.SHELLFLAGS|CC|CXX)=/.test(arg)) {
      const value = arg.slice(arg.indexOf('=') + 1);
      if (!/^(?:\/(?:usr\/)?bin\/)?(?:ba|z|da)?sh$|^(?:gcc|g\+\+|clang|clang\+\+|cc|c\+\+)(?:-\d+)?$/.test(value)) run.line(value, state.clone(), null);
    }
  }
  if (/^(?:publish|yank|owner|login)$/.test(args.find((arg) => !arg.startsWith('-') && !arg.startsWith('+')) ?? '') && !args.includes('--dry-run'))
    run.found.act('publish');
  if (args.some((arg) => /^(?:deploy|release|publish)$/.test(arg)) && /^(?:g?make|just|task|rake|gradle|gradlew|mvn|mvnw)$/.test(name)) run.found.act('deploy');
  if (wroteRecipes(state)) run.found.unclear('recipes that this line wrote');
  run.found.does('write');
  return WILD;
};

export const PACKAGE_PROGRAMS: readonly (readonly [string, Program])[] = [
  ...many('npm pnpm yarn bun', packages),
  ...many(
    'pip pip3 pipx uv poetry pipenv pdm apt apt-get aptitude dnf yum zypper pacman yay paru brew port apk snap flatpak gem bundle composer cpanm cabal stack conda mamba pixi rye hatch nuget choco winget scoop twine flit opam luarocks',
    installer,
  ),
  ...many(
    'make gmake cmake ninja meson bazel buck2 just task rake gradle gradlew mvn mvnw ant sbt lein cargo go zig dotnet msbuild tsc esbuild vite webpack rollup turbo nx lerna gulp grunt mix rebar3 dune dart flutter xcodebuild fastlane',
    builds,
  ),
  ...many(
    'direnv starship zoxide mise rbenv pyenv nodenv jenv fnm asdf thefuck atuin fzf dircolors lesspipe docker-machine ',
    setup(/^(?:hook|init|activate|env|shell|-b$|virtualenv-init|--(?:bash|zsh)|completion|-)/, installer),
  ),
  ['brew', setup(/^shellenv/, installer)],
];
