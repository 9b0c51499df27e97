/** Which byte of a log means what (spec/frame.md F-2 to F-6, F-11): so that a test can hit every kind. */
import type { Octets } from '../../src/base/bytes.ts';
import { readHead } from '../../src/store/frame.ts';

export type ByteClass =
  | 'segment head'
  | 'frame head'
  | 'key id'
  | 'header'
  | 'signature'
  | 'rows'
  | 'entry'
  | 'sidecar'
  | 'witness'
  | 'crc'
  | 'end mark'
  | 'padding'
  | 'spare head'
  | 'spare padding'
  | 'genesis'
  | 'checkpoint';

export interface Span {
  readonly name: ByteClass;
  /** Within the data folder. */
  readonly file: string;
  readonly from: number;
  readonly to: number;
  /** The block that a fault there must name; null outside the log. */
  readonly height: number | null;
  /** Where the whole frame stands. */
  readonly frame: { readonly from: number; readonly to: number } | null;
}

const SEGMENT_HEAD_BYTES = 64;
const FILE = 'log/00000001.log';

/** The spans of the first segment, and where its frames end. */
export function classesOf(bytes: Buffer, salt: Octets, padding: number): { readonly ends: number; readonly classes: readonly Span[] } {
  const classes: Span[] = [{ name: 'segment head', file: FILE, from: 0, to: SEGMENT_HEAD_BYTES, height: 1, frame: null }];
  let at = SEGMENT_HEAD_BYTES;
  let height = 1;
  for (;;) {
    const head = readHead(bytes, at, salt);
    if (typeof head === 'string') break;
    const frame = { from: at, to: at + head.length };
    const put = (name: ByteClass, length: number): void => {
      if (length > 0) classes.push({ name, file: FILE, from: at, to: at + length, height, frame });
      at += length;
    };
    put('frame head', 48);
    put('key id', 32);
    put('header', 576);
    put('signature', head.signature_bytes);
    let row = at;
    put('rows', 12 * head.count);
    for (let i = 0; i < head.count; i++, row += 12) {
      put('entry', bytes.readUInt32BE(row));
      put('sidecar', Math.max(0, bytes.readUInt32BE(row + 4) - 1));
      put('witness', Math.max(0, bytes.readUInt32BE(row + 8) - 1));
    }
    put('crc', 4);
    put('end mark', 4);
    height += 1;
  }
  classes.push({ name: 'padding', file: FILE, from: at, to: at + padding, height, frame: null });
  return { ends: at, classes };
}
