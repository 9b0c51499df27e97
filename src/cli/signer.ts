/** Who signs for the owner: the key of the data folder, as a validator of the network that the node is of. */
import type { Client } from '../api/client.ts';
import { fromHex, hex, octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { Owner, readKey } from '../node/owner.ts';
import { dataFolder, nodeUrl } from './address.ts';
import type { Call } from './command.ts';

/** @throws Fault config when the folder has no key, or it is no validator's of this network */
export async function signer(call: Call, client: Client): Promise<Owner> {
  const folder = dataFolder(call);
  const key = readKey(folder);
  const { network, validators } = await client.constitution();
  const validator = validators.find(({ key_id }) => key_id === hex(key.id));
  if (validator === undefined)
    throw new Fault('config', `the key in ${folder} is not one of a validator of the network at ${nodeUrl(call)}; --data names the folder that has it`, {
      folder,
    });
  return new Owner({ network: octets(fromHex(network)), principal: octets(fromHex(validator.principal)), key, now: Date.now });
}
