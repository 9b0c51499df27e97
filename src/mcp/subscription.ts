/**
 * What a client of revision 2026-07-28 wants to be told (`subscriptions/listen`): one exchange that stays open, and on it
 * the changes that were asked for and no others (spec/gateway.md MG-116).
 */
import { type Answer, failure, type Id, isObject, type Params, RPC } from './message.ts';
import { META } from './modern.ts';
import { Calm } from './notice.ts';

interface Heard {
  notify(method: string, params: Params): void;
  readonly signal: AbortSignal;
}

interface Subscription {
  readonly id: Id;
  readonly exchange: Heard;
  readonly lists: ReadonlySet<string>;
  readonly uris: ReadonlySet<string>;
  readonly calm: Calm;
  end(): void;
}

const SUBSCRIPTIONS_MAX = 64;
const URIS_MAX = 256;
const URI_LENGTH_MAX = 4_096;
const UPDATED = 'notifications/resources/updated';

/** The fields of a filter: the notice that each asks for, and what a server must be able to do. */
const LISTS = [
  ['toolsListChanged', 'notifications/tools/list_changed', 'tools'],
  ['promptsListChanged', 'notifications/prompts/list_changed', 'prompts'],
  ['resourcesListChanged', 'notifications/resources/list_changed', 'resources'],
] as const;

export class Subscriptions {
  private readonly ask: (method: string, params: Params) => Promise<Answer | null>;
  private readonly open = new Set<Subscription>();

  /** `ask` subscribes to a resource, in the words of the revisions that have that request. */
  constructor(ask: (method: string, params: Params) => Promise<Answer | null>) {
    this.ask = ask;
  }

  get size(): number {
    return this.open.size;
  }

  /** Serves one `subscriptions/listen` until either side ends it. */
  async listen(id: Id, { notifications }: Params, capabilities: unknown, exchange: Heard): Promise<Answer | null> {
    if (!isObject(notifications)) return failure(RPC.params, 'Invalid params: notifications is missing');
    if (this.open.size >= SUBSCRIPTIONS_MAX) return failure(RPC.internal, 'too many subscriptions are open');
    const able = isObject(capabilities) ? capabilities : {};
    const can = (part: string, what: string): boolean => isObject(able[part]) && able[part][what] === true;
    const wanted = LISTS.filter(([field, , part]) => notifications[field] === true && can(part, 'listChanged'));
    const uris = can('resources', 'subscribe') ? await this.subscribed(notifications.resourceSubscriptions) : [];
    const result: Answer = { result: { resultType: 'complete', _meta: { [META.subscription]: id } } };
    const honoured: Params = { ...Object.fromEntries(wanted.map(([field]) => [field, true])), ...(uris.length > 0 && { resourceSubscriptions: uris }) };
    exchange.notify('notifications/subscriptions/acknowledged', { notifications: honoured, _meta: { [META.subscription]: id } });
    if (Object.keys(honoured).length === 0) return result;
    return new Promise((resolve) => {
      const close = (answer: Answer | null): void => {
        if (!this.open.delete(subscription)) return;
        exchange.signal.removeEventListener('abort', gone);
        this.release(uris);
        resolve(answer);
      };
      const gone = (): void => close(null);
      const subscription: Subscription = {
        id,
        exchange,
        lists: new Set(wanted.map(([, method]) => method)),
        uris: new Set(uris),
        calm: new Calm(),
        end: () => close(result),
      };
      this.open.add(subscription);
      exchange.signal.addEventListener('abort', gone, { once: true });
      if (exchange.signal.aborted) gone();
    });
  }

  /** MG-116: a change, told to whoever asked for it. False: it is no change of a kind that can be asked for. */
  notify(method: string, params: Params = {}): boolean {
    const isUpdate = method === UPDATED;
    if (!isUpdate && !LISTS.some(([, notice]) => notice === method)) return false;
    for (const one of this.open)
      if (isUpdate ? typeof params.uri === 'string' && one.uris.has(params.uri) : one.lists.has(method)) this.tell(one, method, params);
    return true;
  }

  /** Ends all of them in good order. */
  end(): void {
    for (const { end } of [...this.open]) end();
  }

  private tell(one: Subscription, method: string, params: Params): void {
    const meta = isObject(params._meta) ? params._meta : {};
    one.calm.pass(method, params.uri, () => {
      if (this.open.has(one)) one.exchange.notify(method, { ...params, _meta: { ...meta, [META.subscription]: one.id } });
    });
  }

  /** Those of the URIs to which the server lets this conversation subscribe. */
  private async subscribed(asked: unknown): Promise<string[]> {
    const uris = Array.isArray(asked) ? asked.filter((uri): uri is string => typeof uri === 'string' && uri.length <= URI_LENGTH_MAX) : [];
    const answers = await Promise.all(
      [...new Set(uris)].slice(0, URIS_MAX).map(async (uri) => ({ uri, answer: await this.ask('resources/subscribe', { uri }) })),
    );
    return answers.filter(({ answer }) => answer !== null && 'result' in answer).map(({ uri }) => uri);
  }

  private release(uris: readonly string[]): void {
    for (const uri of uris) if (![...this.open].some((one) => one.uris.has(uri))) void this.ask('resources/unsubscribe', { uri });
  }
}
