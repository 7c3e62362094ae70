#!/bin/bash
params=$(cat)
case $(jq -r .do <<<"$params") in
echo) jq -c . <<<"$params" ;;
array) echo '[1,"two",{"three":3}]' ;;
env) jq -cn env ;;
error) echo '{"error":"no"}' ;;
scalar) echo 5 ;;
log)
	echo "to stdout ü"
	echo "to stderr ü" >&2
	echo '{}'
	;;
burst)
	printf -v line '%200s' ''
	for ((n = 0; n < 1000; n++)); do echo "line $n ${line// /x}"; done
	echo '{}'
	;;
throw) echo thrown && exit 1 ;;
exit)
	printf 'last words'
	kill -9 $$
	;;
esac
