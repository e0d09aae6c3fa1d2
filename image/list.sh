#!/bin/sh
# Prints the packages and binaries of the image, without comments.
set -eu
grep -v -e '^#' -e '^$' "$(dirname "$0")/binaries"
