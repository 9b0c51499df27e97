#!/usr/bin/env node
// Starts avactl: the source where it is there, the compiled program in the published package. It is JavaScript
// without imports by name, because a Node too old for the rest must still read it and say what to do.
import { existsSync } from 'node:fs';
import module from 'node:module';
import process from 'node:process';

if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(
    `AVA-1004 Node ${process.versions.node} found, 24 or later needed: install it, or, in a checkout, run \`npm ci\`, which brings it, and then \`npm run avactl -- …\`. Nothing was written.\n`,
  );
  process.exit(78);
}
module.enableCompileCache();
// npm runs a script in the package's folder; files are named from where it was called.
if (process.env.npm_lifecycle_event === 'avactl' && process.env.INIT_CWD) {
  process.chdir(process.env.INIT_CWD);
  // Not for the processes that this one starts.
  delete process.env.INIT_CWD;
}
const source = existsSync(new URL('../src/cli/main.ts', import.meta.url));
const load = (name) => import(new URL(source ? `../src/cli/${name}.ts` : `../dist/cli/${name}.js`, import.meta.url).href);
const words = process.argv.slice(2);
/** A hook runs before every call of a tool: it starts without the rest. */
async function plainHook() {
  const { hook, plainCall } = await load('hook');
  const call = plainCall(words.slice(1));
  return call === null ? null : hook(call);
}
const code = words[0] === 'hook' ? await plainHook() : null;
process.exitCode = code ?? (await (await load('main')).main(words));
