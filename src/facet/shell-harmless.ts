/**
 * Code of Python and JavaScript that only computes, prints, or reads and writes files that it names (spec/facet.md T-35).
 * It is told by its names: one that is not known, and the code is not.
 */
import type { Runner } from './shell-call.ts';
import type { State } from './shell-state.ts';
import { hasMarks } from './shell-syntax.ts';

const CODE_MAX = 16_384;

interface Token {
  readonly kind: 'name' | 'text' | 'number' | 'mark';
  readonly text: string;
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

const PYTHON_WORDS = words(
  'and as assert async await break class continue def del elif else except finally for from if import in is lambda not or pass raise return try while with yield True False None',
);
const PYTHON_NAMES = words(
  `sys json re math time datetime random collections itertools functools platform string textwrap statistics decimal fractions hashlib uuid base64 pathlib typing
  dataclasses enum operator bisect heapq numpy np torch yaml tomllib csv io_ StringIO_
  print len str int float bool list dict set tuple range sorted reversed sum min max abs round enumerate zip map filter any all repr chr ord hex oct bin isinstance bytes bytearray format iter next hash divmod pow slice frozenset
  ValueError KeyError TypeError IndexError AssertionError Exception StopIteration ZeroDivisionError SystemExit
  load loads dump dumps safe_load reader writer DictReader DictWriter writerow writerows indent ensure_ascii sort_keys
  stdin stdout stderr argv version version_info major minor micro executable platform maxsize path_ exit write read readline readlines read_text write_text encoding buffer flush seek close
  join split rsplit splitlines strip lstrip rstrip replace lower upper title capitalize startswith endswith find rfind index rindex count format encode decode isdigit isalpha isalnum isspace zfill ljust rjust center partition rpartition removeprefix removesuffix casefold
  append extend insert pop remove sort reverse items keys values get update setdefault copy clear add discard union intersection difference most_common Counter defaultdict OrderedDict namedtuple deque
  sub subn match search findall finditer fullmatch compile_ group groups groupdict start end span escape M S I X DOTALL MULTILINE IGNORECASE VERBOSE
  sqrt floor ceil log log2 log10 exp sin cos tan pi e inf nan gcd factorial comb perm isclose prod fsum mean median stdev variance mode
  now today utcnow date datetime timedelta timezone utc isoformat strftime strptime fromtimestamp timestamp time sleep perf_counter monotonic total_seconds days seconds year month day hour minute second weekday fromisoformat
  randint choice shuffle uniform seed sample random uuid4 uuid1 uuid5 sha256 sha1 md5 sha512 blake2b hexdigest digest b64encode b64decode urlsafe_b64encode urlsafe_b64decode
  system_ machine processor node_ release python_version python_implementation
  dataclass field Enum List Dict Optional Any Tuple Set Union Iterable reduce partial lru_cache chain product permutations combinations islice groupby accumulate count cycle repeat
  Decimal Fraction quantize array zeros ones arange shape reshape dtype T dot matmul linspace eye cuda is_available tensor device_count dedent indent wrap fill shorten
  Path open name stem suffix exists is_file __name__ __version__ __main__ __file__ __doc__`,
);
const PYTHON_NEVER =
  /^(?:eval|exec|compile|getattr|setattr|delattr|globals|locals|vars|breakpoint|input|help|memoryview|type|object|super|builtins|__(?!name__$|version__$|main__$|file__$|doc__$).*)$/;

const NODE_WORDS = words(
  'const let var function return if else for of in while do break continue new typeof instanceof void delete try catch finally throw async await true false null undefined class extends static get set switch case default yield',
);
const NODE_NEVER =
  /^(?:constructor|__proto__|prototype|eval|Function|AsyncFunction|GeneratorFunction|import|globalThis|global|window|self|Reflect|Proxy|with|this|arguments|callee|caller|module|exports|binding|_\w*|mainModule|dlopen|getBuiltinModule|kill|reallyExit|abort|chdir|setuid|setgid|execve|report|WebAssembly|fetch|XMLHttpRequest|WebSocket|EventSource|Worker|SharedArrayBuffer|structuredClone|queueMicrotask|setTimeout|setInterval|setImmediate|process_)$/;
/** Methods of the modules that may be required, but for those that are looked into. */
const NODE_METHODS =
  /(?:Sync|Promise)$|^(?:rm|rmdir|unlink|write\w+|append\w*|open\w*|copy\w*|cp|rename|symlink|link|l?chmod|l?chown|truncate|mkdir\w*|mkdtemp\w*|create\w+|promises|watch\w*|read\w+|access|exec\w*|spawn\w*|fork|load\w*|userInfo|networkInterfaces|inspect\w*|promisify|debuglog|compile\w*|runIn\w+|resolve|paths|cache|register\w*|emit|once|on)$/;
const NODE_FREE = words(
  'console JSON process Math Object Array Number String Boolean Date Set Map RegExp Symbol BigInt Buffer parseInt parseFloat isNaN encodeURIComponent decodeURIComponent require Error Promise Intl URL URLSearchParams NaN Infinity',
);
const NODE_MODULES =
  /^(?:node:)?(?:fs|path|util|url|os|querystring|crypto|assert)$|^\.{1,2}\/[\w./@-]+\.json$|^[\w@/.-]+\/package\.json$|^\.{0,2}\/?package\.json$/;
const FILE_METHODS = /^(?:readFileSync|writeFileSync|existsSync|appendFileSync)$/;

/** Is it? Files that it names are read and written by `run`. */
export function isHarmlessCode(code: string, language: 'python' | 'node' | 'other', run: Runner, state: State): boolean {
  if (code.length > CODE_MAX || hasMarks(code)) return false;
  if (language === 'other') return isSubstitution(code);
  const tokens = tokensOf(code, language);
  if (tokens === undefined) return false;
  return language === 'python' ? isPlainPython(tokens, run, state) : isPlainNode(tokens, run, state);
}

const NAME = /[A-Za-z_$][\w$]*/y;
const NUMBER = /\d[\w.]*/y;

/** Tokens; what stands in braces of formatted texts counts as code. Undefined for what is not read. */
function tokensOf(code: string, language: 'python' | 'node'): readonly Token[] | undefined {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(code)?.[0];
  };
  while (at < code.length) {
    const char = code[at];
    if (char.charCodeAt(0) > 126) return undefined;
    const comment = language === 'python' ? char === '#' : code.startsWith('//', at) || code.startsWith('/*', at);
    if (comment) {
      const end = code.startsWith('/*', at) && language === 'node' ? code.indexOf('*/', at) + 2 : code.indexOf('\n', at);
      at = end < at ? code.length : end;
      continue;
    }
    if (/\s/.test(char)) {
      if (char === '\n') tokens.push({ kind: 'mark', text: '\n' });
      at++;
      continue;
    }
    const name = take(NAME);
    const quoteAt = at + (name !== undefined && language === 'python' && /^[rRbBuUfF]{1,2}$/.test(name) ? name.length : 0);
    const quote = code[quoteAt];
    if ((quote === "'" || quote === '"' || (quote === '`' && language === 'node')) && (name === undefined || quoteAt > at)) {
      const triple = language === 'python' && code.startsWith(quote.repeat(3), quoteAt) ? quote.repeat(3) : quote;
      let end = quoteAt + triple.length;
      while (end < code.length && !code.startsWith(triple, end)) end += code[end] === '\\' ? 2 : 1;
      if (end >= code.length) return undefined;
      const body = code.slice(quoteAt + triple.length, end);
      tokens.push({ kind: 'text', text: body });
      const formats = quote === '`' || (name !== undefined && quoteAt > at && /f/i.test(name));
      if (formats) {
        for (const [, inner] of body.matchAll(quote === '`' ? /\$\{([^{}]*)\}/g : /\{([^{}]*)\}/g)) {
          const more = tokensOf(inner, language);
          if (more === undefined) return undefined;
          tokens.push({ kind: 'mark', text: '(' }, ...more, { kind: 'mark', text: ')' });
        }
        const bare = body.replace(/\$?\{[^{}]*\}/g, '');
        if (quote === '`' ? bare.includes('${') : /[{}]/.test(bare.replaceAll('{{', '').replaceAll('}}', ''))) return undefined;
      }
      at = end + triple.length;
      continue;
    }
    const found = name ?? take(NUMBER);
    if (found !== undefined) {
      tokens.push({ kind: name === undefined ? 'number' : 'name', text: found });
      at += found.length;
    } else {
      tokens.push({ kind: 'mark', text: char });
      at++;
    }
    if (tokens.length > 4096) return undefined;
  }
  return tokens;
}

