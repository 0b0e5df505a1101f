"""What the report looks like everywhere it goes, the rolling issue's life, baselines, and what repairs print."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from ciaccess.drift.catalogue import CLASSES
from tests.support.drift.drift import CLEAN, COULD_NOT_LOOK, DRIFT, ERROR, look, put_user, set_password

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.project.project import Project

PROJECT = "orchestrator/ciaccess"
ISSUES = "api/v4/projects/orchestrator%2Fciaccess/issues"
HOSTILE = "<script>alert(1)</script> `@all` | [x](https://evil.example)"


def issues(project: Project) -> list[dict[str, Any]]:
    return list(project.gitlab("GET", ISSUES).json())


def notes(project: Project, number: int) -> list[str]:
    return [note["body"] for note in project.gitlab("GET", f"{ISSUES}/{number}/notes").json()]


def rename(project: Project, name: str) -> None:
    put_user("svc-bench", firstName=name)(project)


@pytest.fixture
def drifted(provisioned: Project) -> Iterator[Project]:
    """A stack of which one name is another, and a hostile one."""
    rename(provisioned, HOSTILE)
    yield provisioned
    rename(provisioned, "Bench")


def test_people_are_told_what_why_and_what_to_run(drifted: Project) -> None:
    done = drifted.ciaccess("drift", "--stack", "local")
    assert done.code == DRIFT
    for text in (
        "Drift: 1 finding",
        "user svc-bench: the user's name or e-mail address was changed",
        'expected: first_name="Bench"',
        "nexus.user.profile",
        "pulumi up --refresh --stack local --target=urn:pulumi:local::ciaccess::ciaccess:index:ServiceAccount::svc-bench",
        "Not covered",
    ):
        assert text in done.out


def test_every_file_tells_the_same_and_none_is_taken_in_by_a_name(drifted: Project, tmp_path: Path) -> None:
    files = {name: tmp_path / f"drift.{name}" for name in ("md", "xml", "html")}
    words = ("--markdown", str(files["md"]), "--junit", str(files["xml"]), "--html", str(files["html"]))
    looked = look(drifted, *words)
    assert looked.code == DRIFT
    assert looked.finding("nexus.user.profile")["found"].startswith('first_name="<script>')
    page = files["html"].read_text(encoding="utf-8")
    assert "<script" not in page
    assert "nexus.user.profile" in page
    text = files["md"].read_text(encoding="utf-8")
    assert "<script>" not in text
    assert "[x](" not in text
    cases = {case.get("name"): case for case in ET.parse(files["xml"]).iter("testcase")}  # noqa: S314 our own
    assert cases.keys() == CLASSES.keys()
    failed = [name for name, case in cases.items() if case.find("failure") is not None]
    assert failed == ["nexus.user.profile"]


def test_a_file_that_cannot_be_written_is_said(drifted: Project) -> None:
    done = drifted.ciaccess("drift", "--stack", "local", "--html", "/nowhere/drift.html")
    assert done.code == ERROR
    assert "write /nowhere/drift.html" in done.err


def test_a_repair_without_yes_only_says_what_it_would_do(drifted: Project) -> None:
    before = drifted.run("pulumi", "stack", "export", "--stack", "local").out
    looked = look(drifted, "--repair")
    assert looked.code == DRIFT
    assert looked.report["repair"][:4] == ["up", "--refresh", "--stack", "local"]
    (target,) = looked.report["repair"][4:]
    assert target.endswith("ciaccess:index:ServiceAccount::svc-bench")
    assert look(drifted).code == DRIFT
    assert drifted.run("pulumi", "stack", "export", "--stack", "local").out == before
    refused = drifted.ciaccess("drift", "--stack", "local", "--yes")
    assert refused.code == ERROR
    assert "--yes goes with --repair" in refused.err
    refused = drifted.ciaccess(
        "drift", "--stack", "local", "--repair", "--yes", "--file", str(drifted.access)
    )
    assert refused.code == ERROR
    assert "by the stack's own access.yaml: leave --file out" in refused.err


def test_without_the_state_it_still_says_that_the_two_disagree(provisioned: Project) -> None:
    set_password("svc-fsdb")(provisioned)
    looked = look(provisioned, "--no-state")
    assert looked.found == {("account.password.disagree", "account svc-fsdb")}
    assert look(provisioned).found == {("nexus.user.password", "account svc-fsdb")}
    assert look(provisioned, "--repair", "--yes").code == CLEAN
    assert provisioned.accepts("svc-fsdb")


def baseline(folder: Path, **fields: str) -> tuple[str, str]:
    entry = {
        "id": "nexus.user.profile",
        "object": "user svc-bench",
        "reason": "known",
        "expires": "2999-12-31",
    }
    rows = [f"{key}: {value!r}" for key, value in (entry | fields).items()]
    file = folder / "baseline.yaml"
    file.write_text("accepted:\n  - " + "\n    ".join(rows) + "\n", encoding="utf-8")
    return "--baseline", str(file)


def test_an_accepted_finding_does_not_count(drifted: Project, tmp_path: Path) -> None:
    looked = look(drifted, *baseline(tmp_path))
    assert looked.code == CLEAN
    (accepted,) = looked.report["accepted"]
    assert (accepted["id"], accepted["reason"], accepted["expires"]) == (
        "nexus.user.profile",
        "known",
        "2999-12-31",
    )


def test_an_expired_one_counts_again(drifted: Project, tmp_path: Path) -> None:
    looked = look(drifted, *baseline(tmp_path, expires="2026-01-31"))
    assert looked.code == DRIFT
    assert any("expired on 2026-01-31" in remark for remark in looked.report["remarks"])


def test_one_that_is_no_longer_found_is_to_be_removed(provisioned: Project, tmp_path: Path) -> None:
    looked = look(provisioned, *baseline(tmp_path))
    assert looked.code == CLEAN
    assert any("remove the entry" in remark for remark in looked.report["remarks"])


def test_a_baseline_with_faults_is_refused_with_all_of_them(provisioned: Project, tmp_path: Path) -> None:
    wrong = baseline(tmp_path, id="nexus.user.profil", expires="soon", because="x", reason="")
    done = provisioned.ciaccess("drift", "--stack", "local", *wrong)
    assert done.code == ERROR
    for text in (
        "Did you mean nexus.user.profile?",
        "is not a date",
        "accepted[0].because",
        "accepted[0].reason",
    ):
        assert text in done.err


def test_the_issue_is_opened_edited_commented_and_closed(provisioned: Project) -> None:
    words = ("--issue", PROJECT)
    assert look(provisioned, *words).code == CLEAN
    assert issues(provisioned) == [], "nothing to open while all is well"

    rename(provisioned, "Someone")
    look(provisioned, *words)
    (issue,) = issues(provisioned)
    assert issue["state"] == "opened"
    assert issue["title"] == "Drift of local: 1 finding"
    assert "nexus.user.profile" in issue["description"]
    assert notes(provisioned, issue["iid"]) == []

    rename(provisioned, "Somebody")
    look(provisioned, *words)
    (edited,) = issues(provisioned)
    assert "Somebody" in edited["description"]
    assert notes(provisioned, issue["iid"]) == [], "the set is the same"

    put_user("svc-fsdb", firstName="Another")(provisioned)
    look(provisioned, *words)
    assert "new: `nexus.user.profile` `user svc-fsdb`" in notes(provisioned, issue["iid"])[0]

    look_blindly(provisioned, *words)
    (left,) = issues(provisioned)
    assert left["state"] == "opened"
    assert len(notes(provisioned, issue["iid"])) == 1, "what cannot be seen may be there still"

    look(provisioned, "--repair", "--yes", *words)
    (closed,) = issues(provisioned)
    assert closed["state"] == "closed"
    assert len(notes(provisioned, issue["iid"])) == 2

    rename(provisioned, "Someone")
    look(provisioned, *words)
    (again,) = issues(provisioned)
    assert (again["iid"], again["state"]) == (issue["iid"], "opened")
    rename(provisioned, "Bench")


def look_blindly(project: Project, *words: str) -> None:
    project.extra["NEXUS_PASSWORD"] = "wrong"
    try:
        assert look(project, *words).code == COULD_NOT_LOOK
    finally:
        project.extra.clear()


def test_somebody_elses_issue_with_the_marker_is_left_alone(provisioned: Project) -> None:
    users = [{"username": "stranger", "role": "developer", "group": "orchestrator"}]
    tokens = [{"name": "stranger", "user": "stranger", "scopes": ["api"]}]
    made = provisioned.gitlab("POST", "simulator/seed", json={"users": users, "tokens": tokens}).json()
    description = "<!-- ciaccess-drift: local -->"
    body = {"title": "mine", "description": description, "private_token": made["tokens"]["stranger"]}
    import requests  # noqa: PLC0415 as another user than the project's

    headers = {"PRIVATE-TOKEN": body.pop("private_token")}
    theirs = requests.post(
        f"{provisioned.address('gitlab')}/{ISSUES}", json=body, headers=headers, timeout=60
    ).json()
    look(provisioned, "--issue", PROJECT)
    assert provisioned.gitlab("GET", f"{ISSUES}/{theirs['iid']}").json()["title"] == "mine"


def test_a_project_that_is_not_there_is_said(provisioned: Project) -> None:
    done = provisioned.ciaccess("drift", "--stack", "local", "--issue", "nowhere/at-all")
    assert done.code == ERROR
    assert re.search(r"keep the issue: find issue .* of project 'nowhere/at-all'", done.err)


def test_the_shipped_baseline_accepts_nothing(provisioned: Project) -> None:
    assert look(provisioned).report["accepted"] == []


def test_an_unknown_stack_is_an_error_of_our_own(provisioned: Project) -> None:
    done = provisioned.ciaccess("drift", "--stack", "nowhere")
    assert done.code == ERROR
    assert "there is no stack 'nowhere'" in done.err
