/** Package managers and build tools: the project's own recipes run, what comes from elsewhere is told (spec/facet.md T-37). */
import { type Call, many, options, type Program, setup } from './shell-call.ts';
import { changing } from './shell-files.ts';
import { isHarmlessCode } from './shell-harmless.ts';
import { isRemoteCode, runsRemote, runsScript } from './shell-more.ts';
import type { State } from './shell-state.ts';
import { TAME, WILD } from './shell-syntax.ts';

const SCRIPTS =
  /^(?:run|run-script|test|t|start|build|dev|lint|exec|ci|i|install|add|remove|rm|un|uninstall|update|up|upgrade|init|create|link|audit|outdated|ls|list|view|info|why|pack|version|config|cache|dedupe|prune|rebuild|doctor|prefix|root|bin|fund|explain|ping|search|whoami|help|set-script|pkg|query|import|patch|store|env|fetch|x|workspace|workspaces|node|check|plugin|dlx|policies|generate-lock-entry|-v|--version|-h|--help)$/;

/** `npm`, `pnpm`, `yarn`, `bun`: scripts of the project, packages from elsewhere. */
const packages: Program = (call) => {
  const { args, state, run, name } = call;
  const { operands, flags, values } = options(args, name === 'npm' ? 'wC' : name === 'bun' ? 'CFep' : 'CF', [
    ...(name === 'bun' ? ['eval', 'print'] : []),
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
  if (verb === 'pkg' && operands[1] === 'set') run.write('package.json', state);
  // `npm exec ADDRESS`
  if (/^(?:exec|x|dlx|create|init)$/.test(verb)) for (const word of operands.slice(1, 2)) if (isRemoteCode(word)) runsRemote(word, { run });
  if (name === 'bun') {
    const script = verb === 'run' ? operands[1] : verb;
    if (script === '-' || /[./:]/.test(script ?? '')) runsScript(script ?? '', call);
    for (const code of ['e', 'eval', 'p', 'print'].flatMap((key) => values.get(key) ?? []))
      if (!isHarmlessCode(code, 'node', run, state)) found.unclear('code of another language');
  }
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
export const wroteRecipes = (state: State): boolean =>
  [...state.files.keys()].some((path) =>
    /(?:^|\/)(?:package\.json|makefile|gnumakefile|justfile|taskfile\.ya?ml|rakefile|gulpfile\.[cm]?[jt]s|build\.gradle|build\.rs|setup\.(?:py|cfg)|conftest\.py|noxfile\.py|tox\.ini|cmakelists\.txt|meson\.build|build\.zig|package\.swift|binding\.gyp|\.pnpmfile\.cjs|\.mocharc\.\w+|[\w-]+\.config\.[cm]?[jt]s|\.eslintrc\.c?js|\.cargo\/config\.toml)$|(?:^|\/)node_modules\//i.test(
      path,
    ),
  );

/** `cmake -E`: commands of its own. */
function ownCommand([verb = '', ...args]: readonly string[], { state, stdin, run }: Call): string {
  const same: Readonly<Record<string, readonly string[]>> = {
    remove_directory: ['rm', '-r'],
    remove: ['rm'],
    copy: ['cp'],
    copy_directory: ['cp', '-r'],
    rename: ['mv'],
    create_symlink: ['ln', '-s'],
    create_hardlink: ['ln'],
    make_directory: ['mkdir'],
  };
  if (verb !== 'chdir') return run.argv([...(Object.hasOwn(same, verb) ? same[verb] : [verb]), ...args], state.clone(), stdin);
  return run.argv(['env', `--chdir=${args[0] ?? ''}`, ...args.slice(1)], state.clone(), stdin);
}

/** Tests and checkers: what configures them runs. */
const tests: Program = (call) => {
  if (wroteRecipes(call.state)) call.run.found.unclear('recipes that this line wrote');
  return changing(call);
};

/** Build tools: the project's own recipes. */
const builds: Program = (call) => {
  const { args, state, run, name } = call;
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
  if (name === 'cmake' && args[0] === '-E') return ownCommand(args.slice(1), call);
  if (args.some((arg) => /^(?:deploy|release|publish)$/.test(arg)) && /^(?:g?make|just|task|rake|gradle|gradlew|mvn|mvnw)$/.test(name)) run.found.act('deploy');
  if (wroteRecipes(state)) run.found.unclear('recipes that this line wrote');
  run.found.does('write');
  return WILD;
};

export const PACKAGE_PROGRAMS: readonly (readonly [string, Program])[] = [
  ...many('npm pnpm yarn bun', packages),
  ...many(
    'pytest jest vitest mocha tox nox eslint prettier stylelint playwright cypress ava tap c8 nyc next nuxt astro remix webpack-dev-server storybook postcss tailwindcss babel rspec phpunit',
    tests,
  ),
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
