#!/usr/bin/env bash
# Called before each instance: prepare_instance.sh v1 CATEGORY ONNX VNNLIB. Nothing is kept from one instance to the next; what is missing is said here, not in the timed run.
set -euo pipefail
[ "${1:-}" = v1 ] || { echo "expected v1, got ${1:-nothing}" >&2; exit 1; }
for file in "$3" "$4"; do
  [ -r "$file" ] || { echo "cannot read $file" >&2; exit 1; }
done
