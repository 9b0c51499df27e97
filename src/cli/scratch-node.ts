/** A node for one command: in a scratch folder that is taken away again, or in a given one; on a free port. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningNode, startNode } from '../node/start.ts';

export interface ScratchNode {
  readonly node: RunningNode;
  readonly folder: string;
  close(): Promise<void>;
}

export async function scratchNode(options: { readonly folder?: string; readonly constitution: string; readonly warm_ms?: number }): Promise<ScratchNode> {
  const scratch = options.folder === undefined;
  const folder = options.folder ?? join(mkdtempSync(join(tmpdir(), 'ava-')), 'data');
  const remove = (): void => {
    if (scratch) rmSync(join(folder, '..'), { recursive: true, force: true });
  };
  try {
    const { constitution, warm_ms } = options;
    const node = await startNode({ dir: folder, port: 0, constitution, ...(warm_ms !== undefined && { warm_ms }) });
    return {
      node,
      folder,
      async close() {
        await node.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}
