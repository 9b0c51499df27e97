/**
 * The law in force, compiled: rules ready to run, the tool map, validators, and the roots that headers carry
 * (spec/genesis.md G-5 to G-9). It changes only as a whole, when a constitution is replaced.
 */
import { fromOctets, type Octets, putOctets, utf8 } from '../base/bytes.ts';
import { type Cbor, encode } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { GUEST_PAGES_MAX, RULES_GAS_MAX } from '../base/limit.ts';
import { hashLeaf, tagged } from '../crypto/hash.ts';
import { keyId } from '../crypto/suite.ts';
import { decodeToolMap, indexTools, type Tools } from '../facet/map.ts';
import { FACET_VERSION } from '../facet/version.ts';
import { SparseTree } from '../merkle/sparse.ts';
import { rootOf } from '../merkle/tree.ts';
import { IR_VERSION, PROFILE_CORE } from '../rule/ir.ts';
import { scheduleOf as gasScheduleOf, scheduleHash } from '../vm/schedule.ts';
import { type Constitution, decodeGenesis, type Genesis, networkOf, type Validator } from './genesis.ts';
import { type ActiveRule, activate, linkCalls, REPEATS } from './rule.ts';
import { SUMS_MAX, type SumInput } from './sum-input.ts';

export interface KnownValidator extends Validator {
  readonly key_id: Octets;
}

export interface Law {
  readonly genesis: Genesis;
  readonly network: Octets;
  readonly version: number;
  readonly default: 'allow' | 'deny';
  readonly rules: readonly ActiveRule[];
  readonly ruleNamed: ReadonlyMap<string, ActiveRule>;
  readonly tools: Tools;
  readonly validators: ReadonlyMap<Octets, KnownValidator>;
  /** Of all validators. */
  readonly weight: number;
  /** Whether any rule asks how often the same call was made. */
  readonly reads_repeats: boolean;
  /** All sums that any rule reads, each once. */
  readonly sums: readonly SumInput[];
  /** The least time after which a rule that still runs is a trip; 0 where there are no rules. */
  readonly timeout_ms: number;
  readonly validators_root: Octets;
  readonly rules_root: Octets;
  readonly state_root: Octets;
  readonly schedule: Octets;
}

const hashSchedule = tagged('schedule');
const FIRST_SCHEDULE: readonly Cbor[] = ['ir', IR_VERSION, 'facet', FACET_VERSION, 'codec', 1];
/**
 * G-9: the versions under which verdicts are recomputed, by number from 1. Every past one stays in the code. The second
 * has what rules of profile 1 and guests need beside the first.
 */
export const SCHEDULES: readonly Octets[] = [
  hashSchedule(encode(FIRST_SCHEDULE)),
  hashSchedule(encode([...FIRST_SCHEDULE, 'profile', 1, 'gas', fromOctets(scheduleHash(gasScheduleOf(1))), 'instrumenter', 1])),
];

/** G-9: the least schedule that has what these rules need. */
const scheduleOf = (rules: readonly ActiveRule[]): Octets =>
  SCHEDULES[rules.every(({ program }) => program !== null && program.profile === PROFILE_CORE) ? 0 : 1];

const hashName = tagged('name');
const hashManifest = tagged('manifest');
const hashLaw = tagged('law');
const hashTools = tagged('tools');

/** G-6: a rule's leaf, six words: magic, H(name), program id, H(manifest), gas, index. */
export function ruleLeaf(name: string, id: Octets, manifest: Uint8Array, gas: number, index: number): Uint8Array {
  const leaf = new Uint8Array(192);
  const view = new DataView(leaf.buffer);
  putOctets(leaf, 0, 'ava.rule.v1');
  putOctets(leaf, 32, hashName(utf8(name)));
  putOctets(leaf, 64, id);
  putOctets(leaf, 96, hashManifest(manifest));
  view.setBigUint64(152, BigInt(gas));
  view.setBigUint64(184, BigInt(index));
  return leaf;
}

