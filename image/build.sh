#!/bin/sh
# Builds the binaries of the image, optimised: image/build.sh [--debug]. Where they are is printed last.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
profile="--release"
folder=release
if [ "${1:-}" = --debug ]; then profile= folder=debug; fi

selected=$("$root/image/list.sh" | while read -r package binary; do printf ' --package %s --bin %s' "$package" "$binary"; done)
# shellcheck disable=SC2086 # words, each an argument
(cd "$root" && cargo build --locked $profile $selected)
echo "${CARGO_TARGET_DIR:-$root/target}/$folder"
