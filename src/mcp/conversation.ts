/** What one conversation consists of: the client, its servers, who judges. Guards work on it; the relay owns it. */
import type { Client as Node } from '../api/client.ts';
import type { Allowed, Judge } from './judge.ts';
import type { Answer, Params } from './message.ts';
import type { Names } from './names.ts';
import type { Asked, Peer } from './peer.ts';
import type { ToolTable } from './tool-table.ts';
import type { Upstream } from './upstream.ts';

export interface Conversation {
  readonly client: Peer;
  /** What the client said in its `initialize`. */
  readonly hello: Params;
  readonly node: Node;
  readonly judge: Judge;
  readonly names: Names;
  /** By the name of the server. */
  readonly tables: ReadonlyMap<string, ToolTable>;
  /** The only server, with its names unchanged; null where several share one list. */
  readonly only: Upstream | null;
  /** Which server a task, or a resource, belongs to; bounded. */
  readonly owners: Map<string, Upstream>;
  /** A task that was started by a call: what its end has to be told to. */
  readonly tasks: Map<string, Called>;
  report(message: string): void;
}

/** A call that was allowed and made. */
export interface Called {
  readonly server: Upstream;
  /** The tool's own name. */
  readonly tool: string;
  /** Whether a refusal may be structured too: the tool declares no schema that it would break. */
  readonly structured: boolean;
  readonly ruling: Allowed;
}

/** Handles one method of the client's. */
export type Guard = (talk: Conversation, params: Params, asked: Asked, method: string) => Promise<Answer | null>;
/** Handles one method of a server's. */
export type ServerGuard = (talk: Conversation, server: Upstream, params: Params, asked: Asked, method: string) => Promise<Answer | null>;

/** Entries of the maps above. */
export const OWNED_MAX = 4_096;

/** Adds to a bounded map; the oldest entry goes. */
export function own<T>(map: Map<string, T>, key: string, value: T): void {
  const [oldest] = map.keys();
  if (!map.has(key) && map.size >= OWNED_MAX && oldest !== undefined) map.delete(oldest);
  map.set(key, value);
}
