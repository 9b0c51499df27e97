/** The vectors of base and crypto: made again they are the same; code accepts the right and refuses the wrong ones. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { baseVectors } from '../spec/make-base-vectors.ts';
import { fromHex, octets } from '../src/base/bytes.ts';
import { decode } from '../src/base/cbor.ts';
import { FAULTS } from '../src/base/fault.ts';
import { verify } from '../src/crypto/suite.ts';

interface Refused {
  readonly clause: string;
  readonly bytes: string;
  readonly fault: string;
}

interface Signed {
  readonly why?: string;
  readonly suite: number;
  readonly public: string;
  readonly purpose: string;
  readonly network: string;
  readonly digest: string;
  readonly signature: string;
}

const root = `${import.meta.dirname}/..`;
const read = (name: string): string => readFileSync(`${root}/spec/vectors/${name}`, 'utf8');

test('spec/make-base-vectors.ts makes what is committed', () => {
  for (const [name, text] of Object.entries(baseVectors())) assert.equal(text, read(name), `${name}: a changed vector is a changed specification`);
});

test('each malformed encoding is refused with its own code (C-1, C-3, C-5, C-6, C-11)', () => {
  const { negative } = JSON.parse(read('cbor.json')) as { negative: readonly Refused[] };
  for (const { clause, bytes, fault } of negative) assert.throws(() => decode(fromHex(bytes)), { name: 'Fault', slug: fault }, `${clause} ${bytes}`);
  const met = new Set<string>(negative.map(({ fault }) => fault));
  const all: readonly string[] = Object.keys(FAULTS).filter((slug) => slug.startsWith('cbor_'));
  assert.deepEqual(
    all.filter((slug) => !met.has(slug)),
    ['cbor_type', 'cbor_range'],
    'these two come from typed reads alone',
  );
});

test('signatures: the right ones verify, the wrong ones do not', () => {
  const { positive, negative } = JSON.parse(read('signature.json')) as { positive: readonly Signed[]; negative: readonly Signed[] };
  const holds = (v: Signed): boolean =>
    verify(v.suite, octets(fromHex(v.public)), fromHex(v.signature), v.purpose, octets(fromHex(v.network)), octets(fromHex(v.digest)));
  for (const vector of positive) assert.ok(holds(vector));
  for (const vector of negative) assert.ok(!holds(vector), vector.why ?? vector.signature);
});

test('every tag of H has one use, and stands in the table (H-5); every purpose in S-1', () => {
  const table = readFileSync(`${root}/spec/hash.md`, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  const listed = table.flatMap((line) => [...line.split('|')[1].matchAll(/`([^`]+)`/g)].map(([, tag]) => tag));
  const used: string[] = [];
  for (const path of globSync('src/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts')))
    for (const [, tag] of readFileSync(`${root}/${path}`, 'utf8').matchAll(/\btagged\('([^']+)'\)/g)) used.push(tag);
  assert.deepEqual([...used].sort(), [...listed].sort());
});
