"""A privilege that somebody made in Nexus is only what access.yaml takes it for, or drift tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.access.desired.objects import Privilege
from ciaccess.drift.nexus_objects import wider_privileges
from tests.support.access.access import edited, valid

if TYPE_CHECKING:
    from pathlib import Path


def privilege(name: str, type_: str, *actions: str, pattern: str = "") -> Privilege:
    return Privilege(
        name, type_, "", frozenset(actions), format="raw", repository="raw-prod", pattern=pattern
    )


@pytest.mark.parametrize(
    ("listed", "made", "found"),
    [
        ("read_privileges", privilege("team-raw", "repository-view", "browse", "read"), ""),
        ("read_privileges", privilege("team-raw", "repository-content-selector", "read"), ""),
        (
            "read_privileges",
            privilege("team-raw", "repository-view", "read", "edit"),
            "repository-view edit, read",
        ),
        ("read_privileges", privilege("team-raw", "repository-view", "all"), "repository-view all"),
        ("repository_privileges", privilege("team-raw", "repository-view", "all"), ""),
        ("repository_privileges", privilege("team-raw", "wildcard", pattern="nexus:*"), "wildcard nexus:*"),
        ("repository_privileges", privilege("team-raw", "repository-admin", "all"), "repository-admin all"),
        (
            "repository_privileges",
            privilege("nx-repository-view-raw-team-read", "wildcard", pattern="nexus:*"),
            "wildcard nexus:*",
        ),
    ],
)
def test_a_privilege_that_allows_more_than_it_is_listed_for_is_found(
    tmp_path: Path, listed: str, made: Privilege, found: str
) -> None:
    text = edited(
        ("  roles:\n    nx-pull-all:", f"  {listed}: [team-raw]\n  roles:\n    nx-pull-all:"),
        ("[nx-search-read]", "[team-raw, nx-repository-view-raw-team-read]"),
    )
    findings = list(wider_privileges(valid(tmp_path, text), {made.name: made}))
    assert [each.found for each in findings] == ([found] if found else [])
    assert {each.object for each in findings} <= {f"privilege {made.name}"}
