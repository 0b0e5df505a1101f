"""ciaccess's own pipeline, whole: a merge request, its merge, and the schedule, each with nothing but an id_token."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.own_pipeline.identities import SCHEDULED, bootstrap
from tests.support.own_pipeline.own_pipeline import OwnPipeline
from tests.support.project.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

OLD, NEW = "purpose: Bench\n", "purpose: Bench\n    rotation: 2\n"
BRANCH = "rotate-bench"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnPipeline]:
    """The project's pipeline on a local stack that an administrator has bootstrapped."""
    folder = tmp_path_factory.mktemp("own")
    project = Project(folder / "project")
    project.create()
    project.start()
    try:
        bootstrap(project).succeeded()
        pipeline = OwnPipeline(folder / "ciaccess", project)
        pipeline.create()
        yield pipeline
    finally:
        project.stop()


def test_a_merge_request_is_checked_and_previewed_and_changes_nothing(own: OwnPipeline) -> None:
    before = own.project.secret("svc-bench")
    base = own.git("rev-parse", "HEAD")
    own.git("checkout", "-q", "-b", BRANCH)
    own.edit(OLD, NEW)
    request = own.merge_request(BRANCH)
    done = own.run(
        "--unset-variable",
        "CI_COMMIT_BRANCH",
        claims={"ref": BRANCH, "ref_type": "merge_request"},
        CI_PIPELINE_SOURCE="merge_request_event",
        CI_MERGE_REQUEST_IID=str(request["iid"]),
        CI_MERGE_REQUEST_DIFF_BASE_SHA=base,
    ).succeeded()
    assert "make check" in done.out
    (note,) = own.listed(f"merge_requests/{request['iid']}/notes")
    assert "svc-bench" in note["body"]
    counts = json.loads(own.artifact("preview-counts.json"))
    assert counts["delete"] == 0
    assert counts["update"] > 0
    assert "svc-bench" in own.artifact("preview.html")
    assert own.project.secret("svc-bench") == before
    assert before["password"] not in done.text


def test_after_the_merge_nothing_is_applied_until_somebody_says_so(own: OwnPipeline) -> None:
    before = own.project.secret("svc-bench")
    own.git("checkout", "-q", "main")
    own.git("merge", "-q", "--ff-only", BRANCH)
    waiting = own.run("check", "up", "--list")
    assert "manual" in waiting.out
    assert own.project.secret("svc-bench") == before
    own.is_tip()
    own.run("up").succeeded()
    assert own.project.secret("svc-bench") != before
    assert own.project.accepts("svc-bench")


def test_the_schedule_finds_what_somebody_did_and_keeps_an_issue(own: OwnPipeline) -> None:
    assert own.listed("issues") == []
    assert own.project.nexus("DELETE", "security/users/svc-fsdb").ok
    found = own.run(claims=SCHEDULED, CI_PIPELINE_SOURCE="schedule")
    assert found.code != 0
    assert "svc-fsdb" in found.text
    assert "make check" not in found.out, "the schedule only compares"
    (issue,) = own.listed("issues")
    assert issue["state"] == "opened"
    failed = ET.fromstring(own.artifact("drift.xml")).iter("failure")  # noqa: S314 our own file
    assert any("svc-fsdb" in (failure.get("message") or "") + (failure.text or "") for failure in failed)


def test_a_merge_is_applied_at_once_where_that_is_wanted_and_the_schedule_then_closes_the_issue(
    own: OwnPipeline,
) -> None:
    own.configure("when: manual", "when: on_success")
    own.commit("a merge is applied at once")
    own.is_tip()
    own.run().succeeded()
    assert own.project.accepts("svc-fsdb")
    own.run(claims=SCHEDULED, CI_PIPELINE_SOURCE="schedule").succeeded()
    (issue,) = own.listed("issues")
    assert issue["state"] == "closed"


def test_pipeline_variables_change_nothing_of_what_is_applied(own: OwnPipeline) -> None:
    evil: dict[str, Any] = {
        "STACK": "elsewhere",
        "UP": "never",
        "CIACCESS_IMAGE": "evil.example/image",
        "image": "evil.example/image",
    }
    shown = own.run("--preview", **evil).succeeded().out
    assert "elsewhere" not in shown
    assert "evil.example" not in shown
    own.run("up", **evil).succeeded()


def test_an_older_commit_and_a_changed_checkout_are_not_applied(own: OwnPipeline) -> None:
    old = own.git("rev-parse", "HEAD")
    own.edit(NEW, f"{NEW}    # one more\n")
    own.is_tip()
    own.git("checkout", "-q", old)
    try:
        done = own.run("up")
    finally:
        own.git("checkout", "-q", "main")
    assert done.code != 0
    assert f"the checkout is at {old}" in done.text
    changed = own.folder / "config" / "access.yaml"
    text = changed.read_text(encoding="utf-8")
    changed.write_text(f"{text}# by hand\n", encoding="utf-8")
    try:
        done = own.run("up")
    finally:
        changed.write_text(text, encoding="utf-8")
    assert done.code != 0
    assert "the checkout differs" in done.text


def test_a_branch_that_takes_the_job_for_itself_gets_no_credentials(own: OwnPipeline) -> None:
    path = own.folder / "ci" / "pipeline" / "up.yml"
    text = path.read_text(encoding="utf-8")
    before, _, after = text.partition("  rules:")
    script = after[after.index("  script:") :]
    path.write_text(f"{before}  rules: [{{when: on_success}}]\n{script}", encoding="utf-8")
    try:
        done = own.run("up", claims={"ref": "feature"})
    finally:
        path.write_text(text, encoding="utf-8")
    assert done.code != 0
    assert "does not match any associated bound claim" in done.text
    assert "orchestrator/ciaccess, the protected branch main" in done.text
