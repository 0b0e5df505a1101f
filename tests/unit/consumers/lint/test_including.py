"""Local includes are those of the repository, and nothing outside of it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.consumers.lint import check, lint

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.access import Access

JOB_JWT = "leak:\n  script: [echo $CI_JOB_JWT]\n"
JOB = "job: {script: [make]}\n"


def unread(file: Path, access: Access) -> tuple[list[str], int]:
    checked = check(file.read_text(encoding="utf-8"), access, file)
    return checked.unread, len(checked.findings)


@pytest.mark.parametrize(
    "named", ["/outside.yml", "outside.yml", "../outside.yml", "/../outside.yml", "*.yml"]
)
def test_nothing_above_the_repository_is_read(tmp_path: Path, access: Access, named: str) -> None:
    (tmp_path / "outside.yml").write_text(JOB_JWT, encoding="utf-8")
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    (repository / "ci").mkdir()
    file = repository / "ci" / "main.yaml"
    file.write_text(f"include: '{named}'\n{JOB}", encoding="utf-8")
    assert unread(file, access) == ([f"local {named}"], 0)


def test_a_link_out_of_the_repository_is_not_followed(tmp_path: Path, access: Access) -> None:
    (tmp_path / "outside.yml").write_text(JOB_JWT, encoding="utf-8")
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    (repository / "inside.yml").symlink_to(tmp_path / "outside.yml")
    file = repository / "main.yml"
    file.write_text(f"include: inside.yml\n{JOB}", encoding="utf-8")
    assert unread(file, access) == (["local inside.yml"], 0)


def test_without_a_repository_only_the_files_own_folder_is_read(tmp_path: Path, access: Access) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "above.yml").write_text(JOB_JWT, encoding="utf-8")
    (folder / "beside.yml").write_text(JOB_JWT, encoding="utf-8")
    file = folder / "main.yml"
    file.write_text(f"include: [above.yml, beside.yml]\n{JOB}", encoding="utf-8")
    assert unread(file, access) == (["local above.yml"], 1)


def test_a_local_include_is_found_from_the_top_of_the_repository(tmp_path: Path, access: Access) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "ci").mkdir()
    (tmp_path / "parts.yml").write_text(JOB_JWT, encoding="utf-8")
    file = tmp_path / "ci" / "main.yml"
    file.write_text(f"include: /parts.yml\n{JOB}", encoding="utf-8")
    assert unread(file, access) == ([], 1)


def test_a_pattern_that_matches_its_own_file_names_nothing_as_unread(tmp_path: Path, access: Access) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "other.yml").write_text(f"include: '**/*.yml'\n{JOB_JWT}", encoding="utf-8")
    file = tmp_path / "main.yml"
    file.write_text(f"include: '**/*.yml'\n{JOB}", encoding="utf-8")
    assert unread(file, access) == ([], 1)


def test_files_that_include_each_other_twice_end_at_gitlabs_limit(tmp_path: Path, access: Access) -> None:
    """Each of 30 files includes the next one twice: all that would be a billion files."""
    for index in range(30):
        (tmp_path / f"{index}.yml").write_text(f"include: [{index + 1}.yml, {index + 1}.yml]\n", "utf-8")
    file = tmp_path / "main.yml"
    for head in ("include: 0.yml\n", "child: {trigger: {include: 0.yml}}\n"):
        file.write_text(f"{head}{JOB}", encoding="utf-8")
        missing, _ = unread(file, access)
        assert missing
        assert all(each.endswith(".yml") for each in missing)


@pytest.mark.parametrize("named", ["a" * 5000, f"{'a' * 5000}*", "**/" * 20 + "*.yml"])
def test_a_name_that_no_file_can_have_is_named_as_unread(tmp_path: Path, access: Access, named: str) -> None:
    for depth in range(12):
        (tmp_path / "/".join("d" * depth)).mkdir(exist_ok=True)
    file = tmp_path / "main.yml"
    file.write_text(f"include: '{named}'\n{JOB}", encoding="utf-8")
    assert unread(file, access) == ([f"local {named}"], 0)


def test_a_variable_of_the_parents_file_is_named_with_its_file(access: Access, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "child.yml").write_text("push: {script: [docker push $REG/x]}\n", encoding="utf-8")
    parent = tmp_path / "parent.yml"
    text = "start:\n  variables: {REG: $NEXUS_REGISTRY_PULL}\n  trigger: {include: child.yml}\n"
    (finding,) = lint(text, access, parent)
    assert f"set in line 2 of {parent}" in finding.why
