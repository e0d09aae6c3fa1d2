#!/usr/bin/env bash
# Sees to it that there is a kubectl of 1.25 or newer, with which tests act on the sandbox as people do.
set -euo pipefail
minor() { kubectl version --client --output json 2>/dev/null | sed -n 's/.*"minor": "\([0-9]*\).*/\1/p' | head -1; }
if ! command -v kubectl >/dev/null && command -v apt-get >/dev/null; then
  as_root=
  if [ "$(id -u)" != 0 ]; then as_root="sudo -n"; fi
  echo "installing kubectl"
  $as_root apt-get install -y -qq --no-install-recommends kubernetes-client >/dev/null ||
    { $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends kubernetes-client >/dev/null; } || true
fi
if ! command -v kubectl >/dev/null || [ "$(minor)" -lt 25 ]; then
  echo "error: tests need \`kubectl\`, version 1.25 or newer. https://kubernetes.io/docs/tasks/tools/ says how it is installed" >&2
  exit 1
fi
