"""A release is checked before it is used; what cannot be reached is built, what is wrong is an error."""

from __future__ import annotations

import hashlib
import http.client
import ssl
import subprocess
import urllib.request
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.support.servers.downloads import Mirror, proxy, tar, zipped
from tools import download, record_releases, releases
from tools.download import Unreachable
from tools.recipes import (
    LANGUAGE_HOST,
    PULUMI,
    PULUMI_TOOL,
    TOOLS,
    VAULT_PLUGIN,
    VAULT_PLUGIN_TOOL,
    VAULT_TOOL,
)
from tools.running import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tools.recipes import Release

VAULT_RELEASE = VAULT_TOOL.release


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cache" / "bin").mkdir(parents=True)
    return tmp_path / "cache" / "bin"


def path_of(release: Release, file: str) -> str:
    return f"/{release.name}/{release.version}/{file}"


def publish(served: Mirror, release: Release, content: bytes, algorithm: str = "sha256") -> str:
    archive = releases.archive_name(release)
    served.publish(f"{release.name}/{release.version}", archive, content, release.checksums, algorithm)
    return path_of(release, archive)


def install_vault(folder: Path) -> None:
    releases.install(VAULT_RELEASE, ("vault",), folder, lambda _: None)


def test_a_good_archive_brings_its_programs_ready_to_run(served: Mirror, folder: Path) -> None:
    programs = (*PULUMI.programs, *LANGUAGE_HOST.programs)
    publish(
        served,
        PULUMI_TOOL.release,
        tar({f"pulumi/{name}": f"#!{name}" for name in (*programs, "pulumi-watch")}),
    )
    releases.install(PULUMI_TOOL.release, programs, folder, lambda _: None)
    assert {file.name: file.read_text() for file in folder.iterdir()} == {
        name: f"#!{name}" for name in programs
    }
    assert all(file.stat().st_mode & 0o777 == 0o755 for file in folder.iterdir())
    assert [file.name for file in folder.parent.iterdir()] == ["bin"], "nothing is left beside"


def test_a_plugin_with_sha1_checksums_is_checked_by_them(served: Mirror, folder: Path) -> None:
    release = VAULT_PLUGIN_TOOL.release
    path = publish(served, release, tar({VAULT_PLUGIN.program: "#!plugin"}), "sha1")
    releases.install(release, VAULT_PLUGIN.programs, folder, lambda _: None)
    assert (folder / VAULT_PLUGIN.program).read_text() == "#!plugin"
    served.files[path] += b"x"
    with pytest.raises(BuildError, match="its SHA1 is"):
        releases.install(release, VAULT_PLUGIN.programs, folder, lambda _: None)


def test_a_wrong_checksum_names_file_expected_and_got_and_installs_nothing(
    served: Mirror, folder: Path
) -> None:
    good, bad = zipped({"vault": "#!good"}), zipped({"vault": "#!bad"})
    served.files[publish(served, VAULT_RELEASE, good)] = bad
    with pytest.raises(BuildError) as caught:
        install_vault(folder)
    for expected in (
        releases.archive_name(VAULT_RELEASE),
        hashlib.sha256(good).hexdigest(),
        hashlib.sha256(bad).hexdigest(),
        f"{VAULT_RELEASE.checksums} of 127.0.0.1",
        "CIACCESS_DOWNLOADS=off",
    ):
        assert expected in str(caught.value)
    assert not list(folder.iterdir())


def test_a_recorded_checksum_is_believed_and_the_served_one_is_not_asked_for(
    served: Mirror, folder: Path
) -> None:
    content = zipped({"vault": "#!vault"})
    publish(served, VAULT_RELEASE, content)
    archive = releases.archive_name(VAULT_RELEASE)
    releases.RECORDED.write_text(f"{hashlib.sha256(content).hexdigest()}  {archive}\n")
    install_vault(folder)
    assert served.requests == [path_of(VAULT_RELEASE, archive)]
    releases.RECORDED.write_text(f"{'0' * 64}  {archive}\n")
    with pytest.raises(BuildError, match=r"expected 0{64} \(tools/releases\.sha256\)"):
        install_vault(folder)


