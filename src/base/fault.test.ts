import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULTS } from './fault.ts';

test('each fault has a number of its own, a status, a sentence and a next step', () => {
  const owners = new Map<number, string>();
  for (const [slug, [number, status, title, next]] of Object.entries<readonly [number, number, string, string]>(FAULTS)) {
    assert.match(slug, /^[a-z][a-z0-9_]*$/);
    assert.equal(owners.get(number), undefined, `${number} belongs to ${owners.get(number)} and ${slug}`);
    owners.set(number, slug);
    assert.ok(number >= 1000 && number < 7000 && status >= 400 && status < 600, slug);
    assert.ok(title !== '' && next !== '' && !title.endsWith('.') && !next.endsWith('.'), slug);
  }
});
