/** Instances of modules: what V8 refuses or traps on is a fault of the node, never a verdict. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../base/fault.ts';
import { instantiate } from './run.ts';

const sized = (...content: readonly number[]): readonly number[] => [content.length, ...content];
const named = (name: string): readonly number[] => sized(...new TextEncoder().encode(name));

/** A module of one function () → i32, by hand: `body` without its end, pages as LEB128. */
function moduleOf(
  body: readonly number[],
  { pages = [1], exported = 'judge' }: { readonly pages?: readonly number[]; readonly exported?: string } = {},
): Uint8Array {
  const section = (id: number, ...content: readonly number[]): readonly number[] => [id, ...sized(...content)];
  return Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 1, 0x60, 0, 1, 0x7f),
    ...section(3, 1, 0),
    ...section(5, 1, 1, ...pages, ...pages),
    ...section(7, 2, ...named('memory'), 2, 0, ...named(exported), 0, 0),
    ...section(10, 1, ...sized(0, ...body, 0x0b)),
  );
}

const TWO = [0x41, 2];
/** i32.load at the address that stands at 0. */
const LOAD_TWICE = [0x41, 0, 0x28, 2, 0, 0x28, 2, 0];
const UNREACHABLE = [0x00];
const CALL_ITSELF = [0x10, 0];

const failed = (error: unknown): boolean => error instanceof Fault && error.slug === 'engine_failed';

test('judges, and memory and view show the same bytes', () => {
  const instance = instantiate(moduleOf(TWO));
  assert.equal(instance.judge(), 2);
  instance.view.setUint8(5, 77);
  assert.equal(instance.memory[5], 77);
  assert.equal(instance.memory.length, 65_536);
});

test('a module that is none, or lacks its exports, is a fault', () => {
  const bytes = moduleOf(TWO);
  assert.throws(() => instantiate(new Uint8Array([1, 2, 3])), failed);
  assert.throws(() => instantiate(bytes.subarray(0, bytes.length - 1)), failed);
  assert.throws(() => instantiate(moduleOf(TWO, { exported: 'other' })), failed);
});

test('more memory than a module may have is a fault', () => {
  assert.throws(() => instantiate(moduleOf(TWO, { pages: [0x81, 0x80, 4] })), failed);
});

test('a trap is a fault, and the next call is judged as ever', () => {
  assert.throws(() => instantiate(moduleOf(UNREACHABLE)).judge(), failed);
  const instance = instantiate(moduleOf(LOAD_TWICE));
  instance.view.setInt32(0, -1, true);
  assert.throws(() => instance.judge(), failed);
  instance.view.setInt32(0, 0, true);
  assert.equal(instance.judge(), 0);
});

test('a stack that is too deep is a fault', () => {
  assert.throws(() => instantiate(moduleOf(CALL_ITSELF)).judge(), failed);
});
