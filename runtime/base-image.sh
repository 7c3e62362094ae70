#!/usr/bin/env bash
# base-image.sh: sees to it that Docker has debian:trixie-slim, the base of all
# images. Where it is neither present nor to be pulled, it is made with
# debootstrap, which needs root.
set -euo pipefail
base=debian:trixie-slim

if docker image inspect "$base" >/dev/null 2>&1; then
	exit 0
fi
echo "pulling $base"
if timeout 300 docker pull -q "$base"; then
	exit 0
fi
echo "$base cannot be pulled, so it is made with debootstrap"
if [ "$(id -u)" != 0 ]; then
	echo "run this as root, or get $base some other way" >&2
	exit 1
fi
if ! command -v debootstrap >/dev/null; then
	if ! command -v apt-get >/dev/null; then
		echo "install debootstrap, or get $base some other way" >&2
		exit 1
	fi
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap >/dev/null
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
script=()
if [ ! -e /usr/share/debootstrap/scripts/trixie ]; then
	# An older debootstrap does not know the release; the script is the same.
	script=("" /usr/share/debootstrap/scripts/sid)
fi
debootstrap --variant=minbase trixie "$root" "${script[@]}"
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/var/log/* \
	"$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/locale/*
tar -C "$root" --one-file-system -c . | docker import --change 'CMD ["bash"]' - "$base"
