/** Bounds that cross rooms. A bound that only one room knows stands in that room. */

/** Levels of arrays and maps, the outermost counted (spec/cbor.md C-9). */
export const DEPTH_MAX = 16;
/** Bytes of the canonical arguments of one action. */
export const ARGS_BYTES_MAX = 65_536;
/** Bytes of a log entry (c2sp.org/tlog-tiles: a u16 length). */
export const ENTRY_BYTES_MAX = 65_535;
/** Bytes of a sidecar: salt, arguments and context, or salt and result. */
export const SIDECAR_BYTES_MAX = 196_608;
/** Transactions of one block. */
export const BLOCK_TRANSACTIONS_MAX = 512;
/** Bytes of entries, sidecars and witnesses past which a block takes no further transaction: its frame has room for one more. */
export const BLOCK_BYTES_MAX = 16_777_216;
/** Due items that one block drains. */
export const BLOCK_DUE_MAX = 1_000;
/** Facts of one state: past them nothing is opened or permitted until some fall due (K-10). */
export const FACTS_MAX = 4_000_000;
/** Rules of one constitution. */
export const RULES_MAX = 256;
/** Gas that the rules of one constitution may take together. */
export const RULES_GAS_MAX = 2_000_000_000;
/** Pages of 65,536 bytes that its guests may take together: each keeps its memory. */
export const GUEST_PAGES_MAX = 4_096;
/** Bytes of a name (`^[a-z][a-z0-9._/-]{0,63}$`). */
export const NAME_BYTES_MAX = 64;
/** Bytes of free short texts: tool, server and agent names. */
export const LABEL_BYTES_MAX = 256;
/** Bytes of one rule's input buffer (spec/input.md). */
export const INPUT_BYTES_MAX = 65_536;
/** The largest integer that a JavaScript number holds exactly. */
export const U53_MAX = Number.MAX_SAFE_INTEGER;
