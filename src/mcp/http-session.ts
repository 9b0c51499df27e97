/** One client's session over Streamable HTTP (spec/gateway.md MG-36 to MG-38): its messages come by POST and leave on streams. */
import type { ServerResponse } from 'node:http';
import { Endpoint } from './endpoint.ts';
import type { Stream } from './http-stream.ts';
import { Streams } from './http-stream.ts';
import { type Id, isRequest, isResponse, type Message, writeMessage } from './message.ts';
import type { Relay } from './relay.ts';

/** Clients of this revision and later take an event without data, a place to go on from. */
const PRIMED_REVISION = '2025-11-25';

export class HttpSession {
  readonly id: string;
  used_ms = 0;
  private readonly relay: Relay;
  private readonly endpoint: Endpoint;
  private readonly streams: Streams;
  private readonly carried = new Map<Id, Stream>();
  private greeting: Id | undefined;
  private primes = false;

  /** `ended` is called once, when nothing more can come of it. */
  constructor(id: string, relay: Relay, ended: () => void) {
    this.id = id;
    this.relay = relay;
    this.streams = new Streams(id);
    this.endpoint = new Endpoint(
      { send: (message, about) => this.send(message, about), drop: (asked) => this.settle(asked), close: async () => this.streams.close() },
      relay.listener,
    );
    relay.attach(this.endpoint);
    relay.onstream = (about, event, retry_ms) => this.mirror(about, event, retry_ms);
    void relay.ended.then(() => {
      this.streams.close();
      ended();
    });
  }

  get resting(): boolean {
    return this.endpoint.busy === 0 && !this.streams.attended;
  }

  /** Takes the messages of one POST; what answers its requests goes to `response`, which else is told that they arrived. */
  take(messages: readonly Message[], response: ServerResponse): void {
    const requests = messages.filter(isRequest);
    if (requests.length === 0) response.writeHead(202).end();
    else {
      const stream = this.streams.begin(
        requests.map(({ id }) => id),
        response,
        this.primes,
      );
      for (const { id, method } of requests) {
        this.carried.set(id, stream);
        if (method === 'initialize') this.greeting = id;
      }
    }
    for (const message of messages) this.endpoint.receive(message);
  }

  /** The stream of what belongs to no request; false: the client listens to it already. */
  listen(response: ServerResponse): boolean {
    if (this.streams.alone.response !== null) return false;
    this.streams.attach(this.streams.alone, response);
    return true;
  }

  /** MG-38: goes on after the event that the client saw last; false: it is not known here. */
  resume(place: string, response: ServerResponse): boolean {
    const stream = this.streams.resume(place);
    if (stream === null) return false;
    this.streams.attach(stream, response);
    return true;
  }

  async close(): Promise<void> {
    await this.endpoint.close();
    await this.relay.close();
  }

  private send(message: Message, about: Id | undefined): boolean {
    const text = writeMessage(message);
    if (text === null) return false;
    const stream = (about === undefined ? undefined : this.carried.get(about)) ?? this.streams.alone;
    if (!isResponse(message) || message.id === null) {
      this.streams.write(stream, text);
      return true;
    }
    this.carried.delete(message.id);
    this.streams.answer(stream, message.id, text);
    if (message.id === this.greeting && 'result' in message) this.primes = String(message.result.protocolVersion) >= PRIMED_REVISION;
    // a conversation that did not begin is none
    if (message.id === this.greeting && 'error' in message) void this.close();
    return true;
  }

  private settle(id: Id): void {
    const stream = this.carried.get(id);
    if (stream === undefined) return;
    this.carried.delete(id);
    this.streams.settle(stream, id);
  }

  /** The server's stream got a place to resume from, or ended early: so does the client's (revision 2025-11-25). */
  private mirror(about: Id, event: 'primed' | 'paused', retry_ms: number | undefined): void {
    const stream = this.carried.get(about);
    if (stream === undefined || !this.primes) return;
    if (event === 'paused') this.streams.pause(stream);
    else if (retry_ms !== undefined) this.streams.write(stream, '', retry_ms);
  }
}
