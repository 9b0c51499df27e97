/** VM-14: the canonical quiet NaN in place of whatever NaN is on the stack. */
import type { Output } from './output.ts';

const F32_NAN = [0x43, 0x00, 0x00, 0xc0, 0x7f];
const F64_NAN = [0x44, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf8, 0x7f];
const LOCAL_GET = 0x20;
const LOCAL_TEE = 0x22;
const F32_EQ = 0x5b;
const F64_EQ = 0x61;
const SELECT = 0x1b;

function canonical(out: Output, local: number, nan: readonly number[], equal: number): void {
  out.op(LOCAL_TEE, local);
  out.bytes(...nan);
  out.op(LOCAL_GET, local);
  out.op(LOCAL_GET, local);
  out.bytes(equal, SELECT);
}

/** `local` is one of the type, used for nothing else. */
export const canonicalF32 = (out: Output, local: number): void => canonical(out, local, F32_NAN, F32_EQ);
export const canonicalF64 = (out: Output, local: number): void => canonical(out, local, F64_NAN, F64_EQ);
