#!/usr/bin/env bash
# Makes this machine able to run the tests: installs the programs that are
# missing (on Debian and Ubuntu, as root), and starts a Docker daemon where
# none answers. It never restarts or reconfigures one that does.
set -euo pipefail

log() { printf 'setup: %s\n' "$*" >&2; }
die() { log "$*"; exit 1; }

# program and the Debian package that brings it
programs="
docker      docker.io
dockerd     docker.io
iptables    iptables
redis-server redis-server
redis-cli   redis-tools
docker-registry docker-registry
debootstrap debootstrap
gcc         gcc
curl        curl
git         git
jq          jq
zip         zip
unzip       unzip
xz          xz-utils
node        nodejs
npm         npm
"

missing() {
  local program package
  while read -r program package; do
    [ -n "$program" ] || continue
    # dockerd is not needed where a daemon answers already.
    if [ "$program" = dockerd ] && docker version >/dev/null 2>&1; then continue; fi
    command -v "$program" >/dev/null 2>&1 || echo "$package"
  done <<<"$programs"
  # The race detector links against the C library.
  [ -e /usr/include/stdlib.h ] || echo libc6-dev
  [ -e /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
}

install() {
  log "installing: $*"
  # Without this, Debian starts the services it installs, on their public
  # ports and with their own settings.
  local policy=/usr/sbin/policy-rc.d ours=
  if [ ! -e "$policy" ]; then
    ours=yes
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  local status=0
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq -o DPkg::Lock::Timeout=600 update >&2 || log "apt-get update failed, trying with the lists that are here"
  apt-get -qq -y -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 install --no-install-recommends "$@" </dev/null >&2 || status=$?
  [ -z "$ours" ] || rm -f "$policy"
  return "$status"
}

install_missing() {
  local packages
  packages=$(missing | sort -u | xargs)
  [ -n "$packages" ] || return 0
  if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    die "please install first (names as in Debian): $packages"
  fi
  # Newer releases keep the client in a package of its own.
  case " $packages " in *" docker.io "*)
    apt-cache show docker-cli >/dev/null 2>&1 && packages="$packages docker-cli" ;;
  esac
  # shellcheck disable=SC2086 # a list of words
  install $packages || die "apt-get could not install: $packages"
  packages=$(missing | sort -u | xargs)
  [ -z "$packages" ] || die "still missing after the installation: $packages"
}

answers() { timeout 20 docker version >/dev/null 2>&1; }

# forget removes a pid file whose process is not the named program.
forget() {
  local pid
  pid=$(cat "$1" 2>/dev/null) || return 0
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ] || rm -f "$1"
}

start_docker() {
  if answers; then return; fi
  [ "$(id -u)" = 0 ] || die "no Docker daemon answers; start one, or run this as root"
  if [ -d /run/systemd/system ]; then
    log "starting Docker with systemd"
    systemctl start docker
  else
    if [ -z "$(ls -A /sys/fs/cgroup 2>/dev/null)" ]; then
      mount -t cgroup2 cgroup2 /sys/fs/cgroup || log "no cgroups could be mounted"
    fi
    # A daemon that was killed leaves the number of a process that may be
    # somebody else's by now, and dockerd would refuse to start beside it.
    forget /var/run/docker.pid dockerd
    forget /var/run/docker/containerd/containerd.pid containerd
    local out=${HEARTH_DOCKERD_LOG:-/var/log/hearth-dockerd.log}
    log "starting dockerd, its log is $out"
    setsid nohup dockerd >>"$out" 2>&1 </dev/null &
  fi
  local i
  for i in $(seq 120); do
    if answers; then log "Docker answers after $i s"; return; fi
    sleep 1
  done
  [ -z "${out:-}" ] || tail -n 30 "$out" >&2
  die "Docker did not answer within two minutes"
}

install_missing
start_docker
log "ready: docker $(docker version --format '{{.Server.Version}}'), $(redis-server --version | cut -d' ' -f1-3), $(go version | cut -d' ' -f3)"