/** Names that hold one text for ever: `p = 'a'`, `const p = 'a'`. */
function constants(tokens: readonly Token[]): ReadonlyMap<string, string> {
  const found = new Map<string, string | null>();
  tokens.forEach((token, i) => {
    if (token.kind !== 'name' || tokens[i - 1]?.text === '.') return;
    const [next, value, after] = [tokens[i + 1], tokens[i + 2], tokens[i + 3]];
    const sets = next?.text === '=' && value?.text !== '=';
    const changes = /^[-+*/|&%,:]$/.test(next?.text ?? '') && value?.text === '=' && after?.text !== '=';
    const bound = /^(?:for|as|import|in|def|lambda|of)$/.test(tokens[i - 1]?.text ?? '') && tokens[i - 1].text !== 'in';
    if (bound || changes || (tokens[i - 1]?.text === ',' && next?.text === '=')) found.set(token.text, null);
    else if (sets) found.set(token.text, value?.kind === 'text' && /^(?:\n|;|)$/.test(after?.text ?? '') && !found.has(token.text) ? value.text : null);
  });
  return new Map([...found].filter((entry): entry is [string, string] => entry[1] !== null));
}

/** The file that an argument names, at the token behind the opening bracket. */
function fileAt(tokens: readonly Token[], at: number, known: ReadonlyMap<string, string>): string | undefined {
  const token = tokens[at];
  if (!/^[,)]$/.test(tokens[at + 1]?.text ?? '')) return undefined;
  const text = token?.kind === 'text' ? token.text : token?.kind === 'name' ? known.get(token.text) : undefined;
  return text === undefined || text.includes('\\') || text.includes('{') ? undefined : text;
}

