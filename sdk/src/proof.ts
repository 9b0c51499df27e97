/**
 * Verifies a receipt's bundle (spec/bundle.md) in a browser or on Node, by WebCrypto, without a server: that a validator
 * of this network signed the block, that the entry stands in it, and under which rules. It runs no rule: that the
 * verdict follows from the inputs is what `avactl verify` shows.
 */
import { localError } from './error.ts';
import { type Cbor, decodeCbor } from './proof-cbor.ts';
import { type Bytes, join, keyIdOf, leafHash, same, tagged, toHex, utf8, verifySignature } from './proof-hash.ts';
import {
  type EntryReason,
  type EntryRecord,
  type EntryVerdict,
  type GenesisRecord,
  type HeaderRecord,
  readBundle,
  readEntry,
  readGenesis,
  readHeader,
} from './proof-record.ts';
import { checkInclusion, lawRoot, rootOf } from './proof-tree.ts';

export interface VerifyOptions {
  /** The network's id, 64 hex digits: without it anybody's network passes. */
  readonly network?: string;
  /** What each rule costs, by name, as GET /v1/rules says: with it the roots of the law are made again. It is not trusted: a wrong one fails. */
  readonly gas?: Readonly<Record<string, number>>;
}

export interface ProofCheck {
  readonly name: 'network' | 'signature' | 'inclusion' | 'inputs' | 'rules' | 'recomputed';
  /** null: it was not done, and `detail` says why. */
  readonly ok: true | null;
  readonly detail: string;
}

export interface Proof {
  readonly network: string;
  readonly height: number;
  readonly index: number;
  readonly time_ms: number;
  /** Who signed the block. */
  readonly signer: string;
  /** The log at this block: `checkExtends` of proof-log.ts compares two. */
  readonly log: { readonly size: number; readonly root: string };
  readonly receipt: string;
  /** The number of the transaction's kind; 3 and 8 are decisions. */
  readonly kind: number;
  readonly verdict: EntryVerdict;
  readonly enforced: boolean;
  /** Each with the rule's title, as the law of the genesis has it. */
  readonly reasons: readonly (EntryReason & { readonly title: string })[];
  /** What was asked: `{kind, server, name, args, context}`; null where nothing was, or it was erased. */
  readonly action: { readonly kind: Cbor; readonly server: Cbor; readonly name: Cbor; readonly args: Cbor; readonly context: Cbor } | null;
  readonly constitution: { readonly name: string; readonly version: number; readonly rules: readonly string[] };
  readonly checks: readonly ProofCheck[];
  /** In words, for people. */
  readonly not_shown: readonly string[];
}

const DECISIONS = new Set([3, 8]);
/** Where a payload has the commitment to its sidecar, by kind. */
const COMMITMENTS: Readonly<Record<number, number>> = { 2: 1, 3: 4, 4: 2, 8: 4, 12: 2 };

const refuse = (why: string): never => {
  throw localError('verify_failed', why);
};

