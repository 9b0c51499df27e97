/**
 * Cuts the gateway's own credentials out of what a server says (spec/gateway.md MG-142): a server that echoes its
 * key, or shows its environment, would hand it to the agent and to the ledger.
 */
import type { Answer, Params } from './message.ts';
import type { Listener, Peer } from './peer.ts';
import type { Open } from './upstream.ts';

/** Shorter values would be found where they mean nothing. */
const SECRET_LENGTH_MIN = 8;
const LINE_LENGTH_MAX = 65_536;
const CUT = '[credential cut out by AVA]';

export class Redactor {
  /** The longest first: one may contain another. */
  private readonly secrets: readonly string[];
  private readonly escaped: readonly string[];

  constructor(secrets: Iterable<string>) {
    // of `Bearer abc` the part that is secret
    const parts = [...secrets].flatMap((secret) => [secret, ...secret.split(' ')]);
    this.secrets = [...new Set(parts)].filter((secret) => secret.length >= SECRET_LENGTH_MIN).sort((a, b) => b.length - a.length);
    this.escaped = this.secrets.map((secret) => JSON.stringify(secret).slice(1, -1));
  }

  get empty(): boolean {
    return this.secrets.length === 0;
  }

  text(text: string): string {
    return cut(text, this.secrets);
  }

  /** A value as JSON has it; the same object where nothing is cut. */
  value<T>(value: T): T {
    if (value === undefined) return value;
    const text = JSON.stringify(value);
    const clean = cut(text, this.escaped);
    return clean === text ? value : (JSON.parse(clean) as T);
  }

  /** For a stream of text: whole lines, so that no secret hides across two pieces. */
  lines(said: (chunk: Buffer) => void): (chunk: Buffer) => void {
    if (this.empty) return said;
    let rest = '';
    return (chunk) => {
      const text = rest + chunk.toString('utf8');
      const end = text.length > LINE_LENGTH_MAX ? text.length : text.lastIndexOf('\n') + 1;
      rest = text.slice(end);
      if (end > 0) said(Buffer.from(this.text(text.slice(0, end))));
    };
  }
}

function cut(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) if (clean.includes(secret)) clean = clean.replaceAll(secret, CUT);
  return clean;
}

/** The same server, its words without the secrets. */
export async function openRedacted(open: Open, redactor: Redactor, listener: Listener): Promise<Peer> {
  if (redactor.empty) return open(listener);
  const peer = await open({
    request: (method, params, asked) => listener.request(method, redactor.value(params), asked),
    notify: (method, params, about) => listener.notify(method, redactor.value(params), about),
    closed: (reason) => listener.closed(redactor.text(reason)),
    stream: (about, event, retry_ms) => listener.stream?.(about, event, retry_ms),
  });
  return {
    request: async (method: string, params: Params | undefined, options) => redactor.value<Answer | null>(await peer.request(method, params, options)),
    notify: (method, params, about) => peer.notify(method, params, about),
    close: () => peer.close(),
  };
}
