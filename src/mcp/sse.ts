/** Server-sent events (WHATWG HTML §9.2) as Streamable HTTP uses them: read in pieces, bounded, and written. */
import { MESSAGE_BYTES_MAX } from './message.ts';

export interface ServerEvent {
  readonly type: string;
  readonly data: string;
  /** Given with this event. */
  readonly id: string | undefined;
  readonly retry_ms: number | undefined;
}

const ID_LENGTH_MAX = 1_024;

export class EventReader {
  private rest = '';
  private type = '';
  private data: string[] = [];
  private size = 0;
  private id: string | undefined;
  private retry_ms: number | undefined;

  /** The events that this piece completes. @throws RangeError when one is larger than a message may be */
  read(piece: string): ServerEvent[] {
    const text = this.rest + piece;
    // A CR at the end may be the first half of CR LF.
    const held = text.endsWith('\r') ? 1 : 0;
    const lines = text.slice(0, text.length - held).split(/\r\n|\n|\r/);
    this.rest = `${lines.pop() ?? ''}${held === 1 ? '\r' : ''}`;
    if (this.rest.length > MESSAGE_BYTES_MAX) throw new RangeError('an event is too large');
    const events: ServerEvent[] = [];
    for (const line of lines) {
      if (line === '') this.flush(events);
      else this.field(line);
    }
    return events;
  }

  private field(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'data') {
      this.size += value.length + 1;
      if (this.size > MESSAGE_BYTES_MAX) throw new RangeError('an event is too large');
      this.data.push(value);
    } else if (name === 'event') this.type = value;
    else if (name === 'id' && !value.includes('\0') && value.length <= ID_LENGTH_MAX) this.id = value;
    else if (name === 'retry' && /^\d{1,9}$/.test(value)) this.retry_ms = Number(value);
  }

  private flush(events: ServerEvent[]): void {
    const { type, data, id, retry_ms } = this;
    if (data.length > 0 || id !== undefined || retry_ms !== undefined)
      events.push({ type: type === '' ? 'message' : type, data: data.join('\n'), id, retry_ms });
    this.type = '';
    this.data = [];
    this.size = 0;
    this.id = undefined;
    this.retry_ms = undefined;
  }
}

/** One event; `data` is one line of JSON, or empty to give a place to resume from. */
export function eventText(data: string, id: string | undefined, retry_ms?: number): string {
  const type = data === '' ? '' : 'event: message\n';
  return `${type}${id === undefined ? '' : `id: ${id}\n`}${retry_ms === undefined ? '' : `retry: ${retry_ms}\n`}data: ${data}\n\n`;
}
