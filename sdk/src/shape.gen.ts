// Made by sdk/make-shapes.ts from a node's /openapi.json: do not edit.

export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** stable */
  readonly code: string;
  /** what happened, in one sentence */
  readonly detail: string;
  /** what to do */
  readonly next: string;
  readonly [name: string]: unknown;
};

export type SessionRequest = {
  /** The name of the agent; at most 256 bytes */
  readonly agent: string;
  /** What the user asked for, as an input of the session */
  readonly user?: string;
};

export type SessionAnswer = {
  /** The id of the session */
  readonly session: string;
  readonly agent: string;
};

export type InputRequest = {
  /** What the user said */
  readonly text: string;
};

export type Placed = {
  /** height, index in the block, first 12 hex digits of the tx_id */
  readonly receipt: string;
  /** The block */
  readonly height: number;
  /** The place in the block */
  readonly index: number;
};

export type ActionRequest = {
  /** tool.call, or another moment: tool.list, tool.result, user.input, model.call, … */
  readonly kind: string;
  /** The server that has the tool; at most 256 bytes */
  readonly server?: string;
  /** The name of the tool; at most 256 bytes */
  readonly name: string;
  /** The arguments; at most 64 KiB, 16 levels */
  readonly args: Readonly<Record<string, unknown>>;
};

export type DecisionRequest = {
  /** The id of the session */
  readonly session: string;
  readonly action: ActionRequest;
  /** Facts that the caller vouches for */
  readonly context?: Readonly<Record<string, unknown>>;
  /** false asks for a verdict alone: nothing is reserved */
  readonly permit?: boolean;
  /** The approval that a person gave to this call */
  readonly approval?: string;
  /** true: where such a call was announced, it is judged in the session that the announcement names */
  readonly announced?: boolean;
};

export type Reason = {
  readonly rule: string;
  readonly answer: "allow" | "deny" | "escalate";
  /** why the rule did not pass */
  readonly cause: "failed" | "fault" | "breaker" | "halt" | "gas" | "memory" | "stack" | "unauthorised" | "trap";
  readonly mode: "floor" | "enforce" | "observe";
  readonly title: string;
  /** what would pass */
  readonly advice?: string;
  /** Values of the call that made the rule speak; their text is not here */
  readonly values?: readonly ({
    /** The argument */
    readonly path: string;
    /** The fact of the session that counts it */
    readonly fact: string;
    /** Where the value was found */
    readonly origin: "unseen" | "text" | "passage" | "record" | "directory" | "named" | "partly" | "asked" | "refused" | "unread" | "document";
    /** The transaction that brought it into the session */
    readonly height?: number;
    readonly index?: number;
    /** The same in words */
    readonly text: string;
  })[];
};

export type Obligation = {
  /** redact, cap, transform, delay or notify; who does not know it denies the call */
  readonly do: string;
  /** The argument; empty for delay and notify */
  readonly path: string;
  /** The text in its place, the most it may be, the value it gets; milliseconds; whom to tell */
  readonly value: unknown;
};

export type DecisionAnswer = {
  readonly verdict: "allow" | "deny" | "escalate";
  /** false when a rule that only observes would have been stricter */
  readonly enforced: boolean;
  /** height, index in the block, first 12 hex digits of the tx_id */
  readonly receipt: string;
  /** What an outcome names; only with allow */
  readonly permit?: string;
  /** The approval that an escalation waits for */
  readonly approval?: string;
  /** The session that an announcement named; only with announced */
  readonly session?: string;
  readonly reasons: readonly Reason[];
  /** What an allowed call must meet */
  readonly obligations: readonly Obligation[];
  /** The arguments as the obligations leave them, where they change them: call the tool with these */
  readonly args?: Readonly<Record<string, unknown>>;
  /** The version of the constitution that judged */
  readonly constitution: number;
  /** The gas of the rules that judged */
  readonly gas: number;
  /** The block */
  readonly height: number;
  /** The place in the block */
  readonly index: number;
};

