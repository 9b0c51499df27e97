/**
 * What may be told without being asked (spec/gateway.md MG-150, MG-151). A notice is not judged, so it is one of those that
 * carry out nothing: a call that comes as a notice would be a call past the judge. The same change is told once in a while.
 */

/** From clients to servers. */
export const CLIENT_NOTICES: ReadonlySet<string> = new Set([
  'notifications/initialized',
  'notifications/progress',
  'notifications/roots/list_changed',
  'notifications/tasks/status',
]);

/** From servers to clients. */
export const SERVER_NOTICES: ReadonlySet<string> = new Set([
  'notifications/message',
  'notifications/progress',
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
  'notifications/elicitation/complete',
  'notifications/tasks/status',
]);

/** Of those the ones that say that something is not as it was. */
const CHANGES: ReadonlySet<string> = new Set([
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
]);

/** MG-151: the same change is told at most once in this time. */
export const CALM_MS = 100;
/** Changes that were told a moment ago; past it further ones wait for nobody. */
const RECENT_MAX = 1_024;

/** Tells a change at once, and what repeats it a moment later, once. */
export class Calm {
  /** By change; true: it came again since it was told. */
  private readonly recent = new Map<string, boolean>();

  /** `uri`: of the resource that changed. What is no change is told as it comes. */
  pass(method: string, uri: unknown, tell: () => void): void {
    if (!CHANGES.has(method)) return tell();
    const key = typeof uri === 'string' ? `${method} ${uri}` : method;
    if (this.recent.has(key) || this.recent.size >= RECENT_MAX) {
      if (this.recent.has(key)) this.recent.set(key, true);
      return;
    }
    this.recent.set(key, false);
    tell();
    setTimeout(() => {
      const again = this.recent.get(key) === true;
      this.recent.delete(key);
      if (again) this.pass(method, uri, tell);
    }, CALM_MS).unref();
  }
}
