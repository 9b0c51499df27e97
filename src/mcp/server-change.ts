/** The changes that a server of revision 2026-07-28 is listened to for: one `subscriptions/listen`, opened again when it ends (spec/gateway.md MG-126). */
import { type Answer, isObject, type Params } from './message.ts';

/** Opens the subscription; the answer comes when it ends. */
type Listen = (params: Params, until: AbortSignal) => Promise<Answer | null>;

const URIS_MAX = 256;
/** Between the end of a subscription and the next one, doubled each time that it ends at once. */
const AGAIN_MS = 500;
const AGAIN_MS_MAX = 60_000;
const LIVED_MS = 30_000;

export class ServerChanges {
  private readonly listen: Listen;
  private readonly lists: Params;
  private readonly canSubscribe: boolean;
  private readonly uris = new Set<string>();
  private current: AbortController | null = null;
  private started = false;
  private closed = false;
  private failures = 0;

  constructor(capabilities: Params, listen: Listen) {
    const can = (part: string, what: string): boolean => isObject(capabilities[part]) && capabilities[part][what] === true;
    this.listen = listen;
    this.canSubscribe = can('resources', 'subscribe');
    this.lists = {
      ...(can('tools', 'listChanged') && { toolsListChanged: true }),
      ...(can('prompts', 'listChanged') && { promptsListChanged: true }),
      ...(can('resources', 'listChanged') && { resourcesListChanged: true }),
    };
  }

  start(): void {
    this.started = true;
    this.renew();
  }

  /** Whether changes of the resource will be told. */
  add(uri: string): boolean {
    if (!this.canSubscribe || (this.uris.size >= URIS_MAX && !this.uris.has(uri))) return false;
    if (!this.uris.has(uri)) {
      this.uris.add(uri);
      this.renew();
    }
    return true;
  }

  remove(uri: string): boolean {
    if (this.uris.delete(uri)) this.renew();
    return true;
  }

  close(): void {
    this.closed = true;
    this.current?.abort();
  }

  /** The new subscription is there before the old one ends. */
  private renew(): void {
    if (!this.started || this.closed) return;
    const before = this.current;
    const wanted: Params = { ...this.lists, ...(this.uris.size > 0 && { resourceSubscriptions: [...this.uris] }) };
    this.current = null;
    if (Object.keys(wanted).length > 0) {
      const until = new AbortController();
      this.current = until;
      void this.hear({ notifications: wanted }, until);
    }
    before?.abort();
  }

  private async hear(params: Params, until: AbortController): Promise<void> {
    const since_ms = Date.now();
    const ended = await this.listen(params, until.signal);
    if (this.closed || this.current !== until) return;
    const refused = ended !== null && 'error' in ended && !(isObject(ended.error.data) && ended.error.data.retryable === true);
    this.failures = Date.now() - since_ms > LIVED_MS ? 0 : this.failures + 1;
    if (refused) return;
    setTimeout(() => this.current === until && this.renew(), Math.min(AGAIN_MS * 2 ** this.failures, AGAIN_MS_MAX)).unref();
  }
}