/** V-1 to V-4. @throws AvaError bundle_malformed, verify_failed with the first check that fails */
export async function verifyBundle(raw: Bytes, { network: pinned, gas }: VerifyOptions = {}): Promise<Proof> {
  const bundle = readBundle(raw);
  const network = await tagged('genesis', bundle.genesis);
  if (pinned !== undefined && pinned !== toHex(network)) refuse(`the bundle is of network ${toHex(network)}, not ${pinned}`);
  const genesis = readGenesis(bundle.genesis);
  const header = readHeader(bundle.header);
  if (!same(header.network, network)) refuse('the header is of another network');
  const signer = await signerOf(genesis, network, bundle);

  // a proof alone fits trees of several sizes
  if (bundle.size !== header.verdicts.reduce((sum, one) => sum + one, 0)) refuse(`the block does not hold ${bundle.size} entries`);
  await checkInclusion(await leafHash(bundle.entry), bundle.index, bundle.size, bundle.proof, header.entries_root);
  const entry = readEntry(bundle.entry);
  if (!same(entry.network, network) || !same(await tagged('tx', entry.body), entry.tx_id)) refuse('the receipt is of another transaction');
  if (entry.height !== header.height || entry.index !== bundle.index) refuse('the receipt names another place');

  const sidecar = await openSidecar(entry, bundle.sidecar);
  checkWitness(entry, bundle);
  checkReceipt(genesis, entry);
  const rules = await checkLaw(genesis, header, gas);
  const decision = DECISIONS.has(entry.kind);
  const checks: ProofCheck[] = [
    { name: 'network', ok: pinned === undefined ? null : true, detail: pinned === undefined ? 'no network was given to compare with' : toHex(network) },
    { name: 'signature', ok: true, detail: `block ${header.height} signed by ${signer}` },
    { name: 'inclusion', ok: true, detail: `entry ${bundle.index + 1} of ${bundle.size}` },
    sidecar !== null
      ? { name: 'inputs', ok: true, detail: 'they are those that the entry commits to' }
      : { name: 'inputs', ok: null, detail: entry.kind in COMMITMENTS ? 'they are erased' : 'this kind has none' },
    rules,
    { name: 'recomputed', ok: null, detail: decision ? 'no rule is run here: `avactl verify` does' : 'the entry is no decision' },
  ];
  return {
    network: toHex(network),
    height: header.height,
    index: bundle.index,
    time_ms: header.time_ms,
    signer,
    log: { size: header.log_size, root: toHex(header.log_root) },
    receipt: `${header.height}.${bundle.index}.${toHex(entry.tx_id).slice(0, 12)}`,
    kind: entry.kind,
    verdict: entry.verdict,
    enforced: entry.enforced,
    reasons: entry.reasons.map((reason) => ({ ...reason, title: genesis.rules.find(({ name }) => name === reason.rule)?.title ?? '' })),
    action:
      decision && sidecar !== null ? { kind: entry.payload[1], server: entry.payload[2], name: entry.payload[3], args: sidecar[1], context: sidecar[2] } : null,
    constitution: { name: genesis.name, version: genesis.version, rules: genesis.rules.map(({ name }) => name) },
    checks,
    not_shown: [
      ...(decision ? ['that the verdict follows from the inputs (run `avactl verify` on the same file)'] : []),
      ...(pinned === undefined ? ['that this is the network you mean'] : []),
      ...(rules.ok === null ? ["that the header's roots are those of these rules"] : []),
      'that the inputs were true',
      'that this node keeps no second ledger (compare checkpoints with a witness)',
    ],
  };
}

async function signerOf(genesis: GenesisRecord, network: Bytes, bundle: ReturnType<typeof readBundle>): Promise<string> {
  const digest = await tagged('header', bundle.header);
  for (const validator of genesis.validators) {
    if (validator.suite !== bundle.suite || !same(await keyIdOf(validator.suite, validator.public), bundle.key_id)) continue;
    if (await verifySignature(bundle.suite, validator.public, bundle.signature, 'header', network, digest)) return validator.name;
    refuse('the signature of the header does not verify');
  }
  return refuse('the header is signed by a key that the genesis does not name');
}

/** */
async function openSidecar({ kind, payload }: EntryRecord, sidecar: Bytes | null): Promise<readonly Cbor[] | null> {
  if (sidecar === null) return null;
  const at = COMMITMENTS[kind];
  const commitment = at === undefined ? refuse('this kind has no sidecar') : payload[at];
  if (!(commitment instanceof Uint8Array) || !same(commitment, await tagged('args', sidecar))) refuse('the sidecar does not match its commitment');
  const items = decodeCbor(sidecar);
  return Array.isArray(items) && items.length === (kind === 2 ? 2 : 3) ? (items as readonly Cbor[]) : refuse('the sidecar has another form');
}

/** V-5: what a witness may be; its values are what only a recomputation can check, so nothing of it is given back. */
function checkWitness({ kind }: EntryRecord, { sidecar, witness }: ReturnType<typeof readBundle>): void {
  if (witness === null) return;
  if (!DECISIONS.has(kind) || sidecar === null) refuse('a witness where nothing is judged');
  if (!(decodeCbor(witness) instanceof Map)) refuse('a witness of another form');
}

