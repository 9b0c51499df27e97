/**
 * Faults: every refusal has a stable number, a slug, a status and the next step.
 * Numbers are append-only: a number that was published keeps its meaning for ever.
 * 1xxx set-up and operation · 2xxx rules · 3xxx agents and coverage · 4xxx sessions, permits, requests ·
 * 5xxx ledger · 6xxx encodings
 */
export const FAULTS = {
  port_in_use: [1001, 500, 'The port is in use', 'stop the other process, or choose another port with --port'],
  data_locked: [
    1002,
    500,
    'The data folder is in use by another process',
    'see `avactl status`: a node may run already; else stop that process, or choose another folder with --data',
  ],
  data_version: [1003, 500, 'The data folder was written by another version', 'use the version that wrote it, or choose another folder with --data'],
  node_too_old: [1004, 500, 'This Node is too old', 'use Node 24 or later'],
  unreachable: [1005, 503, 'No node answers at this address', 'start one with `avactl up`, or name its address with --port'],
  usage: [1006, 400, 'The command line was not understood', 'see `avactl help`'],
  config: [1007, 500, 'The configuration cannot be used', 'correct the named setting'],
  tool_missing: [1008, 500, 'A program that this needs is not on this machine', 'install it as the message says'],
  engine_failed: [1030, 500, 'The WebAssembly engine of this node failed', 'restart the node; if it recurs, use another Node version'],
  internal: [1099, 500, 'A fault of this node', "report it with the node's log"],

  rule_yaml: [2001, 400, 'The rule file is not valid YAML', 'correct the named line'],
  rule_field: [2002, 400, 'A field of the rule is missing or wrong', 'correct the named field'],
  rule_name: [2003, 400, 'The rule names something that is not declared', 'use one of the named paths, or declare an input'],
  rule_syntax: [2004, 400, 'The rule expression cannot be parsed', 'correct the named place'],
  rule_type: [2005, 400, 'The rule expression has a type error', 'correct the named place'],
  rule_unsupported: [2006, 400, 'The rule uses something that AVA refuses', 'follow the advice given with the place'],
  rule_bound: [2008, 400, 'The rule exceeds a limit', 'declare smaller bounds or simplify the rule'],
  rule_test: [2009, 400, 'A test of the rule fails', 'correct the rule or the test'],
  rule_not_canonical: [2010, 400, 'The program is not in canonical form', 'compile it again with this version'],
  rule_unknown: [2012, 404, 'No rule has this name', 'see `avactl rules list` for the rules in force'],
  rule_program: [2013, 400, "The program's bytes are not a program", 'compile it again with this version'],
  rule_inputs: [2014, 400, 'An input buffer is malformed', 'do not trust it; ask its holder for another'],
  rule_source: [2015, 400, 'The source of the rule does not compile', 'correct the named place'],
  wasm_malformed: [2020, 400, 'The bytes are not a WebAssembly module', 'build it again; the place is named'],
  wasm_invalid: [2021, 400, 'The WebAssembly module is not valid', 'build it again; the place is named'],
  wasm_refused: [2022, 400, 'The WebAssembly module uses what the profile refuses', 'follow the advice given with the place'],
  wasm_bound: [2023, 400, 'The WebAssembly module exceeds a limit', 'make it smaller, or raise the limit where the rule may choose it'],
  map_yaml: [2041, 400, 'The tool map is not valid YAML', 'correct the named line'],
  map_field: [2042, 400, 'A field of the tool map is missing or wrong', 'correct the named field'],

  client_too_old: [3005, 409, 'This version of the program lets a call run when its hook fails', 'upgrade it, or connect with --mcp-only'],
  settings_malformed: [3006, 400, 'The settings cannot be read', 'correct the named place; nothing was written'],
  settings_changed: [3007, 409, 'Another program changed the settings meanwhile', 'close it, then try again; nothing was written'],
  canary_passed: [3008, 500, 'A call that must be refused was not refused', 'the old settings are back; see `avactl doctor`'],
  client_unknown: [3009, 404, 'No settings of this program were found', 'start the program once, or name its folder with --project'],
  pin_changed: [3010, 409, 'The tool is not as it was pinned', 'see what changed with `avactl tools diff`, then pin it anew with `avactl tools pin`'],
  upstream_failed: [3011, 502, 'The tool server does not answer', 'see its own messages on stderr; it is started again with the next request'],
  upstream_unknown: [3012, 404, 'No tool server has this name', 'see servers.json in the data folder'],
  call_denied: [3020, 403, 'The constitution forbids this call', 'do not retry it unchanged; see what would pass'],
  call_escalated: [3021, 403, 'This call needs the approval of a person', 'wait for the approval, or do something else'],

  request_json: [4001, 400, 'The request is not valid JSON', 'send one JSON value in UTF-8'],
  request_shape: [4002, 400, 'The request has a wrong or unknown field', 'see /openapi.json for the shape'],
  request_too_large: [4003, 413, 'The request is too large', 'arguments may have 64 KiB; send large content by reference'],
  integer_too_large: [4004, 400, 'An integer is past 2^53', 'send a string'],
  not_finite: [4005, 400, 'A number is not finite or is negative zero', 'send a finite number'],
  too_deep: [4006, 400, 'A value is nested too deeply', 'nest at most 16 levels'],
  key_duplicate: [4007, 400, 'An object has the same key twice', 'send each key once'],
  key_forbidden: [4008, 400, 'An object has a forbidden key', 'do not use __proto__ as a key'],
  text_malformed: [4009, 400, 'A text is not well-formed Unicode', 'send no lone surrogates'],
  route_unknown: [4010, 404, 'No such route', 'see /openapi.json'],
  method_unknown: [4011, 405, 'The route does not take this method', 'see /openapi.json'],
  overloaded: [4012, 503, 'The node has as much work as it can hold', 'retry after the time in Retry-After'],
  session_unknown: [4020, 404, 'No session has this id, or it has expired', 'open one with POST /v1/sessions'],
  permit_unknown: [4021, 404, 'No permit has this id', 'use the permit of the decision'],
  permit_used: [4022, 409, 'The permit has been used', 'ask for a new decision'],
  permit_expired: [4023, 409, 'The permit has expired', 'ask for a new decision'],
  receipt_unknown: [4024, 404, 'No receipt has this id', "use the id of the decision's answer"],
  block_unknown: [4025, 404, 'No block has this height', 'see /health for the height'],
  sequence_used: [4026, 409, 'The sender has used this sequence number', 'use the next one'],
  transaction_expired: [4027, 409, "The transaction's validity has ended", 'sign a new one'],
  network_other: [4028, 400, 'The transaction is for another network', 'sign for this network'],
  signature_invalid: [4029, 400, 'A signature does not verify', 'sign the tx_id with the named key'],
  kind_unknown: [4030, 400, 'No transaction kind has this number', 'see spec/transaction.md'],
  timed_out: [4031, 408, 'The request did not arrive in time', 'send the whole request within the time limit'],
  host_refused: [4032, 403, 'The Host header names another host', 'use 127.0.0.1 or localhost, or configure the name'],
  origin_refused: [4033, 403, 'A web page of another origin sent the request', 'call from a program, or start the node with `--origin`'],
  media_type: [4034, 415, 'The body has another media type', 'send the Content-Type that /openapi.json names'],
  http_malformed: [4035, 400, 'The request is not valid HTTP', 'send HTTP/1.1 (RFC 9112)'],
  head_too_large: [4036, 431, 'The header fields of the request are too large', "a request's head may have 8 KiB"],
  sum_full: [4037, 409, 'A sum of this agent cannot count more', 'wait until the window has moved on'],
  weight_short: [4038, 409, 'The sender weighs too little for this', 'let a validator of more than a third of the weight send it'],
  halt_span: [4039, 400, 'A halt ends in the future, within 30 days', 'name an end within 30 days'],
  halt_unknown: [4040, 404, 'The rule is not halted', 'see `avactl rules list` for what is halted'],
  approval_unknown: [4041, 404, 'No approval has this id, or it is forgotten', 'ask for a new decision: an escalation names its approval'],
  approval_waiting: [4042, 409, 'The approval has not been answered yet', 'wait for its answer: GET /v1/approvals/{id}, or `avactl approvals show`'],
  approval_denied: [4043, 409, 'The approval was denied', 'do not repeat this call; do something else, or ask the person'],
  approval_used: [4044, 409, 'The approval has been used', 'it was good for one call; ask for a new decision'],
  approval_expired: [4045, 409, 'The approval has expired', 'ask for a new decision, and have it answered in time'],
  approval_foreign: [4046, 409, 'The approval belongs to another session', 'ask for a decision in this session'],
  approval_differs: [4047, 409, 'The approval is for another call', 'repeat the approved call unchanged: kind, server, name, arguments, context'],
  approval_answered: [4048, 409, 'The approval has been answered already', 'see `avactl approvals show` for the answer'],
  approver_malformed: [4049, 400, 'The approver cannot be registered like this', 'correct what the message names'],
  approver_unknown: [4050, 404, 'No approver has this name', 'see who is registered'],
  mode_floor: [4051, 409, 'A rule of the floor is never loosened', 'change the constitution, if it must be changed'],
  mode_span: [4052, 400, 'A mode ends in the future: a looser one within 30 days, a stricter one within 366', 'name an end within that'],
  state_refused: [4070, 409, 'The requestState is not one of this call', 'call again without it'],

  ledger_corrupt: [5002, 500, 'The ledger is damaged', 'restore it from a copy; nothing was written'],
  ledger_behind: [5001, 500, 'The ledger is behind its published checkpoint', 'a restored backup? do not start it; restore a newer copy'],
  disk_failed: [5003, 503, 'The disk refused a write', 'free space or replace the disk, then restart; reading still works'],
  verify_failed: [5004, 400, 'Verification failed', 'do not trust this file; ask its holder for another'],
  bundle_malformed: [5005, 400, 'The bundle cannot be read', 'make it again with `avactl bundle`'],
  genesis_malformed: [5006, 500, 'The genesis cannot be used', 'make it again'],
  proof_range: [5007, 400, 'A proof has a shape that no tree of this size has', 'do not trust it; ask its holder for another'],
  proof_mismatch: [5008, 400, 'A proof leads to another root', 'do not trust it; ask its holder for another'],
  note_malformed: [5009, 400, 'The signed note or checkpoint cannot be read', 'see spec/merkle.md for its form'],
  note_unsigned: [5010, 400, 'The note has no valid signature of the named key', 'do not trust it; check the key'],
  tile_malformed: [5011, 400, 'The tile path or its bytes cannot be read', 'see c2sp.org/tlog-tiles'],
  frame_malformed: [5012, 500, 'A frame of the ledger cannot be read', 'see spec/frame.md for its form'],
  frame_too_large: [5013, 413, 'The block is larger than a frame may be', 'propose a smaller block'],
  schedule_unknown: [
    5014,
    500,
    'The ledger was judged under a schedule that this version does not know',
    'use the version that wrote it, or choose another folder with --data; nothing was written',
  ],

  cbor_truncated: [6001, 400, 'CBOR: the bytes end too early', 'send the whole encoding'],
  cbor_trailing: [6002, 400, 'CBOR: bytes follow the value', 'send one value'],
  cbor_not_shortest: [6003, 400, 'CBOR: an integer or length is not in its shortest form', 'encode deterministically (RFC 8949 4.2.1)'],
  cbor_indefinite: [6004, 400, 'CBOR: indefinite lengths are refused', 'encode deterministically (RFC 8949 4.2.1)'],
  cbor_tag: [6005, 400, 'CBOR: tags are refused', 'send plain values'],
  cbor_simple: [6006, 400, 'CBOR: this simple value is refused', 'use true, false or null'],
  cbor_float_not_shortest: [6007, 400, 'CBOR: a float is not in its shortest form', 'encode deterministically (RFC 8949 4.2.1)'],
  cbor_float_integral: [6008, 400, 'CBOR: an integral number is encoded as a float', 'encode it as an integer; past 2^53 send a string'],
  cbor_not_finite: [6009, 400, 'CBOR: NaN, infinities and negative zero are refused', 'send a finite number'],
  cbor_key_order: [6010, 400, 'CBOR: map keys are out of order', 'sort keys bytewise'],
  cbor_key_duplicate: [6011, 400, 'CBOR: a map has the same key twice', 'send each key once'],
  cbor_key_type: [6012, 400, 'CBOR: a map key is not a text', 'use text keys'],
  cbor_key_forbidden: [6013, 400, 'CBOR: a map has a forbidden key', 'do not use __proto__ as a key'],
  cbor_utf8: [6014, 400, 'CBOR: a text is not valid UTF-8', 'send well-formed UTF-8'],
  cbor_depth: [6015, 400, 'CBOR: a value is nested too deeply', 'nest at most 16 levels'],
  cbor_type: [6016, 400, 'CBOR: another type was expected here', 'see spec/ for the record'],
  cbor_range: [6017, 400, 'CBOR: a value is out of its range', 'see spec/ for the record'],
  cbor_reserved: [6018, 400, 'CBOR: reserved additional information', 'encode deterministically (RFC 8949 4.2.1)'],
} as const satisfies Record<string, readonly [number, number, string, string]>;

export type FaultName = keyof typeof FAULTS;

/** What a fault may carry: short values that tell the place; never secrets. */
export type FaultContext = Readonly<Record<string, string | number | boolean | null>>;

/** A refusal with a stable code. `detail` is one plain sentence about this occurrence. */
export class Fault extends Error {
  readonly slug: FaultName;
  readonly context: FaultContext;

  constructor(slug: FaultName, detail = '', context: FaultContext = {}) {
    super(detail === '' ? FAULTS[slug][2] : detail);
    this.name = 'Fault';
    this.slug = slug;
    this.context = context;
  }

  /** The published code, for example `AVA-4002`. */
  get code(): string {
    return `AVA-${FAULTS[this.slug][0]}`;
  }

  get status(): number {
    return FAULTS[this.slug][1];
  }

  get next(): string {
    return FAULTS[this.slug][3];
  }
}
