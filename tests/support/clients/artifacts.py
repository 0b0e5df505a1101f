"""Small real artifacts of each kind: an RPM, a wheel, an npm package, a container image."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import subprocess
import tarfile
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SPEC = """Name: {name}
Version: {version}
Release: 1
Summary: A package of the tests
License: None
BuildArch: noarch
%description
{text}
%files
"""
_MEDIA_TYPE = "application/vnd.docker"


def make_rpm(folder: Path, name: str, version: str, text: str = "x") -> Path:
    """Build an RPM with rpmbuild and put it into `folder`."""
    build = folder / ".build"
    build.mkdir(parents=True, exist_ok=True)
    spec = build / f"{name}.spec"
    spec.write_text(_SPEC.format(name=name, version=version, text=text), encoding="utf-8")
    subprocess.run(
        ["rpmbuild", "-bb", "--quiet", "--define", f"_topdir {build}", str(spec)],
        check=True,
        capture_output=True,
    )
    (built,) = build.glob(f"RPMS/noarch/{name}-{version}-1.noarch.rpm")
    return built.replace(folder / built.name)


def make_wheel(folder: Path, name: str, version: str, text: str = "") -> Path:
    """Write a wheel with one module."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": text,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},sha256={_digest(content)},{len(content)}\n" for path, content in files.items())
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in {**files, f"{info}/RECORD": record + f"{info}/RECORD,,\n"}.items():
            archive.writestr(path, content)
    return wheel


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def make_npm_package(folder: Path, name: str, version: str, text: str = "") -> Path:
    """Write a package's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps({"name": name, "version": version}), encoding="utf-8")
    (folder / "index.js").write_text(f"// {text}\n", encoding="utf-8")
    return folder


def make_chart(folder: Path, text: str) -> Path:
    """Write a packed Helm chart, `chart-1.0.0.tgz`."""
    folder.mkdir(parents=True, exist_ok=True)
    content = f"apiVersion: v2\nname: chart\nversion: 1.0.0\ndescription: {text}\n".encode()
    path = folder / "chart-1.0.0.tgz"
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("chart/Chart.yaml")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return path


def make_deb(folder: Path, text: str) -> Path:
    """Build a Debian package without files, `cwiq-real_1.0_all.deb`, with dpkg-deb."""
    control = folder / "build" / "DEBIAN" / "control"
    control.parent.mkdir(parents=True, exist_ok=True)
    fields = {
        "Package": "cwiq-real",
        "Version": "1.0",
        "Architecture": "all",
        "Maintainer": "x <x@example.org>",
    }
    lines = [f"{name}: {value}\n" for name, value in {**fields, "Description": text}.items()]
    control.write_text("".join(lines), encoding="utf-8")
    path = folder / "cwiq-real_1.0_all.deb"
    subprocess.run(["dpkg-deb", "--build", str(folder / "build"), str(path)], check=True, capture_output=True)
    return path


def make_jar(folder: Path, text: str, version: str = "1.0") -> Path:
    """Write a jar and the POM beside it: org.example:thing."""
    folder.mkdir(parents=True, exist_ok=True)
    pom = (
        "<project><modelVersion>4.0.0</modelVersion><groupId>org.example</groupId>"
        f"<artifactId>thing</artifactId><version>{version}</version></project>"
    )
    (folder / "pom.xml").write_text(pom, encoding="utf-8")
    path = folder / "thing.jar"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("text", text)
    return path


def make_image(folder: Path, text: str = "x") -> Path:
    """Write a container image of one layer as skopeo's `dir:` transport reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    unpacked = io.BytesIO()
    with tarfile.open(fileobj=unpacked, mode="w") as archive:
        member = tarfile.TarInfo("file")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text.encode()))
    layer = gzip.compress(unpacked.getvalue(), mtime=0)
    difference = f"sha256:{hashlib.sha256(unpacked.getvalue()).hexdigest()}"
    root = {"type": "layers", "diff_ids": [difference]}
    configuration = json.dumps(
        {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": root}
    ).encode()
    described = []
    for kind, blob in (("container.image.v1+json", configuration), ("image.rootfs.diff.tar.gzip", layer)):
        digest = hashlib.sha256(blob).hexdigest()
        (folder / digest).write_bytes(blob)
        described.append(
            {"mediaType": f"{_MEDIA_TYPE}.{kind}", "size": len(blob), "digest": f"sha256:{digest}"}
        )
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{_MEDIA_TYPE}.distribution.manifest.v2+json",
        "config": described[0],
        "layers": described[1:],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "version").write_text("Directory Transport Version: 1.1\n", encoding="utf-8")
    return folder
