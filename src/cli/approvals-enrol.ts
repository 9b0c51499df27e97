/** `avactl approvals enrol`: the owner says whose key may answer approvals. */
import { Fault } from '../base/fault.ts';
import { isName } from '../base/record.ts';
import { PASSKEY } from '../crypto/suite.ts';
import { encodeWire } from '../machine/transaction.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { withNode } from './node-client.ts';
import { signer } from './signer.ts';
import { plain } from './text.ts';

const NO_KEY = new Uint8Array(0);
const BASE64URL = /^[A-Za-z0-9_-]{1,128}$/;

export async function enrolApprover(call: Call): Promise<number> {
  const { out } = call;
  const [name] = call.operands;
  if (!isName(name)) throw new Fault('usage', `\`${name}\` is not a name; use a-z, 0-9 and . _ / - after a letter, at most 64`, { name });
  const approver = call.given('remove') ? { suite: 0, public: NO_KEY, origin: '', rp_id: '' } : passkeyOf(call);
  return withNode(call, async (client) => {
    const placed = await client.submit(encodeWire((await signer(call, client)).setApprover({ name, ...approver, until_ms: 0 })));
    out.value({ approver: name, removed: approver.public.length === 0, origin: approver.origin, ...placed });
    if (approver.public.length === 0) out.line(`${plain(name)} may answer no more.`);
    else {
      out.line(`${out.paint('bold', plain(name))} may answer approvals, with the passkey made at ${plain(approver.origin)}.`);
      out.line(`\`avactl approvals enrol ${plain(name)} --remove\` ends that.`);
    }
    return EXIT.ok;
  });
}

/** @throws Fault usage */
function passkeyOf(call: Call): { suite: number; public: Uint8Array; origin: string; rp_id: string } {
  const key = call.text('passkey');
  if (key === undefined) throw new Fault('usage', '--passkey KEY is the key that the approvals page shows', { flag: 'passkey' });
  if (!BASE64URL.test(key)) throw new Fault('usage', '--passkey is not what the approvals page shows: copy the whole command', { flag: 'passkey' });
  const origin = call.text('origin') ?? '';
  const url = URL.parse(origin);
  if (url === null || url.origin !== origin) throw new Fault('usage', '--origin is where the page is, such as http://localhost:4100', { flag: 'origin' });
  return { suite: PASSKEY, public: new Uint8Array(Buffer.from(key, 'base64url')), origin, rp_id: url.hostname };
}
