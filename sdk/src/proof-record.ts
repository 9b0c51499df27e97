/** The records of a bundle (spec/bundle.md V-1, genesis.md, header.md, receipt.md), read strictly by the proof check. */
import { localError } from './error.ts';
import { type Cbor, CborReader, decodeCbor } from './proof-cbor.ts';
import { type Bytes, toHex, utf8 } from './proof-hash.ts';

const malformed = (what: string): never => {
  throw localError('bundle_malformed', `${what} is not as it should be`);
};

const list = (value: Cbor, what: string): readonly Cbor[] => (Array.isArray(value) ? (value as readonly Cbor[]) : malformed(what));
const bytes = (value: Cbor, what: string, max: number): Bytes => (value instanceof Uint8Array && value.length <= max ? value : malformed(what));
const hash = (value: Cbor, what: string): Bytes => (value instanceof Uint8Array && value.length === 32 ? value : malformed(what));
const text = (value: Cbor, what: string): string => (typeof value === 'string' ? value : malformed(what));
const count = (value: Cbor, what: string): number => (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : malformed(what));
const choice = <T>(value: Cbor, names: readonly T[], what: string): T => {
  const index = count(value, what);
  return index < names.length ? names[index] : malformed(what);
};

const MIB = 1_048_576;
export const BUNDLE_BYTES_MAX = 20 * MIB;

export interface BundleRecord {
  readonly genesis: Bytes;
  readonly header: Bytes;
  readonly suite: number;
  readonly key_id: Bytes;
  readonly signature: Bytes;
  readonly size: number;
  readonly index: number;
  readonly proof: readonly Bytes[];
  readonly entry: Bytes;
  readonly sidecar: Bytes | null;
  readonly witness: Bytes | null;
}

/** V-1 */
export function readBundle(raw: Bytes): BundleRecord {
  if (raw.length > BUNDLE_BYTES_MAX) malformed('the size of the bundle');
  const fields = list(decodeCbor(raw), 'the bundle');
  if (fields.length !== 12 || fields[0] !== 1) malformed('the version of the bundle');
  const proof = list(fields[8], 'the proof');
  if (proof.length > 106) malformed('the proof');
  const optional = (value: Cbor, what: string, max: number): Bytes | null => (value === null ? null : bytes(value, what, max));
  return {
    genesis: bytes(fields[1], 'the genesis', 16 * MIB),
    header: bytes(fields[2], 'the header', 576),
    suite: count(fields[3], 'the suite'),
    key_id: hash(fields[4], 'the key id'),
    signature: bytes(fields[5], 'the signature', 8_192),
    size: count(fields[6], 'the size'),
    index: count(fields[7], 'the index'),
    proof: proof.map((one) => hash(one, 'the proof')),
    entry: bytes(fields[9], 'the entry', 65_535),
    sidecar: optional(fields[10], 'the sidecar', 196_608),
    witness: optional(fields[11], 'the witness', 131_072),
  };
}

export interface ValidatorRecord {
  readonly principal: Bytes;
  readonly name: string;
  readonly suite: number;
  readonly public: Bytes;
  readonly weight: number;
}
export interface RuleRecord {
  readonly name: string;
  readonly title: string;
  readonly manifest: Bytes;
  readonly program: Bytes;
  /** Of a guest its limit; null for an expression, whose gas follows from its program. */
  readonly gas: number | null;
}
export interface GenesisRecord {
  readonly validators: readonly ValidatorRecord[];
  readonly name: string;
  readonly version: number;
  readonly default: 'allow' | 'deny';
  readonly rules: readonly RuleRecord[];
  readonly tools: Bytes;
}

const distinct = (values: readonly string[], what: string): void => {
  if (new Set(values).size !== values.length) malformed(what);
};

/** of a manifest, what the proof needs. */
function readRule(value: Cbor): RuleRecord {
  const pair = list(value, 'a rule');
  if (pair.length !== 2) malformed('a rule');
  const manifest = bytes(pair[0], 'a manifest', 65_536);
  const fields = list(decodeCbor(manifest), 'a manifest');
  if (fields.length < 16) malformed('a manifest');
  const guest = fields.length > 16 && fields[16] !== null;
  const limits = list(fields[14], 'the limits of a rule');
  return {
    name: text(fields[1], 'the name of a rule'),
    title: text(fields[2], 'the title of a rule'),
    manifest,
    program: bytes(pair[1], 'a program', 4 * MIB),
    gas: guest ? count(limits[0], 'the gas of a rule') : null,
  };
}

/** G-2 to G-4 */
export function readGenesis(raw: Bytes): GenesisRecord {
  const fields = list(decodeCbor(raw), 'the genesis');
  if (fields.length !== 7 || fields[0] !== 1) malformed('the version of the genesis');
  text(fields[1], 'the label');
  count(fields[2], 'the time of the genesis');
  choice(fields[3], ['ava', 'chain'], 'the home');
  const sequencer = choice(fields[4], ['solo', 'comet'], 'the sequencer');
  const validators = list(fields[5], 'the validators').map((one): ValidatorRecord => {
    const [principal, name, suite, key, weight, ...more] = list(one, 'a validator');
    if (more.length > 0) malformed('a validator');
    const validator = {
      principal: hash(principal, 'a principal'),
      name: text(name, 'the name of a validator'),
      suite: count(suite, 'a suite'),
      public: hash(key, 'a public key'),
      weight: count(weight, 'a weight'),
    };
    return validator.weight === 0 ? malformed('a weight') : validator;
  });
  if (validators.length === 0 || validators.length > 256 || (sequencer === 'solo' && validators.length !== 1)) malformed('the number of validators');
  const constitution = list(fields[6], 'the constitution');
  if (constitution.length !== 5) malformed('the constitution');
  const rules = list(constitution[3], 'the rules').map(readRule);
  if (rules.length > 256) malformed('the number of rules');
  distinct(
    validators.map(({ name }) => name),
    'the names of the validators',
  );
  distinct(
    validators.map(({ principal }) => toHex(principal)),
    'the principals',
  );
  distinct(
    rules.map(({ name }) => name),
    'the names of the rules',
  );
  return {
    validators,
    name: text(constitution[0], 'the name of the constitution'),
    version: count(constitution[1], 'the version of the constitution'),
    default: choice(constitution[2], ['allow', 'deny'] as const, 'the default'),
    rules,
    tools: bytes(constitution[4], 'the tool map', MIB),
  };
}

