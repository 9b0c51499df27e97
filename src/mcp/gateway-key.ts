/** The key that signs `requestState` (spec/gateway.md MG-100): 32 random bytes, made at the first start, for its owner's eyes alone. */
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../base/fault.ts';

export const GATEWAY_KEY_NAME = 'gateway.key';
const KEY_BYTES = 32;

/** The key of the data folder, made where there is none. Two gateways that start at once get the same. @throws Fault config */
export function gatewayKey(folder: string): Uint8Array {
  const path = join(folder, GATEWAY_KEY_NAME);
  const found = read(path);
  if (found !== null) return found;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, randomBytes(KEY_BYTES), { mode: 0o600 });
  try {
    // A link appears with its bytes in it, or not at all.
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw new Fault('config', `the gateway's key ${path} cannot be written`, { path });
  } finally {
    unlinkSync(draft);
  }
  return read(path) as Uint8Array;
}

function read(path: string): Uint8Array | null {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Fault('config', `the gateway's key ${path} cannot be read`, { path });
  }
  if (bytes.length !== KEY_BYTES) throw new Fault('config', `${path} has ${bytes.length} bytes, the gateway's key has ${KEY_BYTES}`, { path });
  return bytes;
}
