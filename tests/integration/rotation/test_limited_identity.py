"""An identity that may make and delete users, and not change a password: turns work, and the active user is never touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.rotation.rotating import rotate, users

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.project.project import Project

BENCH, ADMIN = "svc-bench", "svc-admin"
# All but nexus:*, which alone lets a password be changed (facts on Nexus).
PRIVILEGES = [f"nx-{what}-all" for what in ("users", "roles", "privileges", "selectors")] + [
    "nx-settings-read",
    "nx-userschangepw",
]


@pytest.fixture(scope="module")
def limited(provisioned: Project) -> Iterator[Project]:
    """The provisioned project, to whose Nexus `pulumi` comes as somebody who may not do everything."""
    role = {"id": "limited", "name": "limited", "privileges": PRIVILEGES, "roles": []}
    assert provisioned.nexus("POST", "security/roles", json=role).ok
    user = {"userId": "limited", "firstName": "L", "lastName": "L", "emailAddress": "l@example.org"}
    body = {**user, "status": "active", "roles": ["limited"], "password": "limited-password"}
    assert provisioned.nexus("POST", "security/users", json=body).ok
    own = {"Content-Type": "text/plain"}
    path = f"security/users/{BENCH}/change-password"
    refused = provisioned.nexus("PUT", path, data="x", headers=own, auth=("limited", "limited-password"))
    assert refused.status_code == 403
    password = provisioned.folder / "limited-password"
    password.write_text("limited-password", encoding="ascii")
    provisioned.extra |= {"NEXUS_USERNAME": "limited", "NEXUS_PASSWORD_FILE": str(password)}
    yield provisioned
    provisioned.extra.clear()


def test_turns_work_by_making_the_idle_user_anew(limited: Project) -> None:
    handed_out = [limited.secret(BENCH)]
    for active in (f"{BENCH}-b", BENCH, f"{BENCH}-b"):
        rotate(limited, BENCH, "--up").succeeded()
        handed_out.append(limited.secret(BENCH))
        assert handed_out[-1]["username"] == active
        for each in handed_out[-2:]:
            assert limited.nexus("GET", "status", auth=(each["username"], each["password"])).ok
    assert users(limited) >= {BENCH, f"{BENCH}-b"}
    assert limited.preview().code == 0


def test_an_emergency_works_too(limited: Project) -> None:
    leaked = limited.secret(BENCH)
    rotate(limited, BENCH, "--emergency").succeeded()
    assert limited.accepts(BENCH)
    old = limited.nexus("GET", "status", auth=(leaked["username"], leaked["password"]))
    assert old.status_code == 401


def test_the_user_that_is_handed_out_is_never_made_anew(limited: Project) -> None:
    path = f"security/users/{limited.secret(BENCH)['username']}/change-password"
    admin = ("admin", limited.credential("nexus-password"))
    answer = limited.nexus("PUT", path, data="other", headers={"Content-Type": "text/plain"}, auth=admin)
    assert answer.ok
    refused = limited.up("--refresh")
    assert refused.code != 0
    assert "Changing passwords needs nexus:*" in refused.text
    assert users(limited) >= {BENCH, f"{BENCH}-b"}


def test_in_place_says_what_it_lacks(limited: Project) -> None:
    before = limited.secret(ADMIN)
    refused = rotate(limited, ADMIN, "--up")
    assert refused.code == 1
    assert "Changing passwords needs nexus:*" in refused.err
    assert "No password is lost" in refused.err
    assert limited.secret(ADMIN) == before
