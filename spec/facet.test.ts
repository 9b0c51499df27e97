/** T-1: the committed vectors are what this version computes; malformed maps are refused each with its own fault. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fromHex } from '../src/base/bytes.ts';
import { Fault } from '../src/base/fault.ts';
import { decodeToolMap } from '../src/facet/map.ts';
import { parseToolMap } from '../src/facet/map-source.ts';
import { facetVectors } from './make-facet.ts';

const committed = JSON.parse(readFileSync(new URL('vectors/facet.json', import.meta.url), 'utf8')) as {
  refused: { bytes?: string; yaml?: string; fault: string }[];
};

test('T-1, T-12: facet vectors', () => {
  assert.deepEqual(JSON.parse(JSON.stringify(facetVectors())), committed);
});

test('T-6: refused maps', () => {
  for (const { bytes, yaml, fault } of committed.refused) {
    assert.throws(
      () => (bytes === undefined ? parseToolMap(yaml ?? '') : decodeToolMap(fromHex(bytes))),
      (found) => found instanceof Fault && found.slug === fault,
      fault,
    );
  }
});