function isPlainPython(tokens: readonly Token[], run: Runner, state: State): boolean {
  const known = constants(tokens);
  const bound = new Set<string>();
  tokens.forEach((token, i) => {
    const [before, next] = [tokens[i - 1]?.text, tokens[i + 1]?.text ?? ''];
    if (
      token.kind === 'name' &&
      before !== '.' &&
      (/^[=,:]$/.test(next) ||
        /^(?:in|for|as|def|class|lambda)$/.test(next) ||
        /^(?:for|as|def|class|lambda|,)$/.test(before ?? '') ||
        /^[-+*/|&%]$/.test(next))
    )
      bound.add(token.text);
  });
  const names = new Set(tokens.filter((token) => token.kind === 'name').map((token) => token.text));
  if (names.has('yaml') && names.has('load')) return false;
  // A folder joined to a name by a slash is a path that nobody wrote.
  if (names.has('Path') && tokens.some((token) => token.text === '/')) return false;
  for (let i = 0; i < tokens.length; i++) {
    const { kind, text } = tokens[i];
    if (kind !== 'name') continue;
    const member = tokens[i - 1]?.text === '.';
    const next = tokens[i + 1]?.text;
    if (PYTHON_NEVER.test(text)) return false;
    if (text === 'open' || text === 'Path') {
      if (text === 'Path' && tokens[i - 1]?.text === 'import' && next !== 'as') continue;
      const file = member || next !== '(' ? undefined : fileAt(tokens, i + 2, known);
      if (file === undefined) return false;
      const mode = text === 'open' && tokens[i + 3]?.text === ',' && tokens[i + 4]?.kind === 'text' ? tokens[i + 4].text : 'r';
      if (!/w|a|x/.test(mode)) run.read(file, state);
      if (/[wax+]/.test(mode) || (text === 'Path' && names.has('write_text'))) run.write(file, state);
      continue;
    }
    if (PYTHON_WORDS.has(text) || PYTHON_NAMES.has(text)) continue;
    // `import NAME; print(NAME.__version__)` runs what is installed, as any program does.
    if (member || !bound.has(text)) {
      if (!(names.has('__version__') && names.size <= 4 && !/^(?:os|subprocess|shutil|socket|ctypes|importlib|runpy|pty|posix)$/.test(text))) return false;
    }
  }
  return true;
}

