/** The module `spectest` that scripts of the specification import from. */
import { code, functionType, limits, moduleOf, type NumberType, name, SECTION, section, u, VALUE_TYPE } from '../../test/vm/binary.ts';
import { type Exports, wasm } from '../../test/vm/web-assembly.ts';

const PRINTS: readonly (readonly [string, readonly NumberType[]])[] = [
  ['print', []],
  ['print_i32', ['i32']],
  ['print_i64', ['i64']],
  ['print_f32', ['f32']],
  ['print_f64', ['f64']],
  ['print_i32_f32', ['i32', 'f32']],
  ['print_f64_f64', ['f64', 'f64']],
];
/** 666 and 666.6, as constant expressions. */
const GLOBALS: readonly (readonly [string, NumberType, readonly number[]])[] = [
  ['global_i32', 'i32', [0x41, 0x9a, 0x05]],
  ['global_i64', 'i64', [0x42, 0x9a, 0x05]],
  ['global_f32', 'f32', [0x43, 0x66, 0xa6, 0x26, 0x44]],
  ['global_f64', 'f64', [0x44, 0xcd, 0xcc, 0xcc, 0xcc, 0xcc, 0xd4, 0x84, 0x40]],
];

/** A new one for each script: its memory and table may be written. Functions of wasm, so that their types are checked. */
export function spectest(): Exports {
  const bytes = moduleOf(
    section(
      SECTION.type,
      PRINTS.map(([, params]) => functionType(params, [])),
    ),
    section(
      SECTION.function,
      PRINTS.map((_, index) => u(index)),
    ),
    section(SECTION.table, [[0x70, ...limits(10, 20)]]),
    section(SECTION.memory, [limits(1, 2)]),
    section(
      SECTION.global,
      GLOBALS.map(([, type, value]) => [VALUE_TYPE[type], 0, ...value, 0x0b]),
    ),
    section(SECTION.export, [
      ...PRINTS.map(([print], index) => [...name(print), 0, ...u(index)]),
      [...name('table'), 1, 0],
      [...name('memory'), 2, 0],
      ...GLOBALS.map(([global], index) => [...name(global), 3, ...u(index)]),
    ]),
    section(
      SECTION.code,
      PRINTS.map(() => code([], [])),
    ),
  );
  return new wasm.Instance(new wasm.Module(bytes)).exports;
}
