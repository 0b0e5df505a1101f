"""A vendor's release, downloaded, checked, and unpacked into the tool cache.

Checked by the SHA-256 recorded in tools/releases.sha256, else by the vendor's published checksums, fetched over TLS from
beside the archive (docs/security.md has what that trusts). A wrong checksum is a BuildError; a host that cannot be reached is
not, but Unreachable: then the tool is built. Of an archive, the wanted programs are taken by name, and no path of it is used.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import shutil
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from tools import download
from tools.recipes import Release
from tools.running import BuildError

MIRROR = "CIACCESS_DOWNLOADS"
OFF = "off"
RECORDED = Path(__file__).with_name("releases.sha256")
_ARCHIVE_BYTES = 1 << 30
_CHECKSUMS_BYTES = 1 << 20
SYSTEMS = ("linux", "darwin")
_PROCESSORS = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
# What reading an archive raises where it is cut, changed, encrypted, or packed in an unknown way.
_DAMAGED = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError)
# By the length of a digest. pulumi-vault publishes SHA-1.
_ALGORITHMS = {40: "sha1", 64: "sha256", 128: "sha512"}


def install(release: Release, programs: tuple[str, ...], folder: Path, note: Callable[[str], None]) -> None:
    """Put these programs of a release into a folder, each whole or not at all."""
    archive = archive_name(release)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".release-") as scratch:
        packed = Path(scratch) / "archive"
        fetch_checked(release, archive, packed, note)
        for program in _unpack(packed, archive, programs, Path(scratch)):
            program.replace(folder / program.name)


def fetch_checked(
    release: Release, archive: str, target: Path, note: Callable[[str], None], checksums: bytes = b""
) -> None:
    """Download an archive of a release, and check it; `checksums` are the vendor's, if known."""
    base = base_of(release)
    algorithm, expected, source = _checksum(release, base, archive, checksums)
    with target.open("wb") as file:
        download.fetch(f"{base}/{archive}", file, _ARCHIVE_BYTES, note)
    with target.open("rb") as file:
        got = hashlib.file_digest(file, algorithm).hexdigest()
    if got != expected:
        raise BuildError(
            f"check {archive}: its {algorithm.upper()} is {got}, expected {expected} ({source}). Nothing was installed. "
            f"Where a mirror or proxy changes files, name another mirror in {MIRROR}, or build the tools: {MIRROR}={OFF}"
        )


def archive_name(release: Release) -> str:
    """Return the name of a release's archive for this machine, for which the vendor may have none."""
    processor = _PROCESSORS.get(platform.machine().lower())
    if processor is None or sys.platform not in SYSTEMS:
        raise download.Unreachable(f"no release for {sys.platform} on {platform.machine()}")
    return archive_for(release, sys.platform, processor)


def archive_for(release: Release, system: str, processor: str) -> str:
    """Return the name of a release's archive for a system and a processor, `amd64` or `arm64`."""
    return release.archive.format(system=system, amd64=processor, x64=processor.replace("amd64", "x64"))


def base_of(release: Release) -> str:
    """Return the address of a release's folder, the vendor's or that of the mirror."""
    mirror = os.environ.get(MIRROR, "").rstrip("/")
    if not mirror:
        return release.address
    if mirror == OFF:
        raise download.Unreachable(f"{MIRROR}={OFF}")
    parts = urlsplit(mirror)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise BuildError(
            f"{MIRROR}: an http:// or https:// address without credentials is allowed, or `{OFF}`. "
            "It serves <address>/<name>/<version>/<file>: docs/README.md"
        )
    return f"{mirror}/{release.name}/{release.version}"


def fetch_whole(address: str) -> bytes:
    """Return a small file."""
    content = io.BytesIO()
    download.fetch(address, content, _CHECKSUMS_BYTES)
    return content.getvalue()


def _checksum(release: Release, base: str, archive: str, checksums: bytes) -> tuple[str, str, str]:
    """Return the algorithm, the digest, and where it is from."""
    if found := _digest_in(RECORDED.read_text(encoding="ascii"), archive):
        return "sha256", found, f"tools/{RECORDED.name}"
    if not checksums and not download.is_authenticated(base):
        raise BuildError(
            f"check {archive}: no checksum of it is recorded in tools/{RECORDED.name}, and one that {urlsplit(base).hostname} "
            f"serves without TLS proves nothing. Name an https:// address in {MIRROR}, or record it: make record-releases"
        )
    checksums = checksums or fetch_whole(f"{base}/{release.checksums}")
    found = _digest_in(checksums.decode(errors="replace"), archive)
    algorithm = _ALGORITHMS.get(len(found))
    if algorithm is None:
        raise BuildError(
            f"check {archive}: {release.checksums} of {urlsplit(base).hostname} has no checksum of it. "
            f"Nothing was installed. Build the tools: {MIRROR}={OFF}"
        )
    return algorithm, found, f"{release.checksums} of {urlsplit(base).hostname}"


def _digest_in(text: str, archive: str) -> str:
    for line in text.splitlines():
        words = line.split()
        if len(words) == 2 and words[1].removeprefix("*").removeprefix("./") == archive:  # noqa: PLR2004 digest, name
            return words[0].lower()
    return ""


def _unpack(packed: Path, archive: str, programs: tuple[str, ...], folder: Path) -> list[Path]:
    wanted = {name: folder / name for name in programs}
    try:
        with ExitStack() as stack:
            for name, content in _members(packed, archive, stack):
                if target := wanted.get(name):
                    with target.open("wb") as file:
                        shutil.copyfileobj(content, file)
                    target.chmod(0o755)
    except _DAMAGED as error:
        raise BuildError(f"unpack {archive}: {error}. Nothing was installed") from None
    if missing := [name for name, target in wanted.items() if not target.exists()]:
        raise BuildError(f"unpack {archive}: it has no {', '.join(missing)}. Nothing was installed")
    return list(wanted.values())


def _members(packed: Path, archive: str, stack: ExitStack) -> Iterator[tuple[str, IO[bytes]]]:
    """Return the regular files of an archive by their last names, each opened."""
    if archive.endswith(".zip"):
        unzipped = stack.enter_context(zipfile.ZipFile(packed))
        for entry in unzipped.infolist():
            name = _safe_name(entry.filename)
            if not entry.is_dir():
                yield name, stack.enter_context(unzipped.open(entry))
        return
    untarred = stack.enter_context(tarfile.TarFile.open(packed))
    for member in untarred:
        name = _safe_name(member.name)
        if member.isreg() and (content := untarred.extractfile(member)):
            yield name, content


def _safe_name(path: str) -> str:
    parts = path.split("/")
    if path.startswith("/") or ".." in parts:
        raise OSError(f"unsafe path '{path}' in it")
    return parts[-1]
