/** The client that started this process, over stdin and stdout (spec/gateway.md MG-10). */
import type { Readable, Writable } from 'node:stream';
import { Endpoint } from './endpoint.ts';
import { readLines, writeLine } from './lines.ts';
import { failure, MESSAGE_BYTES_MAX, type Message, RPC, writeMessage } from './message.ts';
import type { ModernPipe } from './modern-stdio.ts';
import type { Listener, Peer } from './peer.ts';

export interface StdioOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly report: (message: string) => void;
}

const BAD = {
  json: [RPC.parse, 'the line is not JSON'],
  shape: [RPC.request, 'the line is no JSON-RPC message'],
  size: [RPC.request, `the line is longer than ${MESSAGE_BYTES_MAX} bytes`],
} as const;

/**
 * Serves one client until it closes its end; `listener.closed` tells. `modern` makes what takes the messages of revision
 * 2026-07-28, where that is served too.
 */
export function serveStdio({ input, output, report }: StdioOptions, listener: Listener, modern: (send: (message: Message) => boolean) => ModernPipe): Peer {
  const send = (message: Message): boolean => {
    const text = writeMessage(message);
    return text !== null && writeLine(output, text);
  };
  const endpoint = new Endpoint({ send, close: async () => void input.pause() }, listener);
  const pipe = modern(send);
  const end = (): void => {
    pipe.end('the client is gone');
    endpoint.end('the client is gone');
  };
  readLines(input, {
    message: (message) => void (pipe.take(message) || endpoint.receive(message)),
    bad(kind) {
      const [code, text] = BAD[kind];
      report(`the client sent what is no message: ${text}`);
      send({ jsonrpc: '2.0', id: null, ...failure(code, text) });
    },
    end,
  });
  output.on('error', end);
  return endpoint;
}
