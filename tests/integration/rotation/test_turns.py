"""Rotations on a running stack: who is handed out when, what keeps working, what is over; and what the YAML takes back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.rotation.rotating import rotate, users

if TYPE_CHECKING:
    from tests.support.project.project import Done, Project

BENCH = "svc-bench"
PAIR = {BENCH, f"{BENCH}-b"}


def accepts(project: Project, secret: dict[str, str]) -> bool:
    """Tell whether Nexus lets in who read this before."""
    return project.nexus("GET", "status", auth=(secret["username"], secret["password"])).ok


def metadata(project: Project, account: str) -> dict[str, str]:
    read = project.vault().secrets.kv.v2.read_secret_metadata(f"nexus/{account}", mount_point="secret")
    found: dict[str, str] = read["data"]["custom_metadata"] or {}
    return found


def drift(project: Project) -> dict[str, Any]:
    done = project.ciaccess("drift", "--stack", "local", "--file", str(project.access), "--json")
    found: dict[str, Any] = done.json()
    return found


def findings(project: Project) -> set[tuple[str, str]]:
    return {(each["id"], each["object"]) for each in drift(project)["findings"]}


def only(done: Done) -> dict[str, Any]:
    (found,) = json.loads(done.succeeded().out)["accounts"]
    return dict(found)


@pytest.fixture(scope="module")
def clean(provisioned: Project) -> Project:
    """The provisioned project, of whose accounts none was rotated yet."""
    assert users(provisioned).isdisjoint({f"{BENCH}-b"}), "a fresh stack has the YAML's users"
    return provisioned


def test_the_first_rotation_makes_the_second_user_and_the_next_goes_back(clean: Project) -> None:
    first = clean.secret(BENCH)
    before = {name: clean.secret(name) for name in ("svc-fsdb", "svc-executor")}
    told = only(rotate(clean, BENCH, "--up", "--json"))
    assert told["user"] == {"from": BENCH, "to": f"{BENCH}-b"}
    assert told["rotation"] == {"from": 1, "to": 2}
    assert told["proved"] is True
    second = clean.secret(BENCH)
    assert second["username"] == f"{BENCH}-b"
    assert accepts(clean, first), "a job that read the secret before goes on"
    assert accepts(clean, second)
    assert metadata(clean, BENCH)["nexus_user"] == f"{BENCH}-b"
    roles = {
        user["userId"]: user["roles"]
        for user in clean.nexus("GET", "security/users?source=default").json()
        if user["userId"] in PAIR
    }
    assert roles[BENCH] == roles[f"{BENCH}-b"] == [f"ci-{BENCH}"]
    assert clean.preview().code == 0
    assert drift(clean)["verdict"] == "clean"
    told = only(rotate(clean, BENCH, "--up", "--json"))
    assert told["user"] == {"from": f"{BENCH}-b", "to": BENCH}
    third = clean.secret(BENCH)
    assert third["username"] == BENCH
    assert third["password"] != first["password"]
    assert accepts(clean, second)
    assert not accepts(clean, first), "two turns ago"
    assert before == {name: clean.secret(name) for name in before}, "no other account is touched"


def test_a_password_of_the_idle_user_that_somebody_changed_is_drift_and_repaired(clean: Project) -> None:
    path = f"security/users/{BENCH}-b/change-password"
    answer = clean.nexus("PUT", path, data="hunter22", headers={"Content-Type": "text/plain"})
    assert answer.ok
    assert findings(clean) == {("nexus.user.password", f"user {BENCH}-b")}
    clean.up("--refresh").succeeded()
    assert drift(clean)["verdict"] == "clean"
    assert accepts(clean, clean.secret(BENCH))


def test_what_is_older_than_its_max_age_is_drift_and_due(clean: Project) -> None:
    text = clean.access.read_text(encoding="utf-8")
    old = "purpose: FSDB/CWIQFS\n"
    clean.edit(old, f"{old}    rotation: {{date: 2026-01-01, max_age: 90d}}   # quarterly\n")
    try:
        assert ("account.rotation.overdue", "account svc-fsdb") in findings(clean)
        told = rotate(clean, "--due", "--dry-run").succeeded()
        assert "svc-fsdb: rotation 1 → 2, alternate, svc-fsdb → svc-fsdb-b" in told.out
        assert rotate(clean, "--due").succeeded().out.count("rotation") >= 1
        assert "max_age: 90d, count: 2}   # quarterly" in clean.access.read_text(encoding="utf-8")
        assert (
            rotate(clean, "--due").succeeded().out
            == "nothing is due: no max_age has passed (an account without one is never due)\n"
        )
        refused = rotate(clean, "svc-fsdb", "--up")
        assert refused.code == 1
        assert "is not applied yet" in refused.err
    finally:
        clean.access.write_text(text, encoding="utf-8")


def test_an_emergency_ends_all_that_was_handed_out(clean: Project) -> None:
    rotate(clean, BENCH, "--up").succeeded()
    kv = clean.vault().secrets.kv.v2
    versions = kv.read_secret_metadata(f"nexus/{BENCH}", mount_point="secret")["data"]["versions"]
    handed_out = [
        kv.read_secret_version(
            f"nexus/{BENCH}", version=int(number), mount_point="secret", raise_on_deleted_version=True
        )["data"]["data"]
        for number in versions
    ]
    assert sum(accepts(clean, each) for each in handed_out) >= 2
    told = only(rotate(clean, BENCH, "--emergency", "--json"))
    assert set(told["revoked"]) == PAIR
    assert told["keeps_working"] == told["faults"] == []
    assert not any(accepts(clean, each) for each in handed_out)
    assert clean.accepts(BENCH)
    for each in handed_out:
        assert each["password"] not in json.dumps(told)


def test_an_emergency_needs_names_and_a_system_that_is_away_changes_nothing(clean: Project) -> None:
    assert rotate(clean, "--all", "--emergency").code == 1
    text = clean.access.read_text(encoding="utf-8")
    clean.extra["NEXUS_USERNAME"] = ""
    clean.extra["NEXUS_PASSWORD_FILE"] = ""
    try:
        refused = rotate(clean, BENCH, "--emergency")
    finally:
        clean.extra.clear()
    assert refused.code == 3, refused.text
    assert "nothing was rotated" in refused.err
    assert clean.access.read_text(encoding="utf-8") == text


def test_a_strategy_is_changed_both_ways_without_another_password(clean: Project) -> None:
    text = clean.access.read_text(encoding="utf-8")
    secret = clean.secret(BENCH)
    entry = text[text.index("purpose: Bench\n") :].split("\n")[2].strip()
    assert entry.startswith("rotation: {count: "), entry
    count = int(entry.split("count: ")[1].split(",")[0])
    if count % 2 == 0:  # the first user's turn, before it is the only one
        rotate(clean, BENCH, "--up").succeeded()
        secret, count = clean.secret(BENCH), count + 1
        entry = f"rotation: {{count: {count}, date: {entry.split('date: ')[1]}"
    in_place = f"rotation: {{count: {(count + 1) // 2}, strategy: in-place}}"
    clean.edit(entry, in_place)
    clean.up().succeeded()
    assert users(clean).isdisjoint({f"{BENCH}-b"})
    assert clean.secret(BENCH) == secret
    assert accepts(clean, secret)
    clean.edit(in_place, f"rotation: {{count: {count}}}")
    clean.up().succeeded()
    assert users(clean) >= PAIR
    assert clean.secret(BENCH) == secret
    assert accepts(clean, secret)
    assert clean.preview().code == 0


def test_an_account_that_is_taken_out_takes_both_users_along(clean: Project) -> None:
    assert users(clean) >= PAIR
    text = clean.access.read_text(encoding="utf-8")
    start = text.index(f"  {BENCH}:\n")
    end = text.index("  svc-fsdb:\n")
    clean.access.write_text((text[:start] + text[end:]).replace(f"        - {BENCH}\n", ""), encoding="utf-8")
    clean.up().succeeded()
    assert users(clean).isdisjoint(PAIR)
    assert clean.accepts("svc-fsdb")
