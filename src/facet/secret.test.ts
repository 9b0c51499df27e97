import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SecretKind, secretFacts } from './secret.ts';

/** Made up, in two parts each, so that no scanner takes them for real ones. */
const joined = (...parts: string[]): string => parts.join('');
const RANDOM = 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8';

test('T-40: forms of keys and tokens', () => {
  const rows: readonly (readonly [string, SecretKind])[] = [
    [joined('-----BEGIN RSA ', 'PRIVATE KEY-----'), 'private-key'],
    [joined('key AK', 'IAABCDEFGHIJKLMNOP end'), 'aws'],
    [joined('gh', `o_${RANDOM}`), 'github'],
    [joined('glp', `at-${RANDOM.slice(0, 20)}`), 'gitlab'],
    [joined('xo', `xb-${RANDOM.slice(0, 12)}`), 'slack'],
    [joined('sk_', `live_${RANDOM.slice(0, 20)}`), 'stripe'],
    [joined('AI', `za${RANDOM.slice(0, 35)}`), 'google'],
    [joined('sk-', `ant-${RANDOM}`), 'anthropic'],
    [joined('sk-', `proj-${RANDOM}`), 'openai'],
    [joined('np', `m_${RANDOM}`), 'npm'],
    [joined('ey', `JhbGciOiJIUzI1NiJ9.ey${'JzdWIiOiIxMjM0'}.c2lnbmF0dXJl`), 'jwt'],
    [joined('postgres://app:', 'h4rd-one@db.example/x'), 'url-password'],
    [joined('DB_PASSWORD=', RANDOM.slice(0, 20)), 'assignment'],
    [joined('"client_secret": "', `${RANDOM.slice(0, 24)}"`), 'assignment'],
  ];
  for (const [text, kind] of rows) assert.deepEqual(secretFacts({ deep: [{ text }] }), { count: 1, kinds: [kind] }, kind);
});

test('T-40: what only looks like one', () => {
  const texts = [
    'sk-short',
    'PASSWORD=changeme',
    'api_key=your-api-key-here-please',
    'token: process.env.GITHUB_TOKEN_VALUE',
    'password = getPasswordFromVault(user1)',
    'https://user@host.example/',
    'the secret of the universe is forty two',
    'ghp_',
    'commit a94a8fe5ccb19ba61c4c0873d391e987982fbbd3',
    'postgres://app:password@db.example',
    'eyJ.eyJ.x',
  ];
  for (const text of texts) assert.equal(secretFacts(text).count, 0, text);
});

test('T-40: bounded, whatever is asked', () => {
  const many = Array.from({ length: 200 }, () => joined('gh', `p_${RANDOM}`));
  assert.deepEqual(secretFacts(many), { count: 64, kinds: ['github'] });
  assert.deepEqual(secretFacts([null, 7, true, undefined, 7n, new Uint8Array(4)]), { count: 0, kinds: [] });
  for (const piece of ['eyJaaaaaaaaaa.', 'token=', 'http://a:', 'secret: aaaaaaaaaaaaaaaaaaaa1A ', '-----BEGIN ', 'a.b-', 'x_key:']) {
    const before = process.cpuUsage().user;
    secretFacts(piece.repeat(65_536 / piece.length));
    assert.ok(process.cpuUsage().user - before < 300_000, piece);
  }
});
