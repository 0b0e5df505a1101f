from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from tests.contract.simulators.nexus.formats.conftest import Account, Repositories
    from tests.support.servers.nexus import NexusProcess

    Run = Callable[..., subprocess.CompletedProcess[str]]

FORMAT = "pypi"
REPOSITORIES: Repositories = {
    "pypi-dev": {},
    "pypi-prod": {"storage": {"writePolicy": "ALLOW_ONCE"}},
    "pypi-all": {"group": {"memberNames": ["pypi-prod", "pypi-dev"]}},
}
PUSHES = ("pypi-dev", "pypi-prod")
PULLS = ("pypi-dev", "pypi-all")

PROGRAMS = Path(sys.executable).parent


def wheel(folder: Path, name: str, version: str, requires_python: str = ">=3.8") -> Path:
    """Write a wheel of nothing."""
    file = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{name}.py", "")
        archive.writestr(
            f"{info}/METADATA",
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: Nothing\n"
            f"Requires-Python: {requires_python}\n\nü\n",
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(
            f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n"
        )
    return file


def twine(
    run: Run, nexus: NexusProcess, repository: str, file: Path, auth: Account
) -> subprocess.CompletedProcess[str]:
    url = f"{nexus.url}/repository/{repository}/"
    words = ("upload", "--non-interactive", "--disable-progress-bar", "--repository-url", url, str(file))
    return run(str(PROGRAMS / "twine"), *words, TWINE_USERNAME=auth[0], TWINE_PASSWORD=auth[1])


def pip_download(
    run: Run, nexus: NexusProcess, repository: str, wanted: str, auth: Account
) -> subprocess.CompletedProcess[str]:
    index = f"{nexus.url}/repository/{repository}/simple".replace("://", f"://{auth[0]}:{auth[1]}@")
    words = ("-m", "pip", "download", "--no-deps", "--no-cache-dir", "--retries", "0", "-d", "got", wanted)
    return run(
        sys.executable,
        *words,
        PIP_INDEX_URL=index,
        PIP_CONFIG_FILE="/dev/null",
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PIP_NO_INPUT="1",
    )


def test_what_twine_uploads_pip_downloads(
    nexus: NexusProcess, pusher: Account, puller: Account, run: Run, tmp_path: Path
) -> None:
    file = wheel(tmp_path, "Some_Thing", "1.0")
    done = twine(run, nexus, "pypi-dev", file, pusher)
    assert done.returncode == 0, done.stdout + done.stderr
    got = pip_download(run, nexus, "pypi-dev", "some.thing", puller)
    assert got.returncode == 0, got.stderr
    assert (tmp_path / "got" / file.name).read_bytes() == file.read_bytes()


def test_pip_leaves_out_what_needs_another_python(
    nexus: NexusProcess, pusher: Account, puller: Account, run: Run, tmp_path: Path
) -> None:
    for version, python in (("1.0", ">=3.8"), ("2.0", ">=4")):
        assert (
            twine(run, nexus, "pypi-dev", wheel(tmp_path, "choosy", version, python), pusher).returncode == 0
        )
    assert pip_download(run, nexus, "pypi-dev", "choosy", puller).returncode == 0
    assert [each.name for each in (tmp_path / "got").iterdir()] == ["choosy-1.0-py3-none-any.whl"]


def test_twine_is_refused_without_the_right(
    nexus: NexusProcess, puller: Account, run: Run, tmp_path: Path
) -> None:
    done = twine(run, nexus, "pypi-dev", wheel(tmp_path, "refused", "1.0"), puller)
    assert done.returncode != 0
    assert "403" in done.stdout + done.stderr
    assert nexus.ask("GET", "/repository/pypi-dev/simple/refused/", puller).status_code == 404


def test_a_second_upload_is_refused_where_files_are_written_once(
    nexus: NexusProcess, pusher: Account, run: Run, tmp_path: Path
) -> None:
    file = wheel(tmp_path, "once", "1.0")
    assert twine(run, nexus, "pypi-prod", file, pusher).returncode == 0
    again = twine(run, nexus, "pypi-prod", file, pusher)
    assert again.returncode != 0
    assert "400" in again.stdout + again.stderr


def test_a_group_is_read_through_its_members(
    nexus: NexusProcess, pusher: Account, puller: Account, run: Run, tmp_path: Path
) -> None:
    assert twine(run, nexus, "pypi-dev", wheel(tmp_path, "both", "1.1"), pusher).returncode == 0
    assert twine(run, nexus, "pypi-prod", wheel(tmp_path, "both", "1.0"), pusher).returncode == 0
    page = nexus.ask("GET", "/repository/pypi-all/simple/both/", puller).text
    assert "both-1.0-" in page
    assert "both-1.1-" in page
    assert pip_download(run, nexus, "pypi-all", "both==1.0", puller).returncode == 0
    assert nexus.ask("POST", "/repository/pypi-all/").status_code == 404


def test_the_index_lists_projects_by_the_one_spelling_that_it_serves(nexus: NexusProcess) -> None:
    nexus.add_repository("pypi", "pypi-index")
    form = {":action": "file_upload", "name": "A.b_C", "version": "1"}
    files = {"content": ("A.b_C-1.tar.gz", b"x")}
    assert nexus.ask("POST", "/repository/pypi-index/", data=form, files=files).status_code == 200
    assert 'href="a-b-c/"' in nexus.ask("GET", "/repository/pypi-index/simple/").text
    assert nexus.ask("GET", "/repository/pypi-index/simple/a-b-c").ok
    assert nexus.ask("GET", "/repository/pypi-index/simple/A_B.c/").status_code == 404


def test_a_file_that_differs_from_its_digest_is_refused(nexus: NexusProcess) -> None:
    form = {":action": "file_upload", "name": "x", "version": "1", "sha256_digest": "0" * 64}
    answer = nexus.ask("POST", "/repository/pypi-dev/", data=form, files={"content": ("x-1.tar.gz", b"x")})
    assert answer.status_code == 400


def test_the_rest_api_takes_a_wheel(nexus: NexusProcess, tmp_path: Path) -> None:
    file = wheel(tmp_path, "by_rest", "3.0", ">=3.9")
    path = "/service/rest/v1/components?repository=pypi-dev"
    answer = nexus.ask("POST", path, files={"pypi.asset": (file.name, file.read_bytes())})
    assert answer.status_code == 204
    page = nexus.ask("GET", "/repository/pypi-dev/simple/by-rest/").text
    assert 'data-requires-python="&gt;=3.9"' in page
    refused = nexus.ask("POST", path, files={"pypi.asset": ("by_rest-4.0-py3-none-any.whl", b"x")})
    assert refused.status_code == 400
