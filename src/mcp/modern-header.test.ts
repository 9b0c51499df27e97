import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isModern, META, MODERN_REVISION, modernResult, plainParams, readEnvelope, withEnvelope } from './modern.ts';
import { argumentMismatch, decodeHeader, encodeHeader, type Headers, headerMismatch, modernHeaders } from './modern-header.ts';

const envelope = { [META.revision]: MODERN_REVISION, [META.capabilities]: {} };
const call = { method: 'tools/call', params: { name: 'echo', arguments: {}, _meta: envelope } };
const right: Headers = { 'mcp-protocol-version': MODERN_REVISION, 'mcp-method': 'tools/call', 'mcp-name': 'echo' };
const code = (headers: Headers, asked = call, isRequest = true): number | null => headerMismatch(headers, asked, isRequest)?.code ?? null;

test('MG-104: what is of this revision says so', () => {
  assert.equal(isModern(call), true);
  assert.equal(isModern({ method: 'initialize', params: { protocolVersion: '2025-11-25' } }), false);
  assert.equal(isModern({ method: 'tools/list' }, MODERN_REVISION), true);
  assert.equal(isModern({ method: 'tools/list' }, '2025-11-25'), false);
  assert.equal(isModern({ method: 'tools/list', params: { _meta: { [META.revision]: '2025-11-25' } } }, MODERN_REVISION), false);
  assert.equal(isModern({ method: 'tools/list', params: { _meta: { [META.revision]: 7 } } }), true);
  assert.equal(isModern({ method: 'tools/list', params: { _meta: { [META.revision]: '2999-01-01' } } }), true);
});

test('MG-105: an envelope is whole, or it is said what it lacks', () => {
  assert.deepEqual(readEnvelope({ _meta: envelope }), { revision: MODERN_REVISION, client: null, capabilities: {}, log: null });
  const broken: [unknown, number][] = [
    [undefined, -32602],
    [{ _meta: { [META.revision]: MODERN_REVISION } }, -32602],
    [{ _meta: { ...envelope, [META.revision]: '2999-01-01' } }, -32022],
    [{ _meta: { ...envelope, [META.client]: { name: 'x' } } }, -32602],
    [{ _meta: { ...envelope, [META.capabilities]: [] } }, -32602],
    [{ _meta: { ...envelope, [META.log]: 'loud' } }, -32602],
  ];
  for (const [params, expected] of broken) assert.equal((readEnvelope(params) as { code?: number }).code, expected);
  const params = { name: 'x', _meta: { progressToken: 1 } };
  assert.deepEqual(plainParams(withEnvelope(params, { client: { name: 'a', version: '1' }, capabilities: {}, log: 'info' })), params);
});

test('MG-107: headers say what the body says', () => {
  assert.equal(code(right), null);
  for (const [name, value] of [
    ['mcp-protocol-version', undefined],
    ['mcp-protocol-version', '2025-11-25'],
    ['mcp-method', undefined],
    ['mcp-method', 'tools/list'],
    ['mcp-method', 'TOOLS/CALL'],
    ['mcp-name', undefined],
    ['mcp-name', 'other'],
    ['mcp-name', 'echo, other'],
    ['mcp-name', '=?base64?e?='],
  ] as const)
    assert.equal(code({ ...right, [name]: value }), -32020, `${name}: ${value}`);
  assert.equal(code({ ...right, 'mcp-name': '  echo ' }), null);
  assert.equal(code({ ...right, 'mcp-name': encodeHeader('echo') }), null);
  assert.equal(code({ 'mcp-protocol-version': MODERN_REVISION }, { ...call, method: 'notifications/x' }, false), null);
  assert.equal(code({ ...right, 'mcp-method': 'initialize' }, { method: 'initialize', params: {} } as unknown as typeof call), -32020);
});

test('MG-107: any text can be a name', () => {
  for (const text of ['a', 'Ä', ' a', 'a ', 'a\r\nX: y', '', '=?base64?eA==?=', '\u0000', 'ツ'.repeat(50)]) {
    const header = encodeHeader(text);
    assert.match(header, /^[\x20-\x7e]*$/);
    assert.equal(decodeHeader(header), text);
    const asked = { method: 'resources/read', params: { uri: text, _meta: envelope } };
    assert.equal(headerMismatch(modernHeaders(asked, MODERN_REVISION), asked, true), null);
  }
});

test('MG-107: arguments that a schema puts into headers', () => {
  const schema = {
    type: 'object',
    properties: { city: { type: 'string', 'x-mcp-header': 'City' }, deep: { type: 'object', properties: { n: { type: 'integer', 'x-mcp-header': 'N' } } } },
  };
  const args = { city: 'Zürich', deep: { n: 42 } };
  const headers = modernHeaders({ method: 'tools/call', params: { name: 'x', arguments: args } }, MODERN_REVISION, schema);
  assert.equal(headers['mcp-param-n'], '42');
  assert.equal(argumentMismatch(headers, schema, args), null);
  assert.equal(argumentMismatch({ ...headers, 'mcp-param-n': '42.0' }, schema, args), null);
  assert.equal(argumentMismatch(headers, schema, { deep: { n: 43 } })?.code, -32020);
  assert.equal(argumentMismatch({}, schema, args)?.code, -32020);
  assert.equal(argumentMismatch({}, schema, { other: 1 }), null);
});

test('MG-106: results are whole, private, and without words of older revisions', () => {
  const server = { name: 's', version: '1' };
  assert.deepEqual(modernResult('tools/list', { tools: [{ name: 'a', execution: { taskSupport: 'required' } }], cacheScope: 'public', ttlMs: 5 }, server), {
    tools: [{ name: 'a' }],
    cacheScope: 'private',
    ttlMs: 5,
    resultType: 'complete',
    _meta: { [META.server]: server },
  });
  assert.deepEqual(modernResult('tools/call', { content: [], _meta: { x: 1 } }, server), {
    content: [],
    resultType: 'complete',
    _meta: { x: 1, [META.server]: server },
  });
  assert.equal('ttlMs' in modernResult('resources/read', { resultType: 'input_required' }, server), false);
});
