/** Instances of modules: what V8 refuses or traps on is a fault of the node, never a verdict. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../base/fault.ts';
import { canonical } from '../rule/canonical.ts';
import { constant } from '../rule/term.ts';
import { assemble, type Code, I32, i32, Locals, seq } from '../rule/wasm-assembler.ts';
import { emitWasm } from '../rule/wasm.ts';
import { instantiate } from './run.ts';

const module = (body: Code, memoryPages = 1, exported = 'judge'): Uint8Array =>
  assemble({ functions: [{ locals: new Locals(), result: I32, body, exported }], memoryPages, data: [] });

const failed = (error: unknown): boolean => error instanceof Fault && error.slug === 'engine_failed';

test('judges, and memory and view show the same bytes', () => {
  const instance = instantiate(emitWasm(canonical(constant(true))));
  assert.equal(instance.judge(), 2);
  instance.view.setUint8(5, 77);
  assert.equal(instance.memory[5], 77);
  assert.equal(instance.memory.length, 65_536);
});

test('a module that is none, or lacks its exports, is a fault', () => {
  assert.throws(() => instantiate(new Uint8Array([1, 2, 3])), failed);
  assert.throws(() => instantiate(module(i32.const(0), 1, 'other')), failed);
  const bytes = emitWasm(canonical(constant(true)));
  assert.throws(() => instantiate(bytes.subarray(0, bytes.length - 1)), failed);
});

test('more memory than V8 has is a fault', () => {
  assert.throws(() => instantiate(module(i32.const(0), 65_537)), failed);
});

test('a trap is a fault, and the next call is judged as ever', () => {
  const unreachable = instantiate(module(seq([0x00], i32.const(0))));
  assert.throws(() => unreachable.judge(), failed);
  const outside = instantiate(module(i32.load(i32.load(i32.const(0)))));
  outside.view.setInt32(0, -1, true);
  assert.throws(() => outside.judge(), failed);
  outside.view.setInt32(0, 0, true);
  assert.equal(outside.judge(), 0);
});

test('a stack that is too deep is a fault', () => {
  const endless = instantiate(module(seq([0x10, 0])));
  assert.throws(() => endless.judge(), failed);
});
