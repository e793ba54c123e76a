# SPDX-License-Identifier: Apache-2.0
"""An image of one static busybox, made without a registry.

The archive is an OCI image layout (image-layout.md) and what `docker save` writes at once,
so that every engine's import takes it.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

NAME = "localhost/busybox:test"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
DIRECTORIES = ("bin", "dev", "etc", "proc", "run", "sys", "tmp")


def make_image(path: Path, command: list[str] | None = None, name: str = NAME) -> Path:
    """Write the archive to `path`; `command` is what the image runs when nothing is said."""
    layer = rootfs_tar()
    config = as_json(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Env": ["PATH=/bin"], "Cmd": command or ["/bin/sh"], "WorkingDir": "/"},
            "rootfs": {"type": "layers", "diff_ids": [digest(layer)]},
            "history": [{"created_by": "a test"}],
        }
    )
    manifest = as_json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": described(CONFIG, config),
            "layers": [described(LAYER, layer)],
        }
    )
    names = {"org.opencontainers.image.ref.name": name, "io.containerd.image.name": name}
    index = {
        "schemaVersion": 2,
        "manifests": [described(MANIFEST, manifest) | {"annotations": names}],
    }
    docker = [{"Config": blob(config), "RepoTags": [name], "Layers": [blob(layer)]}]
    with tarfile.open(path, "w") as archive:
        add(archive, "oci-layout", as_json({"imageLayoutVersion": "1.0.0"}))
        add(archive, "index.json", as_json(index))
        add(archive, "manifest.json", as_json(docker))
        for content in (layer, config, manifest):
            add(archive, blob(content), content)
    return path


def rootfs_tar() -> bytes:
    """The one layer."""
    busybox = shutil.which("busybox")
    assert busybox, "busybox-static is not installed"
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as layer:
        for name in DIRECTORIES:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            layer.addfile(entry)
        add(layer, "etc/passwd", b"root:x:0:0::/:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n")
        add(layer, "etc/group", b"root:x:0:\nuser:x:1000:\n")
        add(layer, "bin/busybox", Path(busybox).read_bytes(), mode=0o755)
        for applet in applets.stdout.split():
            if applet != "busybox":
                entry = tarfile.TarInfo(f"bin/{applet}")
                entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
                layer.addfile(entry)
    return buffer.getvalue()


def add(archive: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def blob(content: bytes) -> str:
    """The path of a blob in the layout."""
    return f"blobs/sha256/{digest(content).partition(':')[2]}"


def described(kind: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": kind, "digest": digest(content), "size": len(content)}
