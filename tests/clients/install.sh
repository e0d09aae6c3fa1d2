#!/usr/bin/env bash
# Installs the MCP clients that the tests drive into .tools/ of the project. Does nothing where they are there already.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
tools=$root/.tools
mkdir -p "$tools"

need() {
  if ! $1 >/dev/null 2>&1; then
    echo "error: \`$1\` does not work here, and the tests need it. On Debian: apt-get install $2" >&2
    exit 1
  fi
}
need "python3 -m venv --help" python3-venv
need "npm --version" npm

stamp() { sha256sum "$@" | sha256sum | cut -d' ' -f1; }

python_stamp=$(stamp "$root/tests/clients/python/requirements.txt")
if [ "$(cat "$tools/python.stamp" 2>/dev/null || true)" != "$python_stamp" ]; then
  echo "installing the Python MCP clients into .tools/python"
  rm -rf "$tools/python"
  python3 -m venv "$tools/python"
  "$tools/python/bin/pip" install --quiet --disable-pip-version-check -r "$root/tests/clients/python/requirements.txt"
  echo "$python_stamp" > "$tools/python.stamp"
fi

node_stamp=$(stamp "$root/tests/clients/node/package.json" "$root/tests/clients/node/package-lock.json")
if [ "$(cat "$tools/node.stamp" 2>/dev/null || true)" != "$node_stamp" ]; then
  echo "installing MCP clients for Node.js into .tools/node"
  rm -rf "$tools/node"
  mkdir -p "$tools/node"
  cp "$root/tests/clients/node/package.json" "$root/tests/clients/node/package-lock.json" "$tools/node/"
  (cd "$tools/node" && npm ci --no-audit --no-fund --loglevel=error)
  echo "$node_stamp" > "$tools/node.stamp"
fi
