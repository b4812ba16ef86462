#!/usr/bin/env bash
# Called once: install_tool.sh v1
set -euo pipefail
[ "${1:-}" = v1 ] || { echo "expected v1, got ${1:-nothing}" >&2; exit 1; }
cd "$(dirname "$0")/../.."
npm ci --no-audit --no-fund
npm run build
