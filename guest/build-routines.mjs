/**
 * Builds the routine library of the wasm backend (spec/rule-wasm.md W-12): guest/routines/*.ts, compiled by the pinned
 * AssemblyScript, cut into functions that the emitter links by closure of calls. The result is committed
 * (src/rule/routines.gen.ts); a test builds it again and compares.
 *
 *   node guest/build-routines.mjs [--check]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const GENERATED = `${ROOT}src/rule/routines.gen.ts`;
const ENTRY = 'guest/routines/index.ts';
/** WebAssembly 1.0 alone (W-1). */
const DISABLED = 'bulk-memory,sign-extension,nontrapping-f2i,mutable-globals,multi-value,reference-types';
const FLAGS = ['--runtime', 'stub', '--optimizeLevel', '3', '--shrinkLevel', '1', '--converge', '--noAssert', '--noExportMemory', '--disable', DISABLED];
const LETTERS = { 127: 'i', 126: 'l', 124: 'd' };

/** The library as one module. @throws Error with the compiler's messages */
async function compile() {
  let wasm;
  const { error, stderr } = await asc.main([ENTRY, '--baseDir', ROOT, '--outFile', 'routines.wasm', ...FLAGS], {
    readFile: (name, base) => {
      try {
        return readFileSync(`${base}/${name}`, 'utf8');
      } catch {
        return null;
      }
    },
    writeFile: (_name, bytes) => {
      wasm = bytes;
    },
    listFiles: () => [],
  });
  if (error !== null) throw new Error(`the routines do not compile: ${stderr.toString()}`);
  return wasm;
}

/** Reads LEB128 and vectors. */
class Bytes {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }
  byte() {
    return this.bytes[this.at++];
  }
  unsigned() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }
  skip() {
    while (this.byte() >= 128);
  }
  vector(item) {
    return Array.from({ length: this.unsigned() }, item);
  }
}

/** Where the calls of a body stand, and a refusal of whatever cannot be moved to another module. */
function callsOf(bytes, end) {
  const calls = [];
  while (bytes.at < end) {
    const at = bytes.at;
    const op = bytes.byte();
    if (op >= 0x02 && op <= 0x04) bytes.byte();
    else if (op === 0x0c || op === 0x0d || (op >= 0x20 && op <= 0x22)) bytes.skip();
    else if (op === 0x0e) for (let left = bytes.unsigned() + 1; left > 0; left--) bytes.skip();
    else if (op === 0x10) {
      const target = bytes.unsigned();
      calls.push({ at, end: bytes.at, target });
    } else if (op >= 0x28 && op <= 0x3e) {
      bytes.skip();
      bytes.skip();
    } else if (op === 0x41 || op === 0x42) bytes.skip();
    else if (op === 0x44) bytes.at += 8;
    else if (!(op === 0x00 || op === 0x01 || op === 0x05 || op === 0x0b || op === 0x0f || op === 0x1a || op === 0x1b || (op >= 0x45 && op <= 0xbf)))
      throw new Error(`a routine uses instruction 0x${op.toString(16)}: globals, tables and memory.size are not to be had`);
  }
  return calls;
}

/** A module's functions, apart. */
function cut(wasm) {
  const types = [];
  const typeOf = [];
  const names = new Map();
  const bodies = [];
  const module = new Bytes(wasm, 8);
  while (module.at < wasm.length) {
    const id = module.byte();
    const end = module.unsigned() + module.at;
    if (id === 1)
      module.vector(() => {
        module.byte();
        types.push({ params: module.vector(() => module.byte()), results: module.vector(() => module.byte()) });
      });
    else if (id === 3) module.vector(() => typeOf.push(module.unsigned()));
    else if (id === 7)
      module.vector(() => {
        const name = String.fromCharCode(...module.vector(() => module.byte()));
        if (module.byte() !== 0) throw new Error(`export ${name} is no function`);
        names.set(module.unsigned(), name);
      });
    else if (id === 10)
      module.vector(() => {
        const size = module.unsigned();
        const body = new Bytes(wasm, module.at);
        module.at += size;
        const runs = body.vector(() => ({ count: body.unsigned(), type: body.byte() }));
        const start = body.at;
        const calls = callsOf(body, module.at);
        bodies.push({ locals: runs.flatMap(({ count, type }) => Array(count).fill(type)), start, end: module.at - 1, calls });
      });
    else if (id !== 0 && id !== 5) throw new Error(`section ${id}: static data and globals are not to be had`);
    module.at = end;
  }
  const nameOf = (index) => names.get(index) ?? `${index}`;
  return bodies.map(({ locals, start, end, calls }, index) => {
    const { params, results } = types[typeOf[index]];
    const code = [];
    const links = [];
    let from = start;
    for (const call of calls) {
      code.push(...wasm.subarray(from, call.at + 1));
      links.push([code.length, nameOf(call.target)]);
      from = call.end;
    }
    code.push(...wasm.subarray(from, end));
    const letters = (list) => list.map((type) => LETTERS[type]).join('');
    return {
      name: nameOf(index),
      params: letters(params),
      result: letters(results),
      locals: letters(locals),
      code: Buffer.from(code).toString('hex'),
      links,
    };
  });
}

/** The text of the generated file. */
function generated(functions) {
  const exported = functions.filter(({ name }) => !/^\d+$/.test(name));
  return `// Made by guest/build-routines.mjs from guest/routines; edited nowhere else.

/** A function of the library. i: i32, l: i64, d: f64. \`code\` is hexadecimal, its calls without their index: \`links\` has where each index belongs, and whose. */
export interface Routine {
  readonly params: string;
  readonly result: string;
  readonly locals: string;
  readonly code: string;
  readonly links: readonly (readonly [at: number, name: string])[];
}

export type RoutineName =
${exported.map(({ name }) => `  | '${name}'`).join('\n')};

export const ROUTINES: Readonly<Record<string, Routine>> = {
${functions
  .map(
    ({ name, params, result, locals, code, links }) =>
      `  '${name}': { params: '${params}', result: '${result}', locals: '${locals}', links: ${JSON.stringify(links)}, code: '${code}' },`,
  )
  .join('\n')}
};
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = generated(cut(await compile()));
  if (!process.argv.includes('--check')) writeFileSync(GENERATED, text);
  else if (readFileSync(GENERATED, 'utf8') !== text) {
    console.error(`${GENERATED} is not what the routines make: run \`node guest/build-routines.mjs\``);
    process.exitCode = 1;
  }
}
