#!/usr/bin/env bash
# Called for each instance: run_instance.sh v1 CATEGORY ONNX VNNLIB RESULTS_FILE TIMEOUT. The verdict is the first line of RESULTS_FILE; after sat comes the counterexample.
set -euo pipefail
[ "${1:-}" = v1 ] || { echo "expected v1, got ${1:-nothing}" >&2; exit 1; }
onnx=$3 vnnlib=$4 results=$5 timeout=$6
here=$(dirname "$0")
if [[ $onnx == *.gz ]]; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  gunzip -c "$onnx" > "$folder/model.onnx"
  onnx=$folder/model.onnx
fi
node "$here/../../dist/cli/main.js" verify "$onnx" "$vnnlib" --timeout "$timeout" > "$results" || echo error > "$results"
