#!/bin/sh
# Builds the guests of the tests again, with wat2wasm (Debian: wabt) and opa (1.22.2), into the folder that is given.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
opa=${OPA:-opa}
for name in probe starting asking-early wapc; do wat2wasm "$here/$name.wat" -o "$out/$name.wasm"; done
policy() {
  (cd "$here" && "$opa" build -t wasm -e "$2" -o "$out/bundle.tar.gz" "$1.rego")
  tar -xPzf "$out/bundle.tar.gz" -O /policy.wasm > "$out/$3.wasm"
  rm "$out/bundle.tar.gz"
}
policy transfer transfer/allow opa-allow
policy transfer transfer/deny opa-deny
policy transfer transfer/main opa-main
policy asking-outside asking/allow opa-asking-outside
