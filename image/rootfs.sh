#!/bin/sh
# Assembles the root file system of the image: image/rootfs.sh BINARIES ROOTFS
#
# BINARIES is the folder in which the binaries were built, ROOTFS a folder to be made. In it are the binaries, the
# libraries that they load, the certificates of the usual authorities, and the names that a process without root
# needs; no shell, no package manager, nothing else.
set -eu
if [ $# != 2 ]; then echo "usage: $0 BINARIES ROOTFS" >&2; exit 2; fi
binaries=$1
rootfs=$2
here=$(dirname "$0")

fail() { echo "error: $1" >&2; exit 1; }
[ ! -e "$rootfs" ] || fail "$rootfs is there already; take it away first"

# Where authorities are: on Debian, on Fedora.
authorities=
for file in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do
  if [ -s "$file" ]; then authorities=$file; break; fi
done
[ -n "$authorities" ] || fail "there are no certificates of authorities here. On Debian: apt-get install ca-certificates"

umask 022
mkdir -p "$rootfs/usr/local/bin" "$rootfs/etc/ssl/certs" "$rootfs/etc/mcp" "$rootfs/tmp"
chmod 1777 "$rootfs/tmp"

# A library where the loader looks for it, as a file, whatever links lead to it here.
add_library() {
  [ -e "$rootfs$1" ] || { mkdir -p "$rootfs$(dirname "$1")" && cp -L "$1" "$rootfs$1"; }
}

"$here/list.sh" > "$rootfs/binaries"
while read -r package binary; do
  [ -x "$binaries/$binary" ] || fail "$binaries/$binary is missing; build package $package"
  cp "$binaries/$binary" "$rootfs/usr/local/bin/$binary"
  # What is linked statically has none.
  if libraries=$(ldd "$binaries/$binary" 2>/dev/null); then
    echo "$libraries" | sed -n -e 's/.* => \(\/[^ ]*\) .*/\1/p' -e 's/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p' | while read -r library; do
      add_library "$library"
    done
    case $libraries in *"not found"*) fail "$binary needs a library that is not here: $(echo "$libraries" | grep 'not found')" ;; esac
  fi
done < "$rootfs/binaries"
rm "$rootfs/binaries"

cp -L "$authorities" "$rootfs/etc/ssl/certs/ca-certificates.crt"
cat > "$rootfs/etc/passwd" <<'PASSWD'
root:x:0:0:root:/:/sbin/nologin
mcp:x:1000:1000:cnpg-mcp:/:/sbin/nologin
PASSWD
cat > "$rootfs/etc/group" <<'GROUP'
root:x:0:
mcp:x:1000:
GROUP
# Names of hosts: the container's own file first, then the cluster's DNS.
echo "hosts: files dns" > "$rootfs/etc/nsswitch.conf"
