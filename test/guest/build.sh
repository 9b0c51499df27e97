#!/bin/sh
# Builds the guests of the tests again into a folder: `sh build.sh FOLDER [text] [rego]`. `text` needs wat2wasm (Debian:
# wabt), `rego` opa 1.22.2, by the name in OPA where it is not on the path.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
shift
opa=${OPA:-opa}
policy() {
  (cd "$here" && "$opa" build -t wasm -e "$2" -o "$out/bundle.tar.gz" "$1.rego")
  tar -xPzf "$out/bundle.tar.gz" -O /policy.wasm > "$out/$3.wasm"
  rm "$out/bundle.tar.gz"
}
for what in "${@:-text rego}"; do
  case $what in
    *text*) for file in "$here"/*.wat; do wat2wasm "$file" -o "$out/$(basename "$file" .wat).wasm"; done ;;
  esac
  case $what in
    *rego*)
      policy transfer transfer/allow opa-allow
      policy transfer transfer/deny opa-deny
      policy transfer transfer/main opa-main
      policy asking-outside asking/allow opa-asking-outside
      policy listed listed/allow opa-listed
      ;;
  esac
done
