// Adds to package-lock.json the optional platform packages that a partial mirror left out, so that `npm ci`
// finds every one it expects. Run after each `npm install`; test/lock.test.ts asserts that a rerun changes nothing.
import { readFileSync, writeFileSync } from 'node:fs';

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const all = lock.packages;
const OS = ['darwin', 'win32', 'linux', 'android', 'freebsd', 'openharmony', 'sunos', 'netbsd', 'openbsd', 'aix'];
const CPU = ['x64', 'arm64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el'];
for (const [at, entry] of Object.entries(all)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    if (all[`${at}/node_modules/${name}`] || all[`node_modules/${name}`]) continue;
    const words = name.replace('amd64', 'x64').split(/[-_/.]/);
    const hit = (list) => list.filter((word) => words.includes(word));
    all[`node_modules/${name}`] = {
      version: range.replace(/^[\^~]/, ''),
      cpu: hit(CPU),
      ...(entry.dev && { dev: true }),
      ...(words.includes('musl') && { libc: ['musl'] }),
      optional: true,
      os: hit(OS),
    };
  }
}
lock.packages = Object.fromEntries(Object.entries(all).sort(([a], [b]) => a.localeCompare(b, 'en')));
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
