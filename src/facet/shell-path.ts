/** Where a path of a shell line leads: its folder, dot segments, links that the line makes (spec/facet.md T-32). */
import { baseName } from './shell-call.ts';
import { FOLDER, type State } from './shell-state.ts';
import { START } from './shell-syntax.ts';

const LINKS_MAX = 8;

/** A path without dot segments: `~` stands for the home folder. Relative ones start where the line starts. */
export function resolvePath(path: string, folder: string): string {
  const given = /^[/~]/.test(path) || path.startsWith(START) ? path : `${folder}/${path}`;
  const whole = given.startsWith(START) ? `.${given.slice(1)}` : given;
  const home = /^~(?:\/|$)/.test(whole);
  const rooted = whole.startsWith('/') || home;
  const out: string[] = home ? ['home', '~'] : [];
  for (const part of (home ? whole.slice(1) : whole).split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') out.push(part);
    else if (out.length > 0 && out[out.length - 1] !== '..') out.pop();
    else if (!rooted) out.push(part);
  }
  const inner = rooted ? plainRoot(out) : out;
  if (inner[0] === 'home' && inner[1] === '~') return ['~', ...inner.slice(2)].join('/');
  const text = inner.join('/');
  return rooted ? `/${text}` : text === '' ? '.' : text;
}

/** Without the names that some systems have for their own root. */
function plainRoot(parts: string[]): string[] {
  let inner = parts;
  for (let i = 0; i < LINKS_MAX; i++) {
    if (inner[0] === 'proc' && inner[2] === 'root') inner = inner.slice(3);
    else if (inner[0] === 'proc' && inner[2] === 'task' && inner[4] === 'root') inner = inner.slice(5);
    else if (inner[0] === 'private' && /^(?:etc|var|tmp)$/.test(inner[1] ?? '')) inner = inner.slice(1);
    else if (inner[0] === 'System' && inner[1] === 'Volumes' && inner[2] === 'Data') inner = inner.slice(3);
    else break;
  }
  return inner;
}

/** The path behind the links that this line made. */
export function followLinks(path: string, state: State): string {
  let at = path;
  for (let i = 0; i < LINKS_MAX && state.links.size > 0; i++) {
    let longest = '';
    for (const link of state.links.keys()) if ((at === link || at.startsWith(`${link}/`)) && link.length > longest.length) longest = link;
    if (longest === '') return at;
    const to = state.links.get(longest) ?? '';
    at = resolvePath(to + at.slice(longest.length), longest.split('/').slice(0, -1).join('/') || (longest.startsWith('/') ? '/' : START));
  }
  return at;
}

/** The folder that `cd path` leads to. */
export function folderAt(path: string, folder: string, state: State): string {
  const to = followLinks(resolvePath(path, folder), state);
  return /^[/~]/.test(to) ? to : to === '.' ? START : `${START}/${to}`;
}

/** Does the path go up from a part that is not known? Then nobody knows where it leads. */
export function climbsFromUnknown(path: string): boolean {
  const at = path.search(/[\ue000-\ue004]/);
  return at >= 0 && /\/\.\.(?:\/|$)/.test(path.slice(at));
}

/** Would this deletion empty a folder that a variable names (an empty one leaves where it was), or one beside an unknown one? */
export function isUnknownFolder(path: string, deep: boolean, folder: string | null, state: State): boolean {
  const folders = state.vars.get(FOLDER) ?? [START];
  if (/^(?:\.\/)*[\ue002-\ue004.]+\/*$/.test(path) && folders.some((each) => /^(?:\ue005\/)?[\ue000]+$/.test(each))) return true;
  return deep && folder === null && folders.some((each) => /^(?:\.\.\/)+[^./][^/]*$/.test(resolvePath(path, each)));
}

/** What this line wrote where programs are looked for under the name, or anywhere, once it has set `PATH`. */
export function installed(name: string, state: State): string | undefined {
  for (const [path, text] of state.files) if (baseName(path) === name && (state.vars.has('PATH') || /\/\.?s?bin\/[^/]*$/.test(`/${path}`))) return text;
  return undefined;
}
