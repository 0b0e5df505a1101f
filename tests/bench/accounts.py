"""The organisation's YAML with its eight accounts, or one of the same shape with as many as asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.project.project import Project

ORGANISATION = 8
_GROUPS = 40


def write(path: Path, count: int) -> None:
    """Make the YAML at `path` declare `count` accounts; for 8 it stays the organisation's own.

    Each of the others has a user, a role, a path scope with its content selector and privilege, and a secret; of 1,000
    accounts every 25 come with a GitLab group of their own that has a VAULT_ADDR.
    """
    if count == ORGANISATION:
        return
    yaml = YAML()
    document: dict[str, Any] = yaml.load(path)
    document["accounts"] = {name(number): account(number) for number in range(count)}
    document["vault"]["roles"]["nexus-ci"]["accounts"] = list(document["accounts"])
    groups = document["gitlab"]["groups"]
    for path_, identity in _groups(count).items():
        groups[path_] = {"id": identity, "variables": {"VAULT_ADDR": "${vault.address}"}}
    yaml.dump(document, path)


def seed_groups(project: Project, count: int) -> None:
    """Make the GitLab groups that come with `count` accounts."""
    if count != ORGANISATION:
        groups = [{"path": path, "id": identity} for path, identity in _groups(count).items()]
        project.gitlab("POST", "simulator/seed", json={"groups": groups}).raise_for_status()


def _groups(count: int) -> dict[str, int]:
    return {f"team-{number}": 1000 + number for number in range(count * _GROUPS // 1000)}


def add(path: Path, number: int) -> None:
    """Add one account to the YAML."""
    yaml = YAML()
    document: dict[str, Any] = yaml.load(path)
    document["accounts"][name(number)] = account(number)
    document["vault"]["roles"]["nexus-ci"]["accounts"].append(name(number))
    yaml.dump(document, path)


def rotate(path: Path, names: list[str] | None = None) -> None:
    """Count the rotation of the accounts up, of all of them unless named."""
    yaml = YAML()
    document: dict[str, Any] = yaml.load(path)
    for each in names or list(document["accounts"]):
        document["accounts"][each]["rotation"] = 2
    yaml.dump(document, path)


def name(number: int) -> str:
    """Return an account's name."""
    return f"svc-team-{number:04d}"


def account(number: int) -> dict[str, Any]:
    """Return an account as the YAML has it."""
    return {"purpose": f"Team {number}", "push": ["raw"], "path": f"/teams/team-{number}/"}
