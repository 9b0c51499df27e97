/**
 * The shapes of requests and answers, once (spec/http.md N-20 to N-29). They are JSON Schema: OpenAPI, the validators
 * and the client's types derive from them.
 */
import { type Static, Type } from 'typebox';
import { LABEL_BYTES_MAX } from '../base/limit.ts';
import { ORIGINS } from '../facet/flow.ts';
import { SUMS_MAX } from '../law/sum-input.ts';
import { CAUSES, VALUES_MAX } from '../machine/receipt.ts';
import { APPROVAL_STATES } from '../machine/state.ts';
import { ABIS } from '../rule/manifest.ts';
import { closed, count, hash, hexOf, id, label, object, receiptId, reference } from './shape.ts';

/** Decisions of one batch. */
export const BATCH_MAX = 256;

/** N-21 */
export const SessionRequest = Type.Object(
  { agent: label('The name of the agent'), user: Type.Optional(Type.String({ description: 'What the user asked for, as an input of the session' })) },
  { ...closed, $id: 'SessionRequest' },
);
export const SessionAnswer = Type.Object({ session: id('The id of the session'), agent: Type.String() }, { ...closed, $id: 'SessionAnswer' });

/** N-22 */
export const InputRequest = Type.Object({ text: Type.String({ description: 'What the user said' }) }, { ...closed, $id: 'InputRequest' });
export const Placed = Type.Object({ receipt: receiptId, height: count('The block'), index: count('The place in the block') }, { ...closed, $id: 'Placed' });

/** N-23 */
export const ActionRequest = Type.Object(
  {
    kind: Type.String({ pattern: '^[a-z][a-z0-9._/-]{0,63}$', description: 'tool.call, or another moment: tool.list, tool.result, user.input, model.call, …' }),
    server: Type.Optional(label('The server that has the tool')),
    name: label('The name of the tool'),
    args: object('The arguments; at most 64 KiB, 16 levels'),
  },
  { ...closed, $id: 'ActionRequest' },
);
export const DecisionRequest = Type.Object(
  {
    session: reference('The id of the session'),
    action: ActionRequest,
    context: Type.Optional(object('Facts that the caller vouches for')),
    permit: Type.Optional(Type.Boolean({ description: 'false asks for a verdict alone: nothing is reserved' })),
    approval: Type.Optional(reference('The approval that a person gave to this call')),
    announced: Type.Optional(Type.Boolean({ description: 'true: where such a call was announced, it is judged in the session that the announcement names' })),
  },
  { ...closed, $id: 'DecisionRequest' },
);
export const Verdict = Type.Enum(['allow', 'deny', 'escalate']);
const Mode = Type.Enum(['floor', 'enforce', 'observe']);
export const Reason = Type.Object(
  {
    rule: Type.String(),
    answer: Verdict,
    cause: Type.Enum([...CAUSES], { description: 'why the rule did not pass' }),
    mode: Mode,
    title: Type.String(),
    advice: Type.Optional(Type.String({ description: 'what would pass' })),
    values: Type.Optional(
      Type.Array(
        Type.Object(
          {
            path: Type.String({ description: 'The argument' }),
            fact: Type.String({ description: 'The fact of the session that counts it' }),
            origin: Type.Enum([...ORIGINS], { description: 'Where the value was found' }),
            height: Type.Optional(count('The transaction that brought it into the session')),
            index: Type.Optional(count()),
            text: Type.String({ description: 'The same in words' }),
          },
          closed,
        ),
        { maxItems: VALUES_MAX, description: 'Values of the call that made the rule speak; their text is not here' },
      ),
    ),
  },
  { ...closed, $id: 'Reason' },
);
export const Obligation = Type.Object(
  {
    do: Type.String({ description: 'redact, cap, transform, delay or notify; who does not know it denies the call' }),
    path: Type.String({ description: 'The argument; empty for delay and notify' }),
    value: Type.Unknown({ description: 'The text in its place, the most it may be, the value it gets; milliseconds; whom to tell' }),
  },
  { ...closed, $id: 'Obligation' },
);
export const DecisionAnswer = Type.Object(
  {
    verdict: Verdict,
    enforced: Type.Boolean({ description: 'false when a rule that only observes would have been stricter' }),
    receipt: receiptId,
    permit: Type.Optional(id('What an outcome names; only with allow')),
    approval: Type.Optional(id('The approval that an escalation waits for')),
    session: Type.Optional(id('The session that an announcement named; only with announced')),
    reasons: Type.Array(Reason),
    obligations: Type.Array(Obligation, { description: 'What an allowed call must meet' }),
    args: Type.Optional(object('The arguments as the obligations leave them, where they change them: call the tool with these')),
    constitution: count('The version of the constitution that judged'),
    gas: count('The gas of the rules that judged'),
    height: count('The block'),
    index: count('The place in the block'),
  },
  { ...closed, $id: 'DecisionAnswer' },
);