/** P-1, D-6: what a receipt must say whatever the inputs were. */
function checkReceipt(genesis: GenesisRecord, entry: EntryRecord): void {
  const { verdict, enforced, reasons, obligations, constitution, gas, inputs_hash, trace, permit, approval, kind, payload, tx_id } = entry;
  if (!DECISIONS.has(kind)) {
    const plain = verdict === 'none' && enforced && reasons.length === 0 && obligations.length === 0 && constitution === 0 && gas === 0;
    if (!plain || [inputs_hash, trace, permit, approval].some((one) => one !== null)) refuse('the receipt gives a verdict where none was asked');
    return;
  }
  if (constitution !== genesis.version) refuse('the receipt names another constitution');
  if (inputs_hash === null || trace === null) refuse('the receipt does not say what was judged');
  if (reasons.some(({ rule }) => !genesis.rules.some(({ name }) => name === rule))) refuse('a reason names a rule that is not in force');
  const granted = verdict === 'allow' && payload[5] === true ? tx_id.slice(0, 16) : null;
  if (granted === null ? permit !== null : permit === null || !same(granted, permit)) refuse('the permit is not that of this decision');
  const binding = new Set(reasons.filter(({ mode }) => mode !== 'observe').map(({ answer }) => answer));
  const strictest = binding.has('deny') ? 'deny' : binding.has('escalate') ? 'escalate' : null;
  // an approval answers escalations, which still stand among the reasons
  const joined =
    strictest === 'escalate' && kind === 8
      ? ['escalate', 'allow']
      : strictest === null
        ? ['allow', ...(genesis.default === 'deny' ? ['deny'] : [])]
        : [strictest];
  if (!joined.includes(verdict)) refuse('the verdict is not what its reasons come to');
}

/** A head and what follows it, of the few kinds that the law's records need. */
const encoded = (major: number, value: number): Bytes => {
  if (value < 24) return new Uint8Array([(major << 5) | value]);
  const size = value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x100000000 ? 4 : 8;
  const head = new Uint8Array(1 + size);
  head[0] = (major << 5) | (23 + [1, 2, 4, 8].indexOf(size) + 1);
  for (let i = size, rest = BigInt(value); i > 0; i--, rest >>= 8n) head[i] = Number(rest & 255n);
  return head;
};
const encodedText = (text: string): Bytes => join(encoded(3, utf8(text).length), utf8(text));

const word = (bytes: Uint8Array): Bytes => join(bytes, new Uint8Array(32 - bytes.length));
const numberWord = (value: number): Bytes => {
  const out = new Uint8Array(32);
  new DataView(out.buffer).setBigUint64(24, BigInt(value));
  return out;
};

/** V-4, G-6 to G-8: the header's roots are those of the genesis' law. */
async function checkLaw(genesis: GenesisRecord, header: HeaderRecord, gas: VerifyOptions['gas']): Promise<ProofCheck> {
  const validators = await Promise.all(
    genesis.validators.map(async ({ principal, name, suite, public: key, weight }) => ({
      key: `validator/${name}`,
      leaf: join(word(utf8('ava.validator.v1')), principal, await keyIdOf(suite, key), numberWord(weight)),
    })),
  );
  if (!same(await rootOf(await Promise.all(validators.map(({ leaf }) => leafHash(leaf)))), header.validators_root))
    refuse('the header stands under other validators than the genesis');
  const costs = genesis.rules.map(({ name, gas: limit }) => limit ?? (gas !== undefined && Object.hasOwn(gas, name) ? gas[name] : null));
  const unknown = genesis.rules.filter((_, i) => costs[i] === null);
  if (unknown.length > 0)
    return { name: 'rules', ok: null, detail: `${genesis.rules.length} rules of the genesis; their gas was not given, so the roots were not made again` };
  if (costs.some((cost) => !Number.isSafeInteger(cost) || (cost as number) < 0)) refuse('the gas of a rule is no whole number');
  const rules = await Promise.all(
    genesis.rules.map(async ({ name, manifest, program }, i) => ({
      key: `rule/${name}`,
      leaf: join(
        word(utf8('ava.rule.v1')),
        await tagged('name', utf8(name)),
        await tagged('rule', program),
        await tagged('manifest', manifest),
        numberWord(costs[i] as number),
        numberWord(i),
      ),
    })),
  );
  if (!same(await rootOf(await Promise.all(rules.map(({ leaf }) => leafHash(leaf)))), header.rules_root))
    refuse('the header stands under other rules than the genesis');
  const constitution = join(encoded(4, 3), encodedText(genesis.name), encoded(0, genesis.version), encodedText(genesis.default));
  const tools = join(encoded(4, 1), encoded(2, 32), await tagged('tools', genesis.tools));
  const state = await lawRoot([['constitution', constitution], ['tools', tools], ...[...rules, ...validators].map(({ key, leaf }) => [key, leaf] as const)]);
  if (!same(state, header.state_root)) refuse('the header stands under another law than the genesis');
  return { name: 'rules', ok: true, detail: `${rules.length} rules, enacted by the genesis` };
}