/** G-7: a validator's leaf, four words: magic, principal, key id, weight. */
function validatorLeaf(validator: KnownValidator): Uint8Array {
  const leaf = new Uint8Array(128);
  putOctets(leaf, 0, 'ava.validator.v1');
  putOctets(leaf, 32, validator.principal);
  putOctets(leaf, 64, validator.key_id);
  new DataView(leaf.buffer).setBigUint64(120, BigInt(validator.weight));
  return leaf;
}

/** G-8: what `state_root` commits to. */
function lawTree(constitution: Constitution, rules: readonly Uint8Array[], names: readonly string[], validators: readonly KnownValidator[]): Octets {
  let tree = SparseTree.empty();
  const put = (key: string, value: Uint8Array): void => {
    tree = tree.put(hashLaw(utf8(key)), hashLaw(value));
  };
  put('constitution', encode([constitution.name, constitution.version, constitution.default]));
  put('tools', encode([fromOctets(hashTools(constitution.tools))]));
  rules.forEach((leaf, i) => put(`rule/${names[i]}`, leaf));
  for (const validator of validators) put(`validator/${validator.name}`, validatorLeaf(validator));
  return tree.root();
}

/** G-4: what one action may ask of all rules together, whatever each is allowed. @throws Fault genesis_malformed */
function bounded(rules: readonly ActiveRule[]): void {
  const gas = rules.reduce((sum, rule) => sum + rule.gas, 0);
  if (gas > RULES_GAS_MAX) throw new Fault('genesis_malformed', `the rules may take ${gas} gas together; at most ${RULES_GAS_MAX}`);
  const pages = rules.reduce((sum, { module, manifest }) => sum + (module === null ? 0 : manifest.limits.memory_pages), 0);
  if (pages > GUEST_PAGES_MAX) throw new Fault('genesis_malformed', `the programs may take ${pages} pages of memory together; at most ${GUEST_PAGES_MAX}`);
}

/** The law of a genesis. @throws Fault genesis_malformed, rule_*, cbor_* */
export function lawOf(genesisBytes: Uint8Array): Law {
  const genesis = decodeGenesis(genesisBytes);
  const { constitution } = genesis;
  const activated = constitution.rules.map(activate);
  const names = activated.map((rule) => rule.name);
  if (new Set(names).size !== names.length) throw new Fault('genesis_malformed', 'two rules have one name');
  const rules = linkCalls(activated);
  bounded(rules);
  const sums = new Map(rules.flatMap((rule) => rule.sums).map((sum) => [`${sum.whose}.${sum.key}`, sum]));
  if (sums.size > SUMS_MAX) throw new Fault('genesis_malformed', `the rules read ${sums.size} sums; at most ${SUMS_MAX} are kept`);
  const leaves = rules.map((rule, i) => ruleLeaf(rule.name, rule.id, constitution.rules[i].manifest, rule.gas, i));
  const validators = genesis.validators.map((validator) => ({ ...validator, key_id: keyId(validator.suite, validator.public) }));
  const tools = indexTools(decodeToolMap(constitution.tools));
  return {
    genesis,
    network: networkOf(genesisBytes),
    version: constitution.version,
    default: constitution.default,
    rules,
    ruleNamed: new Map(rules.map((rule) => [rule.name, rule])),
    tools,
    validators: new Map(validators.map((validator) => [validator.principal, validator])),
    weight: validators.reduce((sum, validator) => sum + validator.weight, 0),
    reads_repeats: rules.some(({ inputs, reads }) => [...inputs, ...reads].some(({ path }) => path === REPEATS)),
    sums: [...sums.values()],
    timeout_ms: rules.reduce((least, { manifest }) => Math.min(least, manifest.limits.timeout_ms), rules.length === 0 ? 0 : Number.POSITIVE_INFINITY),
    validators_root: rootOf(validators.map((validator) => hashLeaf(validatorLeaf(validator)))),
    rules_root: rootOf(leaves.map(hashLeaf)),
    state_root: lawTree(constitution, leaves, names, validators),
    schedule: scheduleOf(rules),
  };
}
