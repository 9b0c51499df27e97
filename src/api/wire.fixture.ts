/** What the tests of this room share about bytes on a socket. */
import { connect } from 'node:net';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The whole replies at the start of `text` (latin1), and whether bytes are left over. 100 Continue is skipped. */
export function repliesOf(text: string): { replies: Reply[]; rest: string } {
  const replies: Reply[] = [];
  let rest = text;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) return { replies, rest };
    const [line, ...fields] = rest.slice(0, end).split('\r\n');
    const status = Number(/^HTTP\/1\.1 ([0-9]{3}) /.exec(line)?.[1]);
    const headers: Record<string, string> = {};
    for (const field of fields) headers[field.slice(0, field.indexOf(':')).toLowerCase()] = field.slice(field.indexOf(':') + 1).trim();
    if (status === 100) {
      rest = rest.slice(end + 4);
      continue;
    }
    let body = '';
    let next = end + 4;
    if (headers['transfer-encoding'] === 'chunked') {
      for (;;) {
        const stop = rest.indexOf('\r\n', next);
        if (stop < 0) return { replies, rest };
        const size = Number.parseInt(rest.slice(next, stop), 16);
        if (rest.length < stop + 4 + size) return { replies, rest };
        body += rest.slice(stop + 2, stop + 2 + size);
        next = stop + 4 + size;
        if (size === 0) break;
      }
    } else {
      const length = Number(headers['content-length'] ?? 0);
      if (rest.length < next + length) return { replies, rest };
      body = rest.slice(next, next + length);
      next += length;
    }
    replies.push({ status, headers, body });
    rest = rest.slice(next);
  }
}

export interface Conversation {
  readonly replies: readonly Reply[];
  readonly rest: string;
  /** The server ended or cut the connection. */
  readonly closed: boolean;
}

/**
 * Sends the pieces one after the other, each in its own packet, and waits until the server closes, or says nothing
 * for `quiet_ms` after all was sent, or has given as many `replies`. `end`: the client half-closes after the last piece.
 */
export function converse(
  port: number,
  pieces: readonly Buffer[],
  { end = false, quiet_ms = 1_000, replies = Number.POSITIVE_INFINITY } = {},
): Promise<Conversation> {
  return new Promise((resolve) => {
    let text = '';
    let quiet: NodeJS.Timeout | null = null;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const done = (closed: boolean): void => {
      if (quiet !== null) clearTimeout(quiet);
      socket.destroy();
      resolve({ ...repliesOf(text), closed });
    };
    const wait = (): void => {
      if (quiet !== null) clearTimeout(quiet);
      quiet = setTimeout(() => done(false), quiet_ms);
    };
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (replies < Number.POSITIVE_INFINITY && repliesOf(text).replies.length >= replies) return done(false);
      if (quiet !== null) wait();
    });
    socket.on('error', () => done(true));
    socket.on('end', () => done(true));
    socket.on('close', () => done(true));
    let at = 0;
    const next = (): void => {
      if (socket.destroyed || !socket.writable) return;
      if (at === pieces.length) {
        if (end) socket.end();
        return wait();
      }
      socket.write(pieces[at++], () => setImmediate(next));
    };
    socket.on('connect', next);
  });
}
