/**
 * A policy built with Kubewarden's SDK judges in the VM, metered, as it does on the bare engine under the waPC protocol as
 * it is published (written here once more, without the VM), over random pods.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromUtf8, utf8 } from '../src/base/bytes.ts';
import { ENVIRONMENT, guestOf } from '../src/law/rule.ts';
import { type GuestRule, readRule } from '../src/rule/compile.ts';
import { encodeInputs, find, type Source, type SourceValue } from '../src/rule/input.ts';
import type { Answers } from '../src/vm/host.ts';
import { type Memory, wasm } from './vm/web-assembly.ts';

const dir = join(import.meta.dirname, '..', 'guest', 'examples', 'pod-limits');
const seed = Number(process.env['AVA_SEED'] ?? 7);
const NO_ANSWERS: Answers = { read: () => assert.fail('read'), oracle: () => assert.fail('oracle'), call: () => assert.fail('call') };
const rule = readRule(readFileSync(join(dir, 'rule.yaml'), 'utf8'), ENVIRONMENT, (file) => new Uint8Array(readFileSync(join(dir, file)))) as GuestRule;

interface Answer {
  readonly accepted: boolean;
  readonly message?: string;
}

/** One call of an operation on a new instance: its answer, or undefined where the guest says that it failed. */
function ask(operation: string, payload: unknown): { readonly answer: unknown; readonly logs: readonly string[] } {
  const asked = [utf8(operation), utf8(JSON.stringify(payload))];
  const logs: string[] = [];
  let response = '';
  const bytes = (at: number, length: number): Uint8Array => new Uint8Array((exports['memory'] as Memory).buffer, at, length);
  const { exports } = new wasm.Instance(new wasm.Module(rule.module), {
    wasi_snapshot_preview1: {
      fd_write: () => assert.fail('it writes'),
      random_get(at: number, length: number) {
        bytes(at, length).fill(0);
        return 0;
      },
      environ_get: () => 0,
      environ_sizes_get(...at: number[]) {
        for (const place of at) bytes(place, 4).fill(0);
        return 0;
      },
      proc_exit: () => assert.fail('it exits'),
    },
    wapc: {
      __guest_request: (name: number, at: number) => asked.forEach((part, i) => bytes([name, at][i], part.length).set(part)),
      __guest_response: (at: number, length: number) => void (response = fromUtf8(bytes(at, length))),
      __guest_error: () => undefined,
      __host_call: (...at: number[]) => {
        logs.push([0, 2, 4, 6].map((i) => fromUtf8(bytes(at[i], at[i + 1]))).join(' '));
        return 1;
      },
      __host_response_len: () => 0,
      __host_response: () => undefined,
      __host_error_len: () => 0,
      __host_error: () => undefined,
      __console_log: () => undefined,
    },
  });
  (exports['wapc_init'] as () => void)();
  const ended = (exports['__guest_call'] as (a: number, b: number) => number)(asked[0].length, asked[1].length);
  return { answer: ended === 1 ? (JSON.parse(response) as unknown) : undefined, logs };
}

function random(from: number): <T>(choices: readonly T[]) => T {
  let state = from >>> 0;
  return (choices) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return choices[Math.floor((state / 2 ** 32) * choices.length)];
  };
}

test(`pods are judged in the VM as on the bare engine, seed ${seed}`, () => {
  const pick = random(seed);
  const container = (): SourceValue =>
    pick<() => SourceValue>([
      () => ({ name: pick(['a', 'é"\\\n', '']), image: pick(['nginx:1.27', 'nginx', 'nginx:latest', 'x:1']) }),
      () => ({ image: 'b:2', securityContext: { privileged: pick([true, false]) } }),
      () => ({ name: 'c', image: 'c:3', securityContext: pick<SourceValue>([{}, { runAsUser: 0 }, { privileged: 'yes' }]) }),
      () => pick<SourceValue>(['text', 5, true, [], { image: 7 }]),
    ])();
  const many = (counts: readonly number[]): SourceValue => Array.from({ length: pick(counts) }, container);
  const guest = guestOf(rule);
  const seen = new Set<number>();
  for (let i = 0; i < 400; i++) {
    const spec: SourceValue = pick<() => SourceValue>([
      () => ({ containers: many([1, 2, 3]) }),
      () => ({ containers: many([0, 1]), initContainers: many([0, 1, 4]) }),
      () => pick<SourceValue>([{}, 'text', { containers: 'text' }]),
    ])();
    const args = { name: pick(['x', 'é']), namespace: pick(['', 'prod']), object: { kind: pick(['Pod', 'Pod', 'Pod', 'Service']), spec }, operation: 'CREATE' };
    const params = { max_containers: pick([1, 3, 8]) };
    const { answer } = ask('validate', { request: args, settings: params });
    const expected = answer === undefined ? 1 : (answer as Answer).accepted ? 2 : 0;
    const source: Source = { args, params };
    const { result, gas } = guest.judge(encodeInputs(rule.inputs.map((input) => find(input, source))), NO_ANSWERS);
    assert.deepEqual([result, gas > 10_000], [expected, true], JSON.stringify({ args, params, answer }));
    seen.add(result);
  }
  assert.deepEqual([...seen].sort(), [0, 1, 2]);
});

test('it is a policy of Kubewarden: it says its protocol, checks its settings, and logs through its host', () => {
  assert.equal(ask('protocol_version', null).answer, 'v1');
  assert.deepEqual(ask('validate_settings', { max_containers: 3 }).answer, { valid: true, message: null });
  assert.deepEqual(ask('validate_settings', { max_containers: 0 }).answer, { valid: false, message: 'max_containers is at least 1' });
  const pod = { kind: 'Pod', spec: { containers: [{ image: 'a' }] } };
  const { answer, logs } = ask('validate', { request: { namespace: 'prod', name: 'x', object: pod }, settings: {} });
  assert.equal((answer as Answer).message, 'container  takes the latest image');
  assert.equal(logs.length, 1);
  assert.match(logs[0], /^kubewarden tracing log \{.*"message":"rejected"/);
});
