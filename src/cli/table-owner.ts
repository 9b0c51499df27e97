/** Commands of who owns the node: answers to approvals, modes of rules. Declared as table.ts says. */
import { NODE_FLAGS } from './address.ts';
import type { Command, Flag, Operand } from './command.ts';

const APPROVAL: Operand = { name: 'CODE', count: 'one', description: 'The code of an approval, such as 7Q2K4M, or its id' };
const RULES: Operand = { name: 'RULE', count: 'many', description: 'The name of a rule, or what names begin with: `flow/`' };
const REASON: Flag = { name: 'reason', value: 'TEXT', default: '', description: 'Why; kept in the ledger' };
const NOTE: Flag = { name: 'note', value: 'TEXT', description: 'Why; kept in the ledger' };

export const OWNER_COMMANDS: readonly Command[] = [
  {
    name: 'approvals list',
    summary: 'Lists the calls that wait for the answer of a person',
    details: ['Each with its code, the time that is left, what it does, and the rule that asks.'],
    operands: [],
    flags: [{ name: 'all', description: 'Also those that were answered, used or have expired, for an hour' }, ...NODE_FLAGS],
    examples: [{ line: 'avactl approvals list', what: 'what waits now' }],
    run: async (call) => (await import('./approvals.ts')).listApprovals(call),
  },
  {
    name: 'approvals show',
    summary: 'Shows one approval: the call, what it does, and where its values come from',
    details: [],
    operands: [APPROVAL],
    flags: NODE_FLAGS,
    examples: [{ line: 'avactl approvals show 7Q2K4M', what: 'the whole call and the reasons' }],
    run: async (call) => (await import('./approvals.ts')).showApproval(call),
  },
  {
    name: 'approvals approve',
    summary: 'Lets the call pass once',
    details: [
      'Signed with the key in the data folder; the ledger keeps who, when and why. The agent repeats the call within 10 minutes; it is judged again under the law in force then, and what other rules say stands. What the call names counts as named by the user in its session from then on.',
    ],
    operands: [APPROVAL],
    flags: [NOTE, ...NODE_FLAGS],
    examples: [{ line: 'avactl approvals approve 7Q2K4M --note paid', what: 'once' }],
    run: async (call) => (await import('./approvals.ts')).approve(call),
  },
  {
    name: 'approvals deny',
    summary: 'Refuses the call',
    details: ['Signed like an approval. The values that the call brought up are refused in its session from then on.'],
    operands: [APPROVAL],
    flags: [NOTE, ...NODE_FLAGS],
    examples: [{ line: 'avactl approvals deny 7Q2K4M', what: 'for good' }],
    run: async (call) => (await import('./approvals.ts')).deny(call),
  },
  {
    name: 'approvals enrol',
    summary: 'Says whose passkey may answer approvals',
    details: [
      'The page http://localhost:4100/approvals makes the passkey and shows this command. Signed with the key in the data folder; the ledger keeps it. A passkey answers, and nothing else: it halts no rule and changes none.',
    ],
    operands: [{ name: 'NAME', count: 'one', description: 'The name under which the ledger shows the answers' }],
    flags: [
      { name: 'passkey', value: 'KEY', description: 'The public key, as the page shows it' },
      { name: 'origin', value: 'ORIGIN', description: 'Where the page was when it made the key' },
      { name: 'remove', description: 'The approver may answer no more' },
      ...NODE_FLAGS,
    ],
    examples: [{ line: 'avactl approvals enrol anna --passkey BKx… --origin http://localhost:4100', what: 'the page shows the whole line' }],
    run: async (call) => (await import('./approvals-enrol.ts')).enrolApprover(call),
  },
  {
    name: 'observe',
    summary: 'Lets rules only observe for a while: judged and recorded, not binding',
    details: [
      'At most 30 days; a rule of the floor is never loosened. It is a transaction, signed with the key in the data folder, and the ledger keeps who, when and why. It ends by itself; `avactl enforce RULE` ends it sooner.',
    ],
    operands: [RULES],
    flags: [{ name: 'until', value: 'DATE', description: 'When it ends, such as 2026-12-01; default 7 days from now' }, REASON, ...NODE_FLAGS],
    examples: [{ line: 'avactl observe flow/new-payee --until 2026-12-01 --reason "false alarms"', what: 'until the first of December' }],
    run: async (call) => (await import('./modes.ts')).observe(call),
  },
  {
    name: 'enforce',
    summary: 'Makes observed rules binding before their date; --preview says what that would have done',
    details: [
      'Signed like observing. It holds until the date from which the law itself enforces, else a year.',
      'The preview reads the ledger: of the calls of the last days, how many would have been denied or held, and which rules cause most of it. It changes nothing.',
    ],
    operands: [{ ...RULES, count: 'any' }],
    flags: [
      { name: 'preview', description: 'Only says what would have happened, of these rules or of all that observe' },
      { name: 'days', value: 'N', default: '7', description: 'How far the preview looks back' },
      { name: 'until', value: 'DATE', description: 'When it ends, at most 366 days ahead' },
      REASON,
      ...NODE_FLAGS,
    ],
    examples: [
      { line: 'avactl enforce --preview', what: 'the last 7 days as if all rules had been binding' },
      { line: 'avactl enforce flow/', what: 'all rules whose name begins with flow/' },
    ],
    run: async (call) => (await import('./modes.ts')).enforce(call),
  },
];
