/**
 * Traps: how a guest program ends otherwise than by an answer (VM-17). The numbers are append-only: a verdict commits to
 * 16 + the number (D-5). No message or stack of the engine decides one of them.
 */

export const TRAPS = {
  /** The engine alone knows why: division, overflow, memory or table bounds, an indirect call of another type. */
  trap: [1, 'the program did what WebAssembly forbids: a division by zero, an access outside its memory or table, a call of another type'],
  unreachable: [2, 'the program gave up: it ran `unreachable`'],
  gas: [3, 'the gas limit was reached'],
  memory: [4, 'the memory limit was reached'],
  stack: [5, 'the stack limit was reached'],
  unauthorised: [6, 'a host function or program was called that the manifest does not allow, or a call went too deep or came back'],
  transition: [7, 'an invalid state transition'],
  proof: [8, 'a proof failed'],
  threshold: [9, 'the consensus threshold was not reached'],
  halt: [10, 'the rule is halted'],
  host: [11, 'a host function was given a pointer, a length or a value that it cannot use'],
  exit: [12, 'the program ended itself with an error'],
} as const satisfies Record<string, readonly [number, string]>;

export type TrapName = keyof typeof TRAPS;

/** What the global `ava:trap` holds when the engine could not give memory below the cap: a fault of the node, no verdict. */
export const ENGINE_FAULT = 255;

const NAMES: readonly TrapName[] = Object.keys(TRAPS) as TrapName[];

export const trapNumber = (name: TrapName): number => TRAPS[name][0];
/** D-5: how a trap stands among a rule's results. */
export const trapResult = (name: TrapName): number => 16 + trapNumber(name);
/** The trap of a number, or undefined when it has none. */
export const trapOf = (number: number): TrapName | undefined => NAMES[number - 1];
export const trapText = (name: TrapName): string => TRAPS[name][1];
