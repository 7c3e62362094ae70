#!/usr/bin/env bash
# Runs compose.yaml: "up" starts it, "down" stops it. Debian's Docker comes
# without the compose plugin; its docker-compose does as well, and is installed
# where neither is there.
set -euo pipefail
cd "$(dirname "$0")/.."

compose() {
  if docker compose version >/dev/null 2>&1; then
    docker compose --project-name hearth "$@"
  else
    docker-compose --project-name hearth "$@"
  fi
}

if ! docker compose version >/dev/null 2>&1 && ! command -v docker-compose >/dev/null; then
  if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    echo "compose: please install the compose plugin of Docker, or docker-compose" >&2
    exit 1
  fi
  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends docker-compose </dev/null >&2
fi

case ${1:-} in
up)
  compose up --build --detach
  echo "The API is at http://127.0.0.1:${HEARTH_PORT:-3233}. For a first key:"
  echo "  docker exec \$(docker ps -qf label=com.docker.compose.project=hearth -f label=com.docker.compose.service=apiserver) hearth namespace create guest"
  ;;
down) compose down ;;
*)
  echo "usage: $0 up|down" >&2
  exit 2
  ;;
esac