export type BatchRequest = {
  readonly decisions: readonly DecisionRequest[];
};

export type BatchAnswer = {
  readonly decisions: readonly (DecisionAnswer | {
    readonly error: Problem;
  })[];
};

export type OutcomeRequest = {
  /** The permit of the decision */
  readonly permit: string;
  /** whether the tool did it */
  readonly ok: boolean;
  /** what the tool returned */
  readonly result?: unknown;
  /** what went wrong */
  readonly error?: string;
  /** What it came to, by the path that is summed: {"tokens": 1200, "money.amount": 399}; a sum without one keeps what was reserved */
  readonly amounts?: Readonly<Record<string, unknown>>;
};

export type Approval = {
  /** The id */
  readonly id: string;
  /** The same for people */
  readonly code: string;
  readonly status: "waiting" | "allowed" | "denied" | "used" | "expired";
  /** height, index in the block, first 12 hex digits of the tx_id */
  readonly receipt: string;
  /** The session */
  readonly session: string;
  /** null when the session has ended */
  readonly agent: string | null;
  readonly action: {
    readonly kind: string;
    readonly server?: string;
    readonly name: string;
    readonly args: Readonly<Record<string, unknown>> | null;
  };
  readonly context: Readonly<Record<string, unknown>> | null;
  /** What the call really does */
  readonly facets: Readonly<Record<string, unknown>>;
  /** Whose escalation it answers */
  readonly rules: readonly string[];
  readonly reasons: readonly Reason[];
  /** When it was asked for */
  readonly opened_ms: number;
  /** When this status ends by itself */
  readonly due_ms: number;
  readonly answer: {
    readonly allow: boolean;
    readonly note: string;
    readonly by: string | null;
    /** When */
    readonly at_ms: number;
  } | null;
};

export type ApprovalsAnswer = {
  readonly approvals: readonly Approval[];
};

export type Block = {
  /** The height */
  readonly height: number;
  /** Unix time */
  readonly time_ms: number;
  /** H("header", header) */
  readonly hash: string;
  /** The 576 bytes */
  readonly header: string;
  /** The signature suite */
  readonly suite: number;
  /** Who signed */
  readonly key_id: string;
  /** The signature over the hash */
  readonly signature: string;
};

export type ReceiptAnswer = {
  readonly receipt: {
    /** height, index in the block, first 12 hex digits of the tx_id */
    readonly id: string;
    /** H("tx", body) */
    readonly tx_id: string;
    readonly verdict: "none" | "allow" | "deny" | "escalate";
    readonly enforced: boolean;
    readonly reasons: readonly Reason[];
    readonly obligations: readonly Obligation[];
    /** The version of the constitution */
    readonly constitution: number;
    /** The gas */
    readonly gas: number;
    readonly inputs_hash: string | null;
    readonly trace: string | null;
    readonly permit: string | null;
    readonly approval: string | null;
    /** The block */
    readonly height: number;
    /** The place in the block */
    readonly index: number;
  };
  readonly transaction: {
    /** the name of its kind: decide, outcome, session_open, … */
    readonly kind: string;
    /** The principal */
    readonly sender: string;
    /** The sender's sequence number */
    readonly seq: number;
    /** 0: no end */
    readonly valid_until_ms: number;
    /** The fields of this kind */
    readonly payload: Readonly<Record<string, unknown>>;
    readonly signed: boolean;
  };
  readonly sidecar: Readonly<Record<string, unknown>> | null;
  readonly witness: Readonly<Record<string, unknown>> | null;
  readonly block: Block;
  readonly proof: {
    /** Leaf of the block */
    readonly index: number;
    /** Leaves of the block */
    readonly size: number;
    /** The block's root */
    readonly entries_root: string;
    /** Leaf of the log */
    readonly log_index: number;
    /** Leaves of the log at this block */
    readonly log_size: number;
  };
};

