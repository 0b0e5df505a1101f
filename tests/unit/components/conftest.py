"""Components are recorded with the small access.yaml of tests/data/access, edited where a test needs another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

import components
from ciaccess.access.desired.state import Desired
from tests.support.access.access import edited, valid
from tests.support.components.recording import Recording, record

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.access import Access


# What claims the accounts.
STACK = "ciaccess/local"


class Recorded(Protocol):
    """Records all components of an edited access.yaml."""

    def __call__(
        self, *edits: tuple[str, str], protect: bool = False, existing: frozenset[str] = frozenset()
    ) -> Recording:
        """Edit, declare and record."""


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    """Return what records all components, without providers and settings."""

    def recorded(
        *edits: tuple[str, str], protect: bool = False, existing: frozenset[str] = frozenset()
    ) -> Recording:
        access = valid(tmp_path, edited(*edits))
        return record(lambda: declare(access, protect=protect, existing=existing))

    return recorded


def declare(access: Access, *, protect: bool, existing: frozenset[str]) -> None:
    desired = Desired.of(access)
    components.VaultJwtAuth("vault", components.VaultJwtAuthArgs(desired, protect, existing))
    nexus = components.NexusAccess("nexus", desired)
    for account in access.accounts:
        components.service_account(desired.accounts[account], nexus, STACK)
    for path, group in desired.groups.items():
        components.GitLabVariables(path, group)
