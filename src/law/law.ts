/**
 * The law in force, compiled: rules ready to run, the tool map, validators, and the roots that headers carry
 * (spec/genesis.md G-5 to G-9). It changes only as a whole, when a constitution is replaced.
 */
import { equal, fromOctets, type Octets, putOctets, utf8 } from '../base/bytes.ts';
import { encode } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { hashLeaf, tagged } from '../crypto/hash.ts';
import { keyId } from '../crypto/suite.ts';
import { decodeToolMap, type Effect, indexTools, type Tools } from '../facet/map.ts';
import { FACET_PATHS, FACET_VERSION } from '../facet/version.ts';
import { SparseTree } from '../merkle/sparse.ts';
import { rootOf } from '../merkle/tree.ts';
import { compileRule } from '../rule/compile.ts';
import { type Input, IR_VERSION, type Program } from '../rule/ir.ts';
import { type InputWriter, planWriter, wasmOf } from '../rule/judge.ts';
import { decodeManifest, type Manifest, type Mode } from '../rule/manifest.ts';
import { type Instance, instantiate } from '../vm/run.ts';
import { type Constitution, decodeGenesis, type Genesis, networkOf, type RuleLaw, type Validator } from './genesis.ts';
import { SUMS_MAX, type SumInput, sumOfPath } from './sum-input.ts';

/** What a rule's scope asks for; any one suffices. */
export interface Scope {
  readonly all: boolean;
  readonly tools: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
  readonly effects: ReadonlySet<Effect>;
  readonly money: boolean;
  readonly mail: boolean;
  readonly http: boolean;
  readonly fs: boolean;
}

export interface ActiveRule {
  readonly index: number;
  readonly name: string;
  readonly manifest: Manifest;
  readonly program: Program;
  /** `H("rule", program bytes)`. */
  readonly id: Octets;
  readonly mode: Mode;
  /** 0: no end. */
  readonly until_ms: number;
  readonly otherwise: 'deny' | 'escalate';
  readonly on_fault: 'deny' | 'escalate';
  readonly grants: boolean;
  readonly gas: number;
  readonly scope: Scope;
  readonly params: Readonly<Record<string, number | bigint>>;
  readonly inputs: readonly Input[];
  readonly witnessed: readonly { readonly path: string; readonly group: string; readonly key: string }[];
  readonly sums: readonly SumInput[];
  readonly reads_flow: boolean;
  readonly write: InputWriter;
  readonly instance: Instance;
}

export interface KnownValidator extends Validator {
  readonly key_id: Octets;
}

export interface Law {
  readonly genesis: Genesis;
  readonly network: Octets;
  readonly version: number;
  readonly default: 'allow' | 'deny';
  readonly rules: readonly ActiveRule[];
  readonly tools: Tools;
  readonly validators: ReadonlyMap<Octets, KnownValidator>;
  /** Of all validators. */
  readonly weight: number;
  /** All sums that any rule reads, each once. */
  readonly sums: readonly SumInput[];
  readonly validators_root: Octets;
  readonly rules_root: Octets;
  readonly state_root: Octets;
  readonly schedule: Octets;
}

const hashSchedule = tagged('schedule');
/** G-9: the versions under which a verdict is recomputed. Every past one stays in the code. */
export const SCHEDULE: Octets = hashSchedule(encode(['ir', IR_VERSION, 'facet', FACET_VERSION, 'codec', 1]));

const MACHINE_PATHS: readonly (readonly [string, string])[] = [
  ['action.kind', 'string(64)'],
  ['action.server', 'string(256)'],
  ['action.name', 'string(256)'],
  ['agent.name', 'string(256)'],
  ['agent.assurance', 'int'],
  ['session.calls', 'int'],
  ['session.denied', 'int'],
  ['session.escalated', 'int'],
  ['session.age_ms', 'int'],
  ['session.labels', 'list(string(256), 16)'],
  ['now_ms', 'int'],
];

/** The paths that every rule may read without declaring them, with their types (D-2); facets add theirs. */
export const ENVIRONMENT: ReadonlyMap<string, string> = new Map([...MACHINE_PATHS, ...FACET_PATHS]);

/** Whether the machine's state, and not the action, gives this path: such inputs are kept as the entry's witness. */
const isWitnessed = (path: string): boolean => /^(agent|session|flow)\./.test(path);

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

function scopeOf(items: readonly string[]): Scope {
  const of = (prefix: string): Set<string> => new Set(items.filter((item) => item.startsWith(`${prefix}.`)).map((item) => item.slice(prefix.length + 1)));
  const facets = of('facet');
  return {
    all: items.includes('all'),
    tools: of('tool'),
    kinds: of('kind'),
    effects: of('effect') as Set<Effect>,
    money: facets.has('money'),
    mail: facets.has('mail'),
    http: facets.has('http'),
    fs: facets.has('fs'),
  };
}

/** G-5: a rule of law is what its source compiles to, byte for byte. @throws Fault rule_*, genesis_malformed */
function activate(law: RuleLaw, index: number): ActiveRule {
  const manifest = decodeManifest(law.manifest);
  const compiled = compileRule(manifest, ENVIRONMENT);
  if (!equal(compiled.bytes, law.program)) throw new Fault('rule_not_canonical', `rule ${manifest.name}: the program is not what its source compiles to`);
  const paths = compiled.inputs.map((input) => input.path);
  return {
    index,
    name: manifest.name,
    manifest,
    program: compiled.program,
    id: compiled.id,
    mode: manifest.mode,
    until_ms: manifest.until_ms ?? 0,
    otherwise: manifest.otherwise,
    on_fault: manifest.on_fault,
    grants: manifest.grants,
    gas: compiled.gas,
    scope: scopeOf(manifest.scope),
    params: Object.fromEntries(manifest.params.map((param) => [param.name, param.value])),
    inputs: compiled.inputs,
    witnessed: paths.filter(isWitnessed).map((path) => ({ path, group: path.slice(0, path.indexOf('.')), key: path.slice(path.indexOf('.') + 1) })),
    sums: paths.flatMap((path) => sumOfPath(path) ?? []),
    reads_flow: paths.some((path) => path.startsWith('flow.')),
    write: planWriter(compiled.inputs),
    instance: instantiate(wasmOf(compiled.program)),
  };
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

/** The law of a genesis. @throws Fault genesis_malformed, rule_*, cbor_* */
export function lawOf(genesisBytes: Uint8Array): Law {
  const genesis = decodeGenesis(genesisBytes);
  const { constitution } = genesis;
  const rules = constitution.rules.map(activate);
  const names = rules.map((rule) => rule.name);
  if (new Set(names).size !== names.length) throw new Fault('genesis_malformed', 'two rules have one name');
  const sums = new Map(rules.flatMap((rule) => rule.sums).map((sum) => [sum.key, sum]));
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
    tools,
    validators: new Map(validators.map((validator) => [validator.principal, validator])),
    weight: validators.reduce((sum, validator) => sum + validator.weight, 0),
    sums: [...sums.values()],
    validators_root: rootOf(validators.map((validator) => hashLeaf(validatorLeaf(validator)))),
    rules_root: rootOf(leaves.map(hashLeaf)),
    state_root: lawTree(constitution, leaves, names, validators),
    schedule: SCHEDULE,
  };
}
