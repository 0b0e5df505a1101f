"""Tiny images, written by hand as OCI layouts."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def digest(data: bytes) -> str:
    """Return a blob's digest."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def descriptor(kind: str, data: bytes) -> dict[str, Any]:
    """Return what stands for a blob in a manifest."""
    return {"mediaType": kind, "digest": digest(data), "size": len(data)}


def encoded(document: Any) -> bytes:
    """Return a document as bytes, the same for the same content."""
    return json.dumps(document, sort_keys=True).encode()


def image(text: str) -> tuple[bytes, bytes, bytes]:
    """Return layer, config and manifest of an image with one file of this text."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tarball:
        entry = tarfile.TarInfo("hello.txt")
        entry.size = len(text)
        tarball.addfile(entry, io.BytesIO(text.encode()))
    layer = gzip.compress(packed.getvalue(), mtime=0)
    root = {"type": "layers", "diff_ids": [digest(packed.getvalue())]}
    config = encoded({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": root})
    manifest = encoded(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor(CONFIG, config),
            "layers": [descriptor(LAYER, layer)],
        }
    )
    return layer, config, manifest


def write_layout(folder: Path, text: str) -> str:
    """Write an image as an OCI layout; return its manifest's digest."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for blob in image(text):
        (blobs / digest(blob).removeprefix("sha256:")).write_bytes(blob)
    manifest = image(text)[2]
    index = {"schemaVersion": 2, "manifests": [descriptor(MANIFEST, manifest)]}
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}', encoding="utf-8")
    (folder / "index.json").write_bytes(encoded(index))
    return digest(manifest)
