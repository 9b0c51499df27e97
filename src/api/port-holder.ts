/** Who holds a port: for the message of a node that cannot have it. Linux only; elsewhere nobody is named. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const LISTENING = '0A';

/** The process id that listens on this TCP port, or null when it cannot be known. */
export function portHolder(port: number): number | null {
  try {
    const wanted = port.toString(16).toUpperCase().padStart(4, '0');
    const inodes = new Set<string>();
    for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
      for (const line of readFileSync(table, 'latin1').split('\n').slice(1)) {
        const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
        if (state === LISTENING && local?.endsWith(`:${wanted}`)) inodes.add(`socket:[${inode}]`);
      }
    }
    return inodes.size === 0 ? null : processWith(inodes);
  } catch {
    return null;
  }
}

function processWith(inodes: ReadonlySet<string>): number | null {
  for (const pid of readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(pid)) continue;
    try {
      const folder = `/proc/${pid}/fd`;
      if (readdirSync(folder).some((fd) => inodes.has(linkOf(`${folder}/${fd}`)))) return Number(pid);
    } catch {
      // another user's process, or one that has ended
    }
  }
  return null;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
