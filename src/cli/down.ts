/** `avactl down`: asks the node of a data folder to end, and waits. */
import { existsSync } from 'node:fs';
import { Fault } from '../base/fault.ts';
import { dataFolder } from './address.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { runningIn } from './running.ts';

const LOOK_MS = 25;

export async function down(call: Call): Promise<number> {
  const folder = dataFolder(call);
  const wait_s = call.count('wait', 0, 3_600);
  const pid = existsSync(folder) ? runningIn(folder) : null;
  if (pid === null) throw new Fault('unreachable', `no node has ${folder} open`, { folder });
  if (pid === 0) throw new Fault('config', `${folder} is in use, and its pid file does not say by which process`, { folder });
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    throw new Fault('config', `process ${pid} cannot be stopped: ${(error as NodeJS.ErrnoException).code}`, { pid });
  }
  const until = performance.now() + wait_s * 1_000;
  while (runningIn(folder) !== null) {
    if (performance.now() > until) throw new Fault('data_locked', `process ${pid} still has ${folder} open after ${wait_s} s`, { folder, pid });
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  call.out.value({ stopped: pid, data: folder });
  call.out.line(`Stopped process ${pid}; everything that was answered is durable.`);
  return EXIT.ok;
}