export type RulesAnswer = {
  /** The version */
  readonly constitution: number;
  readonly rules: readonly ({
    /** The place in the constitution */
    readonly index: number;
    readonly rule: string;
    readonly title: string;
    readonly advice?: string;
    readonly scope: readonly string[];
    readonly mode: "floor" | "enforce" | "observe";
    /** 0: no end */
    readonly until_ms: number;
    readonly grants: boolean;
    readonly otherwise: "allow" | "deny" | "escalate";
    readonly on_fault: "allow" | "deny" | "escalate";
    readonly level: string;
    readonly gas: number;
    /** H("rule", program) */
    readonly id: string;
    /** The source; empty where the rule is a guest */
    readonly judge: string;
    readonly guest?: {
      /** How it is called */
      readonly abi: "buffer" | "opa" | "wapc";
      /** SHA-256 of the module */
      readonly module: string;
      /** Host functions that it may use */
      readonly hosts: readonly string[];
      /** Rules that it may call */
      readonly calls: readonly string[];
      /** State that it may read */
      readonly reads: readonly string[];
    };
    /** open: it gives on_fault without running */
    readonly breaker: "closed" | "open" | "half_open";
    /** When an open breaker ends; 0 for another */
    readonly breaker_until_ms: number;
    readonly breaker_limits?: {
      /** Faults within the window that open it */
      readonly faults: number;
      /** The window */
      readonly window_ms: number;
      /** How long it stays open the first time */
      readonly open_ms: number;
      /** Decisions without a fault that close it again */
      readonly probes: number;
    };
    /** While it is halted the rule denies without running */
    readonly halt?: {
      /** When it ends by itself */
      readonly until_ms: number;
      /** When it began */
      readonly since_ms: number;
      /** The validator */
      readonly by: string;
      readonly reason: string;
    };
    /** A mode that stands instead of the rule's own */
    readonly override?: {
      readonly mode: "floor" | "enforce" | "observe";
      /** When it ends by itself */
      readonly until_ms: number;
      /** When it began */
      readonly since_ms: number;
      /** The validator */
      readonly by: string;
      readonly reason: string;
    };
    /** Values by name */
    readonly params: Readonly<Record<string, unknown>>;
    /** What the rule reads */
    readonly inputs: readonly ({
      readonly path: string;
      readonly type: string;
    })[];
  })[];
};

export type ConstitutionAnswer = {
  readonly name: string;
  readonly version: number;
  readonly default: "allow" | "deny";
  readonly network: string;
  readonly home: string;
  readonly sequencer: string;
  readonly rules: readonly string[];
  /** Tools of the tool map */
  readonly tools: number;
  readonly validators: readonly ({
    readonly name: string;
    readonly principal: string;
    readonly key_id: string;
    readonly public: string;
    readonly suite: number;
    readonly weight: number;
  })[];
  readonly validators_root: string;
  readonly rules_root: string;
  readonly state_root: string;
  readonly schedule: string;
};

export type ToolsAnswer = {
  /** The version */
  readonly constitution: number;
  /** What a tool counts as that is not listed */
  readonly unlisted: "opaque" | "guess";
  readonly tools: readonly ({
    readonly tool: string;
    /** null: whatever the server */
    readonly server: string | null;
    readonly effect: "read" | "write" | "irreversible" | "opaque";
    readonly egress: boolean;
    readonly args: readonly ({
      /** segments joined by dots */
      readonly path: string;
      readonly kind: "dest" | "sec" | "obj" | "text" | "qty" | "time";
    })[];
    /** Groups of facets that its arguments show */
    readonly facets: readonly string[];
    readonly intent: readonly string[];
    readonly about: readonly string[];
    readonly result: "untrusted" | "records" | "directory" | "own" | "ack";
    readonly reads: readonly ("untrusted" | "private" | "secret")[];
    readonly metadata: readonly string[];
  })[];
};

