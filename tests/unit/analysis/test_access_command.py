"""`./ciaccess access`: the three views, in four formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.access.model.checks_dates import today
from tests.support.access.organisation import edited, renamed
from tests.support.cli.commands import ciaccess

if TYPE_CHECKING:
    from pathlib import Path

Capture = pytest.CaptureFixture[str]


def account(shown: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an account of the JSON."""
    (found,) = [item for item in shown["accounts"] if item["name"] == name]
    return dict(found)


def test_accounts_say_what_they_may_and_who_reads_their_secret(capsys: Capture) -> None:
    done = ciaccess(capsys, "access").succeeded()
    lines = {line.split()[0]: line for line in done.out.splitlines() if line.startswith("svc-")}
    assert "push raw in raw-dev and yum in rpm-dev" in lines["svc-executor"]
    assert "/orchestrator/executor/" in done.out
    assert "jobs of orchestrator/* (role nexus-ci)" in lines["svc-executor"]
    assert "pull every format in every repository" in lines["svc-deployer"]
    assert "do everything: administrator of Nexus" in lines["svc-admin"]
    assert "no job" in lines["svc-admin"]


def test_json_has_each_grant_with_its_actions_and_the_role_that_gives_it(capsys: Capture) -> None:
    shown = ciaccess(capsys, "access", "--json").succeeded().json()
    assert shown == ciaccess(capsys, "access", "--format", "json").json()
    executor = account(shown, "svc-executor")
    assert executor["grants"][0] == {
        "format": "raw",
        "repository": "raw-dev",
        "path": "/orchestrator/executor/",
        "verb": "push",
        "actions": ["add", "browse", "edit", "read"],
        "by_role": ["ci-svc-executor"],
    }
    assert executor["secret"] == "secret/data/nexus/svc-executor"
    assert executor["read_by"] == ["nexus-ci"]
    assert account(shown, "svc-admin")["administrator"]
    assert account(shown, "svc-admin")["read_by"] == []
    (role,) = shown["jwt_roles"]
    assert (role["jobs"], role["token_ttl_seconds"]) == ("jobs of orchestrator/*", 600)
    assert [item["name"] for item in shown["named_roles"]] == ["nx-pull-all"]


def test_projects_say_which_secrets_their_jobs_read(capsys: Capture) -> None:
    done = ciaccess(capsys, "access", "--by", "project").succeeded()
    assert "Jobs of orchestrator/*" in done.out
    assert "secret/data/nexus/svc-bench" in done.out
    assert "svc-admin" not in done.out


def test_repositories_say_who_may_use_them(capsys: Capture) -> None:
    rows = [
        line.split()
        for line in ciaccess(capsys, "access", "--by", "repository").succeeded().out.splitlines()
        if line.startswith("rpm-dev")
    ]
    assert [row[2] for row in rows] == [
        *("svc-bench", "svc-executor", "svc-fsdb", "svc-orchestrator", "svc-promoter")
    ]
    assert rows[1][3:6] == ["push", "under", "/orchestrator/executor/"]


@pytest.mark.parametrize("by", ["account", "project", "repository"])
def test_markdown_and_html_have_the_rows_of_the_table(capsys: Capture, by: str) -> None:
    text = ciaccess(capsys, "access", "--by", by, "--format", "markdown").succeeded().out
    page = ciaccess(capsys, "access", "--by", by, "--format", "html").succeeded().out
    rows = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    assert page.count("<tr>") == len(rows) > 5
    assert page.startswith("<!doctype html>")


def test_a_hostile_purpose_is_only_text(capsys: Capture, tmp_path: Path) -> None:
    file = edited(tmp_path, ("purpose: Bench", "purpose: '</td><script>alert(1)</script> [red]| x'"))
    page = ciaccess(capsys, "access", "--file", str(file), "--format", "html").succeeded().out
    assert "<script" not in page
    text = ciaccess(capsys, "access", "--file", str(file), "--format", "markdown").succeeded().out
    assert "\\</td\\>\\<script\\>" in text
    assert "[red]|" in ciaccess(capsys, "access", "--file", str(file)).succeeded().out


def test_faults_of_the_yaml_are_said_all_at_once(capsys: Capture, tmp_path: Path) -> None:
    file = edited(tmp_path, ("    pull: all", "    pull: [rpm]"), ("token_ttl: 10m", "token_ttl: 3h"))
    done = ciaccess(capsys, "access", "--file", str(file))
    assert (done.code, done.out) == (1, "")
    assert "2 faults. Correct them first" in done.err
    assert "Did you mean yum?" in done.err


def test_rights_beside_artifacts_are_shown_those_of_contained_roles_too(
    capsys: Capture, tmp_path: Path
) -> None:
    role = "      pull: all\n      privileges: [nx-search-read]\n      roles: [nx-anonymous]"
    file = edited(tmp_path, ("      pull: all", role))
    (named,) = ciaccess(capsys, "access", "--file", str(file), "--json").succeeded().json()["named_roles"]
    rights = {(right["kind"], right["name"]) for right in named["other_rights"]}
    assert rights == {("privilege", "nx-healthcheck-read"), ("privilege", "nx-search-read")}
    assert "privilege nx-healthcheck-read of Nexus" in ciaccess(capsys, "access", "--file", str(file)).out


def test_a_former_account_is_shown_as_one_and_may_what_its_successor_may(
    capsys: Capture, tmp_path: Path
) -> None:
    file = renamed(tmp_path, "svc-bench", "svc-stress")
    former = f"former name of svc-stress, until {today().isoformat()}"
    assert f"({former})" in ciaccess(capsys, "access", "--file", str(file)).succeeded().out
    shown = ciaccess(capsys, "access", "--json", "--file", str(file)).json()
    before, after = account(shown, "svc-bench"), account(shown, "svc-stress")
    assert (before["former"], after["former"]) == (former, None)
    assert before["read_by"] == after["read_by"] == ["nexus-ci"]
    own = [{**grant, "by_role": ["ci-svc-bench"]} for grant in after["grants"]]
    assert before["grants"] == own


def test_one_account_is_shown_alone_in_each_form(capsys: Capture) -> None:
    only = ("access", "--account", "svc-bench")
    shown = ciaccess(capsys, *only, "--json").succeeded().json()
    whole = ciaccess(capsys, "access", "--json").succeeded().json()
    assert shown["accounts"] == [each for each in whole["accounts"] if each["name"] == "svc-bench"] != []
    for form in ("table", "markdown", "html", "mermaid"):
        text = ciaccess(capsys, *only, "--format", form).succeeded().out
        assert "svc-bench" in text
        assert "svc-executor" not in text
    assert "no account or job gains" in ciaccess(capsys, *only, "--diff", "HEAD").out.lower()


def test_an_unknown_account_gets_the_name_that_was_meant(capsys: Capture) -> None:
    refused = ciaccess(capsys, "access", "--account", "svc-benhc")
    assert (refused.code, refused.out) == (1, "")
    assert (
        'account "svc-benhc" is not declared. Did you mean svc-bench? Declared accounts: svc-' in refused.err
    )
