/**
 * Validates a module (VM-4), holds it to its profile (VM-6), and says of each body what instrumentation needs.
 */
import type { Limits } from './limits.ts';
import { type Bounds, type ConstExpression, I32, isFloat, type Module, type Profile, typeName, WASM_PAGE_BYTES, WASM_PAGES_MAX } from './module.ts';
import { Reader } from './reader.ts';
import { type BodyFacts, BodyValidator } from './validate-body.ts';

/** Facts of each body, in order. @throws Fault wasm_invalid, wasm_refused, wasm_malformed (in a body), wasm_bound */
export function validate(module: Module, profile: Profile, limits: Limits): BodyFacts[] {
  const place = new Reader(module.bytes);
  place.at = 0;
  signatures(module, place);
  spaces(module, place);
  initials(module, place);
  names(module, place);
  const bodies = new BodyValidator(module, profile, limits);
  const facts = module.bodies.map((body, index) => bodies.body(module.importedFunctions + index, body));
  hold(module, profile, limits, place);
  return facts;
}

const invalid = (place: Reader, text: string, offset = 0): never => place.fail('wasm_invalid', text, offset);

function signatures(module: Module, place: Reader): void {
  for (const [index, type] of module.functions.entries())
    if (type >= module.types.length) invalid(place, `function ${index} has type ${type}, which is not there`);
  const { start } = module;
  if (start === null) return;
  if (start >= module.functions.length) invalid(place, `the start function ${start} is not there`);
  const { params, results } = module.types[module.functions[start]];
  if (params.length + results.length > 0) invalid(place, 'the start function takes or gives values');
}

function spaces({ tables, memories }: Module, place: Reader): void {
  if (tables.length > 1) place.fail('wasm_refused', 'several tables are refused: build with one', 0);
  if (memories.length > 1) place.fail('wasm_refused', 'several memories are refused: build with one', 0);
  const ordered = (what: string, { min, max }: Bounds): void => {
    if (max !== null && min > max) invalid(place, `the ${what}'s least size is greater than its greatest`);
  };
  for (const table of tables) ordered('table', table);
  for (const memory of memories) {
    ordered('memory', memory);
    if (memory.min > WASM_PAGES_MAX || (memory.max ?? 0) > WASM_PAGES_MAX) invalid(place, 'a memory has more than 65,536 pages');
  }
}

function initials(module: Module, place: Reader): void {
  const has = (init: ConstExpression, type: number): void => {
    const { global } = init;
    if (global !== null && (global >= module.importedGlobals || module.globals[global].mutable))
      invalid(place, `global ${global} is no imported constant`, init.start);
    const found = global === null ? init.type : module.globals[global].type;
    if (found !== type) invalid(place, `a constant expression has type ${typeName(found)} instead of ${typeName(type)}`, init.start);
  };
  for (const { init, type } of module.definitions) has(init, type);
  for (const { offset, functions } of module.elements) {
    if (module.tables.length === 0) invalid(place, 'there is no table for an element segment', offset.start);
    has(offset, I32);
    for (const index of functions) if (index >= module.functions.length) invalid(place, `an element is function ${index}, which is not there`, offset.start);
  }
  for (const { offset } of module.data) {
    if (module.memories.length === 0) invalid(place, 'there is no memory for a data segment', offset.start);
    has(offset, I32);
  }
}

function names(module: Module, place: Reader): void {
  const sizes = { function: module.functions.length, table: module.tables.length, memory: module.memories.length, global: module.globals.length };
  const seen = new Set<string>();
  for (const { name, kind, index } of module.exports) {
    if (seen.has(name)) invalid(place, `the export ${name} is there twice`);
    seen.add(name);
    if (index >= sizes[kind]) invalid(place, `the export ${name} is ${kind} ${index}, which is not there`);
  }
}

/** VM-6: what is valid, but not for this profile or these limits. */
function hold(module: Module, profile: Profile, limits: Limits, place: Reader): void {
  const refused = (text: string, offset = 0): never => place.fail('wasm_refused', text, offset);
  for (const { module: from, name } of module.imports)
    if (from.startsWith('ava:') || name.startsWith('ava:')) refused(`the import ${from} ${name}: names that begin with ava: are reserved: rename it`);
  for (const { name } of module.exports) if (name.startsWith('ava:')) refused(`the export ${name}: names that begin with ava: are reserved: rename it`);
  if (profile === 'integer') {
    const floats =
      module.types.some(({ params, results }) => params.some(isFloat) || results.some(isFloat)) || module.globals.some(({ type }) => isFloat(type));
    if (floats) refused('a float type is refused by the profile integer: build without floats, or take the profile canonical-nan');
    for (const { max } of [...module.tables, ...module.memories])
      if (max === null) refused('a memory or table declares no maximum: build with one (--max-memory of the linker, --maximumMemory of AssemblyScript)');
  }
  for (const { min } of module.tables) place.bound('table entries', min, limits.table_entries);
  for (const { min } of module.memories) place.bound('pages of memory', min, limits.memory_pages);
  for (const { offset, functions } of module.elements)
    if (offset.value !== null && (offset.value >>> 0) + functions.length > module.tables[0].min)
      refused('an element segment lies outside the table', offset.start);
  for (const { offset, start, end } of module.data)
    if (offset.value !== null && (offset.value >>> 0) + end - start > module.memories[0].min * WASM_PAGE_BYTES)
      refused('a data segment lies outside the memory as it begins', offset.start);
}
