#!/usr/bin/env bash
# Installs redis-server, which tests start on ports of their own. Does nothing where it is there already.
set -euo pipefail
if command -v redis-server >/dev/null; then exit 0; fi
as_root=
if [ "$(id -u)" != 0 ]; then as_root="sudo -n"; fi
if command -v apt-get >/dev/null; then
  echo "installing redis-server"
  $as_root apt-get install -y -qq --no-install-recommends redis-server >/dev/null ||
    { $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends redis-server >/dev/null; } || true
fi
if ! command -v redis-server >/dev/null; then
  echo "error: \`redis-server\` is missing, and tests need it. On Debian: apt-get install redis-server" >&2
  exit 1
fi