export interface HeaderRecord {
  readonly network: Bytes;
  readonly height: number;
  readonly time_ms: number;
  readonly validators_root: Bytes;
  readonly rules_root: Bytes;
  readonly state_root: Bytes;
  readonly entries_root: Bytes;
  readonly log_size: number;
  readonly log_root: Bytes;
  readonly verdicts: readonly number[];
  readonly schedule: Bytes;
}

/** B-1, B-2 */
export function readHeader(raw: Bytes): HeaderRecord {
  if (raw.length !== 576) malformed('the length of the header');
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const word = (index: number): Bytes => raw.slice(32 * index, 32 * index + 32);
  const u64 = (at: number): number => {
    const value = view.getBigUint64(at);
    return value <= Number.MAX_SAFE_INTEGER ? Number(value) : malformed('a number of the header');
  };
  const number = (index: number): number => {
    if (
      word(index)
        .subarray(0, 24)
        .some((byte) => byte !== 0)
    )
      malformed('a number of the header');
    return u64(32 * index + 24);
  };
  const magic = utf8('ava.header.v1');
  if (word(0).some((byte, i) => byte !== (magic[i] ?? 0))) malformed('the header');
  number(15);
  return {
    network: word(1),
    height: number(2),
    time_ms: number(3),
    validators_root: word(6),
    rules_root: word(7),
    state_root: word(8),
    entries_root: word(10),
    log_size: number(11),
    log_root: word(12),
    verdicts: [0, 1, 2, 3].map((i) => u64(448 + 8 * i)),
    schedule: word(17),
  };
}

const VERDICTS = ['none', 'allow', 'deny', 'escalate'] as const;
const CAUSES = ['failed', 'fault', 'breaker', 'halt', 'gas', 'memory', 'stack', 'unauthorised', 'trap'] as const;
const MODES = ['floor', 'enforce', 'observe'] as const;
export type EntryVerdict = (typeof VERDICTS)[number];

export interface EntryReason {
  readonly rule: string;
  readonly answer: EntryVerdict;
  readonly cause: (typeof CAUSES)[number];
  readonly mode: (typeof MODES)[number];
}
export interface EntryRecord {
  /** The bytes of the body: X-1 hashes them. */
  readonly body: Bytes;
  readonly network: Bytes;
  readonly kind: number;
  readonly payload: readonly Cbor[];
  readonly tx_id: Bytes;
  readonly verdict: EntryVerdict;
  readonly enforced: boolean;
  readonly reasons: readonly EntryReason[];
  readonly obligations: readonly Cbor[];
  readonly constitution: number;
  readonly gas: number;
  readonly inputs_hash: Bytes | null;
  readonly trace: Bytes | null;
  readonly permit: Bytes | null;
  readonly approval: Bytes | null;
  readonly height: number;
  readonly index: number;
}

/** P-1, P-4, P-5: `[Body, [*Auth], Receipt]`. */
export function readEntry(raw: Bytes): EntryRecord {
  const reader = new CborReader(raw);
  if (reader.array() !== 3) malformed('the entry');
  const start = reader.at;
  const body = list(reader.value(), 'the transaction');
  const bodyBytes = raw.slice(start, reader.at);
  list(reader.value(), 'the signatures');
  const receipt = list(reader.value(), 'the receipt');
  reader.end();
  const version = receipt[0];
  if (body.length !== 7 || body[0] !== 1 || !((version === 1 && receipt.length === 13) || (version === 2 && receipt.length === 14)))
    malformed('the version of the entry');
  const optional = (value: Cbor, length: number): Bytes | null =>
    value === null || (value instanceof Uint8Array && value.length === length) ? value : malformed('the receipt');
  const [height, index] = receipt.slice(-2);
  return {
    body: bodyBytes,
    network: hash(body[1], 'the network of the transaction'),
    kind: count(body[2], 'the kind'),
    payload: list(body[6], 'the payload'),
    tx_id: hash(receipt[1], 'the tx_id'),
    verdict: choice(receipt[2], VERDICTS, 'the verdict'),
    enforced: typeof receipt[3] === 'boolean' ? receipt[3] : malformed('the receipt'),
    reasons: list(receipt[4], 'the reasons').map((one) => {
      const reason = list(one, 'a reason');
      if (reason.length !== (version === 1 ? 4 : 5)) malformed('a reason');
      return {
        rule: text(reason[0], 'the rule of a reason'),
        answer: choice(reason[1], VERDICTS, 'the answer of a reason'),
        cause: choice(reason[2], CAUSES, 'the cause of a reason'),
        mode: choice(reason[3], MODES, 'the mode of a reason'),
      };
    }),
    obligations: list(receipt[5], 'the obligations'),
    constitution: count(receipt[6], 'the constitution'),
    gas: count(receipt[7], 'the gas'),
    inputs_hash: optional(receipt[8], 32),
    trace: optional(receipt[9], 32),
    permit: optional(receipt[10], 16),
    approval: version === 2 ? optional(receipt[11], 16) : null,
    height: count(height, 'the height'),
    index: count(index, 'the index'),
  };
}
