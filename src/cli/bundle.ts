/** `avactl bundle`: a receipt's proof as a file. */
import { writeFileSync } from 'node:fs';
import { verifyBundle } from '../audit/bundle.ts';
import { Fault } from '../base/fault.ts';
import { bundleOf } from './bundle-source.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { receiptId } from './explanation.ts';
import { bytes as size } from './text.ts';

export async function bundle(call: Call): Promise<number> {
  const bytes = await bundleOf(call, call.operands[0]);
  // What does not verify here would not verify there.
  const { entry } = verifyBundle(bytes);
  const id = receiptId(entry);
  const path = call.text('output') ?? `${id}.ava`;
  try {
    writeFileSync(path, bytes, { mode: 0o600 });
  } catch (error) {
    throw new Fault('usage', `${path} cannot be written: ${(error as NodeJS.ErrnoException).code}`, { path });
  }
  call.out.value({ receipt: id, file: path, bytes: bytes.length });
  call.out.line(`${path}: ${size(bytes.length)}, receipt ${id}. It holds the call's arguments. Anybody can check it: avactl verify ${path}`);
  return EXIT.ok;
}
