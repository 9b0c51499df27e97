/** What can be read of the ledger and of the law (spec/http.md N-27 to N-31). */
import { hex, type Octets } from '../base/bytes.ts';
import { type Cbor, type CborMap, decode } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import type { Law } from '../law/law.ts';
import { decodeHeader, headerHash } from '../machine/block.ts';
import { decodeEntry, VERDICTS } from '../machine/receipt.ts';
import { type Standing, type State, standingOf } from '../machine/state.ts';
import { KIND, type Transaction } from '../machine/transaction.ts';
import type { Manifest } from '../rule/manifest.ts';
import { printType } from '../rule/print.ts';
import { reasonsJson, receiptId } from './answer.ts';
import type { BlockAnswer, ConstitutionAnswer, ReceiptAnswer, RulesAnswer } from './schema.ts';
import { jsonOfCbor } from './value.ts';

type RuleView = RulesAnswer['rules'][number];

/** A durable block as the ledger keeps it. */
export interface StoredBlock {
  readonly header: Uint8Array;
  readonly suite: number;
  readonly key_id: Octets;
  readonly signature: Uint8Array;
  readonly items: readonly { readonly entry: Uint8Array; readonly sidecar: Uint8Array | null; readonly witness: Uint8Array | null }[];
}

/** Reads a durable block. @throws Fault block_unknown, ledger_corrupt, disk_failed */
export interface BlockReader {
  read(height: number): StoredBlock;
}

const RECEIPT_ID = /^(0|[1-9][0-9]{0,15})\.(0|[1-9][0-9]{0,5})\.([0-9a-f]{12})$/;
const HEIGHT = /^(0|[1-9][0-9]{0,15})$/;
const KIND_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(KIND).map(([name, number]) => [number, name]));
const SIDECAR_NAMES: Readonly<Record<number, readonly string[]>> = {
  [KIND.session_input]: ['text'],
  [KIND.decide]: ['args', 'context'],
  [KIND.outcome]: ['result', 'error'],
  [KIND.decide_again]: ['args', 'context'],
  [KIND.outcome_settled]: ['result', 'error'],
};
/** Fields of payloads that are ids and hashes. */
const OCTETS_FIELDS = new Set(['session', 'commitment', 'args_commitment', 'permit', 'approval']);

export interface Place {
  readonly height: number;
  readonly index: number;
  readonly block: StoredBlock;
  readonly entry: ReturnType<typeof decodeEntry>;
}

/** The entry that a receipt id names. @throws Fault receipt_unknown, ledger_corrupt, disk_failed */
export function findReceipt(id: string, blocks: BlockReader, network: Octets): Place {
  const parts = RECEIPT_ID.exec(id);
  if (parts === null) throw new Fault('receipt_unknown', 'a receipt id is HEIGHT.INDEX.TX');
  const height = Number(parts[1]);
  const index = Number(parts[2]);
  let block: StoredBlock;
  try {
    block = blocks.read(height);
  } catch (error) {
    throw error instanceof Fault && error.slug === 'block_unknown' ? new Fault('receipt_unknown') : error;
  }
  const item = block.items[index];
  if (item === undefined) throw new Fault('receipt_unknown');
  const entry = decodeEntry(item.entry, network, item.sidecar);
  if (receiptId(entry.receipt) !== id) throw new Fault('receipt_unknown');
  return { height, index, block, entry };
}

function payloadView(transaction: Transaction): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(transaction.payload).map(([key, value]) => [
      key,
      OCTETS_FIELDS.has(key) && typeof value === 'string'
        ? hex(value)
        : Array.isArray(value)
          ? value.map((item) => (typeof item === 'string' ? hex(item) : jsonOfCbor(item as Cbor)))
          : jsonOfCbor(value as Cbor),
    ]),
  );
}

function sidecarView({ kind, sidecar }: Transaction): Record<string, unknown> | null {
  const names = SIDECAR_NAMES[kind];
  if (sidecar === null || names === undefined) return null;
  return Object.fromEntries(names.map((name, i) => [name, jsonOfCbor(sidecar[i + 1] ?? null)]));
}

function blockView({ header, suite, key_id, signature }: StoredBlock): BlockAnswer['block'] {
  const { height, time_ms } = decodeHeader(header);
  return { height, time_ms, hash: hex(headerHash(header)), header: hex(header), suite, key_id: hex(key_id), signature: hex(signature) };
}

