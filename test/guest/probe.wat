;; A guest of the ABI `buffer` that does what the integer in its first slot asks, to see what becomes of it.
(module
  (import "ava" "hash" (func $hash (param i32 i32 i32)))
  (import "ava" "verify" (func $verify (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "ava" "read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "ava" "oracle" (func $oracle (param i32 i32 i64 i32 i32) (result i32)))
  (import "ava" "call" (func $call (param i32 i32) (result i32)))
  (import "ava" "log" (func $log (param i32 i32)))
  (memory (export "memory") 1 4)
  (global $seen (mut i32) (i32.const 0))
  (data (i32.const 16) "session.calls")
  (data (i32.const 32) "other")
  (data (i32.const 48) "agent.name")
  (data (i32.const 64) "EUR/USD")
  (data (i32.const 80) "abc")
  (data (i32.const 96) "params.limit")
  ;; a place for answers at 256, for the input at 4096
  (func (export "alloc") (param i32) (result i32) (i32.const 4096))

  (func $deep (param $n i64) (result i64)
    (i64.add (i64.const 1) (call $deep (i64.add (local.get $n) (i64.const 1)))))

  (func $dive (param $n i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (return (call $call (i32.const 32) (i32.const 5)))))
    (call $dive (i32.sub (local.get $n) (i32.const 1))))

  (func $judge (export "judge") (param $at i32) (param $length i32) (result i32)
    (local $what i32)
    (local $i i32)
    (local.set $what (i32.load offset=8 (local.get $at)))
    ;; 0: the second slot is a bool, and is the answer
    (if (i32.eqz (local.get $what)) (then (return (i32.shl (i32.load offset=24 (local.get $at)) (i32.const 1)))))
    ;; 1: whether a value stands at a path
    (if (i32.eq (local.get $what) (i32.const 1))
      (then
        (drop (call $read (i32.const 16) (i32.const 13) (i32.const 256) (i32.const 64)))
        (return (select (i32.const 2) (i32.const 0) (i32.load8_u (i32.const 256))))))
    ;; 2: what another rule says
    (if (i32.eq (local.get $what) (i32.const 2)) (then (return (call $call (i32.const 32) (i32.const 5)))))
    ;; 3: log
    (if (i32.eq (local.get $what) (i32.const 3)) (then (call $log (i32.const 80) (i32.const 3)) (return (i32.const 2))))
    ;; 4: a bad address
    (if (i32.eq (local.get $what) (i32.const 4)) (then (call $hash (i32.const 65530) (i32.const 7) (i32.const 256)) (return (i32.const 2))))
    ;; 5: SHA-256 of "abc" begins with ba7816bf
    (if (i32.eq (local.get $what) (i32.const 5))
      (then
        (call $hash (i32.const 80) (i32.const 3) (i32.const 256))
        (return (select (i32.const 2) (i32.const 0) (i32.eq (i32.load (i32.const 256)) (i32.const 0xbf1678ba))))))
    ;; 6: no end
    (if (i32.eq (local.get $what) (i32.const 6)) (then (loop $again (br $again))))
    ;; 7: no bottom
    (if (i32.eq (local.get $what) (i32.const 7)) (then (drop (call $deep (i64.const 0)))))
    ;; 8: gives up
    (if (i32.eq (local.get $what) (i32.const 8)) (then (unreachable)))
    ;; 9: a page more
    (if (i32.eq (local.get $what) (i32.const 9)) (then (return (select (i32.const 0) (i32.const 2) (i32.eq (memory.grow (i32.const 1)) (i32.const -1))))))
    ;; 10: pages without end
    (if (i32.eq (local.get $what) (i32.const 10)) (then (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (return (i32.const 2))))
    ;; 11: a path that no manifest names
    (if (i32.eq (local.get $what) (i32.const 11)) (then (return (call $read (i32.const 48) (i32.const 10) (i32.const 256) (i32.const 64)))))
    ;; 12: true the first time only
    (if (i32.eq (local.get $what) (i32.const 12))
      (then
        (global.set $seen (i32.add (global.get $seen) (i32.const 1)))
        (i32.store (i32.const 60000) (i32.add (i32.load (i32.const 60000)) (i32.const 1)))
        (i32.store (i32.const 80) (i32.const 0))
        (return (select (i32.const 2) (i32.const 0)
          (i32.and (i32.eq (global.get $seen) (i32.const 1)) (i32.eq (i32.load (i32.const 60000)) (i32.const 1)))))))
    ;; 13: logs without end
    (if (i32.eq (local.get $what) (i32.const 13)) (then (loop $more (call $log (i32.const 0) (i32.const 1024)) (br $more))))
    ;; 14: whether a feed has a value
    (if (i32.eq (local.get $what) (i32.const 14))
      (then
        (drop (call $oracle (i32.const 64) (i32.const 7) (i64.const 60000) (i32.const 256) (i32.const 64)))
        (return (select (i32.const 2) (i32.const 0) (i32.load8_u (i32.const 256))))))
    ;; 15: outside of memory
    (if (i32.eq (local.get $what) (i32.const 15)) (then (return (i32.load (i32.const 0x7fffffff)))))
    ;; 16: no answer
    (if (i32.eq (local.get $what) (i32.const 16)) (then (return (i32.const 7))))
    ;; 17: the last 32 + 64 bytes of the input are a key and a signature over "abc"
    (if (i32.eq (local.get $what) (i32.const 17))
      (then
        (local.set $i (i32.add (local.get $at) (i32.sub (local.get $length) (i32.const 96))))
        (return (i32.shl (call $verify (i32.const 1) (local.get $i) (i32.const 32) (i32.add (local.get $i) (i32.const 32)) (i32.const 64) (i32.const 80) (i32.const 3)) (i32.const 1)))))
    ;; 18: asks the other rule again and again
    (if (i32.eq (local.get $what) (i32.const 18)) (then (loop $more (drop (call $call (i32.const 32) (i32.const 5))) (br $more))))
    ;; 19: a text that is too long for the log
    (if (i32.eq (local.get $what) (i32.const 19)) (then (call $log (i32.const 0) (i32.const 1025)) (return (i32.const 2))))
    ;; 20: hashes without end
    (if (i32.eq (local.get $what) (i32.const 20)) (then (loop $more (call $hash (i32.const 0) (i32.const 65536) (i32.const 256)) (br $more))))
    ;; 21: what another rule says, asked from a thousand frames down
    (if (i32.eq (local.get $what) (i32.const 21)) (then (return (call $dive (i32.const 1000)))))
    ;; 22: hashes over the end of the memory that it has just grown
    (if (i32.eq (local.get $what) (i32.const 22))
      (then
        (drop (memory.grow (i32.const 1)))
        (call $hash (i32.const 65000) (i32.const 1000) (i32.const 131040))
        (return (select (i32.const 2) (i32.const 0) (i32.load (i32.const 131040))))))
    ;; 23: leaves a mark and gives up
    (if (i32.eq (local.get $what) (i32.const 23)) (then (i32.store (i32.const 60000) (i32.const 1)) (global.set $seen (i32.const 1)) (unreachable)))
    ;; 24: its own parameter is 7, after it asked another rule
    (if (i32.eq (local.get $what) (i32.const 24))
      (then
        (drop (call $call (i32.const 32) (i32.const 5)))
        (drop (call $read (i32.const 96) (i32.const 12) (i32.const 256) (i32.const 64)))
        (return (select (i32.const 2) (i32.const 0) (i64.eq (i64.load (i32.const 264)) (i64.const 7))))))
    (i32.const 1)))
