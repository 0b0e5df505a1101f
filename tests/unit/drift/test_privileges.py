"""A privilege that somebody made in Nexus is only what access.yaml takes it for, or drift tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.access.desired.objects import Privilege
from ciaccess.access.desired.state import Desired
from ciaccess.drift.nexus_objects import Ours, wider_privileges
from tests.support.access.access import edited, valid

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.drift.findings import Finding


def privilege(name: str, type_: str, *actions: str, pattern: str = "", read_only: bool = False) -> Privilege:
    where = {} if pattern else {"format": "raw", "repository": "raw-prod"}
    return Privilege(name, type_, "", frozenset(actions), pattern=pattern, read_only=read_only, **where)


@pytest.mark.parametrize(
    ("listed", "made", "found"),
    [
        ("read_privileges", privilege("team-raw", "repository-view", "browse", "read"), ""),
        ("read_privileges", privilege("team-raw", "repository-content-selector", "read"), ""),
        (
            "read_privileges",
            privilege("team-raw", "repository-view", "read", "edit"),
            "repository-view edit, read on raw-prod",
        ),
        (
            "read_privileges",
            privilege("team-raw", "repository-view", "all"),
            "repository-view all on raw-prod",
        ),
        ("repository_privileges", privilege("team-raw", "repository-view", "all"), ""),
        ("repository_privileges", privilege("team-raw", "wildcard", pattern="nexus:*"), "wildcard nexus:*"),
        (
            "repository_privileges",
            privilege("team-raw", "repository-admin", "all"),
            "repository-admin all on raw-prod",
        ),
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
    findings = look(tmp_path, listed, made)
    assert [each.found for each in findings if each.id == "nexus.privilege.wider"] == (
        [found] if found else []
    )
    assert {each.object for each in findings} <= {f"privilege {made.name}", "privilege team-raw"}


def look(tmp_path: Path, listed: str, made: Privilege) -> list[Finding]:
    """Return what is found where this privilege was made; the role nx-search has it, and the listed team-raw."""
    named = made.name if made.name.startswith("nx-") else "nx-repository-view-raw-raw-prod-read"
    text = edited(
        ("  roles:\n    nx-pull-all:", f"  {listed}: [team-raw]\n  roles:\n    nx-pull-all:"),
        ("[nx-search-read]", f"[team-raw, {named}]"),
    )
    access = valid(tmp_path, text)
    return list(wider_privileges(Ours(access, Desired.of(access)), {made.name: made}))


VIEW = "repository-view"


@pytest.mark.parametrize(
    ("made", "is_wider"),
    [
        (privilege("nx-repository-view-raw-raw-prod-read", VIEW, "read"), False),
        (privilege("nx-repository-view-raw-raw-prod-read", VIEW, "browse", "read"), False),
        (privilege("nx-repository-view-raw-raw-prod-read", VIEW, "all"), True),
        (privilege("nx-repository-view-raw-raw-prod-read", VIEW, "read", "edit"), True),
        (privilege("nx-repository-view-raw-raw-prod-add", VIEW, "add", "read"), False),
        (privilege("nx-repository-view-raw-raw-prod-add", VIEW, "add", "delete"), True),
        (privilege("nx-repository-view-raw-raw-dev-read", VIEW, "read"), True),
        (privilege("nx-repository-view-raw-raw-prod-read", VIEW, "all", read_only=True), False),
    ],
)
def test_a_privilege_made_by_hand_allows_what_its_name_tells_and_no_more(
    tmp_path: Path, made: Privilege, *, is_wider: bool
) -> None:
    found = [each.object for each in look(tmp_path, "read_privileges", made) if each.id.endswith("wider")]
    assert found == ([f"privilege {made.name}"] if is_wider else [])


@pytest.mark.parametrize("listed", ["read_privileges", "repository_privileges"])
def test_a_listed_privilege_that_nexus_does_not_have_is_missing(tmp_path: Path, listed: str) -> None:
    (finding,) = look(tmp_path, listed, privilege("team-other", VIEW, "read"))
    assert (finding.id, finding.object, finding.found) == (
        "nexus.privilege.missing",
        "privilege team-raw",
        "nothing",
    )