/** N-5 */
export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    code: Type.String({ pattern: '^AVA-[0-9]{4}$', description: 'stable' }),
    detail: Type.String({ description: 'what happened, in one sentence' }),
    next: Type.String({ description: 'what to do' }),
  },
  { additionalProperties: true, $id: 'Problem' },
);

/** N-24: what is checked of a batch at once. Its items are checked one by one, so that one bad item fails alone. */
export const BatchFrame = Type.Object({ decisions: Type.Array(Type.Unknown(), { maxItems: BATCH_MAX }) }, closed);
export const BatchRequest = Type.Object({ decisions: Type.Array(DecisionRequest, { maxItems: BATCH_MAX }) }, { ...closed, $id: 'BatchRequest' });
export const BatchAnswer = Type.Object(
  { decisions: Type.Array(Type.Union([DecisionAnswer, Type.Object({ error: Problem }, closed)])) },
  { ...closed, $id: 'BatchAnswer' },
);

/** N-26 */
export const OutcomeRequest = Type.Object(
  {
    permit: reference('The permit of the decision'),
    ok: Type.Boolean({ description: 'whether the tool did it' }),
    result: Type.Optional(Type.Unknown({ description: 'what the tool returned' })),
    error: Type.Optional(Type.String({ description: 'what went wrong' })),
    amounts: Type.Optional(
      Type.Record(Type.String({ maxLength: LABEL_BYTES_MAX }), count(), {
        maxProperties: SUMS_MAX,
        description: 'What it came to, by the path that is summed: {"tokens": 1200, "money.amount": 399}; a sum without one keeps what was reserved',
      }),
    ),
  },
  { ...closed, $id: 'OutcomeRequest' },
);

const Block = Type.Object(
  {
    height: count('The height'),
    time_ms: count('Unix time'),
    hash: hash('H("header", header)'),
    header: hexOf('The 576 bytes'),
    suite: count('The signature suite'),
    key_id: hash('Who signed'),
    signature: hexOf('The signature over the hash'),
  },
  { ...closed, $id: 'Block' },
);

