"""An account's own role, described by the grants that give exactly its privileges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.access.desired.state import Desired
from ciaccess.access.reading.loader import check
from ciaccess.adoption.describing import describe
from ciaccess.adoption.draft import text
from ciaccess.clients.nexus import ContentSelector
from tests.support.adoption.worlds import nexus, privilege, role, user, world

if TYPE_CHECKING:
    from pathlib import Path


def test_a_role_of_the_accounts_own_becomes_the_grants_that_give_the_same() -> None:
    own = role(
        "ci-svc-a",
        *(f"nx-repository-view-raw-raw-dev-{action}" for action in ("add", "browse", "edit", "read")),
    )
    seen = nexus(users={"svc-a": user("svc-a", "ci-svc-a")}, roles={"ci-svc-a": own})
    draft = describe(world(None, seen))
    assert draft.data["accounts"]["svc-a"] == {"purpose": "Some", "push": ["raw"]}
    assert "roles" not in draft.data["nexus"]


@pytest.mark.parametrize(
    ("rights", "expected"),
    [
        ({"dev": "r", "uat": "w"}, {"promote": {"raw": {"to": ["uat"]}}}),
        ({"uat": "r", "prod": "w"}, {"promote": {"raw": {"to": ["prod"]}}}),
        ({"dev": "r", "uat": "w", "prod": "w"}, {"promote": ["raw"]}),
        ({"dev": "w", "uat": "w"}, {"push": ["raw"], "promote": {"raw": {"to": ["uat"]}}}),
        ({"dev": "r", "uat": "w", "prod": "r"}, {"pull": ["raw"], "promote": {"raw": {"to": ["uat"]}}}),
        ({"dev": "w", "uat": "r", "prod": "r"}, {"push": ["raw"], "pull": ["raw"]}),
        ({"dev": "r", "prod": "w"}, {}),
        ({"uat": "w"}, {}),
    ],
)
def test_a_promotion_to_some_environments_is_recognised(
    tmp_path: Path, rights: dict[str, str], expected: dict[str, Any]
) -> None:
    actions = {"r": ("browse", "read"), "w": ("browse", "read", "edit", "add")}
    own = [
        f"nx-repository-view-raw-raw-{place}-{action}"
        for place, right in rights.items()
        for action in actions[right]
    ]
    seen = nexus(users={"svc-a": user("svc-a", "ci-svc-a")}, roles={"ci-svc-a": role("ci-svc-a", *own)})
    draft = describe(world(None, seen))
    account = draft.data["accounts"]["svc-a"]
    assert account == {"purpose": "Some", **(expected or {"roles": ["ci-svc-a"]})}
    path = tmp_path / "access.yaml"
    path.write_text(text(draft), encoding="utf-8")
    checked = check(path)
    if expected:
        assert checked.access is not None, checked.faults
        declared = Desired.of(checked.access).accounts["svc-a"].role
        assert declared is not None
        assert declared.privileges == frozenset(own)


def test_a_role_of_its_own_that_no_grants_give_stays_a_role() -> None:
    seen = nexus(
        users={"svc-a": user("svc-a", "ci-svc-a")},
        roles={"ci-svc-a": role("ci-svc-a", "nx-repository-view-raw-raw-prod-edit")},
    )
    draft = describe(world(None, seen))
    assert draft.data["accounts"]["svc-a"]["roles"] == ["ci-svc-a"]
    assert "ci-svc-a" in draft.data["nexus"]["roles"]


def test_a_push_limited_to_a_folder_is_recognised() -> None:
    expression = 'format == "raw" and path =^ "/a/b/"'
    seen = nexus(
        users={"svc-a": user("svc-a", "ci-svc-a")},
        roles={"ci-svc-a": role("ci-svc-a", "ci-svc-a-raw-dev")},
        privileges={"ci-svc-a-raw-dev": privilege("ci-svc-a-raw-dev", "ci-svc-a-raw")},
        selectors={"ci-svc-a-raw": ContentSelector("ci-svc-a-raw", "", expression)},
    )
    assert describe(world(None, seen)).data["accounts"]["svc-a"] == {
        "purpose": "Some",
        "push": ["raw"],
        "path": "/a/b/",
    }
