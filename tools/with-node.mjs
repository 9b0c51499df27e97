// Runs a TypeScript program of this repository: `node tools/with-node.mjs FILE …`. It is JavaScript because a
// Node older than 24 cannot read TypeScript, and must still say what to do.
import { resolve } from 'node:path';
import { argv, exit, stderr, versions } from 'node:process';
import { pathToFileURL } from 'node:url';

if (Number(versions.node.split('.')[0]) < 24) {
  stderr.write(
    `AVA-1004: this is Node ${versions.node}, AVA needs 24 or later: run \`npm ci\` (it brings Node 26, which every \`npm run\` then uses), or install Node 24.\n`,
  );
  exit(1);
}
const file = resolve(argv[2]);
argv.splice(1, 2, file);
await import(pathToFileURL(file).href);