def test_a_checksum_served_without_tls_proves_nothing(
    served: Mirror, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(served, VAULT_RELEASE, zipped({"vault": "#!vault"}))
    monkeypatch.setattr(download, "_LOOPBACK", ())
    with pytest.raises(BuildError, match="serves without TLS proves nothing"):
        install_vault(folder)
    assert not served.requests


def test_an_archive_without_a_published_checksum_is_an_error(served: Mirror, folder: Path) -> None:
    publish(served, VAULT_RELEASE, zipped({"vault": "#!vault"}))
    served.files[path_of(VAULT_RELEASE, VAULT_RELEASE.checksums)] = b"<html>please log in</html>"
    with pytest.raises(BuildError, match="has no checksum of it"):
        install_vault(folder)


def test_a_cut_download_is_unreachable_not_wrong(served: Mirror, folder: Path) -> None:
    path = publish(served, VAULT_RELEASE, zipped({"vault": "#!" + "vault" * 1000}))
    served.cut_after[path] = 100
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1: .*100"):
        install_vault(folder)
    assert not list(folder.iterdir())


def test_a_slow_server_is_given_up(served: Mirror, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "TOTAL_SECONDS", 0.2)
    path = publish(served, VAULT_RELEASE, zipped({"vault": "vault" * 100_000}))
    served.bytes_a_second[path] = 100
    with pytest.raises(Unreachable, match=r"not finished after 0\.2 s"):
        install_vault(folder)


def test_a_server_that_says_nothing_is_given_up(
    served: Mirror, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "SILENCE_SECONDS", 0.01)
    path = publish(served, VAULT_RELEASE, zipped({"vault": "vault" * 100}))
    served.bytes_a_second[path] = 1
    with pytest.raises(Unreachable, match="timed out"):
        install_vault(folder)


def test_a_closed_port_an_unknown_host_and_an_error_status_are_unreachable(
    served: Mirror, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unreachable, match="HTTP 404"):
        install_vault(folder)
    for address in (
        "http://127.0.0.1:1",
        "https://releases.invalid",
        served.address.replace("http:", "https:"),
    ):
        monkeypatch.setenv(releases.MIRROR, address)
        with pytest.raises(Unreachable):
            install_vault(folder)


def test_a_download_goes_through_the_machines_proxy(
    served: Mirror, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = publish(served, VAULT_RELEASE, zipped({"vault": "#!vault"}))
    with proxy() as (address, asked):
        monkeypatch.setenv("HTTP_PROXY", address)
        monkeypatch.setenv("HTTPS_PROXY", address)
        install_vault(folder)
        assert f"{served.address}{path}" in asked
        monkeypatch.delenv(releases.MIRROR)
        with pytest.raises(Unreachable, match=r"releases\.hashicorp\.com: .*403"):
            install_vault(folder)
        assert asked[-1] == "releases.hashicorp.com:443"


@pytest.mark.parametrize("path", ["../../vault", "/vault", "a/../../vault"])
def test_an_archive_whose_paths_lead_out_of_it_is_refused_whole(
    served: Mirror, folder: Path, path: str
) -> None:
    publish(served, VAULT_RELEASE, zipped({"vault": "#!vault", path: "#!evil"}))
    with pytest.raises(BuildError, match="unsafe path"):
        install_vault(folder)
    publish(served, PULUMI_TOOL.release, tar({"pulumi/pulumi": "#!pulumi", path: "#!evil"}))
    with pytest.raises(BuildError, match="unsafe path"):
        releases.install(PULUMI_TOOL.release, ("pulumi",), folder, lambda _: None)
    assert not list(folder.iterdir())


def test_a_link_in_an_archive_is_not_a_program(served: Mirror, folder: Path) -> None:
    publish(served, PULUMI_TOOL.release, tar({"pulumi/pulumi": "-> /bin/sh"}))
    with pytest.raises(BuildError, match="it has no pulumi"):
        releases.install(PULUMI_TOOL.release, ("pulumi",), folder, lambda _: None)


def with_bytes(content: bytes, **changed: int) -> bytes:
    """Return content with other bytes at offsets, such as `at_6=1`."""
    found = bytearray(content)
    for place, value in changed.items():
        found[int(place.removeprefix("at_"))] = value
    return bytes(found)


def encrypted(content: bytes) -> bytes:
    """Return a .zip whose only entry is marked as encrypted, in both of its headers."""
    directory = content.index(b"PK\x01\x02")
    return with_bytes(content, **{"at_6": 1, f"at_{directory + 8}": 1})


PACKED = tar({"pulumi/pulumi": "".join(map(str, range(100_000)))})


@pytest.mark.parametrize(
    ("release", "program", "content"),
    [
        (VAULT_RELEASE, "vault", b"not a zip"),
        (VAULT_RELEASE, "vault", encrypted(zipped({"vault": "#!vault"}))),
        (PULUMI_TOOL.release, "pulumi", b"not a tar"),
        (PULUMI_TOOL.release, "pulumi", PACKED[: len(PACKED) // 2]),
        (
            PULUMI_TOOL.release,
            "pulumi",
            with_bytes(PACKED, **{f"at_{len(PACKED) // 2 + step}": 255 for step in range(9)}),
        ),
    ],
    ids=["no zip", "encrypted zip", "no tar", "cut tar", "damaged tar"],
)
def test_an_archive_that_cannot_be_read_is_an_error(
    served: Mirror, folder: Path, release: Release, program: str, content: bytes
) -> None:
    publish(served, release, content)
    with pytest.raises(BuildError, match="unpack"):
        releases.install(release, (program,), folder, lambda _: None)
    assert not list(folder.iterdir())


@pytest.mark.parametrize("address", ["ftp://mirror", "mirror.example", "https://user:secret@mirror"])
def test_a_mirror_of_another_form_is_refused_without_showing_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv(releases.MIRROR, address)
    with pytest.raises(BuildError, match="without credentials") as caught:
        install_vault(folder)
    assert address not in str(caught.value)


def test_off_asks_no_host(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(releases.MIRROR, "off")
    with pytest.raises(Unreachable, match="CIACCESS_DOWNLOADS=off"):
        install_vault(folder)


def test_a_redirect_never_leaves_tls() -> None:
    handler = download._NoDowngrade()
    request = urllib.request.Request("https://releases.invalid/vault.zip")
    headers = http.client.HTTPMessage()
    with pytest.raises(OSError, match="without TLS"):
        handler.redirect_request(request, None, 302, "Found", headers, "http://elsewhere.invalid/")  # type: ignore[arg-type]
    followed = handler.redirect_request(request, None, 302, "Found", headers, "https://elsewhere.invalid/")  # type: ignore[arg-type]
    assert followed is not None


def test_certificates_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[ssl.SSLContext] = []
    monkeypatch.setattr(urllib.request, "HTTPSHandler", lambda context: seen.append(context))  # noqa: PLW0108 by keyword
    monkeypatch.setattr(urllib.request, "build_opener", lambda *_: None)
    download._opener()
    assert (seen[0].verify_mode, seen[0].check_hostname) == (ssl.CERT_REQUIRED, True)


def test_released_and_built_versions_are_the_same() -> None:
    for tool in TOOLS:
        release = tool.release
        assert release.address.startswith("https://")
        assert release.version in release.archive
        assert release.version in release.address


class Signer:
    """A key of GnuPG in a folder of its own, which signs the checksums of a release."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        self._folder = str(folder)
        self._gpg = ["gpg", "--homedir", str(folder), "--batch", "--passphrase", ""]
        self._run("--quick-generate-key", "ciaccess tests", "ed25519", "sign", "never")
        listed = self._run("--list-keys", "--with-colons").decode()
        self.fingerprint = listed.partition("\nfpr:")[2].partition("\n")[0].strip(":")

    def sign(self, served: Mirror, release: Release) -> None:
        """Publish the key, and the signature of the release's checksums."""
        path = path_of(release, release.checksums)
        served.files[f"{path}.sig"] = self._run("--detach-sign", given=served.files[path])
        served.files[path_of(release, "pgp-key.txt")] = self._run("--armor", "--export")

    def close(self) -> None:
        """End the agent that GnuPG started."""
        subprocess.run(["gpgconf", "--homedir", self._folder, "--kill", "gpg-agent"], check=True)

    def _run(self, *words: str, given: bytes = b"") -> bytes:
        return subprocess.run([*self._gpg, *words], input=given, capture_output=True, check=True).stdout


@pytest.fixture
def signer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Signer]:
    found = Signer(tmp_path / "gpg")
    address = record_releases.SIGNED["vault"][0]
    monkeypatch.setitem(record_releases.SIGNED, "vault", (address, found.fingerprint))
    yield found
    found.close()


def publish_all(served: Mirror) -> None:
    for tool in TOOLS:
        release = tool.release
        published = b""
        for system in releases.SYSTEMS:
            for processor in ("amd64", "arm64"):
                archive = releases.archive_for(release, system, processor)
                served.publish(
                    f"{release.name}/{release.version}", archive, archive.encode(), release.checksums
                )
                published += served.files[path_of(release, release.checksums)]
        served.files[path_of(release, release.checksums)] = published


@pytest.mark.parametrize("forged", ["checksums", "archive", "key", "no signature"])
def test_recording_refuses_what_the_vendor_did_not_sign(
    served: Mirror, signer: Signer, tmp_path: Path, forged: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where the attacker serves archive, checksums and signature by a key of his own."""
    publish_all(served)
    signer.sign(served, VAULT_RELEASE)
    checksums = path_of(VAULT_RELEASE, VAULT_RELEASE.checksums)
    archive = releases.archive_for(VAULT_RELEASE, "linux", "amd64")
    evil = hashlib.sha256(b"evil").hexdigest()
    if forged == "archive":
        served.files[path_of(VAULT_RELEASE, archive)] = b"evil"
    elif forged == "no signature":
        del served.files[f"{checksums}.sig"]
    else:
        good = hashlib.sha256(archive.encode()).hexdigest()
        served.files[checksums] = served.files[checksums].replace(good.encode(), evil.encode())
        served.files[path_of(VAULT_RELEASE, archive)] = b"evil"
    if forged == "key":
        with closing(Signer(tmp_path / "evil")) as forger:
            forger.sign(served, VAULT_RELEASE)
    releases.RECORDED.write_text("old\n")
    assert record_releases.main() == 1
    assert releases.RECORDED.read_text() == "old\n"
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: record the releases' checksums: ")


def test_the_key_of_hashicorp_is_the_one_that_it_publishes() -> None:
    """As https://www.hashicorp.com/security has it, since 2021."""
    assert record_releases.SIGNED["vault"][1] == "C874011F0AB405110D02105534365D9472D7468F"


def test_recording_writes_each_archives_sha256_or_leaves_the_file(served: Mirror, signer: Signer) -> None:
    releases.RECORDED.write_text("old\n")
    assert record_releases.main() == 1
    assert releases.RECORDED.read_text() == "old\n"
    publish_all(served)
    signer.sign(served, VAULT_RELEASE)
    assert record_releases.main() == 0
    lines = releases.RECORDED.read_text().splitlines()
    assert len(lines) == 4 * len(TOOLS)
    assert all(
        line == f"{hashlib.sha256(name.encode()).hexdigest()}  {name}"
        for line in lines
        for name in line.split()[1:]
    )
