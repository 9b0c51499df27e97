/**
 * `permissions` of Claude Code's settings as rules: deny, ask, and what is neither allowed nor read-only. A pattern of deny
 * or ask looks into compound commands; one of allow takes none, since what follows an operator may be anything.
 */
import type { Source } from '../rule/input.ts';
import { pathGlob, wildcard } from './glob.ts';
import type { Imported, Part } from './imported.ts';
import { literal, type RuleText } from './rule-text.ts';

/** Where the settings lie: what relative patterns begin from. */
export interface Base {
  readonly project: string;
  readonly home: string;
}

type List = 'deny' | 'ask' | 'allow';

interface Condition {
  readonly text: string;
  /** A call that meets it. */
  readonly sample: Source;
}

/** A pattern that no condition says: why. */
class Refusal extends Error {}

const FILE_TOOLS: Readonly<Record<string, readonly (readonly [tool: string, field: string])[]>> = {
  Read: [
    ['Read', 'file_path'],
    ['NotebookRead', 'notebook_path'],
    ['Grep', 'path'],
    ['Glob', 'path'],
    ['LS', 'path'],
  ],
  Edit: [
    ['Edit', 'file_path'],
    ['MultiEdit', 'file_path'],
    ['Write', 'file_path'],
    ['NotebookEdit', 'notebook_path'],
  ],
};
const INPUTS: Readonly<Record<string, string>> = {
  'args.command': 'string(16384)',
  'args.file_path': 'string(4096)',
  'args.notebook_path': 'string(4096)',
  'args.path': 'string(4096)',
  'args.url': 'string(4096)',
  'args.subagent_type': 'string(256)',
};
/** What runs another command in the same line. */
const OPERATORS = [';', '&', '|', '(', '`', '\n', '{'];
const NOT_ALONE = [';', '&', '|', '`', '$(', '<(', '>', '\n'];
/** Tools that change nothing: Claude Code asks for none of them. */
const READ_ONLY = ['Read', 'Grep', 'Glob', 'LS', 'NotebookRead', 'TodoWrite', 'TaskOutput', 'ExitPlanMode'];

const tool = (name: string): string => `action.name == ${literal(name)}`;
const given = (name: string, args: Source, server?: string): Source => ({ action: { name, ...(server !== undefined && { server }) }, args });

export function importClaude(settings: { readonly permissions?: unknown }, base: Base): Imported {
  const permissions = (typeof settings.permissions === 'object' && settings.permissions !== null ? settings.permissions : {}) as Readonly<
    Record<string, unknown>
  >;
  const translated: Part[] = [];
  const changed: (Part & { why: string })[] = [];
  const refused: (Part & { why: string })[] = [];
  const of = (list: List): readonly Condition[] =>
    (Array.isArray(permissions[list]) ? permissions[list] : []).flatMap((pattern: unknown): Condition[] => {
      const part: Part = { text: `${list}: ${String(pattern)}`, line: null };
      try {
        const condition = conditionOf(String(pattern), list, base);
        if (String(pattern).startsWith('Bash('))
          changed.push({ ...part, why: list === 'allow' ? 'lets pass only commands without operators' : 'looks for the command after operators too' });
        else translated.push(part);
        return [condition];
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        refused.push({ ...part, why: error.message });
        return [];
      }
    });
  const [deny, ask, allow] = [of('deny'), of('ask'), of('allow')];
  const mode = permissions['defaultMode'];
  for (const [name, value] of Object.entries(permissions)) {
    if (['deny', 'ask', 'allow'].includes(name)) continue;
    if (name === 'defaultMode' && (value === 'default' || value === 'bypassPermissions' || value === 'acceptEdits'))
      translated.push({ text: `defaultMode: ${value}`, line: null });
    else refused.push({ text: name, line: null, why: 'a setting of the client, and no rule about a call' });
  }
  const rules: RuleText[] = [];
  if (deny.length > 0) rules.push(stopping('claude/deny', 'Calls that the settings deny', deny, 'deny', given('Read', { file_path: '/other/file' })));
  if (ask.length > 0) rules.push(stopping('claude/ask', 'Calls that the settings ask about', ask, 'escalate', given('Read', { file_path: '/other/file' })));
  if (mode !== 'bypassPermissions') rules.push(unlisted(allow, mode === 'acceptEdits'));
  return { rules, translated, changed, refused };
}

function inputsOf(conditions: readonly Condition[]): ReadonlyMap<string, string> {
  return new Map(Object.entries(INPUTS).filter(([path]) => conditions.some(({ text }) => text.includes(path))));
}

