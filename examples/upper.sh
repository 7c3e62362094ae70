#!/bin/sh
# Any executable can be an action: the parameters come as one argument, a JSON
# object, and the last line that it prints is the result.
echo "got $1"
printf '{"upper": %s}\n' "$(printf '%s' "$1" | sed -n 's/.*"text": *\("[^"]*"\).*/\1/p' | tr '[:lower:]' '[:upper:]')"
