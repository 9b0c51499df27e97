;; Imports a host function with one parameter too many: refused.
(module
  (import "ava" "log" (func (param i32 i32 i32)))
  (memory (export "memory") 1 1)
  (func (export "alloc") (param i32) (result i32) (i32.const 8))
  (func (export "judge") (param i32 i32) (result i32) (i32.const 2)))
