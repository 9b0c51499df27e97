;; Asks another rule while it is made ready: refused.
(module
  (import "ava" "call" (func $call (param i32 i32) (result i32)))
  (memory (export "memory") 1 1)
  (data (i32.const 0) "other")
  (func $start (drop (call $call (i32.const 0) (i32.const 5))))
  (start $start)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "judge") (param i32 i32) (result i32) (i32.const 2)))
