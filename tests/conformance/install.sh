#!/usr/bin/env bash
# Installs the conformance suite of MCP beside this script. Does nothing where it is there already.
set -euo pipefail
here=$(cd "$(dirname "$0")/node" && pwd)
if ! npm --version >/dev/null 2>&1; then
  echo "error: \`npm\` does not work here, and the tests need it. On Debian: apt-get install npm" >&2
  exit 1
fi
stamp=$(sha256sum "$here/package.json" "$here/package-lock.json" | cut -d' ' -f1 | sha256sum | cut -d' ' -f1)
if [ "$(cat "$here/node_modules/.stamp" 2>/dev/null || true)" != "$stamp" ]; then
  echo "installing MCP's conformance suite into tests/conformance/node/node_modules"
  (cd "$here" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error)
  echo "$stamp" > "$here/node_modules/.stamp"
fi
