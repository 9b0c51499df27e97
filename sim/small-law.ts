/** Small laws and a machine in memory, for tables of the state machine: one call of a method is one transaction. */
import type { Octets } from '../src/base/bytes.ts';
import type { Cbor, CborMap } from '../src/base/cbor.ts';
import { Fault } from '../src/base/fault.ts';
import { sign, signingKey } from '../src/crypto/suite.ts';
import { encodeToolMap } from '../src/facet/map.ts';
import { parseToolMap } from '../src/facet/map-source.ts';
import { type Constitution, encodeGenesis, type Genesis } from '../src/law/genesis.ts';
import { type Law, lawOf } from '../src/law/law.ts';
import { ENVIRONMENT } from '../src/law/rule.ts';
import { BlockBuilder, type BlockOutput, commit } from '../src/machine/apply.ts';
import type { Receipt } from '../src/machine/receipt.ts';
import { initialState, type State } from '../src/machine/state.ts';
import { compose, KIND, type Kind, makeSidecar, type PayloadOf, type Transaction } from '../src/machine/transaction.ts';
import { readRule } from '../src/rule/compile.ts';
import { encodeManifest, type Mode } from '../src/rule/manifest.ts';

export const SMALL_KEY = signingKey(new Uint8Array(32).fill(7));
export const SMALL_PRINCIPAL: Octets = 'p'.repeat(32);
/** 2026-01-01. */
const NONCE: Octets = 'n'.repeat(16);
export const SMALL_START_MS = 1_767_225_600_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** Tools of the tables: one that pays, one that reads what others wrote, one that reads the user's own, one that mails. */
export const SMALL_TOOLS = `
map: small
verbs: { pay: [pay, send], mail: [mail, tell] }
nouns: { payment: [bill, money], mail: [mail] }
delegable: []
tools:
  - tool: pay
    effect: irreversible
    egress: true
    args: { to: dest, amount: qty }
    money: { amount: amount, payee: to }
    intent: [pay]
    about: [payment]
    result: ack
  - tool: read
    effect: read
    args: { path: obj }
    fs: { op: =read, path: path }
    result: untrusted
    reads: [untrusted, private]
  - tool: page
    effect: read
    result: untrusted
    reads: [untrusted]
  - tool: balance
    effect: read
    result: own
    reads: [private]
  - tool: mail
    effect: irreversible
    egress: true
    args: { to: dest, body: text }
    mail: { to: [to], body: body }
    result: ack
`;

export interface SmallLaw {
  readonly rules?: readonly string[];
  /** The module that a rule's `program` names. */
  readonly module?: (file: string) => Uint8Array;
  readonly tools?: string;
  readonly default?: 'allow' | 'deny';
}

const noModule = (file: string): never => {
  throw new RangeError(`no module ${file}`);
};

export function smallConstitution({ rules = [], module = noModule, tools = SMALL_TOOLS, default: byDefault = 'allow' }: SmallLaw): Constitution {
  return {
    name: 'small',
    version: 3,
    default: byDefault,
    rules: rules.map((text) => {
      const rule = readRule(text, ENVIRONMENT, module);
      return { manifest: encodeManifest(rule.manifest), program: 'module' in rule ? rule.module : rule.bytes };
    }),
    tools: encodeToolMap(parseToolMap(tools)),
  };
}

/** A genesis of this law with one validator, but for what `change` says. */
export const smallGenesis = (text: SmallLaw, change: Partial<Genesis> = {}): Uint8Array =>
  encodeGenesis({
    version: 1,
    label: 'small',
    time_ms: SMALL_START_MS,
    home: 'ava',
    sequencer: 'solo',
    validators: [{ principal: SMALL_PRINCIPAL, name: 'node', suite: SMALL_KEY.suite, public: SMALL_KEY.public, weight: 1 }],
    constitution: smallConstitution(text),
    ...change,
  });

/** A rule's text from its judge expression and further lines. */
export const ruleText = (name: string, judge: string, ...more: readonly string[]): string =>
  [
    `rule: ${name}`,
    `title: ${name}`,
    'advice: none',
    `judge: ${JSON.stringify(judge)}`,
    ...(more.some((line) => line.startsWith('scope:')) ? [] : ['scope: all']),
    ...more,
  ].join('\n');

export interface Call {
  readonly permit?: boolean;
  readonly context?: CborMap | null;
  readonly kind?: string;
  readonly server?: string | null;
  readonly valid_until_ms?: number;
}

/** One machine in memory. Each transaction makes a block of its own, unless `block` gathers several. */
export class Desk {
  readonly law: Law;
  readonly state: State;
  now_ms = SMALL_START_MS;
  seq = 0;
  /** Of the last block. */
  last: BlockOutput | null = null;
  private gathering: BlockBuilder | null = null;

  constructor(law: Law | SmallLaw) {
    this.law = 'state_root' in law ? law : lawOf(smallGenesis(law));
    this.state = initialState(this.law.network, this.law, SMALL_START_MS);
  }

  /** Applies a transaction: its receipt, or the fault that refused it. */
  apply(transaction: Transaction): Receipt | Fault {
    if (this.gathering !== null) return this.gathering.add(transaction);
    const builder = new BlockBuilder(this.state, this.now_ms);
    const result = builder.add(transaction);
    this.commit(builder);
    return result;
  }

