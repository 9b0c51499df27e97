/** Verifying a bundle file or a data folder, without any server. Whatever goes wrong on the way is a failure to verify. */
import { readFileSync, statSync } from 'node:fs';
import { BUNDLE_BYTES_MAX, verifyBundle } from '../audit/bundle.ts';
import { type FsckOptions, fsck, type LedgerReport } from '../audit/fsck.ts';
import { hex, type Octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { EXIT } from './exit.ts';
import { receiptId } from './explanation.ts';
import { faultJson } from './output.ts';
import { runningIn } from './running.ts';
import { grouped, moment } from './text.ts';

export interface CheckLine {
  readonly name: string;
  /** null: it could not be done. */
  readonly ok: boolean | null;
  readonly detail: string;
}

export interface Verification {
  readonly verified: boolean;
  readonly code: number;
  readonly checks: readonly CheckLine[];
  /** What it comes to, in a sentence. */
  readonly summary: string;
  readonly not_shown: readonly string[];
  readonly json: Readonly<Record<string, unknown>>;
}

/** Faults that say that there is nothing to verify, not that it is wrong. */
const NO_SUBJECT: ReadonlySet<string> = new Set(['usage', 'config', 'data_version']);
const LIVE_TRIES = 3;
const NOT_SHOWN = ['the witness of others (none)', 'an anchor (none)', 'that the inputs were true'];

/** @throws Fault usage, config, data_version where there is nothing to verify */
export async function verifyPath(path: string, network: Octets | undefined, progress?: FsckOptions['progress']): Promise<Verification> {
  try {
    if (!statSync(path).isDirectory()) return bundleVerification(path, network);
    return ledgerVerification(
      path,
      network,
      await ledgerReport(path, { ...(network !== undefined && { network }), ...(progress !== undefined && { progress }) }),
    );
  } catch (error) {
    const fault =
      error instanceof Fault ? error : new Fault('verify_failed', `the verifier could not go on: ${error instanceof Error ? error.message : String(error)}`);
    if (NO_SUBJECT.has(fault.slug)) throw fault;
    return {
      verified: false,
      code: EXIT.failed,
      checks: [],
      summary: `${fault.message} (${fault.code})`,
      not_shown: [],
      json: { verified: false, path, fault: faultJson(fault) },
    };
  }
}

function notShown(network: Octets | undefined): string[] {
  return network === undefined ? ['that the network is yours (no --network)', ...NOT_SHOWN] : NOT_SHOWN;
}

function bundleVerification(path: string, network: Octets | undefined): Verification {
  const { size } = statSync(path);
  if (size > BUNDLE_BYTES_MAX) throw new Fault('bundle_malformed', `${path} has ${size} bytes; a bundle has at most ${BUNDLE_BYTES_MAX}`);
  const verified = verifyBundle(new Uint8Array(readFileSync(path)), network);
  const { header, entry, checks, complete } = verified;
  const not_shown = notShown(network);
  const { verdict } = entry.receipt;
  return {
    verified: true,
    code: complete ? EXIT.ok : EXIT.incomplete,
    checks,
    summary: `${receiptId(entry)}: ${verdict === 'none' ? 'no verdict was asked' : verdict}, ${moment(header.time_ms)}${complete ? '' : '; the inputs are erased, so the verdict was not recomputed'}`,
    not_shown,
    json: {
      verified: true,
      complete,
      path,
      network: hex(verified.network),
      receipt: receiptId(entry),
      verdict,
      height: header.height,
      time_ms: header.time_ms,
      checks,
      not_shown,
    },
  };
}

/** A ledger that a node is writing may show half a block: it is looked at again before it counts as damaged. */
async function ledgerReport(path: string, options: FsckOptions): Promise<LedgerReport> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fsck(path, options);
    } catch (error) {
      if (attempt >= LIVE_TRIES || runningIn(path) === null || !(error instanceof Fault) || error.slug !== 'ledger_corrupt') throw error;
    }
  }
}

function ledgerVerification(path: string, pinned: Octets | undefined, report: LedgerReport): Verification {
  const { network, law, blocks, entries, verdicts, head, checkpoint } = report;
  const [none, allow, deny, escalate] = verdicts;
  const { constitution } = law.genesis;
  const checks: CheckLine[] = [
    {
      name: 'genesis',
      ok: true,
      detail: `network ${hex(network).slice(0, 16)}…, constitution ${constitution.name} v${law.version}, ${law.rules.length} rules`,
    },
    { name: 'blocks', ok: true, detail: `${grouped(blocks)}, each signed and linked to the one before` },
    {
      name: 'replayed',
      ok: true,
      detail: `${grouped(entries)} entries came out the same: ${grouped(allow)} allow, ${grouped(deny)} deny, ${grouped(escalate)} escalate, ${grouped(none)} others`,
    },
  ];
  if (head !== null)
    checks.push({ name: 'head', ok: true, detail: `block ${head.height}, ${moment(head.time_ms)}, log root ${hex(head.log_root).slice(0, 16)}…` });
  checks.push(
    checkpoint === null
      ? { name: 'checkpoint', ok: null, detail: 'none was published, so a cut end would not show' }
      : { name: 'checkpoint', ok: true, detail: `published at ${grouped(checkpoint.size)} entries, and the log has its root` },
  );
  const not_shown = notShown(pinned);
  return {
    verified: true,
    code: EXIT.ok,
    checks,
    summary: `${grouped(blocks)} blocks of network ${hex(network).slice(0, 16)}…`,
    not_shown,
    json: {
      verified: true,
      path,
      network: hex(network),
      constitution: { name: constitution.name, version: law.version, rules: law.rules.length },
      blocks,
      entries,
      verdicts: { none, allow, deny, escalate },
      head: head === null ? null : { height: head.height, time_ms: head.time_ms, log_size: head.log_size, log_root: hex(head.log_root) },
      checkpoint: checkpoint === null ? null : { size: checkpoint.size, root: hex(checkpoint.root) },
      checks,
      not_shown,
    },
  };
}
