#!/usr/bin/env bash
# Runs every test of the project under the race detector. A test that fails is
# run again by itself, twice at most, and reported as flaky if it then passes:
# the run goes on, and the flaky test is a bug to be mended.
set -euo pipefail
cd "$(dirname "$0")/.."

flaky=$(mktemp)
trap 'rm -f "$flaky"' EXIT

status=0
go tool -modfile=tools/go.mod gotestsum \
  --format standard-quiet --format-hide-empty-pkg \
  --rerun-fails=2 --rerun-fails-max-failures=5 --rerun-fails-report="$flaky" \
  --packages ./... \
  -- -race -p 2 -timeout 15m "$@" || status=$?

if [ -s "$flaky" ]; then
  echo "tests that failed at least once (a flaky test is a bug, see CONTRIBUTING.md):"
  cat "$flaky"
fi
[ "$status" = 0 ] || exit "$status"

# Known vulnerabilities in what the program really calls. The data base is on
# the network; where it cannot be had, that is said and is no failure.
out=$(timeout 300 go tool -modfile=tools/lint/go.mod govulncheck ./... 2>&1) || status=$?
case $status in
0) echo "govulncheck: nothing known" ;;
3) echo "$out"; exit 3 ;;
*) echo "govulncheck: not checked, its data base cannot be reached: $(tail -n 1 <<<"$out")" ;;
esac
