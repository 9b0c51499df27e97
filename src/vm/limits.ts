/** The limits of admission (VM-7): every count that a module can choose. Past one of them it is refused (`wasm_bound`). */

export interface Limits {
  /** Bytes of the module as given. */
  readonly module_bytes: number;
  /** Bytes of the instrumented module. */
  readonly instrumented_bytes: number;
  readonly types: number;
  /** Parameters of one function. */
  readonly params: number;
  /** Parameters of all types together. */
  readonly params_total: number;
  readonly imports: number;
  readonly imported_tables: number;
  readonly imported_globals: number;
  readonly functions: number;
  readonly globals: number;
  readonly exports: number;
  /** Bytes of one name of an import or export. */
  readonly name_bytes: number;
  /** Bytes of all names of imports and exports together. */
  readonly names_bytes: number;
  readonly custom_sections: number;
  readonly table_entries: number;
  readonly element_segments: number;
  readonly elements: number;
  readonly data_segments: number;
  readonly data_bytes: number;
  /** Bytes of one function body. */
  readonly body_bytes: number;
  /** Bytes of one instrumented body: what engines take. */
  readonly instrumented_body_bytes: number;
  /** Locals of one function, parameters included. */
  readonly locals: number;
  /** Locals of all functions together, parameters left out. */
  readonly locals_total: number;
  /** Control instructions of one function: block, loop, if. Compilers take up to 0.2 MB and 1 ms for one. */
  readonly blocks: number;
  /** Control instructions open at once. */
  readonly nesting: number;
  /** Greatest height of the operand stack of one function, in values. */
  readonly operands: number;
  /**
   * What compilers take time and memory by: parameters, locals and greatest height of operands of one function, times its pieces
   * (VM-10) and calls. Of one function, of all.
   */
  readonly merges: number;
  readonly merges_total: number;
  /** Labels of one br_table, the default left out. */
  readonly branch_labels: number;
  /** Labels of all br_tables together. */
  readonly branch_labels_total: number;
  /** Pages of 65,536 bytes: the cap of memory; `memory_pages` of the rule. */
  readonly memory_pages: number;
}

/**
 * Where a limit does not come from others, it is what policies in the field need (OPA, Rust, TinyGo and AssemblyScript
 * modules of up to some MiB) rounded up; compare the limits of CosmWasm, NEAR, Stylus and Soroban.
 */
export const LIMITS: Limits = {
  module_bytes: 4_194_304,
  instrumented_bytes: 16_777_216,
  types: 4_096,
  params: 64,
  params_total: 16_384,
  imports: 128,
  imported_tables: 0,
  imported_globals: 0,
  functions: 20_000,
  globals: 1_024,
  exports: 1_024,
  name_bytes: 256,
  names_bytes: 65_536,
  custom_sections: 64,
  table_entries: 16_384,
  element_segments: 256,
  elements: 32_768,
  data_segments: 2_048,
  data_bytes: 4_194_304,
  body_bytes: 262_144,
  instrumented_body_bytes: 7_340_032,
  locals: 4_096,
  locals_total: 262_144,
  blocks: 2_048,
  nesting: 1_024,
  operands: 1_024,
  merges: 1_048_576,
  merges_total: 4_194_304,
  branch_labels: 4_096,
  branch_labels_total: 65_536,
  memory_pages: 256,
};
