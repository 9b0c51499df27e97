/** Rules about which file may import which: rooms, surfaces, cycles, dead files. */
import { posix } from 'node:path';
import { type DIVISIONS, ROOMS } from '../rooms.ts';
import { lineAt, type Source } from './scan.ts';

/** One breach: `file:line`, the rule's name, and what to do. */
export interface Breach {
  readonly place: string;
  readonly rule: string;
  readonly advice: string;
}

export const isTest = (path: string): boolean => path.endsWith('.test.ts');

/** The room of a file under src/, `sdk` under sdk/src/; undefined elsewhere. */
export function roomOf(path: string): string | undefined {
  const [top, room] = path.split('/');
  return top === 'src' ? room : top === 'sdk' && room === 'src' ? 'sdk' : undefined;
}

const resolveFrom = (path: string, from: string): string => posix.normalize(posix.join(posix.dirname(path), from));

export function layers(sources: readonly Source[]): Breach[] {
  const breaches: Breach[] = [];
  for (const { path, imports } of sources) {
    const room = roomOf(path);
    if (room === undefined) continue;
    const here = ROOMS[room];
    const breach = (line: number, advice: string): number => breaches.push({ place: `${path}:${line}`, rule: 'rooms', advice });
    if (here === undefined) {
      breach(1, `no room is called ${room}: move the file, or add the room to test/rooms.ts and DESIGN`);
      continue;
    }
    for (const { from, line } of imports) {
      if (!from.startsWith('.')) {
        const name = from
          .split('/')
          .slice(0, from.startsWith('@') ? 2 : 1)
          .join('/');
        const allowed = isTest(path) || (!here.pure && !here.browser) || (from === 'node:crypto' && room === 'crypto');
        const free = name.startsWith('node:') && allowed;
        if (!free && !isTest(path) && !here.packages?.includes(name))
          breach(
            line,
            `${room} may not import ${from}: ${here.pure ? 'a pure room takes what it needs as an argument' : 'name the package in test/rooms.ts, with a decision record'}`,
          );
        continue;
      }
      const target = resolveFrom(path, from);
      const other = roomOf(target);
      if (other === room) {
        if (!isTest(path) && isTest(target)) breach(line, 'code may not import a test');
      } else if (other === undefined) {
        if (!isTest(path) && target !== 'package.json') breach(line, `src may not import ${target}: move what it needs into a room`);
      } else if (ROOMS[other] !== undefined) {
        const name = posix.basename(target, '.ts');
        if ((other !== 'base' || here.browser) && !isTest(path) && !here.imports.includes(other))
          breach(line, `${room} may not import ${other} (test/rooms.ts): pass it as an argument, or move the code`);
        if (!isTest(path) && !ROOMS[other].surface.includes(name))
          breach(line, `${target} is not on the surface of ${other} (${ROOMS[other].surface.join(' ')}): import one of these`);
      }
    }
  }
  return breaches;
}

export function surfaces(): Breach[] {
  return Object.entries(ROOMS)
    .filter(([, room]) => room.surface.length > 6)
    .map(([name]) => ({ place: `test/rooms.ts:1`, rule: 'surface', advice: `${name} has a surface of more than six files: merge or hide some` }));
}

const edges = (sources: readonly Source[]): Map<string, readonly (readonly [string, number])[]> =>
  new Map(
    sources.map((source) => [
      source.path,
      source.imports.filter(({ from }) => from.startsWith('.')).map(({ from, line }) => [resolveFrom(source.path, from), line] as const),
    ]),
  );

export function cycles(sources: readonly Source[]): Breach[] {
  const graph = edges(sources);
  const breaches: Breach[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    path.push(file);
    for (const [next, line] of graph.get(file) ?? []) {
      const start = path.indexOf(next);
      if (start >= 0)
        breaches.push({
          place: `${file}:${line}`,
          rule: 'cycle',
          advice: `${[...path.slice(start), next].join(' → ')}: move what both need into a third file`,
        });
      else if (!done.has(next)) visit(next);
    }
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) if (!done.has(file)) visit(file);
  return breaches;
}

/** Files that no entry reaches, by imports or by a string that names them. */
export function dead(sources: readonly Source[], entries: readonly string[]): Breach[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const reached = new Set<string>();
  const waiting = entries.filter((path) => byPath.has(path));
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    const source = byPath.get(path);
    if (source === undefined) continue;
    for (const name of source.names) for (const target of [resolveFrom(path, name), name]) if (byPath.has(target)) waiting.push(target);
  }
  return sources
    .filter(({ path }) => !reached.has(path))
    .map(({ path }) => ({
      place: `${path}:1`,
      rule: 'dead file',
      advice: 'neither an entry point nor a test reaches it: delete it, use it, or add it to ENTRIES in test/rooms.ts',
    }));
}

/** `/` in pure rooms: a float may differ between machines and hides a lost remainder. */
export function divisions(sources: readonly Source[], allowed: typeof DIVISIONS): Breach[] {
  const breaches: Breach[] = [];
  for (const { path, code } of sources) {
    const room = roomOf(path);
    if (room === undefined || isTest(path) || !ROOMS[room]?.pure) continue;
    const places = [...code.matchAll(/\//g)].map(({ index }) => lineAt(code, index));
    const [count, reason] = allowed[path] ?? [0, ''];
    if (places.length > count || (count > 0 && reason === ''))
      breaches.push({
        place: `${path}:${places.join(',')}`,
        rule: 'division',
        advice: `${places.length} divisions, ${count} allowed: use shifts or bigint; where it is exact, write count and reason into DIVISIONS of test/rooms.ts`,
      });
  }
  return breaches;
}
