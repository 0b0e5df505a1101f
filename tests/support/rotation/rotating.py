"""`./ciaccess rotate` in tests, on a project's own stack and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.project.project import STACK

if TYPE_CHECKING:
    from tests.support.project.project import Done, Project


def rotate(project: Project, *words: str) -> Done:
    """Run `./ciaccess rotate` with these words."""
    settings = str(project.folder / f"Pulumi.{STACK}.yaml")
    return project.ciaccess("rotate", *words, "--stack", STACK, "--config-file", settings)


def users(project: Project) -> set[str]:
    """Return the ids of Nexus's users."""
    return {user["userId"] for user in project.nexus("GET", "security/users?source=default").json()}