/** N-27 */
export const ReceiptAnswer = Type.Object(
  {
    receipt: Type.Object(
      {
        id: receiptId,
        tx_id: hash('H("tx", body)'),
        verdict: Type.Enum(['none', 'allow', 'deny', 'escalate']),
        enforced: Type.Boolean(),
        reasons: Type.Array(Reason),
        obligations: Type.Array(Obligation),
        constitution: count('The version of the constitution'),
        gas: count('The gas'),
        inputs_hash: Type.Union([hash('What the rules read'), Type.Null()]),
        trace: Type.Union([hash('What each rule gave'), Type.Null()]),
        permit: Type.Union([id('The permit'), Type.Null()]),
        approval: Type.Union([id('The approval that it waits for'), Type.Null()]),
        height: count('The block'),
        index: count('The place in the block'),
      },
      closed,
    ),
    transaction: Type.Object(
      {
        kind: Type.String({ description: 'the name of its kind: decide, outcome, session_open, …' }),
        sender: hash('The principal'),
        seq: count("The sender's sequence number"),
        valid_until_ms: count('0: no end'),
        payload: object('The fields of this kind'),
        signed: Type.Boolean(),
      },
      closed,
    ),
    sidecar: Type.Union([object('Text, arguments, context or result; null when there are none or they were erased'), Type.Null()]),
    witness: Type.Union([object('State that the judge read, by path'), Type.Null()]),
    block: Block,
    proof: Type.Object(
      {
        index: count('Leaf of the block'),
        size: count('Leaves of the block'),
        entries_root: hash("The block's root"),
        log_index: count('Leaf of the log'),
        log_size: count('Leaves of the log at this block'),
      },
      closed,
    ),
  },
  { ...closed, $id: 'ReceiptAnswer' },
);

/** N-30 */
export const BlockAnswer = Type.Object(
  {
    block: Block,
    fields: Type.Object(
      {
        network: hash(),
        height: count(),
        time_ms: count(),
        prev_hash: hash(),
        seal_ref: hash(),
        validators_root: hash(),
        rules_root: hash(),
        state_root: hash(),
        facts_digest: hash(),
        entries_root: hash(),
        log_size: count(),
        log_root: hash(),
        outbox_root: hash(),
        verdicts: Type.Object({ none: count(), allow: count(), deny: count(), escalate: count() }, closed),
        gas_used: count(),
        amendments_root: hash(),
        schedule: hash(),
      },
      closed,
    ),
    receipts: Type.Array(receiptId),
  },
  { ...closed, $id: 'BlockAnswer' },
);

/** N-50 */
export const ApprovalView = Type.Object(
  {
    id: id('The id'),
    code: Type.String({ pattern: '^[0-9A-HJKMNP-TV-Z]{6}$', description: 'The same for people' }),
    status: Type.Enum([...APPROVAL_STATES]),
    receipt: receiptId,
    session: id('The session'),
    agent: Type.Union([Type.String(), Type.Null()], { description: 'null when the session has ended' }),
    action: Type.Object(
      { kind: Type.String(), server: Type.Optional(Type.String()), name: Type.String(), args: Type.Union([object('The arguments'), Type.Null()]) },
      closed,
    ),
    context: Type.Union([object('What the caller vouched for'), Type.Null()]),
    facets: object('What the call really does'),
    rules: Type.Array(Type.String(), { description: 'Whose escalation it answers' }),
    reasons: Type.Array(Reason),
    opened_ms: count('When it was asked for'),
    due_ms: count('When this status ends by itself'),
    answer: Type.Union([
      Type.Object({ allow: Type.Boolean(), note: Type.String(), by: Type.Union([Type.String(), Type.Null()]), at_ms: count('When') }, closed),
      Type.Null(),
    ]),
  },
  { ...closed, $id: 'Approval' },
);
export const ApprovalsAnswer = Type.Object({ approvals: Type.Array(ApprovalView) }, { ...closed, $id: 'ApprovalsAnswer' });

