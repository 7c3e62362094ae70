#!/usr/bin/env bash
# Builds the programs that ship, static, into bin/.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(git describe --tags --always --dirty 2>/dev/null || echo unknown)
export CGO_ENABLED=0
go build -trimpath -ldflags "-s -w -X main.version=$version" -o bin/hearth ./cmd/hearth
go build -trimpath -ldflags "-s -w" -o bin/hearth-proxy ./runtime/proxy