/** A rule that stops what meets any of these. */
function stopping(name: string, title: string, conditions: readonly Condition[], otherwise: 'deny' | 'escalate', other: Source): RuleText {
  return {
    name,
    title,
    advice: 'Use another tool or other arguments.',
    scope: ['kind.tool.call'],
    comments: ['Made from `permissions` of Claude Code settings.'],
    inputs: inputsOf(conditions),
    judge: ['!(', ...conditions.map(({ text }, i) => `  ${i === 0 ? '' : '|| '}${text}`), ')'],
    otherwise,
    on_fault: otherwise,
    tests: [
      ...conditions.slice(0, 60).map(({ sample }, i) => ({ name: `pattern ${i + 1}`, given: sample, expect: 'fail' as const })),
      { name: 'another call', given: other, expect: 'pass' },
    ],
  };
}

/** What nothing allows needs a person, as the client's default mode has it. */
function unlisted(allow: readonly Condition[], edits: boolean): RuleText {
  const free = edits ? [...READ_ONLY, 'Edit', 'MultiEdit', 'Write', 'NotebookEdit'] : READ_ONLY;
  return {
    name: 'claude/not-allowed',
    title: 'A call that changes something and that no setting allows needs a person',
    advice: 'Add it to `permissions.allow`, or let a person approve it.',
    scope: ['kind.tool.call'],
    comments: ['Made from `permissions.allow` of Claude Code settings: reading is free, the rest is asked about.'],
    inputs: inputsOf(allow),
    judge: [`action.name in [${free.map(literal).join(', ')}]`, ...allow.map(({ text }) => `  || ${text}`)],
    otherwise: 'escalate',
    on_fault: 'escalate',
    tests: [
      ...allow.slice(0, 60).map(({ sample }, i) => ({ name: `allowed ${i + 1}`, given: sample, expect: 'pass' as const })),
      { name: 'reading', given: given('Read', { file_path: '/a' }), expect: 'pass' },
      { name: 'a tool of which nothing is said', given: given('SomethingElse', {}), expect: 'fail' },
    ],
  };
}

const PATTERN = /^([A-Za-z][A-Za-z0-9_-]*(?:\*)?)(?:\(([\s\S]*)\))?$/;

function conditionOf(pattern: string, list: List, base: Base): Condition {
  const match = PATTERN.exec(pattern.trim());
  if (match === null) throw new Refusal('not a pattern: Tool or Tool(specifier)');
  const [, name, inside] = match;
  if (name.startsWith('mcp__')) return mcp(name, inside);
  if (name.endsWith('*')) throw new Refusal('a wildcard among names of tools');
  if (inside === undefined || inside === '' || inside === '*') return { text: bare(name), sample: given(name === 'Read' || name === 'Edit' ? name : name, {}) };
  switch (name) {
    case 'Bash':
      return bash(inside, list);
    case 'Read':
    case 'Edit':
      return files(name, inside, base);
    case 'WebFetch':
      return domain(inside, list);
    case 'Task':
    case 'Agent':
      return { text: `(${tool(name)} && has(args.subagent_type) && args.subagent_type == ${literal(inside)})`, sample: given(name, { subagent_type: inside }) };
    case 'Write':
    case 'MultiEdit':
    case 'NotebookEdit':
    case 'Glob':
    case 'Grep':
      throw new Refusal(`the client does not look at paths of ${name}; write Edit(…) or Read(…)`);
    default:
      throw new Refusal(`what stands in brackets after ${name} is not known here`);
  }
}

/** A tool by its name alone; Edit and Read stand for all that edit and read. */
function bare(name: string): string {
  const tools = name === 'Edit' ? FILE_TOOLS['Edit'].map(([one]) => one) : [name];
  return tools.length === 1 ? `(${tool(tools[0])})` : `(action.name in [${tools.map(literal).join(', ')}])`;
}

function mcp(name: string, inside: string | undefined): Condition {
  const [, server, ...rest] = name.split('__');
  const called = rest.join('__');
  if (inside !== undefined) throw new Refusal('the client knows no specifier for tools of servers');
  if (server === '' || server.includes('*')) throw new Refusal('a wildcard among names of servers');
  if (called === '' || called === '*')
    return {
      text: `(action.name.startsWith(${literal(`mcp__${server}__`)}) || has(action.server) && action.server == ${literal(server)})`,
      sample: given('any', {}, server),
    };
  const own = called.includes('*') ? wildcard('action.name', called) : tool(called);
  const full = called.includes('*') ? wildcard('action.name', name) : tool(name);
  return { text: `(${full} || has(action.server) && action.server == ${literal(server)} && ${own})`, sample: given(called.replaceAll('*', 'x'), {}, server) };
}