/** N-28 */
export const RulesAnswer = Type.Object(
  {
    constitution: count('The version'),
    rules: Type.Array(
      Type.Object(
        {
          index: count('The place in the constitution'),
          rule: Type.String(),
          title: Type.String(),
          advice: Type.Optional(Type.String()),
          scope: Type.Array(Type.String()),
          mode: Mode,
          until_ms: count('0: no end'),
          grants: Type.Boolean(),
          otherwise: Verdict,
          on_fault: Verdict,
          level: Type.String(),
          gas: count(),
          id: hash('H("rule", program)'),
          judge: Type.String({ description: 'The source; empty where the rule is a guest' }),
          guest: Type.Optional(
            Type.Object(
              {
                abi: Type.Enum([...ABIS], { description: 'How it is called' }),
                module: hash('SHA-256 of the module'),
                hosts: Type.Array(Type.String(), { description: 'Host functions that it may use' }),
                calls: Type.Array(Type.String(), { description: 'Rules that it may call' }),
                reads: Type.Array(Type.String(), { description: 'State that it may read' }),
              },
              closed,
            ),
          ),
          breaker: Type.Enum(['closed', 'open', 'half_open'], { description: 'open: it gives on_fault without running' }),
          breaker_until_ms: count('When an open breaker ends; 0 for another'),
          breaker_limits: Type.Optional(
            Type.Object(
              {
                faults: count('Faults within the window that open it'),
                window_ms: count('The window'),
                open_ms: count('How long it stays open the first time'),
                probes: count('Decisions without a fault that close it again'),
              },
              closed,
            ),
          ),
          halt: Type.Optional(
            Type.Object(
              {
                until_ms: count('When it ends by itself'),
                since_ms: count('When it began'),
                by: Type.String({ description: 'The validator' }),
                reason: Type.String(),
              },
              { ...closed, description: 'While it is halted the rule denies without running' },
            ),
          ),
          override: Type.Optional(
            Type.Object(
              {
                mode: Mode,
                until_ms: count('When it ends by itself'),
                since_ms: count('When it began'),
                by: Type.String({ description: 'The validator' }),
                reason: Type.String(),
              },
              { ...closed, description: "A mode that stands instead of the rule's own" },
            ),
          ),
          params: object('Values by name'),
          inputs: Type.Array(Type.Object({ path: Type.String(), type: Type.String() }, closed), { description: 'What the rule reads' }),
        },
        closed,
      ),
    ),
  },
  { ...closed, $id: 'RulesAnswer' },
);
export const ConstitutionAnswer = Type.Object(
  {
    name: Type.String(),
    version: count(),
    default: Type.Enum(['allow', 'deny']),
    network: hash(),
    home: Type.String(),
    sequencer: Type.String(),
    rules: Type.Array(Type.String()),
    tools: count('Tools of the tool map'),
    validators: Type.Array(Type.Object({ name: Type.String(), principal: hash(), key_id: hash(), public: hash(), suite: count(), weight: count() }, closed)),
    validators_root: hash(),
    rules_root: hash(),
    state_root: hash(),
    schedule: hash(),
  },
  { ...closed, $id: 'ConstitutionAnswer' },
);

/** N-32 */
export const HealthAnswer = Type.Object(
  {
    status: Type.Enum(['ok', 'failed']),
    version: Type.String(),
    network: hash(),
    height: count('The last durable block'),
    waiting: count('Transactions that wait'),
    constitution: count(),
    uptime_ms: count(),
    fault: Type.Optional(Problem),
  },
  { ...closed, $id: 'HealthAnswer' },
);
export const ReadyAnswer = Type.Object({ ready: Type.Boolean() }, { ...closed, $id: 'ReadyAnswer' });

export type SessionRequest = Static<typeof SessionRequest>;
export type SessionAnswer = Static<typeof SessionAnswer>;
export type InputRequest = Static<typeof InputRequest>;
export type Placed = Static<typeof Placed>;
export type DecisionRequest = Static<typeof DecisionRequest>;
export type DecisionAnswer = Static<typeof DecisionAnswer>;
export type OutcomeRequest = Static<typeof OutcomeRequest>;
export type ApprovalView = Static<typeof ApprovalView>;
export type ApprovalsAnswer = Static<typeof ApprovalsAnswer>;
export type Reason = Static<typeof Reason>;
export type Problem = Static<typeof Problem>;
export type ReceiptAnswer = Static<typeof ReceiptAnswer>;
export type BlockAnswer = Static<typeof BlockAnswer>;
export type RulesAnswer = Static<typeof RulesAnswer>;
export type ConstitutionAnswer = Static<typeof ConstitutionAnswer>;
export type HealthAnswer = Static<typeof HealthAnswer>;
