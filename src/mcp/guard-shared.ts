/**
 * Methods that several servers share without their names meeting (spec/gateway.md MG-33, MG-34): lists are joined, the
 * rest goes to the server whose it is. With one server all of it passes as it came.
 */
import { type Conversation, type Guard, own } from './conversation.ts';
import { type Answer, failure, isObject, type Params, RPC } from './message.ts';
import type { Asked } from './peer.ts';
import type { Upstream } from './upstream.ts';

const PAGES_MAX = 128;
/** Items of a joined list. */
const ITEMS_MAX = 10_000;

const pass = (server: Upstream, method: string, params: Params, asked: Asked): Promise<Answer | null> =>
  server.request(method, params, { about: asked.id, signal: asked.signal });

const offering = ({ names }: Conversation, capability: string): Upstream[] =>
  [...names.servers.values()].filter((server) => server.capabilities[capability] !== undefined);

/** All items of one server's list. */
async function itemsOf(server: Upstream, method: string, key: string, asked: Asked): Promise<Params[]> {
  const items: Params[] = [];
  let cursor: unknown;
  for (let page = 0; page < PAGES_MAX && items.length < ITEMS_MAX; page++) {
    const answer = await pass(server, method, cursor === undefined ? {} : { cursor }, asked);
    if (answer === null || 'error' in answer) return items;
    const given = answer.result[key];
    if (Array.isArray(given)) items.push(...(given as unknown[]).filter(isObject));
    cursor = answer.result.nextCursor;
    if (typeof cursor !== 'string') break;
  }
  return items;
}

/** A list of all servers on one page. `shown` gives an item as the client sees it, or null for one that another server has. */
export async function joined(
  talk: Conversation,
  capability: string,
  method: string,
  key: string,
  asked: Asked,
  shown: (server: Upstream, item: Params) => Params | null,
): Promise<Answer> {
  const lists = await Promise.all(offering(talk, capability).map(async (server) => ({ server, items: await itemsOf(server, method, key, asked) })));
  const items = lists.flatMap(({ server, items: own }) => own.flatMap((item) => shown(server, item) ?? []));
  return { result: { [key]: items.slice(0, ITEMS_MAX) } };
}

/** MG-34: the first server that lists an address has it. */
function claim(talk: Conversation, kind: 'uri' | 'uriTemplate', server: Upstream, item: Params): Params | null {
  const address = item[kind];
  if (typeof address !== 'string') return null;
  const key = `${kind}:${address}`;
  const owner = talk.owners.get(key);
  if (owner === undefined) own(talk.owners, key, server);
  else if (owner !== server) {
    talk.report(`server ${server.name} lists ${address.slice(0, 128)}, which server ${owner.name} has: it is left out`);
    return null;
  }
  return item;
}

export const listResources: Guard = (talk, params, asked, method) =>
  talk.only === null
    ? joined(talk, 'resources', method, 'resources', asked, (server, item) => claim(talk, 'uri', server, item))
    : pass(talk.only, method, params, asked);

export const listTemplates: Guard = (talk, params, asked, method) =>
  talk.only === null
    ? joined(talk, 'resources', method, 'resourceTemplates', asked, (server, item) => claim(talk, 'uriTemplate', server, item))
    : pass(talk.only, method, params, asked);

/** MG-34: the server that listed the address, or a template that begins like it; a server that alone has resources. */
export async function resourceServer(talk: Conversation, uri: string, asked: Asked): Promise<Upstream | null> {
  if (talk.only !== null) return talk.only;
  const servers = offering(talk, 'resources');
  if (servers.length === 1) return servers[0];
  const known = (): Upstream | null => {
    const exact = talk.owners.get(`uri:${uri}`);
    if (exact !== undefined) return exact;
    for (const [key, server] of talk.owners) {
      if (!key.startsWith('uriTemplate:')) continue;
      const fixed = key.slice('uriTemplate:'.length).split('{', 1)[0];
      if (fixed !== '' && uri.startsWith(fixed)) return server;
    }
    return null;
  };
  const found = known();
  if (found !== null) return found;
  await listResources(talk, {}, asked, 'resources/list');
  await listTemplates(talk, {}, asked, 'resources/templates/list');
  return known();
}

/** resources/read, subscribe and unsubscribe. */
export const resource: Guard = async (talk, params, asked, method) => {
  const { uri } = params;
  if (typeof uri !== 'string') return failure(RPC.params, `${method} needs a uri`);
  const server = await resourceServer(talk, uri, asked);
  if (server === null) return failure(RPC.resource, 'Resource not found', { uri });
  if (method === 'resources/subscribe') server.repeat(uri, method, params);
  if (method === 'resources/unsubscribe') server.forget(uri);
  return pass(server, method, params, asked);
};

export const listPrompts: Guard = (talk, params, asked, method) =>
  talk.only === null
    ? joined(talk, 'prompts', method, 'prompts', asked, (server, item) =>
        typeof item.name === 'string' ? { ...item, name: talk.names.shown(server, item.name) } : null,
      )
    : pass(talk.only, method, params, asked);

export const getPrompt: Guard = async (talk, params, asked, method) => {
  const place = typeof params.name === 'string' ? talk.names.find(params.name) : null;
  if (place === null) return failure(RPC.params, `Unknown prompt: ${String(params.name).slice(0, 128)}`);
  return pass(place.server, method, { ...params, name: place.name }, asked);
};

export const complete: Guard = async (talk, params, asked, method) => {
  const { ref } = params;
  if (talk.only !== null || !isObject(ref))
    return talk.only === null ? failure(RPC.params, 'completion/complete needs a ref') : pass(talk.only, method, params, asked);
  if (typeof ref.uri === 'string') {
    const server = talk.owners.get(`uriTemplate:${ref.uri}`) ?? (await resourceServer(talk, ref.uri, asked));
    return server === null ? failure(RPC.params, 'no server has this template') : pass(server, method, params, asked);
  }
  const place = typeof ref.name === 'string' ? talk.names.find(ref.name) : null;
  return place === null
    ? failure(RPC.params, 'no server has this prompt')
    : pass(place.server, method, { ...params, ref: { ...ref, name: place.name } }, asked);
};

/** logging/setLevel goes to every server that logs. */
export const setLevel: Guard = async (talk, params, asked, method) => {
  const servers = talk.only === null ? offering(talk, 'logging') : [talk.only];
  for (const server of servers) server.repeat(method, method, params);
  const answers = await Promise.all(servers.map((server) => pass(server, method, params, asked)));
  return talk.only === null ? { result: {} } : answers[0];
};

export const ping: Guard = async (talk, params, asked, method) => (talk.only === null ? { result: {} } : pass(talk.only, method, params, asked));
