/** Requests to one address over HTTP, with kept-alive connections; redirects are not followed: they could lead credentials elsewhere (MG-15). */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { MESSAGE_BYTES_MAX } from './message.ts';

const SOCKETS_MAX = 512;
const IDLE_MS = 30_000;

export class HttpTarget {
  private readonly url: URL;
  private readonly headers: Readonly<Record<string, string>>;
  private readonly agent: HttpAgent;

  constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.url = new URL(url);
    this.headers = headers;
    const options = { keepAlive: true, maxSockets: SOCKETS_MAX, timeout: IDLE_MS };
    this.agent = this.url.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
  }

  get origin(): string {
    return this.url.origin;
  }

  /** Resolves with the head of the answer. Rejects when the connection fails or `signal` ends it. */
  send(method: 'GET' | 'POST' | 'DELETE', headers: Readonly<Record<string, string>>, body: string | undefined, signal: AbortSignal): Promise<IncomingMessage> {
    const request = this.url.protocol === 'https:' ? httpsRequest : httpRequest;
    const length = body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) };
    return new Promise((resolve, reject) => {
      const sent = request(this.url, { method, agent: this.agent, headers: { ...headers, ...this.headers, ...length }, signal });
      sent.on('response', resolve);
      sent.on('error', reject);
      sent.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

/** The body, at most as large as a message. @throws RangeError past that */
export async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MESSAGE_BYTES_MAX) {
      response.destroy();
      throw new RangeError('the body is too large');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