function isPlainNode(tokens: readonly Token[], run: Runner, state: State): boolean {
  const known = constants(tokens);
  const names = new Set(tokens.filter((token) => token.kind === 'name').map((token) => token.text));
  for (let i = 0; i < tokens.length; i++) {
    const { kind, text } = tokens[i];
    const before = tokens[i - 1];
    const next = tokens[i + 1]?.text;
    if (text === '[' && before !== undefined && (before.kind === 'name' || /^[)\]]$/.test(before.text)) && !NODE_WORDS.has(before.text)) {
      const [inner, end] = [tokens[i + 1], tokens[i + 2]];
      if (end?.text !== ']' || inner.kind === 'name' || inner.kind === 'mark' || NODE_NEVER.test(inner.text) || inner.text.includes('\\')) return false;
    }
    if (kind !== 'name') continue;
    if (NODE_NEVER.test(text)) return false;
    if (text === 'require') {
      if (next !== '(' || tokens[i + 2]?.kind !== 'text' || tokens[i + 3]?.text !== ')' || !NODE_MODULES.test(tokens[i + 2].text)) return false;
    } else if (FILE_METHODS.test(text) && before?.text === '.' && next === '(') {
      const file = fileAt(tokens, i + 2, known) ?? (tokens[i + 2]?.text === '0' ? '-' : undefined);
      if (file === undefined) return false;
      if (text.startsWith('write') || text.startsWith('append')) run.write(file, state);
      else run.read(file, state);
    } else if (NODE_METHODS.test(text) || (text === 'env' && next !== '.')) return false;
    else if (text === 'process' && next !== '.') return false;
    else if (before?.text !== '.' && !NODE_WORDS.has(text) && !NODE_FREE.has(text)) {
      // A name that is bound here; one that is not is of the environment.
      const binds = tokens.some(
        (token, at) =>
          token.text === text &&
          (/^(?:const|let|var|function|,|\(|\{)$/.test(tokens[at - 1]?.text ?? '') || tokens[at + 1]?.text === '=' || tokens[at + 1]?.text === ':'),
      );
      if (!binds) return false;
    }
  }
  return !names.has('child_process');
}

/** `s/a/b/g; s|c|d|`: substitutions alone, none that computes. */
function isSubstitution(code: string): boolean {
  if (/@\{|\$\{|\(\?\??\{|`/.test(code)) return false;
  let at = 0;
  while (at < code.length) {
    if (/[\s;]/.test(code[at])) {
      at++;
      continue;
    }
    const mark = code[at + 1];
    if (code[at] !== 's' || mark === undefined || /[\w\s({[<]/.test(mark)) return false;
    let ends = 0;
    for (at += 2; at < code.length && ends < 2; at++) {
      if (code[at] === '\\') at++;
      else if (code[at] === mark) ends++;
    }
    if (ends < 2) return false;
    for (; at < code.length && /[a-z]/.test(code[at]); at++) if (!'gimsx'.includes(code[at])) return false;
  }
  return code.trim() !== '';
}
