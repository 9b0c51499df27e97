// `npm run build`: compiles src/ to dist/ and sdk/src/ to sdk/dist/, from nothing, for the published packages.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';

for (const folder of ['.', 'sdk']) {
  rmSync(`${folder}/dist`, { recursive: true, force: true });
  execFileSync('node_modules/.bin/tsc', ['-p', `${folder}/tsconfig.build.json`], { stdio: 'inherit' });
}
