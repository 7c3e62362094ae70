#!/bin/bash
jq -Rsc --arg method "$Http_Method" --arg path "$Http_Path" '{body: ., method: $method, path: $path}'
