"""The image without Docker: its root file system, and processes in it."""

import contextlib
import os
import subprocess

import helm
import world

# The binaries of the image.
LISTED = subprocess.run([helm.ROOT / "image/list.sh"], capture_output=True, text=True, check=True).stdout.split()[1::2]

# Nothing of this process but where `chroot` is.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


def assemble(folder):
    """The root file system of the image, below a folder."""
    made = folder / "rootfs"
    subprocess.run([helm.ROOT / "image/rootfs.sh", world.binary("cnpg-mcp").parent, made], check=True)
    return made


def can_be(user):
    """Whether this process may become a user: it is root, also where root is somebody else outside."""
    with open("/proc/self/uid_map") as lines:
        known = [tuple(map(int, line.split())) for line in lines]
    return os.getuid() == 0 and any(first <= user < first + count for first, _, count in known)


def inside(rootfs, *command):
    """A command line that runs another in the image, as its user: nothing outside can be seen."""
    if can_be(1000):
        return ["chroot", "--userspec=1000:1000", rootfs, *command]
    return ["unshare", "--map-user=1000", "--map-group=1000", f"--root={rootfs}", *command]


def run(rootfs, *command, env=None, **more):
    """Runs a command in the image to its end, with further variables."""
    return subprocess.run(inside(rootfs, *command), capture_output=True, text=True, env={**ENVIRONMENT, **(env or {})}, timeout=90, **more)


@contextlib.contextmanager
def started(rootfs, *command, env=None):
    """A server with further variables, until the end of the block, where it must still run. Its log is what the block is
    given."""
    log = rootfs.parent / "log"
    with log.open("w") as file:
        process = subprocess.Popen(inside(rootfs, *command), stdout=file, stderr=file, env={**ENVIRONMENT, **(env or {})})
    try:
        yield log
        assert process.poll() is None, log.read_text()
    finally:
        process.terminate()
        assert process.wait(timeout=30) == 0, log.read_text()
