/** `avactl verify`: a bundle or a whole ledger, without any server. Whatever goes wrong on the way is a failure to verify. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { hex, type Octets, octetsFromHex } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { BUNDLE_BYTES_MAX, verifyBundle } from '../audit/bundle.ts';
import { fsck, type LedgerReport } from '../audit/fsck.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { receiptId } from './explanation.ts';
import { faultJson, type Output } from './output.ts';
import { runningIn } from './running.ts';
import { grouped, moment, plain } from './text.ts';

/** Faults that say that there is nothing to verify, not that it is wrong. */
const NO_SUBJECT: ReadonlySet<string> = new Set(['usage', 'config', 'data_version']);
const LIVE_TRIES = 3;

export async function verify(call: Call): Promise<number> {
  const { out } = call;
  const [path] = call.operands;
  const network = networkOf(call.text('network'));
  if (!existsSync(path)) throw new Fault('usage', `there is no file or folder ${path}`, { path });
  try {
    return statSync(path).isDirectory() ? ledger(out, path, await check(call, path, network)) : bundle(out, path, network);
  } catch (error) {
    const fault = error instanceof Fault ? error : new Fault('verify_failed', `the verifier could not go on: ${error instanceof Error ? error.message : String(error)}`);
    if (NO_SUBJECT.has(fault.slug)) throw fault;
    out.wipe();
    out.value({ verified: false, path, fault: faultJson(fault) });
    out.line(`${out.paint('red', 'FAILED.')} ${plain(fault.message)} (${fault.code})`);
    out.line(`${fault.next[0].toUpperCase()}${fault.next.slice(1)}.`);
    return EXIT.failed;
  }
}

function networkOf(text: string | undefined): Octets | undefined {
  if (text === undefined) return undefined;
  const network = octetsFromHex(text, 32);
  if (network === undefined) throw new Fault('usage', '--network is 64 lower-case hex digits', { flag: 'network' });
  return network;
}

function bundle(out: Output, path: string, network: Octets | undefined): number {
  const size = statSync(path).size;
  if (size > BUNDLE_BYTES_MAX) throw new Fault('bundle_malformed', `${path} has ${size} bytes; a bundle has at most ${BUNDLE_BYTES_MAX}`);
  const verified = verifyBundle(new Uint8Array(readFileSync(path)), network);
  const { header, entry, checks, complete } = verified;
  const missing = ['the witness of others (none)', 'an anchor (none)', 'that the inputs were true'];
  if (network === undefined) missing.unshift('that the network is yours (no --network)');
  out.value({
    verified: true,
    complete,
    path,
    network: hex(verified.network),
    receipt: receiptId(entry),
    verdict: entry.receipt.verdict,
    height: header.height,
    time_ms: header.time_ms,
    checks,
    not_shown: missing,
  });
  for (const { name, ok, detail } of checks) out.line(`${ok === null ? out.paint('yellow', '--') : out.paint('green', 'ok')}  ${name.padEnd(10)}  ${plain(detail)}`);
  out.line(`${out.paint('green', 'VERIFIED.')} ${receiptId(entry)}: ${entry.receipt.verdict}, ${moment(header.time_ms)}.`);
  out.line(`Not shown: ${missing.join(', ')}.`);
  if (!complete) out.line(out.paint('yellow', 'Incomplete: the inputs were erased, so the verdict was not recomputed.'));
  return complete ? EXIT.ok : EXIT.incomplete;
}

/** A ledger that a node is writing may show half a block: it is looked at again before it counts as damaged. */
async function check(call: Call, path: string, network: Octets | undefined): Promise<LedgerReport> {
  const progress = (height: number, head: number): void => call.out.progress(() => `block ${grouped(height)} of ${grouped(head)}`);
  for (let attempt = 1; ; attempt++) {
    try {
      return await fsck(path, { ...(network !== undefined && { network }), progress });
    } catch (error) {
      if (attempt >= LIVE_TRIES || runningIn(path) === null || !(error instanceof Fault) || error.slug !== 'ledger_corrupt') throw error;
    }
  }
}

function ledger(out: Output, path: string, report: LedgerReport): number {
  const { network, law, blocks, entries, verdicts, head, checkpoint } = report;
  const [none, allow, deny, escalate] = verdicts;
  const missing = ['the witness of others (none)', 'an anchor (none)', 'that the inputs were true'];
  out.value({
    verified: true,
    path,
    network: hex(network),
    constitution: { name: law.genesis.constitution.name, version: law.version, rules: law.rules.length },
    blocks,
    entries,
    verdicts: { none, allow, deny, escalate },
    head: head === null ? null : { height: head.height, time_ms: head.time_ms, log_size: head.log_size, log_root: hex(head.log_root) },
    checkpoint: checkpoint === null ? null : { size: checkpoint.size, root: hex(checkpoint.root) },
    not_shown: missing,
  });
  const ok = (name: string, detail: string): void => out.line(`${out.paint('green', 'ok')}  ${name.padEnd(10)}  ${detail}`);
  ok('genesis', `network ${hex(network).slice(0, 16)}…, constitution ${law.genesis.constitution.name} v${law.version}, ${law.rules.length} rules`);
  ok('blocks', `${grouped(blocks)}, each signed and linked to the one before`);
  ok('replayed', `${grouped(entries)} entries came out the same: ${grouped(allow)} allow, ${grouped(deny)} deny, ${grouped(escalate)} escalate, ${grouped(none)} others`);
  if (head !== null) ok('head', `block ${head.height}, ${moment(head.time_ms)}, log root ${hex(head.log_root).slice(0, 16)}…`);
  if (checkpoint !== null) ok('checkpoint', `published at ${grouped(checkpoint.size)} entries, and the log has its root`);
  out.line(`${out.paint('green', 'VERIFIED.')} Not shown: ${missing.join(', ')}.`);
  return EXIT.ok;
}
