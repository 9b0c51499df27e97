/** The followers of /v1/events (spec/http.md N-36 to N-38): first the log from where they left off, then live. */
import type { ServerResponse } from 'node:http';
import { Fault } from '../base/fault.ts';
import type { BlockOutput } from '../machine/apply.ts';
import { decodeHeader } from '../machine/block.ts';
import { decodeEntry } from '../machine/receipt.ts';
import type { Sequencer } from '../sequencer/port.ts';
import { dueEvent, eventOf, eventText } from './events.ts';
import { SSE_TYPE } from './operation.ts';
import type { BlockReader } from './reads.ts';
import type { Exchange } from './router.ts';

/** Followers of one node. */
const FOLLOWERS_MAX = 64;
/** Bytes that a follower may leave unread before it is dropped. */
const UNREAD_BYTES_MAX = 1_048_576;
/** Bytes ahead of the reader while the log is read. */
const AHEAD_BYTES = 65_536;
const BLOCKS_A_TURN = 16;
const HEARTBEAT_MS = 15_000;

interface Follower {
  readonly response: ServerResponse;
  /** The next block to tell, and in it the first entry. */
  height: number;
  index: number;
  live: boolean;
}

export class Feed {
  private readonly sequencer: Sequencer;
  private readonly blocks: BlockReader;
  private readonly followers = new Set<Follower>();
  private readonly stop: () => void;
  private readonly heartbeat: NodeJS.Timeout;

  constructor(sequencer: Sequencer, blocks: BlockReader) {
    this.sequencer = sequencer;
    this.blocks = blocks;
    this.stop = sequencer.follow(this.tell);
    this.heartbeat = setInterval(() => {
      for (const { response } of this.followers) response.write(': \n\n');
    }, HEARTBEAT_MS);
    this.heartbeat.unref();
  }

  get size(): number {
    return this.followers.size;
  }

  close(): void {
    this.stop();
    clearInterval(this.heartbeat);
    for (const { response } of this.followers) response.destroy();
  }

  /** @throws Fault request_shape, overloaded */
  open({ request, response, query }: Exchange): void {
    if (this.followers.size >= FOLLOWERS_MAX) throw new Fault('overloaded', `${FOLLOWERS_MAX} follow already`);
    const { height, index } = startOf(request.headers['last-event-id'], query.get('from'), this.sequencer.height);
    response.writeHead(200, { 'Content-Type': SSE_TYPE, 'Cache-Control': 'no-store' });
    response.write(': \n\n');
    if (request.method === 'HEAD') return void response.end();
    const follower: Follower = { response, height, index, live: false };
    this.followers.add(follower);
    response.on('close', () => this.followers.delete(follower));
    response.on('drain', () => this.catchUp(follower));
    this.catchUp(follower);
  }

  /** Reads the log for one follower until it is at the head; then it hears of blocks as they come. */
  private catchUp(follower: Follower): void {
    const { response } = follower;
    try {
      for (let n = 0; !follower.live && !response.destroyed; n++) {
        if (follower.height > this.sequencer.height) {
          follower.live = true;
          return;
        }
        if (response.writableLength > AHEAD_BYTES) return;
        if (n === BLOCKS_A_TURN) {
          setImmediate(() => this.catchUp(follower));
          return;
        }
        const text = this.stored(follower.height, follower.index);
        follower.height += 1;
        follower.index = 0;
        if (text !== '') response.write(text);
      }
    } catch {
      // the log cannot be read there: the follower asks again and gets the fault of /v1/blocks
      response.destroy();
    }
  }

  private stored(height: number, from: number): string {
    const { header, items } = this.blocks.read(height);
    const { time_ms } = decodeHeader(header);
    let text = '';
    for (let i = from; i < items.length; i++) {
      const { transaction, receipt } = decodeEntry(items[i].entry, this.sequencer.network, null);
      const event = eventOf(transaction, receipt, time_ms);
      if (event !== null) text += eventText(event);
    }
    return text;
  }

  private readonly tell = ({ header, accepted, events }: BlockOutput): void => {
    let text: string | null = null;
    for (const follower of this.followers) {
      if (!follower.live || header.height < follower.height) continue;
      if (text === null) {
        text = '';
        for (const { transaction, receipt } of accepted) {
          const event = eventOf(transaction, receipt, header.time_ms);
          if (event !== null) text += eventText(event);
        }
        for (let i = 0; i < events.length; i++) text += eventText(dueEvent(events[i], header.height, accepted.length + i, header.time_ms));
      }
      follower.height = header.height + 1;
      // N-38: who does not read is dropped, and comes back with Last-Event-ID
      if (follower.response.writableLength > UNREAD_BYTES_MAX) follower.response.destroy();
      else if (text !== '') follower.response.write(text);
    }
  };
}

/** N-36: after the last event seen, else from a block, else from now. @throws Fault request_shape */
function startOf(lastId: string | string[] | undefined, from: string | null, head: number): { height: number; index: number } {
  if (lastId !== undefined && lastId !== '') {
    const match = typeof lastId === 'string' ? /^([0-9]{1,15})\.([0-9]{1,9})$/.exec(lastId) : null;
    if (match === null) throw new Fault('request_shape', 'Last-Event-ID is HEIGHT.INDEX', { path: 'Last-Event-ID', expected: 'HEIGHT.INDEX' });
    const height = Math.max(1, Number(match[1]));
    return height > head ? { height: head + 1, index: 0 } : { height, index: Number(match[2]) + 1 };
  }
  if (from === null) return { height: head + 1, index: 0 };
  if (!/^[0-9]{1,15}$/.test(from)) throw new Fault('request_shape', 'from is a height', { path: 'from', expected: 'a height' });
  return { height: Math.min(head + 1, Math.max(1, Number(from))), index: 0 };
}
