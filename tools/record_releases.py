"""`make record-releases`: writes the SHA-256 of each archive to tools/releases.sha256.

Each archive is downloaded and checked by the vendor's published checksums first; where the vendor signs those, they are
checked by the signature (`<checksums>.sig`), by a key whose fingerprint is here. Run it where a pin changes, on a machine that
reaches the vendors, and review the difference as a pin.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ciaccess.progress import Step, print_remark
from tools import releases
from tools.download import Unreachable, is_authenticated
from tools.recipes import TOOLS, Release
from tools.running import BuildError

# By release: the address of the key that signs its checksums, and the key's fingerprint. The other vendors sign none.
SIGNED = {
    "vault": (
        "https://www.hashicorp.com/.well-known/pgp-key.txt",
        "C874011F0AB405110D02105534365D9472D7468F",
    ),
}


def main() -> int:
    """Record them; return the exit code."""
    # What is recorded for another pin is not believed, nor what is there for this one.
    before = releases.RECORDED.read_text(encoding="ascii")
    releases.RECORDED.write_text("", encoding="ascii")
    try:
        lines = _lines()
    except (BuildError, Unreachable) as error:
        sys.stderr.write(f"error: record the releases' checksums: {error}\n")
        return 1
    else:
        before = "".join(lines)
        return 0
    finally:
        releases.RECORDED.write_text(before, encoding="ascii")


def _lines() -> list[str]:
    lines = []
    with tempfile.TemporaryDirectory() as scratch:
        for release in (tool.release for tool in TOOLS):
            checksums = _vendor_checksums(release)
            for system in releases.SYSTEMS:
                for processor in ("amd64", "arm64"):
                    archive = releases.archive_for(release, system, processor)
                    target = Path(scratch) / archive
                    with Step(f"checking {archive}") as step:
                        releases.fetch_checked(release, archive, target, step.note, checksums)
                    with target.open("rb") as file:
                        lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {archive}\n")
                    target.unlink()
    return lines


def _vendor_checksums(release: Release) -> bytes:
    """Return the vendor's checksums, verified by their signature if there is one."""
    base, name = releases.base_of(release), release.checksums
    address, fingerprint = SIGNED.get(release.name, ("", ""))
    if not fingerprint and not is_authenticated(base):
        raise BuildError(f"{name} is not signed, and {base} is not reached by TLS")
    found = releases.fetch_whole(f"{base}/{name}")
    if not fingerprint:
        print_remark(f"{name}: its vendor does not sign it; as {base} serves it")
        return found
    key = releases.fetch_whole(address if base == release.address else f"{base}/{address.rpartition('/')[2]}")
    if not _is_signed(found, releases.fetch_whole(f"{base}/{name}.sig"), key, fingerprint):
        raise BuildError(f"{name}.sig does not sign {name} by the key {fingerprint}. Nothing was recorded")
    print_remark(f"{name}: signed by the key {fingerprint}")
    return found


def _is_signed(content: bytes, signature: bytes, key: bytes, fingerprint: str) -> bool:
    """Tell whether the key with this fingerprint, or a subkey of it, signed a content."""
    if not shutil.which("gpg"):
        raise BuildError("gpg is not on PATH. Install gnupg")
    with tempfile.TemporaryDirectory() as home:
        names = ("key", "signature", "content")
        files = [Path(home) / name for name in names]
        for file, text in zip(files, (key, signature, content), strict=True):
            file.write_bytes(text)
        gpg = ["gpg", "--homedir", home, "--batch", "--no-autostart", "--status-fd", "1"]
        subprocess.run([*gpg, "--import", files[0]], capture_output=True, check=False)  # noqa: S603 our own words
        done = subprocess.run([*gpg, "--verify", *files[1:]], capture_output=True, text=True, check=False)  # noqa: S603 as above
    status = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("[GNUPG:] ")]
    # Of one signature alone: of several, the two could be of different ones.
    verdicts = [words[0] for words in status if words[0].endswith("SIG")]
    is_good = done.returncode == 0 and verdicts in (
        ["NEWSIG", "GOODSIG", "VALIDSIG"],
        ["GOODSIG", "VALIDSIG"],
    )
    return is_good and any(words[0] == "VALIDSIG" and words[-1] == fingerprint for words in status)


if __name__ == "__main__":
    sys.exit(main())
