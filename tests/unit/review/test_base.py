"""What a merge request is compared with: access.yaml as the stack's settings of then name it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from ciaccess.analysis.difference import difference
from ciaccess.engine.settings import StackSettings
from ciaccess.review.run import base_of, facts_of
from tests.support.access.organisation import ORGANISATION, edited, organisation

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.review.report import Base


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)


def base_after(folder: Path, settings_then: str, settings_now: str) -> Base:
    """Commit two files and the settings of then, change the settings alone, and return the base."""
    edited(folder, ("  curl: docker.io/library/", "  curl: docker.io/other/")).rename(folder / "other.yaml")
    (folder / "access.yaml").write_bytes(ORGANISATION.read_bytes())
    settings = folder / "Pulumi.prod.yaml"
    settings.write_text(settings_then, encoding="utf-8")
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "then")
    settings.write_text(settings_now, encoding="utf-8")
    return base_of("HEAD", "prod", settings, StackSettings.of_stack("prod", settings))


def test_another_file_in_the_settings_is_compared_with_the_file_of_then(tmp_path: Path) -> None:
    then, now = (f"config:\n  ciaccess:access: {tmp_path}/{name}\n" for name in ("access.yaml", "other.yaml"))
    base = base_after(tmp_path, then, now)
    assert base.facts
    assert base.facts.settings["images.curl"].startswith("docker.io/library/")


def test_settings_that_were_invalid_then_are_those_of_now(tmp_path: Path) -> None:
    base = base_after(tmp_path, "config: [\n", f"config:\n  ciaccess:access: {tmp_path}/other.yaml\n")
    assert base.facts
    assert base.facts.settings["images.curl"].startswith("docker.io/other/")


def test_a_stack_that_no_longer_protects_its_resources_is_shown(tmp_path: Path) -> None:
    then, now = (
        f"config:\n  ciaccess:access: {tmp_path}/access.yaml\n  ciaccess:protect: {value}\n"
        for value in ("true", "false")
    )
    base = base_after(tmp_path, then, now)
    settings = StackSettings.of_stack("prod", tmp_path / "Pulumi.prod.yaml")
    assert base.facts
    (changed,) = difference(base.facts, facts_of(organisation(), settings)).settings
    assert changed == ("ciaccess:protect", "true", "")