  private commit(builder: BlockBuilder): void {
    this.last = builder.close();
    commit(this.state, this.last);
  }

  /** Everything that `work` does lands in one block. */
  block(work: () => void): BlockOutput {
    const builder = new BlockBuilder(this.state, this.now_ms);
    this.gathering = builder;
    work();
    this.gathering = null;
    this.commit(builder);
    return this.last as BlockOutput;
  }

  /** Moves the clock, and makes a block of what is due. */
  pass(ms: number): BlockOutput {
    this.now_ms += ms;
    return this.block(() => {});
  }

  make<K extends Kind>(kind: K, payload: PayloadOf[K], items: readonly Cbor[] | null, valid_until_ms = 0): Transaction<K> {
    const side = items === null ? null : makeSidecar('s'.repeat(16), items);
    const filled =
      side === null
        ? payload
        : { ...payload, ...(kind === KIND.decide || kind === KIND.decide_again ? { args_commitment: side.commitment } : { commitment: side.commitment }) };
    return compose(this.law.network, kind, SMALL_PRINCIPAL, ++this.seq, valid_until_ms, filled, side);
  }

  /** Opens a session; its id. */
  open(agent = 'agent', assurance = 1): Octets {
    const transaction = this.make(KIND.session_open, { agent, assurance, nonce: NONCE }, null);
    const result = this.apply(transaction);
    if (result instanceof Fault) throw result;
    return transaction.tx_id.slice(0, 16);
  }

  say(session: Octets, text: string): Receipt | Fault {
    return this.apply(this.make(KIND.session_input, { session, commitment: '' }, [text]));
  }

  decide(
    session: Octets,
    name: string,
    args: CborMap = {},
    { permit = true, context = null, kind = 'tool.call', server = null, valid_until_ms = 0 }: Call = {},
  ): Receipt | Fault {
    return this.apply(this.make(KIND.decide, { session, kind, server, name, args_commitment: '', permit }, [args, context], valid_until_ms));
  }

  /** The same call with an approval. */
  decideAgain(
    session: Octets,
    approval: Octets,
    name: string,
    args: CborMap = {},
    { permit = true, context = null, kind = 'tool.call', server = null, valid_until_ms = 0 }: Call = {},
  ): Receipt | Fault {
    const payload = { session, kind, server, name, args_commitment: '', permit, approval };
    return this.apply(this.make(KIND.decide_again, payload, [args, context], valid_until_ms));
  }

  /** Answers an approval with the small validator's key. */
  answer(approval: Octets, allow: boolean, note = ''): Receipt | Fault {
    return this.signed(KIND.approval_answer, { approval, allow, note });
  }

  outcome(permit: Octets, ok = true, result: Cbor = null): Receipt | Fault {
    return this.apply(this.make(KIND.outcome, { permit, ok, commitment: '' }, ok ? [result, null] : [null, 'it failed']));
  }

  /** An outcome that says what the call came to. */
  settled(permit: Octets, amounts: Readonly<Record<string, number>>, ok = true): Receipt | Fault {
    const items = ok ? [null, null] : [null, 'it failed'];
    const list = Object.entries(amounts).map(([path, amount]) => ({ path, amount: BigInt(amount) }));
    return this.apply(this.make(KIND.outcome_settled, { permit, ok, commitment: '', amounts: list }, items));
  }

  trip(rule: string): Receipt | Fault {
    return this.apply(this.make(KIND.breaker_trip, { rule }, null));
  }

  /** Signed by a validator: the small one, whose key all of them share here, or another of `principal`. */
  signed<K extends Kind>(kind: K, payload: PayloadOf[K], principal: Octets = SMALL_PRINCIPAL): Receipt | Fault {
    const transaction = compose(this.law.network, kind, principal, ++this.seq, 0, payload, null);
    const signature = sign(SMALL_KEY, 'tx', this.law.network, transaction.tx_id);
    return this.apply({ ...transaction, auths: [{ suite: SMALL_KEY.suite, key_id: SMALL_KEY.id, signature }] });
  }

  halt(rule: string, span_ms: number, reason = 'a test'): Receipt | Fault {
    return this.signed(KIND.rule_halt, { rule, until_ms: this.now_ms + span_ms, reason });
  }

  mode(rule: string, mode: Mode, span_ms: number): Receipt | Fault {
    return this.signed(KIND.rule_mode, { rule, mode, until_ms: this.now_ms + span_ms, reason: 'a test' });
  }

  resume(rule: string): Receipt | Fault {
    return this.signed(KIND.rule_resume, { rule });
  }
}

/** `allow`, `deny`, `escalate`, `none`, or the slug of the fault. */
export const said = (result: Receipt | Fault): string => (result instanceof Fault ? result.slug : result.verdict);

/** The approval that an escalated decision waits for. @throws the fault, or when there is none */
export function approvalOf(result: Receipt | Fault): Octets {
  if (result instanceof Fault) throw result;
  if (result.approval === null) throw new RangeError(`no approval: ${result.verdict}`);
  return result.approval;
}

/** The permit of an allowed decision. @throws the fault, or when there is none */
export function permitOf(result: Receipt | Fault): Octets {
  if (result instanceof Fault) throw result;
  if (result.permit === null) throw new RangeError(`no permit: ${result.verdict}`);
  return result.permit;
}