export type BlockAnswer = {
  readonly block: Block;
  readonly fields: {
    readonly network: string;
    readonly height: number;
    readonly time_ms: number;
    readonly prev_hash: string;
    readonly seal_ref: string;
    readonly validators_root: string;
    readonly rules_root: string;
    readonly state_root: string;
    readonly facts_digest: string;
    readonly entries_root: string;
    readonly log_size: number;
    readonly log_root: string;
    readonly outbox_root: string;
    readonly verdicts: {
      readonly none: number;
      readonly allow: number;
      readonly deny: number;
      readonly escalate: number;
    };
    readonly gas_used: number;
    readonly amendments_root: string;
    readonly schedule: string;
  };
  readonly receipts: readonly string[];
};

export type HealthAnswer = {
  readonly status: "ok" | "failed";
  readonly version: string;
  readonly network: string;
  /** The last durable block */
  readonly height: number;
  /** Transactions that wait */
  readonly waiting: number;
  readonly constitution: number;
  readonly uptime_ms: number;
  readonly fault?: Problem;
};

export type ReadyAnswer = {
  readonly ready: boolean;
};

export type AuthzenSubject = {
  /** `session`: its id is that of an AVA session; any other: its id is the name of an agent */
  readonly type: string;
  /** The id */
  readonly id: string;
  /** Not read */
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly [name: string]: unknown;
};

export type AuthzenAction = {
  /** The tool */
  readonly name: string;
  /** `kind`, `server`; `permit: true` asks for a permit */
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly [name: string]: unknown;
};

export type AuthzenResource = {
  /** Told to rules as context */
  readonly type: string;
  /** Told to rules as context */
  readonly id: string;
  /** The tool's arguments; without it, `{id}` */
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly [name: string]: unknown;
};

export type AuthzenEvaluation = {
  readonly subject: AuthzenSubject;
  readonly action: AuthzenAction;
  readonly resource: AuthzenResource;
  /** Facts that the caller vouches for; `obligations: true`: that it honours obligations */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly [name: string]: unknown;
};

export type AuthzenAnswer = {
  /** true: the verdict is allow, and nothing else is owed */
  readonly decision: boolean;
  /** reason, and the decision as POST /v1/decisions gives it */
  readonly context?: Readonly<Record<string, unknown>>;
};

export type AuthzenEvaluations = {
  readonly subject?: AuthzenSubject;
  readonly action?: AuthzenAction;
  readonly resource?: AuthzenResource;
  /** Facts that the caller vouches for; `obligations: true`: that it honours obligations */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly evaluations?: readonly Readonly<Record<string, unknown>>[];
  readonly options?: {
    readonly evaluations_semantic?: "execute_all" | "deny_on_first_deny" | "permit_on_first_permit";
    readonly [name: string]: unknown;
  };
  readonly [name: string]: unknown;
};

export type AuthzenAnswers = {
  readonly evaluations: readonly AuthzenAnswer[];
} | AuthzenAnswer;

export type AuthzenConfiguration = {
  readonly policy_decision_point: string;
  readonly access_evaluation_endpoint: string;
  readonly access_evaluations_endpoint: string;
};

export type AnnouncementRequest = {
  /** The session of the call */
  readonly session: string;
  /** The server that has the tool */
  readonly server: string;
  /** The name of the tool */
  readonly name: string;
  /** SHA-256 of the canonical CBOR of [name, args] */
  readonly digest: string;
};

export type AnnouncementAnswer = {
  /** How long it may be claimed */
  readonly claim_ms: number;
};

export type ClaimRequest = {
  /** The server that has the tool */
  readonly server: string;
  /** The name of the tool */
  readonly name: string;
  /** SHA-256 of the canonical CBOR of [name, args] */
  readonly digest: string;
};

export type ClaimAnswer = {
  readonly session: string | null;
};
