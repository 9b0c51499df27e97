/** Kernels to measure metering on, in AssemblyScript, compiled as its users do. */

/** What is used of the compiler; its own types would declare a console for all. */
interface Compiler {
  main(
    args: readonly string[],
    files: { readFile(name: string): string | null; writeFile(name: string, contents: Uint8Array | string): void; listFiles(): readonly string[] },
  ): Promise<{ readonly error: Error | null; readonly stderr: { toString(): string } }>;
}
const compiler = 'assemblyscript/asc';
const { default: asc } = (await import(compiler)) as { readonly default: Compiler };

/** Each is called with its argument; a checksum comes back. */
export const KERNELS = { scan: 20, sieve: 100_000, sha256: 200, fib: 24 } as const;
export type Kernel = keyof typeof KERNELS;

const SOURCE = `
const TEXT: usize = 0x10000;
const SIZE: i32 = 0x8000;
function fill(): void { for (let i = 0; i < SIZE; i++) store<u8>(TEXT + i, <u8>(97 + (i * 7 + (i >> 5)) % 26)); }
export function prepare(): void { fill(); }

// how often a needle of four bytes stands in a text
export function scan(rounds: i32): i32 {
  let found = 0;
  for (let round = 0; round < rounds; round++) {
    const needle = round & 0xff;
    for (let at = 0; at + 4 <= SIZE; at++) {
      let j = 0;
      while (j < 4 && load<u8>(TEXT + at + j) == load<u8>(TEXT + needle + j)) j++;
      if (j == 4) found++;
    }
  }
  return found;
}

const MARKS: usize = 0x20000;
export function sieve(limit: i32): i32 {
  for (let i = 0; i < limit; i++) store<u8>(MARKS + i, 1);
  let count = 0;
  for (let i = 2; i < limit; i++) {
    if (load<u8>(MARKS + i) == 0) continue;
    count++;
    for (let j = i << 1; j < limit; j += i) store<u8>(MARKS + j, 0);
  }
  return count;
}

const K: usize = 0x1000;
const W: usize = 0x2000;
const H: usize = 0x3000;
function constants(): void {
  // fractional parts of cube roots stand for themselves: any 64 words give the same work
  let x: u32 = 0x428a2f98;
  for (let i = 0; i < 64; i++) { store<u32>(K + (i << 2), x); x = rotl(x * 0x9e3779b1, 7); }
  for (let i = 0; i < 8; i++) store<u32>(H + (i << 2), 0x6a09e667 ^ (<u32>i * 0x01000193));
}
function block(at: usize): void {
  for (let i = 0; i < 16; i++) store<u32>(W + (i << 2), bswap<u32>(load<u32>(at + (i << 2))));
  for (let i = 16; i < 64; i++) {
    const a = load<u32>(W + ((i - 15) << 2)), b = load<u32>(W + ((i - 2) << 2));
    const s0 = rotr(a, 7) ^ rotr(a, 18) ^ (a >> 3), s1 = rotr(b, 17) ^ rotr(b, 19) ^ (b >> 10);
    store<u32>(W + (i << 2), load<u32>(W + ((i - 16) << 2)) + s0 + load<u32>(W + ((i - 7) << 2)) + s1);
  }
  let a = load<u32>(H), b = load<u32>(H + 4), c = load<u32>(H + 8), d = load<u32>(H + 12);
  let e = load<u32>(H + 16), f = load<u32>(H + 20), g = load<u32>(H + 24), h = load<u32>(H + 28);
  for (let i = 0; i < 64; i++) {
    const s1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25), ch = (e & f) ^ (~e & g);
    const t1 = h + s1 + ch + load<u32>(K + (i << 2)) + load<u32>(W + (i << 2));
    const s0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22), maj = (a & b) ^ (a & c) ^ (b & c);
    h = g; g = f; f = e; e = d + t1; d = c; c = b; b = a; a = t1 + s0 + maj;
  }
  store<u32>(H, load<u32>(H) + a); store<u32>(H + 4, load<u32>(H + 4) + b); store<u32>(H + 8, load<u32>(H + 8) + c); store<u32>(H + 12, load<u32>(H + 12) + d);
  store<u32>(H + 16, load<u32>(H + 16) + e); store<u32>(H + 20, load<u32>(H + 20) + f); store<u32>(H + 24, load<u32>(H + 24) + g); store<u32>(H + 28, load<u32>(H + 28) + h);
}
export function sha256(blocks: i32): i32 {
  constants();
  for (let i = 0; i < blocks; i++) block(TEXT + (<usize>(i & 0xff) << 6));
  return load<u32>(H);
}

export function fib(n: i32): i32 { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
`;

/** With a memory of so many pages. @throws Error with what the compiler said */
export async function compileAssembly(source: string, pages: number): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const options = ['-O3', '--runtime', 'stub', '--noAssert', '--disable', 'bulk-memory', '--initialMemory', String(pages), '--maximumMemory', String(pages)];
  const { error, stderr } = await asc.main(['source.ts', ...options, '--outFile', 'source.wasm'], {
    readFile: (name) => (name === 'source.ts' ? source : null),
    writeFile: (name, contents) => {
      if (name === 'source.wasm' && typeof contents !== 'string') binary = new Uint8Array(contents);
    },
    listFiles: () => [],
  });
  if (error !== null || binary === undefined) throw new Error(`AssemblyScript does not compile: ${error?.message ?? ''} ${stderr.toString()}`);
  return binary;
}

const PAGES = 8;
export const compileKernels = (): Promise<Uint8Array> => compileAssembly(SOURCE, PAGES);