/** `npm test`, `npm run test:*`, `git *`, `git * main`. */
function bash(inside: string, list: List): Condition {
  const command = 'args.command';
  // A trailing `:*` or ` *` is the command alone, or with anything after a space.
  const prefix = /^([^*]*?)(?::\*| \*)$/.exec(inside)?.[1];
  if (prefix === undefined && inside.includes(':') && /:\*/.test(inside)) throw new Refusal('`:*` stands at the end of a pattern only');
  const meets =
    prefix === undefined
      ? wildcard(command, inside)
      : prefix === ''
        ? 'true'
        : `(${command} == ${literal(prefix)} || ${command}.startsWith(${literal(`${prefix} `)}))`;
  const sample = given('Bash', { command: prefix === undefined ? inside.replaceAll('*', 'x') : prefix });
  const head = `${tool('Bash')} && has(${command})`;
  if (list === 'allow') return { text: `(${head} && ${meets} && ![${NOT_ALONE.map(literal).join(', ')}].exists(op, ${command}.contains(op)))`, sample };
  const start = prefix ?? inside.slice(0, inside.indexOf('*') < 0 ? undefined : inside.indexOf('*'));
  if (start === '') return { text: `(${head} && ${meets})`, sample };
  // After an operator, with or without a space; what follows the word may be anything.
  const later = `[${OPERATORS.map(literal).join(', ')}].exists(op, ${command}.contains(op + ${literal(start)}) || ${command}.contains(op + " " + ${literal(start)}))`;
  return { text: `(${head} && (${meets} || ${later}))`, sample };
}

function files(name: 'Read' | 'Edit', inside: string, { project, home }: Base): Condition {
  if (/[[\]{}!]/.test(inside)) throw new Refusal('classes, braces and negation in a path');
  const path = absolute(inside, project, home);
  const cases = FILE_TOOLS[name];
  const fields = [...new Set(cases.map(([, field]) => field))];
  const text = fields.map((field) => {
    const tools = cases.filter(([, own]) => own === field).map(([one]) => one);
    const asked = tools.length === 1 ? tool(tools[0]) : `action.name in [${tools.map(literal).join(', ')}]`;
    return `${asked} && has(args.${field}) && ${pathGlob(`args.${field}`, path)}`;
  });
  const sample = path.replaceAll('**/', 'x/').replaceAll('**', 'x').replaceAll('*', 'x').replaceAll('?', 'x');
  return { text: `(${text.join(' || ')})`, sample: given(cases[0][0], { [cases[0][1]]: sample }) };
}

/** `//a` from the root, `~/a` from home, `/a` from the settings, `a` anywhere below the project where it has no slash. */
function absolute(pattern: string, project: string, home: string): string {
  if (pattern.startsWith('//')) return pattern.slice(1);
  if (pattern.startsWith('~/')) return `${home}${pattern.slice(1)}`;
  if (pattern.startsWith('/')) return `${project}${pattern}`;
  const plain = pattern.replace(/^\.\//, '');
  if (plain.startsWith('**')) return plain;
  return plain.includes('/') ? `${project}/${plain}` : `**/${plain}`;
}

function domain(inside: string, list: List): Condition {
  const host = /^domain:([a-z0-9.*-]+)$/i.exec(inside)?.[1].toLowerCase();
  if (host === undefined) throw new Refusal('WebFetch takes `domain:HOST`');
  if (host === '*') return { text: `(${tool('WebFetch')})`, sample: given('WebFetch', { url: 'https://example.org/' }) };
  if (host.includes('*')) throw new Refusal('a wildcard in the name of a host');
  // What is allowed is written plainly; what is not is looked for in either case, with a port or a user's name before it.
  const url = list === 'allow' ? 'args.url' : 'args.url.lowerAscii()';
  const starts = ['https', 'http'].flatMap((scheme) =>
    ['/', '?', '#', ...(list === 'allow' ? [] : [':'])].map((end) => `${url}.startsWith(${literal(`${scheme}://${host}${end}`)})`),
  );
  const whole = `${url} in [${literal(`https://${host}`)}, ${literal(`http://${host}`)}]`;
  const more = list === 'allow' ? [] : [`${url}.contains(${literal(`@${host}`)})`, `${url}.startsWith(${literal(host)})`];
  return {
    text: `(${tool('WebFetch')} && has(args.url) && (${[whole, ...starts, ...more].join(' || ')}))`,
    sample: given('WebFetch', { url: `https://${host}/` }),
  };
}
