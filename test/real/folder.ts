/** A data folder as bytes, to show that nothing was written into it. */
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Each file's size, time of change and hash, and each folder's name, by path; `ignored` names are left out. */
export function picture(dir: string, ignored: readonly string[] = []): Readonly<Record<string, string>> {
  const files: Record<string, string> = {};
  if (!existsSync(dir)) return files;
  for (const path of globSync('**', { cwd: dir }).sort()) {
    if (ignored.includes(path)) continue;
    const stat = statSync(join(dir, path));
    files[path] = stat.isDirectory()
      ? 'folder'
      : `${stat.size} ${stat.mtimeMs} ${createHash('sha256')
          .update(readFileSync(join(dir, path)))
          .digest('hex')}`;
  }
  return files;
}
