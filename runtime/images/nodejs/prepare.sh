#!/usr/bin/env bash
# prepare.sh TAG CONTEXT: fetches what the image needs from the npm registry,
# with this machine's npm and its settings: the node binary of major version
# TAG, and the "openwhisk" client that actions expect to find.
set -euo pipefail
tag=$1 context=$2

if ! command -v npm >/dev/null; then
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		echo "installing npm"
		apt-get update -qq -o DPkg::Lock::Timeout=600 || true
		DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends npm >/dev/null
	else
		echo "npm is needed to fetch Node.js: install it" >&2
		exit 1
	fi
fi
case $(uname -m) in
x86_64) cpu=x64 ;;
aarch64) cpu=arm64 ;;
*)
	echo "no Node.js for $(uname -m)" >&2
	exit 1
	;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo "fetching node $tag"
npm pack --silent "node-linux-$cpu@$tag" >/dev/null
tar -xzf node-linux-"$cpu"-*.tgz package/bin/node
install -m 0755 package/bin/node "$context/node"
echo '{"private":true}' >package.json
npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts openwhisk@3 >/dev/null
cp -R node_modules "$context/node_modules"
