/** The client of the node that a command means, closed when the command is done with it. */
import { Client } from '../api/client.ts';
import { nodeUrl } from './address.ts';
import type { Call } from './command.ts';

/** @throws Fault unreachable and what the node answers */
export async function withNode<T>(call: Call, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(nodeUrl(call));
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
