/** Genesis (spec/genesis.md): the bytes that name a network and hold its first law. */
import type { Octets } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { RULES_MAX } from '../base/limit.ts';
import { blob, choice, constant, decodeWith, encodeWith, type Field, hash32, label, list, name, record, u53 } from '../base/record.ts';
import { tagged } from '../crypto/hash.ts';

/** G-3: who orders and signs. `principal` stays when the key changes. */
export interface Validator {
  readonly principal: Octets;
  readonly name: string;
  readonly suite: number;
  readonly public: Octets;
  readonly weight: number;
}

/** G-4: a rule of law: its manifest (with the source) and the program that the source compiles to. */
export interface RuleLaw {
  readonly manifest: Uint8Array;
  readonly program: Uint8Array;
}

export interface Constitution {
  readonly name: string;
  readonly version: number;
  readonly default: 'allow' | 'deny';
  readonly rules: readonly RuleLaw[];
  /** The tool map, as facet/map encodes it. */
  readonly tools: Uint8Array;
}

export interface Genesis {
  readonly version: 1;
  readonly label: string;
  readonly time_ms: number;
  /** Where law is made: here, or on a chain whose events are observed. */
  readonly home: 'ava' | 'chain';
  readonly sequencer: 'solo' | 'comet';
  readonly validators: readonly Validator[];
  readonly constitution: Constitution;
}

const MANIFEST_BYTES_MAX = 65_536;
/** Of an expression's program or a guest's module. */
export const PROGRAM_BYTES_MAX = 4_194_304;
const TOOLS_BYTES_MAX = 1_048_576;
export const VALIDATORS_MAX = 256;
/** Of all validators: thirds and fifths of it stay exact. */
const WEIGHT_MAX = 1_000_000_000_000_000;
export const GENESIS_BYTES_MAX = 16_777_216;

const rule: Field<RuleLaw> = record<RuleLaw>('RuleLaw', { manifest: blob(MANIFEST_BYTES_MAX), program: blob(PROGRAM_BYTES_MAX) });

export const constitution: Field<Constitution> = record<Constitution>('Constitution', {
  name,
  version: u53,
  default: choice(['allow', 'deny']),
  rules: list(rule, RULES_MAX),
  tools: blob(TOOLS_BYTES_MAX),
});

/** G-2 */
const genesis: Field<Genesis> = record<Genesis>('Genesis', {
  version: constant(1) as Field<1>,
  label,
  time_ms: u53,
  home: choice(['ava', 'chain']),
  sequencer: choice(['solo', 'comet']),
  validators: list(record<Validator>('Validator', { principal: hash32, name: label, suite: u53, public: hash32, weight: u53 }), VALIDATORS_MAX),
  constitution,
});

const hashGenesis = tagged('genesis');

export const encodeGenesis = (given: Genesis): Uint8Array => encodeWith(genesis, given);

/** @throws Fault cbor_*, genesis_malformed */
export function decodeGenesis(bytes: Uint8Array): Genesis {
  if (bytes.length > GENESIS_BYTES_MAX) throw new Fault('genesis_malformed', `a genesis has at most ${GENESIS_BYTES_MAX} bytes`);
  const given = decodeWith(genesis, bytes);
  if (given.validators.length === 0) throw new Fault('genesis_malformed', 'a genesis names at least one validator');
  if (given.sequencer === 'solo' && given.validators.length !== 1) throw new Fault('genesis_malformed', 'a solo network has one validator');
  if (given.validators.some((v) => v.weight === 0)) throw new Fault('genesis_malformed', 'a validator weighs nothing');
  if (given.validators.reduce((sum, v) => sum + v.weight, 0) > WEIGHT_MAX)
    throw new Fault('genesis_malformed', `the validators weigh more than ${WEIGHT_MAX} together`);
  if (new Set(given.validators.map((v) => v.name)).size !== given.validators.length) throw new Fault('genesis_malformed', 'two validators have one name');
  if (new Set(given.validators.map((v) => v.principal)).size !== given.validators.length) throw new Fault('genesis_malformed', 'a principal stands twice');
  return given;
}

/** G-1: `network = H("genesis", bytes)`. */
export const networkOf = (bytes: Uint8Array): Octets => hashGenesis(bytes);
