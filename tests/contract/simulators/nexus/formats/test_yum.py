from __future__ import annotations

import gzip
import hashlib
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from tests.contract.simulators.nexus.formats.conftest import Account, Repositories
    from tests.support.servers.nexus import NexusProcess


FORMAT = "yum"
REPOSITORIES: Repositories = {
    "rpm-dev": {"yum": {"repodataDepth": 0}},
    "rpm-prod": {"yum": {"repodataDepth": 0}, "storage": {"writePolicy": "ALLOW_ONCE"}},
    "rpm-all": {"group": {"memberNames": ["rpm-prod", "rpm-dev"]}},
}
PUSHES = ("rpm-dev", "rpm-prod")
PULLS = ("rpm-all",)

NAMES = {
    "repo": "http://linux.duke.edu/metadata/repo",
    "common": "http://linux.duke.edu/metadata/common",
    "rpm": "http://linux.duke.edu/metadata/rpm",
    "lists": "http://linux.duke.edu/metadata/filelists",
}
SPEC = """
Name: {name}
Version: {version}
Release: 3
Epoch: 2
Summary: A tool & more
License: MIT
BuildArch: noarch
Requires: bash >= 4.0
%description
Does nothing.
%install
mkdir -p %{{buildroot}}/usr/bin %{{buildroot}}/usr/share/{name}
echo true > %{{buildroot}}/usr/bin/{name}
echo data > %{{buildroot}}/usr/share/{name}/data
%files
/usr/bin/{name}
/usr/share/{name}
"""


@pytest.fixture
def build(tmp_path: Path, run: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[[str, str], Path]:
    """Return a function that builds a package of a name and version."""

    def build_package(name: str, version: str) -> Path:
        spec = tmp_path / f"{name}.spec"
        spec.write_text(SPEC.format(name=name, version=version), encoding="utf-8")
        done = run("rpmbuild", "-bb", "--define", f"_topdir {tmp_path}/rpm", str(spec))
        assert done.returncode == 0, done.stderr
        return tmp_path / "rpm" / "RPMS" / "noarch" / f"{name}-{version}-3.noarch.rpm"

    return build_package


def put(nexus: NexusProcess, path: str, file: Path, auth: Account) -> int:
    return nexus.ask("PUT", f"/repository/{path}", auth, data=file.read_bytes()).status_code


def metadata(nexus: NexusProcess, repository: str, kind: str, auth: Account) -> ET.Element:
    """Read the repository as dnf does: the index, then the file it names, checking size and both digests."""
    index = nexus.ask("GET", f"/repository/{repository}/repodata/repomd.xml", auth)
    assert index.status_code == 200
    data = ET.fromstring(index.content).find(f"repo:data[@type='{kind}']", NAMES)  # noqa: S314 our own simulator's
    assert data is not None
    location = data.find("repo:location", NAMES)
    assert location is not None
    packed = nexus.ask("GET", f"/repository/{repository}/{location.get('href')}", auth).content
    plain = gzip.decompress(packed)
    assert data.findtext("repo:checksum", None, NAMES) == hashlib.sha256(packed).hexdigest()
    assert data.findtext("repo:open-checksum", None, NAMES) == hashlib.sha256(plain).hexdigest()
    assert data.findtext("repo:size", None, NAMES) == str(len(packed))
    return ET.fromstring(plain)  # noqa: S314 our own simulator's


def test_a_package_appears_in_the_metadata_as_rpm_itself_describes_it(
    nexus: NexusProcess,
    pusher: Account,
    build: Callable[[str, str], Path],
    run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    file = build("tool", "1.2")
    assert put(nexus, "rpm-dev/orchestrator/tool-1.2-3.noarch.rpm", file, pusher) == 201
    package = metadata(nexus, "rpm-dev", "primary", pusher).find("common:package[common:name='tool']", NAMES)
    assert package is not None
    version = package.find("common:version", NAMES)
    location = package.find("common:location", NAMES)
    assert version is not None
    assert location is not None
    assert version.attrib == {"epoch": "2", "ver": "1.2", "rel": "3"}
    assert location.get("href") == "orchestrator/tool-1.2-3.noarch.rpm"
    assert package.findtext("common:checksum", None, NAMES) == hashlib.sha256(file.read_bytes()).hexdigest()
    assert package.findtext("common:summary", None, NAMES) == "A tool & more"
    requires = [each.attrib for each in package.iterfind(".//rpm:requires/rpm:entry", NAMES)]
    assert {"name": "bash", "flags": "GE", "epoch": "0", "ver": "4.0"} in requires
    assert [each.text for each in package.iterfind(".//common:file", NAMES)] == ["/usr/bin/tool"]
    listed = metadata(nexus, "rpm-dev", "filelists", pusher)
    files = {each.text for each in listed.iterfind(".//lists:file", NAMES)}
    assert files == set(run("rpm", "-qpl", str(file)).stdout.split())
    header = package.find(".//rpm:header-range", NAMES)
    assert header is not None
    start, end = int(header.get("start", "")), int(header.get("end", ""))
    assert file.read_bytes()[start : start + 3] == b"\x8e\xad\xe8"
    assert 0 < start < end < file.stat().st_size


def test_a_group_has_the_packages_of_all_members(
    nexus: NexusProcess, pusher: Account, puller: Account, build: Callable[[str, str], Path]
) -> None:
    put(nexus, "rpm-dev/group-dev.rpm", build("groupdev", "1"), pusher)
    put(nexus, "rpm-prod/group-prod.rpm", build("groupprod", "1"), pusher)
    primary = metadata(nexus, "rpm-all", "primary", puller)
    places = {str(each.get("href")) for each in primary.iterfind(".//common:location", NAMES)}
    assert {"group-dev.rpm", "group-prod.rpm"} <= places
    assert nexus.ask("GET", "/repository/rpm-all/group-dev.rpm", puller).status_code == 200
    assert nexus.ask("GET", "/repository/rpm-dev/group-dev.rpm", puller).status_code == 403


def test_a_package_is_refused_without_the_right_or_a_second_time(
    nexus: NexusProcess, pusher: Account, puller: Account, build: Callable[[str, str], Path]
) -> None:
    file = build("once", "1")
    assert put(nexus, "rpm-dev/once.rpm", file, puller) == 403
    assert put(nexus, "rpm-prod/once.rpm", file, pusher) == 201
    assert put(nexus, "rpm-prod/once.rpm", file, pusher) == 400


@pytest.mark.parametrize(
    "data", [b"", b"no package", b"\xed\xab\xee\xdb" + bytes(92), b"\xed\xab\xee\xdb" * 99]
)
def test_what_is_no_package_is_refused(nexus: NexusProcess, pusher: Account, data: bytes) -> None:
    answer = nexus.ask("PUT", "/repository/rpm-dev/broken.rpm", pusher, data=data)
    assert answer.status_code == 400
    assert answer.text.startswith("Invalid RPM: ")


def test_a_deleted_package_leaves_the_metadata(
    nexus: NexusProcess, pusher: Account, build: Callable[[str, str], Path]
) -> None:
    put(nexus, "rpm-dev/gone.rpm", build("gone", "1"), pusher)
    assert nexus.ask("DELETE", "/repository/rpm-dev/gone.rpm", pusher).status_code == 403
    assert nexus.ask("DELETE", "/repository/rpm-dev/gone.rpm").status_code == 204
    names = [
        each.text for each in metadata(nexus, "rpm-dev", "primary", pusher).iterfind(".//common:name", NAMES)
    ]
    assert "gone" not in names
