#!/usr/bin/env bash
# Installs Chromium, and what drives it beside the script that does. Does nothing where all is there already.
set -euo pipefail
here=$(cd "$(dirname "$0")/node" && pwd)
if ! npm --version >/dev/null 2>&1; then
  echo "error: \`npm\` does not work here, and the tests need it. On Debian: apt-get install npm" >&2
  exit 1
fi
if ! command -v chromium >/dev/null && command -v apt-get >/dev/null; then
  as_root=
  if [ "$(id -u)" != 0 ]; then as_root="sudo -n"; fi
  echo "installing chromium"
  $as_root apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null ||
    { $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; } || true
fi
if ! command -v chromium >/dev/null; then
  echo "error: \`chromium\` is missing, and tests need it. On Debian: apt-get install chromium" >&2
  exit 1
fi
stamp=$(sha256sum "$here/package.json" "$here/package-lock.json" | cut -d' ' -f1 | sha256sum | cut -d' ' -f1)
if [ "$(cat "$here/node_modules/.stamp" 2>/dev/null || true)" != "$stamp" ]; then
  echo "installing the browser's driver into tests/browser/node/node_modules"
  (cd "$here" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error)
  echo "$stamp" > "$here/node_modules/.stamp"
fi
