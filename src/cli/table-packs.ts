/** Commands about packs of rules. Declared as table.ts says. */
import type { Command, Flag, Operand } from './command.ts';

const PACK: Operand = { name: 'PACK', count: 'one', description: 'The name of a pack' };
const FOLDER: Flag = { name: 'constitution', value: 'DIR', description: 'A folder of your own; it is made where it is missing' };

export const PACK_COMMANDS: readonly Command[] = [
  {
    name: 'packs list',
    summary: 'Lists the packs of rules that come with AVA',
    details: ['Each with its rules by mode: floor (always enforced), enforce, observe. A `*` marks those that the constitution names.'],
    operands: [],
    flags: [{ name: 'constitution', value: 'PACK|DIR', default: 'starter', description: 'The constitution that is looked at' }],
    examples: [{ line: 'avactl packs list', what: 'and which of them a new node has' }],
    run: async (call) => (await import('./packs.ts')).listPacks(call),
  },
  {
    name: 'packs show',
    summary: 'Says what the rules of a pack do, each in a sentence, and what passes',
    details: [],
    operands: [PACK],
    flags: [],
    examples: [{ line: 'avactl packs show db', what: 'the rules about databases' }],
    run: async (call) => (await import('./packs.ts')).showPack(call),
  },
  {
    name: 'packs add',
    summary: 'Adds packs to a constitution of your own',
    details: ['Writes the list of packs in its constitution.yaml; what would not compile is not written. A node that runs keeps its law.'],
    operands: [{ ...PACK, count: 'many' }],
    flags: [FOLDER],
    examples: [{ line: 'avactl packs add secrets flow --constitution ./law', what: 'a new constitution of two packs' }],
    run: async (call) => (await import('./packs.ts')).addPacks(call),
  },
  {
    name: 'packs remove',
    summary: 'Takes packs out of a constitution of your own',
    details: [],
    operands: [{ ...PACK, count: 'many' }],
    flags: [FOLDER],
    examples: [{ line: 'avactl packs remove mail --constitution ./law', what: 'the others stay' }],
    run: async (call) => (await import('./packs.ts')).removePacks(call),
  },
];
