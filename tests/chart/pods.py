"""A container of a pod without a kubelet: the image's root file system with what is mounted into it."""

import base64
import os
import uuid

from image import can_be

# Where the kubelet mounts what is an account's.
ACCOUNT = "var/run/secrets/kubernetes.io/serviceaccount"


def mount(rootfs, container, volumes):
    """Puts the files of volumes where the container mounts them, as the kubelet does: readable by the pod's group, and
    nobody else."""
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    # The Secret is mounted into the ConfigMap's folder.
    for name, path in sorted(mounts.items(), key=lambda mount: mount[1]):
        place = rootfs / path.lstrip("/")
        place.mkdir(exist_ok=True)
        for file, text in volumes[name].items():
            (place / file).unlink(missing_ok=True)
            (place / file).write_text(text)
            if can_be(1000):
                os.chown(place / file, 0, 1000)
            (place / file).chmod(0o440)


def decoded(data):
    """The text of a value of a Secret."""
    return base64.b64decode(data).decode()


def mount_account(rootfs, **files):
    """Puts token, `ca_crt` and namespace of an account into a container, or replaces what is there: all at once, as the
    kubelet does, by a link to a folder."""
    place = rootfs / ACCOUNT
    fresh = place / f"..{uuid.uuid4()}"
    fresh.mkdir(parents=True)
    earlier = place / "..data"
    for path in earlier.iterdir() if earlier.exists() else ():
        (fresh / path.name).write_text(path.read_text())
    for name, text in files.items():
        (fresh / name.replace("_", ".")).write_text(text)
    for path in fresh.iterdir():
        path.chmod(0o440)
        if can_be(1000):
            os.chown(path, 0, 1000)
        if not (place / path.name).is_symlink():
            (place / path.name).symlink_to(f"..data/{path.name}")
    (place / "..next").symlink_to(fresh.name)
    (place / "..next").replace(earlier)


def with_port(arguments, port, free):
    """The container's arguments with another port, which is free here."""
    found = [f"--port={free}" if argument == f"--port={port}" else argument for argument in arguments]
    assert found != arguments
    return found
