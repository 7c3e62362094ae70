#!/usr/bin/env bash
# build.sh [NAME...]: builds the runtime images that runtime/kinds/kinds.json
# names, or those of the given names ("nodejs", or "nodejs:24"). An image
# whose inputs have not changed is left alone; --force builds it all the same.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"

force=
if [ "${1:-}" = --force ]; then
	force=yes
	shift
fi
wanted=("$@")

wants() {
	local name=$1 tag=$2 w
	[ ${#wanted[@]} -eq 0 ] && return 0
	for w in "${wanted[@]}"; do
		if [ "$w" = "$name" ] || [ "$w" = "$name:$tag" ]; then return 0; fi
	done
	return 1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

bash base-image.sh
base=$(docker image inspect --format '{{.Id}}' debian:trixie-slim)

echo "building the proxy"
CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w' -o "$work/proxy" ./proxy

# inputs FOLDER TAG: one hash of all that goes into an image.
inputs() {
	{
		echo "$2 $base"
		sha256sum "$work/proxy" | cut -d' ' -f1
		(cd "images/$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum)
	} | sha256sum | cut -d' ' -f1
}

build() {
	local name=$1 tag=$2 image=hearth/runtime-$1:$2 context=$work/$1-$2 hash
	hash=$(inputs "$name" "$tag")
	if [ -z "$force" ] && [ "$(docker image inspect --format '{{index .Config.Labels "hearth.inputs"}}' "$image" 2>/dev/null)" = "$hash" ]; then
		echo "$image is up to date"
		return
	fi
	echo "building $image"
	mkdir "$context"
	cp -R "images/$name/." "$context/"
	cp "$work/proxy" "$context/proxy"
	if [ -f "images/$name/prepare.sh" ]; then
		bash "images/$name/prepare.sh" "$tag" "$context"
	fi
	docker build --label "hearth.inputs=$hash" --tag "$image" "$context"
	echo "built $image"
}

# Two at a time: much of a build is waiting for downloads and for the disk.
found=
while read -r name tag; do
	wants "$name" "$tag" || continue
	found=yes
	while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n || true; done
	(
		trap '[ $? = 0 ] || touch "$work/failed"' EXIT
		build "$name" "$tag" 2>&1 | sed -u "s|^|$name:$tag  |"
	) &
done < <(sed -nE 's/.*"name": "runtime-([a-z0-9]+)", "tag": "([^"]+)".*/\1 \2/p' kinds/kinds.json | sort -u)
wait

if [ -z "$found" ]; then
	echo "no image is called ${wanted[*]}" >&2
	exit 1
fi
if [ -e "$work/failed" ]; then
	echo "not all images could be built, see above" >&2
	exit 1
fi