/** N-27 */
export function receiptView({ index, block, entry }: Place, law: Law): ReceiptAnswer {
  const { receipt, transaction } = entry;
  const header = decodeHeader(block.header);
  const { witness } = block.items[index];
  const hexOrNull = (octets: Octets | null): string | null => (octets === null ? null : hex(octets));
  return {
    receipt: {
      id: receiptId(receipt),
      tx_id: hex(receipt.tx_id),
      verdict: receipt.verdict,
      enforced: receipt.enforced,
      reasons: JSON.parse(reasonsJson(receipt.reasons, law)) as ReceiptAnswer['receipt']['reasons'],
      obligations: receipt.obligations.map(jsonOfCbor) as unknown as ReceiptAnswer['receipt']['obligations'],
      constitution: receipt.constitution,
      gas: receipt.gas,
      inputs_hash: hexOrNull(receipt.inputs_hash),
      trace: hexOrNull(receipt.trace),
      permit: hexOrNull(receipt.permit),
      approval: hexOrNull(receipt.approval),
      height: receipt.height,
      index: receipt.index,
    },
    transaction: {
      kind: KIND_NAMES.get(transaction.kind) ?? String(transaction.kind),
      sender: hex(transaction.sender),
      seq: transaction.seq,
      valid_until_ms: transaction.valid_until_ms,
      payload: payloadView(transaction),
      signed: transaction.auths.length > 0,
    },
    sidecar: sidecarView(transaction),
    witness: witness === null ? null : (jsonOfCbor(decode(witness) as CborMap) as Record<string, unknown>),
    block: blockView(block),
    proof: {
      index,
      size: block.items.length,
      entries_root: hex(header.entries_root),
      log_index: header.log_size - block.items.length + index,
      log_size: header.log_size,
    },
  };
}

/** N-30. @throws Fault block_unknown, ledger_corrupt, disk_failed */
export function blockOf(text: string, blocks: BlockReader, network: Octets): BlockAnswer {
  if (!HEIGHT.test(text)) throw new Fault('block_unknown', 'a height is a whole number');
  const block = blocks.read(Number(text));
  const h = decodeHeader(block.header);
  return {
    block: blockView(block),
    fields: {
      network: hex(h.network),
      height: h.height,
      time_ms: h.time_ms,
      prev_hash: hex(h.prev_hash),
      seal_ref: hex(h.seal_ref),
      validators_root: hex(h.validators_root),
      rules_root: hex(h.rules_root),
      state_root: hex(h.state_root),
      facts_digest: hex(h.facts_digest),
      entries_root: hex(h.entries_root),
      log_size: h.log_size,
      log_root: hex(h.log_root),
      outbox_root: hex(h.outbox_root),
      verdicts: Object.fromEntries(VERDICTS.map((verdict, i) => [verdict, h.verdicts[i]])) as BlockAnswer['fields']['verdicts'],
      gas_used: h.gas_used,
      amendments_root: hex(h.amendments_root),
      schedule: hex(h.schedule),
    },
    receipts: block.items.map(({ entry }) => receiptId(decodeEntry(entry, network, null).receipt)),
  };
}

/** N-28 */
export function rulesView(state: State): RulesAnswer {
  const { law } = state;
  const validatorName = (principal: Octets): string => law.validators.get(principal)?.name ?? hex(principal);
  return {
    constitution: law.version,
    rules: law.rules.map((rule) => ({
      ...standingView(standingOf(state, rule.name), validatorName),
      ...guestView(rule.manifest),
      ...(rule.breaker === null ? {} : { breaker_limits: rule.breaker }),
      index: rule.index,
      rule: rule.name,
      title: rule.manifest.title,
      ...(rule.manifest.advice === '' ? {} : { advice: rule.manifest.advice }),
      scope: [...rule.manifest.scope],
      mode: rule.mode,
      until_ms: rule.until_ms,
      grants: rule.grants,
      otherwise: rule.otherwise,
      on_fault: rule.on_fault,
      level: rule.manifest.level,
      gas: rule.gas,
      id: hex(rule.id),
      judge: rule.manifest.judge,
      params: jsonOfCbor(Object.fromEntries(Object.entries(rule.params))) as Record<string, unknown>,
      inputs: rule.inputs.map(({ path, type }) => ({ path, type: printType(type) })),
    })),
  };
}

function standingView(
  { breaker, until_ms, halt, mode }: Standing,
  validatorName: (principal: Octets) => string,
): Pick<RuleView, 'breaker' | 'breaker_until_ms' | 'halt' | 'override'> {
  const shown = halt === null ? {} : { halt: { until_ms: halt.due_ms, since_ms: halt.since_ms, by: validatorName(halt.by), reason: halt.reason } };
  const override =
    mode === null ? {} : { override: { mode: mode.mode, until_ms: mode.due_ms, since_ms: mode.since_ms, by: validatorName(mode.by), reason: mode.reason } };
  return { breaker, breaker_until_ms: until_ms, ...shown, ...override };
}

function guestView({ program, calls, reads }: Manifest): Pick<RuleView, 'guest'> {
  if (program === null) return {};
  return { guest: { abi: program.abi, module: hex(program.module), hosts: [...program.hosts], calls: [...calls], reads: [...reads] } };
}

/** N-29 */
export function constitutionView(law: Law): ConstitutionAnswer {
  const { genesis } = law;
  return {
    name: genesis.constitution.name,
    version: law.version,
    default: law.default,
    network: hex(law.network),
    home: genesis.home,
    sequencer: genesis.sequencer,
    rules: law.rules.map((rule) => rule.name),
    tools: law.tools.map.entries.length,
    validators: [...law.validators.values()].map((validator) => ({
      name: validator.name,
      principal: hex(validator.principal),
      key_id: hex(validator.key_id),
      public: hex(validator.public),
      suite: validator.suite,
      weight: validator.weight,
    })),
    validators_root: hex(law.validators_root),
    rules_root: hex(law.rules_root),
    state_root: hex(law.state_root),
    schedule: hex(law.schedule),
  };
}
