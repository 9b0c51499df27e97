/** The vectors of spec/frame.md: made again they are the same; the right ones are read, the wrong ones refused. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { frameVectors } from '../spec/make-frame-vectors.ts';
import { fromHex, hex, octets } from '../src/base/bytes.ts';
import { decodeFrame } from '../src/store/frame.ts';
import { readSegmentHead } from '../src/store/segment.ts';

const text = readFileSync(`${import.meta.dirname}/../spec/vectors/frame.json`, 'utf8');
const data = JSON.parse(text) as {
  salt: string;
  positive: {
    height: number;
    durable: number;
    suite: number;
    key_id: string;
    header: string;
    signature: string;
    items: [string, string | null, string | null][];
    bytes: string;
  }[];
  negative: { clause: string; why: string; fault: string; bytes: string }[];
  segment: { number: number; head: string };
};
const salt = octets(fromHex(data.salt));
const part = (bytes: Uint8Array | null): string | null => (bytes === null ? null : hex(bytes));

test('spec/make-frame-vectors.ts makes what is committed', () => {
  assert.equal(frameVectors()['frame.json'], text, 'a changed vector is a changed specification');
});

test('frames are read as they are written (F-1 to F-6)', () => {
  for (const { bytes, ...wanted } of data.positive) {
    const { height, durable, suite, key_id, header, signature, items } = decodeFrame(fromHex(bytes), salt);
    const got = {
      clause: 'F-2',
      height,
      durable,
      suite,
      key_id: hex(key_id),
      header: hex(header),
      signature: hex(signature),
      items: items.map(({ entry, sidecar, witness }) => [hex(entry), part(sidecar), part(witness)]),
    };
    assert.deepEqual(got, wanted);
  }
});

test('malformed frames are refused (F-7)', () => {
  for (const { clause, why, fault, bytes } of data.negative)
    assert.throws(() => decodeFrame(fromHex(bytes), salt), { name: 'Fault', slug: fault }, `${clause} ${why}`);
});

test("a segment's head has one form (F-11)", () => {
  const head = fromHex(data.segment.head);
  assert.equal(readSegmentHead(head, data.segment.number), salt);
  assert.throws(() => readSegmentHead(head, data.segment.number + 1), { name: 'Fault', slug: 'ledger_corrupt' });
  for (let at = 0; at < head.length; at++) {
    head[at] ^= 1;
    assert.throws(() => readSegmentHead(head, data.segment.number), { name: 'Fault', slug: 'ledger_corrupt' }, `byte ${at}`);
    head[at] ^= 1;
  }
});
