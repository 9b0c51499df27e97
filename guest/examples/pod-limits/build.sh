#!/usr/bin/env bash
# Builds rule.wasm anew. With rustup: `cargo build --release --target wasm32-wasip1`. The committed bytes are those of Debian
# 12 (`apt-get install cargo rustc libstd-rust-dev-wasm32 lld-14`), whose cargo cannot read today's registry: another cargo
# fetches the locked crates first. CARGO names it; the module is left in rule.wasm.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r Cargo.toml Cargo.lock src "$work"
cd "$work"
"${CARGO:-cargo}" vendor --locked > /dev/null 2>&1
mkdir .cargo
printf '[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "vendor"\n[target.wasm32-wasi]\nlinker = "wasm-ld-14"\n' > .cargo/config.toml
RUSTC=/usr/bin/rustc RUSTFLAGS="--remap-path-prefix=$work=" /usr/bin/cargo build --quiet --offline --locked --release --target wasm32-wasi
cp target/wasm32-wasi/release/pod_limits.wasm "$OLDPWD/rule.wasm"
