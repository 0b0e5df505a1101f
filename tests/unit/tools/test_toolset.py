"""The tools are brought by the order of the table: released ones without Go, the others built."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support.servers.downloads import Mirror, tar, zipped
from tools import golang, openbao, releases, toolset
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
    from pathlib import Path

    from tools.recipes import Recipe

# Notes how it was called, and where it would put the plugin.
PULUMI_PROGRAM = '#!/bin/sh\necho "$*" >>"$CALLS"; ls "${8:-.}" >>"$CALLS"\n'


@pytest.fixture
def served(served: Mirror) -> Mirror:
    programs = {f"pulumi/{name}": PULUMI_PROGRAM for name in (*PULUMI.programs, *LANGUAGE_HOST.programs)}
    for tool, content in (
        (PULUMI_TOOL, tar(programs)),
        (VAULT_TOOL, zipped({"vault": "#!vault", "LICENSE.txt": ""})),
        (VAULT_PLUGIN_TOOL, tar({VAULT_PLUGIN.program: "#!plugin", "README.md": ""})),
    ):
        release = tool.release
        folder = f"{release.name}/{release.version}"
        served.publish(folder, releases.archive_name(release), content, release.checksums)
    return served


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "cache" / "bin").mkdir(parents=True)
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'cache' / 'bin'}:/usr/bin:/bin")
    return tmp_path / "cache"


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the programs that are built, each call of the compiler one text; a build makes a file."""
    names: list[str] = []

    def build(recipes: list[Recipe], folder: Path, _: golang.Progress) -> None:
        names.append(", ".join(recipe.program for recipe in recipes))
        for name in (name for recipe in recipes for name in recipe.programs):
            (folder / name).write_text(PULUMI_PROGRAM)
            (folder / name).chmod(0o755)

    monkeypatch.setattr(golang, "build", build)
    monkeypatch.setattr(toolset, "_require_go", lambda: None)
    return names


def test_with_releases_nothing_is_built_and_the_checked_plugin_is_installed(
    served: Mirror, cache: Path, built: list[str], tmp_path: Path
) -> None:
    (cache / ".new-of-a-killed-setup").mkdir()
    toolset.install(cache, "", "vault")
    assert built == []
    brought = {file.name for file in (cache / "bin").iterdir()}
    assert brought == {"vault", *PULUMI.programs, *LANGUAGE_HOST.programs}
    installed, holds = (tmp_path / "calls").read_text().splitlines()
    assert installed.startswith("plugin install resource vault 7.14.0 --reinstall --file ")
    assert holds == VAULT_PLUGIN.program
    assert len(served.requests) == 2 * len(TOOLS)
    assert [file.name for file in cache.iterdir()] == ["bin"], "nothing is left beside"


def test_what_has_no_release_is_built_and_that_is_reported_once(
    served: Mirror, cache: Path, built: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    del served.files[f"/vault/{VAULT_TOOL.release.version}/{releases.archive_name(VAULT_TOOL.release)}"]
    toolset.install(cache, "", "vault")
    assert built == ["vault"]
    assert capsys.readouterr().err.count("no release of vault from here (127.0.0.1: HTTP 404)") == 1


def test_unreachable_hosts_are_one_line_and_everything_is_built(
    cache: Path, built: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(releases.MIRROR, "http://127.0.0.1:1")
    toolset.install(cache, "", "vault")
    assert sorted(built) == ["pulumi, pulumi-resource-vault", "pulumi-language-python", "vault"]
    assert capsys.readouterr().err.count("127.0.0.1") == 1


def test_a_wrong_checksum_ends_it_and_builds_nothing(served: Mirror, cache: Path, built: list[str]) -> None:
    release = VAULT_PLUGIN_TOOL.release
    served.files[f"/{release.name}/{release.version}/{releases.archive_name(release)}"] += b"x"
    with pytest.raises(BuildError, match="expected"):
        toolset.install(cache, "", "vault")
    assert built == []
    assert not list((cache / "bin").iterdir())


def test_a_stack_takes_openbao_where_vault_would_be_built(
    cache: Path, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(releases.MIRROR, "off")
    installed: list[bool] = []
    monkeypatch.setattr(openbao, "install", lambda: installed.append(True))
    toolset.install(cache, "", "any")
    assert installed == [True]
    assert sorted(built) == ["pulumi, pulumi-resource-vault", "pulumi-language-python"]


@pytest.mark.usefixtures("built")
def test_an_openbao_that_cannot_be_installed_is_an_error(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise BuildError("install OpenBao with pip: hashes do not match")

    monkeypatch.setenv(releases.MIRROR, "off")
    monkeypatch.setattr(openbao, "install", fails)
    with pytest.raises(BuildError, match="hashes do not match"):
        toolset.install(cache, "", "any")


@pytest.mark.usefixtures("built")
def test_a_stack_takes_vaults_release_where_there_is_one(
    served: Mirror, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openbao, "install", lambda: pytest.fail("Vault was there"))
    toolset.install(cache, "", "any")
    assert served.requests
    assert (cache / "bin" / "vault").exists()


@pytest.mark.usefixtures("built")
def test_jobs_that_apply_get_no_vault(served: Mirror, cache: Path) -> None:
    toolset.install(cache, "", "none")
    assert not [path for path in served.requests if path.startswith("/vault/")]
    assert not (cache / "bin" / "vault").exists()


@pytest.mark.usefixtures("built")
def test_what_path_has_is_not_asked_for(served: Mirror, cache: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for name, version in (("pulumi", "v3.250.0"), ("pulumi-language-python", ""), ("vault", "Vault v1.21.1")):
        (own / name).write_text(f"#!/bin/sh\n[ \"$1\" != version ] || echo '{version}'\n")
        (own / name).chmod(0o755)
    os.environ["PATH"] += f":{own}"
    toolset.install(cache, str(own), "vault")
    assert {path.split("/")[1] for path in served.requests} == {"pulumi-vault"}
