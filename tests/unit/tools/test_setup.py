from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from ciaccess.environment import ROOT
from tools import golang, openbao, packages, programs, releases, setup, toolset
from tools.recipes import (
    LANGUAGE_HOST,
    PULUMI,
    PULUMI_MINIMUM,
    PULUMI_VERSION,
    TOOLS,
    VAULT,
    VAULT_PLUGIN,
    VAULT_PLUGIN_VERSION,
    VAULT_VERSION,
)
from tools.running import BuildError

if TYPE_CHECKING:
    from pathlib import Path


def program(folder: Path, name: str, prints: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{prints}'\n")
    path.chmod(0o755)


def missing(cache: Path, path: Path) -> list[str]:
    return [recipe.program for each in toolset.find_missing(cache, str(path)) for recipe in each.recipes]


def test_what_is_new_enough_on_path_is_used(tmp_path: Path) -> None:
    program(tmp_path, "pulumi", "v3.260.1")
    program(tmp_path, "pulumi-language-python", "")
    program(tmp_path, "vault", "Vault v1.17.0 (abc), built 2024")
    assert missing(tmp_path / "cache", tmp_path) == [VAULT_PLUGIN.program], (
        "the plugin is not taken from PATH"
    )


def test_what_is_too_old_or_absent_is_missing(tmp_path: Path) -> None:
    program(tmp_path, "pulumi", "v3.99.0")
    program(tmp_path, "vault", "Vault v1.16.3")
    everything = [each.program for each in (PULUMI, LANGUAGE_HOST, VAULT, VAULT_PLUGIN)]
    assert missing(tmp_path / "cache", tmp_path) == everything


def test_a_cli_without_its_language_host_lacks_only_that(tmp_path: Path) -> None:
    program(tmp_path, "pulumi", "v3.276.0")
    program(tmp_path, "vault", "Vault v1.21.2")
    assert missing(tmp_path / "cache", tmp_path)[0] == LANGUAGE_HOST.program


def test_nothing_is_brought_twice(tmp_path: Path) -> None:
    for recipe in (PULUMI, LANGUAGE_HOST, VAULT):
        for name in recipe.programs:
            program(tmp_path / "cache" / "bin", name, "")
    plugins = tmp_path / "cache" / "pulumi-home" / "plugins"
    program(plugins / f"resource-vault-v{VAULT_PLUGIN_VERSION}", VAULT_PLUGIN.program, "")
    assert missing(tmp_path / "cache", tmp_path) == []


def test_the_readme_has_the_order_of_tools() -> None:
    readme = (ROOT / "README.md").read_text()
    for tool in TOOLS:
        on_path = f"{tool.on_path} or newer" if tool.on_path else "no"
        assert f"| {tool.title} | {on_path} | yes | {tool.release.version} | from Go modules" in readme
    assert readme.count(" | from Go modules") == len(TOOLS)
    (wheel,) = [line for line in openbao.LOCK.read_text().splitlines() if "==" in line]
    assert f"OpenBao {wheel.split()[0].partition('==')[2]} from its wheel" in readme


def test_pins_of_one_program_agree() -> None:
    assert f"github.com/pulumi/pulumi/pkg/v3 v{PULUMI_VERSION}" in (ROOT / "tools/pulumi/go.mod").read_text()
    assert f"github.com/hashicorp/vault v{VAULT_VERSION}" in (ROOT / "tools/vault/go.mod").read_text()
    assert f'version = "{VAULT_PLUGIN_VERSION}"' in (ROOT / "tools/vault-plugin/main.go").read_text()
    assert f"pulumi-vault=={VAULT_PLUGIN_VERSION}" in (ROOT / "requirements.in").read_text()
    assert f'requiredPulumiVersion: ">={PULUMI_MINIMUM}"' in (ROOT / "Pulumi.yaml").read_text()


def test_without_go_the_error_names_the_ways_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(releases.MIRROR, "off")
    with pytest.raises(BuildError) as caught:
        toolset.install(tmp_path, str(tmp_path), "vault")
    for way in (
        "CIACCESS_DOWNLOADS=<address>",
        "install Go 1.25 or newer",
        "pulumi 3.250.0 or newer",
        "vault 1.17.0",
    ):
        assert way in str(caught.value)


def test_a_failed_build_shows_the_compilers_words_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program(tmp_path, "go", "")
    (tmp_path / "go").write_text("#!/bin/sh\necho 'main.go:3:1: this is wrong' >&2\nexit 1\n")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    target = tmp_path / "new" / "bin"
    target.mkdir(parents=True)
    with pytest.raises(BuildError, match=r"build vault: .*\n.*this is wrong"):
        golang.build([VAULT], target, golang.Progress())
    assert list(target.parent.iterdir()) == [target]
    assert list(target.iterdir()) == []


def test_missing_system_programs_are_one_line_where_apt_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    programs.install()
    assert capsys.readouterr().err.count("\n") == 1


def test_a_warm_setup_is_safe_to_run_twice_at_once() -> None:
    assert packages.is_current(packages.EVERYTHING), ".venv is for other pins: make setup"
    both = [
        subprocess.Popen([sys.executable, "-m", "tools.setup"], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for _ in "ab"
    ]
    for process in both:
        _, printed = process.communicate(timeout=60)
        assert process.returncode == 0, printed
        assert "done in" not in printed, "nothing was built or installed again"


def test_what_fails_is_reported_while_other_parts_are_still_under_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    goes_on = threading.Event()

    def fail(_: str) -> None:
        raise BuildError("no such package")

    def wait(*_: object) -> None:
        assert goes_on.wait(30)

    monkeypatch.setattr(setup, "activate", lambda: None)
    monkeypatch.setattr(setup, "_packages", fail)
    monkeypatch.setattr(setup, "_tools", wait)
    with pytest.raises(BuildError, match="no such package"):
        setup.setup("runtime")
    assert not goes_on.is_set()
    goes_on.set()
