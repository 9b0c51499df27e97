/** Where an input of a rule comes from: what a person must look at to know whether it was true. */
import type { Entry } from '../facet/map.ts';
import { printPath } from '../rule/print.ts';

export type Source =
  | 'argument'
  | 'context'
  | 'user'
  | 'result'
  | 'user and results'
  | 'session'
  | 'agent'
  | 'ledger'
  | 'constitution'
  | 'tool map'
  | 'call'
  | 'clock';

export interface Origin {
  readonly source: Source;
  /** A phrase. */
  readonly text: string;
}

const origin = (source: Source, text: string): Origin => ({ source, text });

const FLOW: Readonly<Record<string, Origin>> = {
  gate: origin('result', 'tool results: whether the session has read what others wrote'),
  passage: origin('result', 'tool results: 1 they tell somebody what to do, 2 they address agents'),
  intended: origin('user', "the user's words: whether they ask for this kind of act"),
  args_named: origin('user', "the user's words: whether they name all that the call selects"),
  led: origin('user and results', "the user's words and what they led to: whether these hold all that the call selects"),
  told: origin('user', 'whether the session was told what the user says'),
  foreign: origin('result', 'tool results: things acted on and places that only a text names to which the user did not lead'),
  dest_unnamed: origin('user', "the user's words: recipients and addresses that they do not name"),
  sec_unnamed: origin('user', "the user's words: passwords and keys that they do not name"),
  obj_unnamed: origin('user', "the user's words: things acted on that they do not name"),
  dest_unknown: origin('user and results', "the user's words and trusted results: recipients and addresses that neither names"),
  url_unknown: origin('user and results', "the user's words and trusted results: web addresses that neither names"),
  link_unknown: origin('user and results', "the user's words and trusted results: links in the text that neither names"),
  dest_passage: origin('result', 'tool results: recipients that stand in a text which addresses agents'),
  obj_passage: origin('result', 'tool results: things acted on that stand in a text which addresses agents'),
  link_passage: origin('result', 'tool results: links that stand in a text which addresses agents'),
  text_passage: origin('result', 'tool results: texts that a passage which addresses agents dictates'),
  asked: origin('session', 'the session: targets that wait for a person'),
  refused: origin('session', 'the session: targets that were refused before'),
  private: origin('result', 'tool results: whether the session has read private data'),
  secret: origin('result', 'tool results: whether the session has read secrets'),
};

const SESSION: Readonly<Record<string, string>> = {
  calls: 'calls so far',
  denied: 'denied so far',
  escalated: 'escalated so far',
  age_ms: 'milliseconds since it was opened',
  labels: 'labels of what it has read',
  repeats: 'how many of its last 16 calls were this very call',
};

const argument = (path: readonly string[]): string => printPath(['args', ...path].join('.'));

/** The arguments that the tool map, or a guess (T-25), binds to a facet's field. */
function bound(entry: Entry | null, path: string, by: string): string {
  const [facet, field] = path.split('.');
  const one = (value: readonly string[] | null | undefined): string | null =>
    value === null || value === undefined || value.length === 0 ? null : argument(value);
  const many = (values: readonly (readonly string[])[]): string | null => (values.length === 0 ? null : values.map(argument).join(', '));
  const either = (value: { readonly fixed: string | null; readonly path: readonly string[] } | null | undefined): string | null =>
    value === null || value === undefined || value.fixed !== null ? null : argument(value.path);
  let from: string | null = null;
  if (facet === 'money' && entry?.money != null)
    from = field === 'amount' ? one(entry.money.amount) : field === 'payee' ? one(entry.money.payee) : either(entry.money.currency);
  if (facet === 'mail' && entry?.mail != null)
    from = field === 'to' ? many(entry.mail.to) : field === 'subject' ? one(entry.mail.subject) : one(entry.mail.body);
  if (facet === 'http' && entry?.http != null) from = field === 'method' ? either(entry.http.method) : one(entry.http.url);
  if (facet === 'fs' && entry?.fs != null) from = field === 'op' ? either(entry.fs.op) : many(entry.fs.paths);
  if (facet === 'net' && entry?.http != null) from = one(entry.http.url);
  if (facet === 'sql') from = one(entry?.sql);
  // T-30: a command line has facets of its own kind, of files, hosts and statements.
  if (from === null && /^(?:shell|fs|net|sql)$/.test(facet)) from = one(entry?.shell?.command);
  if (facet === 'secret') return `texts of the arguments, looked through for keys and passwords`;
  return from === null ? `fixed by ${by}` : `argument ${from}, decoded by ${by}`;
}

/** The origin of a rule's input. `entry` is the tool's entry in the map in force, or the guess that stands in for it. */
export function originOf(path: string, entry: Entry | null, guessed = false): Origin {
  const dot = path.indexOf('.');
  const group = dot < 0 ? path : path.slice(0, dot);
  const field = dot < 0 ? '' : path.slice(dot + 1);
  switch (group) {
    case 'args':
      return origin('argument', 'an argument of the call');
    case 'context':
      return origin('context', 'context that the caller vouches for');
    case 'params':
      return origin('constitution', 'a parameter of the constitution');
    case 'action':
      return origin('call', 'the call itself');
    case 'now_ms':
      return origin('clock', "the block's time");
    case 'effect':
    case 'egress':
      return origin(
        'tool map',
        entry === null ? 'no entry in the tool map' : guessed ? "guessed from the tool's name: the map has no entry" : `the tool map's entry \`${entry.tool}\``,
      );
    case 'session':
      if (field.startsWith('sum(')) return origin('ledger', 'the ledger: what was allowed in this session within the window');
      return origin('session', `the session: ${SESSION[field] ?? field}`);
    case 'agent':
      if (field.startsWith('sum(')) return origin('ledger', 'the ledger: what was allowed to this agent within the window');
      return origin('agent', field === 'assurance' ? 'how the agent is known: 0 claimed, 1 local, 2 key, 3 attested' : 'the name that the agent gave');
    case 'flow':
      return FLOW[field] ?? origin('user and results', 'where the values of the call come from');
    default:
      return origin('argument', bound(entry, path, guessed ? "a guess from the arguments' names" : 'the tool map'));
  }
}
