#!/usr/bin/env bash
# Starts the platform in this terminal, on the best engine and Redis that this
# machine has, deploys the sample actions, calls each twice, and stays up until
# it is interrupted. Arguments are passed on to hearth up.
set -euo pipefail
cd "$(dirname "$0")/.."

export HEARTH_DATA=${HEARTH_DATA:-$PWD/.data}
export HEARTH_LOG_FORMAT=${HEARTH_LOG_FORMAT:-text}
export HEARTH_LOG_LEVEL=${HEARTH_LOG_LEVEL:-warn}
mkdir -p "$HEARTH_DATA"

# With Docker, actions run in the runtime images.
if timeout 10 docker version >/dev/null 2>&1; then
  bash runtime/base-image.sh && bash runtime/build.sh ||
    echo "the runtime images could not be built, see above; going on with those that are here" >&2
fi

# The platform is a child of this shell so that the samples can be run; it
# gets the interrupt of the terminal as well.
out=$(mktemp)
bin/hearth up "$@" > >(tee "$out") &
hearth=$!
trap 'kill -TERM "$hearth" 2>/dev/null || true' TERM
trap ':' INT
trap 'rm -f "$out"' EXIT

until grep -q '^hearth is ready' "$out"; do
  kill -0 "$hearth" 2>/dev/null || { wait "$hearth"; exit; }
  sleep 0.1
done

export WSK_CONFIG_FILE=$HEARTH_DATA/wskprops
h() { bin/hearth "$@"; }
now() { date +%s%N; }

# sample NAME FILE KEY VALUE [FLAGS of create]: deploys, calls cold and warm.
sample() {
  local name=$1 file=$2 key=$3 value=$4 begin cold warm result
  shift 4
  echo
  echo "$name ($file)"
  h action update "$name" "$file" "$@" >/dev/null || return 0
  begin=$(now)
  result=$(h invoke "$name" -r -p "$key" "$value") || { echo "$result"; h logs "$name" || true; return 0; }
  cold=$((($(now) - begin) / 1000000))
  begin=$(now)
  h invoke "$name" -r -p "$key" "$value" >/dev/null || return 0
  warm=$((($(now) - begin) / 1000000))
  echo "$result"
  h logs "$name" || true
  echo "cold ${cold} ms, warm ${warm} ms, the start of the client included"
}

sample hello examples/hello.js name you
sample words examples/words.py text "warm hands, warm heart"
sample shout examples/shout text "is anybody there"
command -v docker >/dev/null || command -v go >/dev/null && sample fibonacci examples/fibonacci.go n 42
sample upper examples/upper.sh text "louder" --native
echo
echo "To call them yourself, in another terminal:"
echo "  export WSK_CONFIG_FILE=$WSK_CONFIG_FILE"
echo "  bin/hearth invoke hello -r -p name you"
echo "Press Ctrl-C to stop."

# An interrupted wait returns early; the platform is given time to drain.
status=0
wait "$hearth" || status=$?
while kill -0 "$hearth" 2>/dev/null; do status=0; wait "$hearth" || status=$?; done
exit "$status"
