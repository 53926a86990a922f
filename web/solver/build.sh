#!/bin/sh
# Builds cachewalk.wasm and cachewalk.wasm.json.
#
#   ./build.sh          build and replace both files
#   ./build.sh --check  compare the kept file with its description, and with a rebuild where the compiler is the same
#
# Compilers, in this order: Debian's (apt-get install rustc-web cargo-web rust-web-src lld binaryen), which is used
# whenever /usr/bin/cargo is there, or rustup's (rustup target add wasm32-unknown-unknown). wasm-opt is binaryen's.
set -eu
cd "$(dirname "$0")"

mode=build
case "${1-}" in
  "") ;;
  --check) mode=check ;;
  *) echo "usage: build.sh [--check]" >&2; exit 2 ;;
esac

kept=cachewalk.wasm
description=cachewalk.wasm.json
field() { sed -n "s/^ *\"$1\": \"\{0,1\}\([^\"]*[^\",]\)\"\{0,1\},\{0,1\}\$/\1/p" "$description"; }
sum() { sha256sum "$1" | cut -d ' ' -f 1; }
size() { wc -c <"$1" | tr -d ' '; }

if [ "$mode" = check ]; then
  [ "$(field sha256)" = "$(sum $kept)" ] && [ "$(field size_bytes)" = "$(size $kept)" ] || {
    echo "$kept is not the file that $description describes; run ./build.sh" >&2
    exit 1
  }
fi

# One directory for all, so that no path of this machine can reach the output.
target=${CARGO_TARGET_DIR:-target}
flags="-C target-cpu=mvp -C no-vectorize-slp"
debian=no
if [ -x /usr/bin/cargo ] && [ -x /usr/bin/rustc ] && [ -d /usr/lib/rustlib/src ]; then
  debian=yes
  PATH=/usr/bin:/bin
  export PATH
fi
if ! command -v wasm-opt >/dev/null || ! command -v rustc >/dev/null; then
  echo "no rustc or no wasm-opt here: $kept cannot be rebuilt, only the description was looked at" >&2
  [ "$mode" = check ] && exit 0
  exit 1
fi
compiler="$(rustc --version | cut -d '(' -f 1 | sed 's/ *$//'), $(wasm-opt --version | sed 's/ (.*//')"
if [ "$mode" = check ] && [ "$(field compiler)" != "$compiler" ]; then
  echo "$kept came from $(field compiler); here is $compiler: not rebuilt, the description fits" >&2
  exit 0
fi

if [ "$debian" = yes ]; then
  RUSTC_BOOTSTRAP=1 RUSTFLAGS="$flags -C linker=wasm-ld" CARGO_TARGET_DIR="$target" cargo build --quiet --release \
    --locked -Z build-std=core,panic_abort --target wasm32-unknown-unknown
else
  RUSTFLAGS="$flags" CARGO_TARGET_DIR="$target" cargo build --quiet --release --locked --target wasm32-unknown-unknown
fi

built=$target/cachewalk.wasm
wasm-opt -O3 "$target/wasm32-unknown-unknown/release/spigot_solver_wasm.wasm" -o "$built"

if [ "$mode" = check ]; then
  cmp "$built" "$kept" || { echo "$kept is not what the source yields; run ./build.sh" >&2; exit 1; }
  echo "$kept is what $compiler makes of the source"
  exit 0
fi
cp "$built" "$kept"
cat >"$description" <<EOF
{
  "compiler": "$compiler",
  "sha256": "$(sum $kept)",
  "size_bytes": $(size $kept)
}
EOF
cat "$description"
echo "compressed: $(gzip -9c $kept | wc -c) bytes"
