#!/bin/bash
# What a newcomer waits for: processor minutes of the clean build to the first plot, of the tests after it, the size of
# the wheel, and the seconds from `pip install` to the first histogram. Needs an idle machine and about an hour.
#   tests/bench/first_minute.sh [FOLDER]      FOLDER: where to clone to (default: a temporary one)
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:-$(mktemp -d)}
clone=$folder/recoil
git clone -q "$project" "$clone"
cd "$clone"
unset CARGO_TARGET_DIR RUSTC_WRAPPER RUSTFLAGS

# Prints the processor minutes (user and system, children included) and the wall minutes of a command.
minutes() {
  local name=$1
  shift
  local TIMEFORMAT='%U %S %R'
  local spent
  spent=$({ time "$@" >"$folder/$name.log" 2>&1; } 2>&1)
  awk -v name="$name" '{ printf "%s: %.1f CPU minutes, %.1f minutes\n", name, ($1 + $2) / 60, $3 / 60 }' <<<"$spent"
}

minutes demo cargo run --release --locked -- demo "$folder/demo"
minutes tests-build cargo test --release --locked --no-run
cargo run -q --release --locked -- package -o "$folder/dist"
ls -l "$folder/dist" | awk 'NF > 8 { printf "wheel: %.0f MB\n", $5 / 1e6 }'
cargo test --release --locked --test wheel -- --nocapture 2>&1 | grep 'pip install to'
