"""A container of a pod without a kubelet: the image's root file system with what is mounted into it."""

import os


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
            if os.getuid() == 0:
                os.chown(place / file, 0, 1000)
            (place / file).chmod(0o440)


def with_port(arguments, port, free):
    """The container's arguments with another port, which is free here."""
    found = [f"--port={free}" if argument == f"--port={port}" else argument for argument in arguments]
    assert found != arguments
    return found
