;; Puts its input where the length of it says: 16 off a multiple of 8, 24 over the end, 32 far outside, 40 just before the end.
(module
  (memory (export "memory") 1 1)
  (func (export "alloc") (param $length i32) (result i32)
    (if (i32.eq (local.get $length) (i32.const 16)) (then (return (i32.const 1028))))
    (if (i32.eq (local.get $length) (i32.const 24)) (then (return (i32.const 65520))))
    (if (i32.eq (local.get $length) (i32.const 32)) (then (return (i32.const -8))))
    (if (i32.eq (local.get $length) (i32.const 40)) (then (return (i32.const 65496))))
    (i32.const 8))
  (func (export "judge") (param i32 i32) (result i32) (i32.const 2)))
