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

requirements=("$here/requirements.txt")
# Helm's engine as a library, where there is no `helm`.
if ! command -v helm >/dev/null; then requirements+=("$here/requirements-helm.txt"); fi

stamp=$(cat "${requirements[@]}" | sha256sum | cut -d' ' -f1)
if [ "$(cat "$tools/chart.stamp" 2>/dev/null || true)" != "$stamp" ]; then
  echo "installing what the chart's tests need into .tools/chart"
  rm -rf "$tools/chart"
  python3 -m venv "$tools/chart"
  for file in "${requirements[@]}"; do
    "$tools/chart/bin/pip" install --quiet --disable-pip-version-check -r "$file"
  done
  echo "$stamp" > "$tools/chart.stamp"
fi
