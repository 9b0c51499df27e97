/** Messages as lines of JSON (MCP's stdio): bounded, in order; a line that is no message is told and skipped (MG-1, MG-2). */
import type { Readable, Writable } from 'node:stream';
import { MESSAGE_BYTES_MAX, MESSAGES_MAX, type Message, readMessage } from './message.ts';

export interface LineHandlers {
  message(message: Message): void;
  /** A line that is no message; `kind` is what was wrong. */
  bad(kind: 'json' | 'shape' | 'size'): void;
  end(): void;
}

const NEWLINE = 10;

/** Reads messages until the stream ends. */
export function readLines(stream: Readable, handlers: LineHandlers): void {
  let parts: Buffer[] = [];
  let size = 0;
  let skipping = false;
  const line = (bytes: Buffer): void => {
    const text = bytes.toString('utf8').trim();
    if (text === '') return;
    let value: unknown;
    try {
      value = JSON.parse(text) as unknown;
    } catch {
      return handlers.bad('json');
    }
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (items.length === 0 || items.length > MESSAGES_MAX) return handlers.bad('shape');
    for (const item of items) {
      const message = readMessage(item);
      if (message === null) handlers.bad('shape');
      else handlers.message(message);
    }
  };
  stream.on('data', (chunk: Buffer) => {
    let at = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, at);
      const piece = chunk.subarray(at, end < 0 ? chunk.length : end);
      if (!skipping && size + piece.length > MESSAGE_BYTES_MAX) {
        skipping = true;
        parts = [];
        size = 0;
        handlers.bad('size');
      }
      if (!skipping && piece.length > 0) {
        parts.push(piece);
        size += piece.length;
      }
      if (end < 0) return;
      at = end + 1;
      if (!skipping && size > 0) line(parts.length === 1 ? parts[0] : Buffer.concat(parts, size));
      parts = [];
      size = 0;
      skipping = false;
    }
  });
  let open = true;
  const end = (): void => {
    if (open) handlers.end();
    open = false;
  };
  for (const last of ['end', 'error', 'close']) stream.on(last, end);
}

/** Bytes that a reader may leave unread before it counts as gone. */
const UNREAD_BYTES_MAX = 4 * MESSAGE_BYTES_MAX;

/** Writes one line; false when the stream is closed or nobody reads it. */
export function writeLine(stream: Writable, text: string): boolean {
  if (!stream.writable || stream.writableLength > UNREAD_BYTES_MAX) return false;
  stream.write(`${text}\n`);
  return true;
}
