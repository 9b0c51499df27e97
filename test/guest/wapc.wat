;; A waPC guest that refuses a request whose text holds `"privileged":true`, and whose settings decide the rest:
;; `"limit":1` an error of the guest's, `"limit":2` a call of its host, `"limit":3` an exit, `"limit":4` another object.
(module
  (import "wapc" "__guest_request" (func $request (param i32 i32)))
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (import "wapc" "__guest_error" (func $error (param i32 i32)))
  (import "wapc" "__host_call" (func $host_call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wapc" "__console_log" (func $console (param i32 i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 16) "\"privileged\":true")
  (data (i32.const 64) "\"limit\":")
  (data (i32.const 96) "validate")
  (data (i32.const 128) "{\"accepted\":true}")
  (data (i32.const 160) "{\"accepted\":false,\"message\":\"privileged\"}")
  (data (i32.const 224) "{\"accepted\":true,\"mutated_object\":{}}")

  ;; address after the first needle in text, or 0
  (func $after (param $text i32) (param $size i32) (param $needle i32) (param $length i32) (result i32)
    (local $last i32) (local $j i32)
    (local.set $last (i32.sub (i32.add (local.get $text) (local.get $size)) (local.get $length)))
    (loop $next (result i32)
      (if (i32.gt_s (local.get $text) (local.get $last)) (then (return (i32.const 0))))
      (local.set $j (i32.const 0))
      (block $differs
        (loop $same
          (br_if $differs (i32.ne
            (i32.load8_u (i32.add (local.get $text) (local.get $j)))
            (i32.load8_u (i32.add (local.get $needle) (local.get $j)))))
          (local.set $j (i32.add (local.get $j) (i32.const 1)))
          (br_if $same (i32.lt_u (local.get $j) (local.get $length))))
        (return (i32.add (local.get $text) (local.get $length))))
      (local.set $text (i32.add (local.get $text) (i32.const 1)))
      (br $next)))

  ;; leaves at once, without an error: a program that only registers its functions
  (func (export "_start") (call $proc_exit (i32.const 0)))

  (func (export "__guest_call") (param $operation i32) (param $size i32) (result i32)
    (local $at i32)
    (call $request (i32.const 512) (i32.const 4096))
    ;; the operation is `validate`
    (if (i32.or (i32.ne (local.get $operation) (i32.const 8)) (i64.ne (i64.load (i32.const 512)) (i64.load (i32.const 96)))) (then (unreachable)))
    (call $console (i32.const 96) (i32.const 8))
    (i32.store (i32.const 520) (i32.const 96))
    (i32.store (i32.const 524) (i32.const 8))
    (drop (call $fd_write (i32.const 1) (i32.const 520) (i32.const 1) (i32.const 528)))
    (drop (call $clock (i32.const 0) (i64.const 1) (i32.const 536)))
    (drop (call $random (i32.const 544) (i32.const 8)))
    (local.set $at (call $after (i32.const 4096) (local.get $size) (i32.const 64) (i32.const 8)))
    (if (local.get $at)
      (then
        (local.set $at (i32.load8_u (local.get $at)))
        (if (i32.eq (local.get $at) (i32.const 0x31)) (then (call $error (i32.const 96) (i32.const 8)) (return (i32.const 0))))
        (if (i32.eq (local.get $at) (i32.const 0x32))
          (then (return (call $host_call (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))))
        (if (i32.eq (local.get $at) (i32.const 0x33)) (then (call $proc_exit (i32.const 3))))
        (if (i32.eq (local.get $at) (i32.const 0x34)) (then (call $response (i32.const 224) (i32.const 37)) (return (i32.const 1))))))
    (if (call $after (i32.const 4096) (local.get $size) (i32.const 16) (i32.const 17))
      (then (call $response (i32.const 160) (i32.const 41)))
      (else (call $response (i32.const 128) (i32.const 17))))
    (i32.const 1)))
