#!/usr/bin/env bash
# Installs what the tests of the chart need into .tools/chart of the project. Does nothing where it is there already.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
tools=$root/.tools
here=$root/tests/chart
mkdir -p "$tools"

if ! python3 -m venv --help >/dev/null 2>&1; then
  echo "error: \`python3 -m venv\` does not work here, and the tests need it. On Debian: apt-get install python3-venv" >&2
  exit 1
fi

stamp=$(sha256sum < "$here/requirements.txt" | cut -d' ' -f1)
if [ "$(cat "$tools/chart.stamp" 2>/dev/null || true)" != "$stamp" ]; then
  echo "installing what the chart's tests need into .tools/chart"
  rm -rf "$tools/chart"
  python3 -m venv "$tools/chart"
  "$tools/chart/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
  echo "$stamp" > "$tools/chart.stamp"
fi
