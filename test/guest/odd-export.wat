;; Judges something of another type: refused.
(module
  (memory (export "memory") 1 1)
  (func (export "alloc") (param i32) (result i32) (i32.const 8))
  (func (export "judge") (param i32) (result i32) (i32.const 2)))
