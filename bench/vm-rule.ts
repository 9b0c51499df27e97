/**
 * The rule of W3: allow when "amount_cents" is at most 10,000 or the recipient is known, over 500 bytes of JSON. As a
 * guest it is the peers' own text where their harness is set up, with the two things that the ABI `buffer` wants beside.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PEERS_WORK, type Request, requests } from './requests.ts';
import { compileAssembly } from './vm-kernels.ts';

export const HARNESS = process.env.AVA_PEERS ?? '../shared/peers';
const INPUT_BYTES = 500;
const MONEY_MAX_CENTS = 10_000;

const SOURCE = `
const AMOUNT = memory.data<u8>([0x22,0x61,0x6d,0x6f,0x75,0x6e,0x74,0x5f,0x63,0x65,0x6e,0x74,0x73,0x22,0x3a]);
const KNOWN = memory.data<u8>([0x22,0x72,0x65,0x63,0x69,0x70,0x69,0x65,0x6e,0x74,0x5f,0x6b,0x6e,0x6f,0x77,0x6e,0x22,0x3a,0x74,0x72,0x75,0x65]);
export function alloc(length: i32): i32 { return 4096; }
function after(text: usize, size: i32, needle: usize, length: i32): usize {
  for (let at = 0; at <= size - length; at++) {
    let j = 0;
    while (j < length && load<u8>(text + at + j) == load<u8>(needle + j)) j++;
    if (j == length) return text + at + length;
  }
  return 0;
}
export function judge(text: i32, size: i32): i32 {
  let at = after(text, size, AMOUNT, 15);
  if (at == 0) return 0;
  let cents = 0;
  for (let digit = load<u8>(at) - 48; digit <= 9; digit = load<u8>(++at) - 48) cents = cents * 10 + digit;
  return cents <= ${MONEY_MAX_CENTS} || after(text, size, KNOWN, 22) != 0 ? 1 : 0;
}
`;

interface Wabt {
  parseWat(name: string, text: string): { toBinary(options: object): { readonly buffer: Uint8Array } };
}

/** Exports `memory`, `alloc`, `judge`; from where it came. */
export async function ruleModule(): Promise<{ readonly bytes: Uint8Array; readonly from: string }> {
  const text = join(HARNESS, 'vm', 'rule.wat');
  const package_ = join(PEERS_WORK, 'npm', 'node_modules', 'wabt');
  if (!existsSync(text) || !existsSync(package_)) return { bytes: await compileAssembly(SOURCE, 1), from: 'AssemblyScript' };
  const wabt = await (createRequire(import.meta.url)(package_) as () => Promise<Wabt>)();
  const wat = readFileSync(text, 'utf8');
  const adapted = wat.replace(
    '(memory (export "memory") 1)',
    '(memory (export "memory") 1 1) (func (export "alloc") (param i32) (result i32) (i32.const 4096))',
  );
  if (adapted === wat) throw new Error(`${text} has another memory than it had`);
  return { bytes: new Uint8Array(wabt.parseWat('rule.wat', adapted).toBinary({}).buffer), from: "the peers' rule.wat" };
}

export interface Money {
  readonly request: Request;
  readonly bytes: Uint8Array;
  readonly allow: boolean;
}

/** The money calls of the request set, as the harness pads them. */
export function moneyCalls(): Money[] {
  const constitution = join(HARNESS, 'constitution.json');
  const tools = existsSync(constitution) ? (JSON.parse(readFileSync(constitution, 'utf8')) as { readonly money: readonly string[] }).money : ['send_money'];
  return requests()
    .list.filter(({ request }) => tools.includes(request.tool))
    .map(({ request }) => ({
      request,
      bytes: new TextEncoder().encode(JSON.stringify(request).padEnd(INPUT_BYTES)),
      allow: request.facts['recipient_known'] === true || Number(request.facts['amount_cents']) <= MONEY_MAX_CENTS,
    }));
}
