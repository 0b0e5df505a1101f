"""An account, one resource to the engine, is told by its parts as people know them, or as a whole where all of it comes or goes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ciaccess.analysis.facts import AccessFacts
from ciaccess.review.report import report_of
from ciaccess.review.resources import Counts
from tests.support.access.access import GOOD, edited, valid
from tests.support.engine.events import Engine, read
from tests.support.review.reviewed import reviewed, said

if TYPE_CHECKING:
    from pathlib import Path

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
TOOL = "    purpose: A tool in a folder of its own\n"
ADMIN = "    purpose: Administration\n"
ROTATED = (TOOL, f"{TOOL}    rotation: 2\n")


def test_every_part_of_an_account_that_is_gone_or_changed_by_hand_is_named(tmp_path: Path) -> None:
    live = {
        "svc-tool": {
            "role": {},
            "selectors": {"ci-svc-tool-yum": {"expression": "true"}, "ci-svc-tool-raw": None},
            "privileges": {"ci-svc-tool-rpm-dev": {"actions": ["read"]}, "ci-svc-tool-raw-dev": None},
            "secret": {"holds": "none"},
            "metadata": {"owner": "somebody"},
        },
        "svc-app": {"users": {"svc-app": {"login": "refused"}}},
    }
    found = reviewed(tmp_path, live=live)
    assert not found.changes
    assert list(said(found.drift)) == [
        "update Nexus user svc-app",
        "delete Nexus role ci-svc-tool",
        "delete Nexus privilege ci-svc-tool-raw-dev",
        "update Nexus privilege ci-svc-tool-rpm-dev",
        "delete Nexus content selector ci-svc-tool-raw",
        "update Nexus content selector ci-svc-tool-yum",
        "delete Vault secret secret/data/nexus/svc-tool",
        "update metadata of Vault secret secret/data/nexus/svc-tool",
    ]
    assert said(found.drift)["update Nexus user svc-app"] == ["login: accepted → refused"]
    assert said(found.drift)["update Nexus privilege ci-svc-tool-rpm-dev"] == [
        "actions: - add, - browse, - edit"
    ]
    assert "jobs of orchestrator/* lose secret svc-tool (role nexus-ci)" in [
        change.sentence for change in found.drift_access.losses
    ]


def test_a_user_that_a_refresh_has_forgotten_is_made_again_and_its_secret_stays(tmp_path: Path) -> None:
    before = valid(tmp_path, GOOD)
    events = [json.loads(line) for line in Engine(before, before).lines()]
    for event in events:
        metadata = event.get("resOutputsEvent", {}).get("metadata", {})
        if metadata.get("urn", "").endswith("::svc-tool"):
            is_refresh = metadata["op"] == "refresh"
            for state in ("old", "new") if is_refresh else ("old",):
                metadata[state]["inputs"]["users"] = {}
            metadata["op"] = "refresh" if is_refresh else "update"
            metadata["diffs"] = [] if is_refresh else ['users["svc-tool"]']
    preview = read([json.dumps(event) for event in events if "resourcePreEvent" not in event])
    found = report_of(preview, "ciaccess", "local", AccessFacts.of(before), None)
    assert list(said(found.changes)) == ["create Nexus user svc-tool"]
    assert not found.drift


def test_the_first_segment_of_a_path_says_as_much_as_the_whole(tmp_path: Path) -> None:
    live = {"svc-tool": {"users": {"svc-tool": {"status": "disabled"}}, "secret": {"holds": "other"}}}
    edits = ((TOOL, "    purpose: Tool of all\n    rotation: 2\n"),)
    whole, short = (reviewed(tmp_path, *edits, live=live, in_short=each) for each in (False, True))
    assert whole == short
    assert whole.changes


def test_an_account_that_is_gone_by_hand_is_told_as_a_whole(tmp_path: Path) -> None:
    found = reviewed(tmp_path, live={"svc-tool": None})
    assert not found.changes
    (account,) = found.drift
    assert said(found.drift) == {
        "delete account svc-tool": ["password: a new one, once up has made the account anew"]
    }
    assert account.put_back
    assert list(dict.fromkeys(part.noun for part in account.parts)) == [
        "Nexus user",
        "Nexus role",
        "Nexus privilege",
        "Nexus content selector",
        "Vault secret",
    ], "nobody has looked whether the metadata are there"


def test_a_change_of_what_is_gone_by_hand_is_told_beside_that(tmp_path: Path) -> None:
    edit = (TOOL, f"{TOOL}    roles: [nx-search]\n")
    for live in ({"svc-tool": None}, {"svc-tool": {"users": {"svc-tool": None}}}):
        found = reviewed(tmp_path, edit, live=live)
        assert said(found.changes) == {"update Nexus user svc-tool": ["roles: + nx-search"]}
        assert [change.action for change in found.drift] == ["delete"]


def test_a_part_that_the_change_leaves_as_it_is_by_hand_is_not_put_back(tmp_path: Path) -> None:
    live = {"svc-tool": {"users": {"svc-tool": {"roles": ["ci-svc-tool", "nx-search"]}}}}
    edit = (TOOL, f"{TOOL}    roles: [nx-search]\n    purge: true\n")
    found = reviewed(tmp_path, edit, live=live)
    (user,) = found.drift
    assert not user.put_back
    assert said(found.changes) == {
        "update account svc-tool": ["purge: no → yes"],
        "update Nexus user svc-tool": ["roles: + nx-search"],
    }


def test_a_rotation_in_place_is_told_by_its_versions_and_nothing_else(tmp_path: Path) -> None:
    found = reviewed(tmp_path, (ADMIN, f"{ADMIN}    rotation: 2\n"))
    assert said(found.changes) == {
        "update Nexus user svc-admin": ["password: changes (version 1 → 2)"],
        "update Vault secret secret/data/nexus/svc-admin": ["password: changes (version 1 → 2)"],
        "update metadata of Vault secret secret/data/nexus/svc-admin": ["rotation: 1 → 2"],
    }
    assert found.counts == Counts(create=0, update=1, delete=0)


def test_a_turn_is_told_by_who_is_handed_out_and_nobody_gains_or_loses(tmp_path: Path) -> None:
    found = reviewed(tmp_path, ROTATED)
    said_ = said(found.changes)
    assert said_["update Vault secret secret/data/nexus/svc-tool"] == [
        "password: changes (version 1 → 2, now of the user svc-tool-b)"
    ]
    assert "password: new, not shown" in said_["create Nexus user svc-tool-b"]
    assert "update Nexus user svc-tool" not in said_, "what was handed out before keeps working"
    assert not found.access


def test_the_next_turn_gives_the_first_user_another_password(tmp_path: Path) -> None:
    found = reviewed(tmp_path, ("rotation: 2\n", "rotation: 3\n"), text=edited(ROTATED))
    assert said(found.changes) == {
        "update Nexus user svc-tool": ["password: changes (version 1 → 2)"],
        "update Vault secret secret/data/nexus/svc-tool": [
            "password: changes (version 2 → 3, now of the user svc-tool)"
        ],
        "update metadata of Vault secret secret/data/nexus/svc-tool": [
            "nexus_user: svc-tool-b → svc-tool",
            "rotation: 2 → 3",
        ],
    }


def test_what_the_second_user_gains_by_hand_its_account_gains(tmp_path: Path) -> None:
    live = {"svc-tool": {"users": {"svc-tool-b": {"roles": ["ci-svc-tool", "nx-admin"]}}}}
    found = reviewed(tmp_path, text=edited(ROTATED), live=live)
    assert not found.access
    assert [change.sentence for change in found.drift_access.gains] == [
        "svc-tool is now an administrator of Nexus"
    ]


def test_a_secret_changed_by_hand_is_drift_alone_unless_the_change_rotates_it(tmp_path: Path) -> None:
    live = {"svc-tool": {"secret": {"holds": "other"}}}
    found = reviewed(tmp_path, live=live)
    assert not found.changes
    assert said(found.drift) == {
        "update Vault secret secret/data/nexus/svc-tool": ["password: differs from what the last up wrote"]
    }
    both = reviewed(tmp_path, ROTATED, live=live)
    assert "update Vault secret secret/data/nexus/svc-tool" in said(both.changes)
    assert said(both.drift) == said(found.drift)


def test_a_secret_that_moves_is_made_with_the_password_it_had(tmp_path: Path) -> None:
    found = reviewed(tmp_path, ("prefix: nexus}", "prefix: ci}"))
    said_ = said(found.changes)
    assert said_["create Vault secret secret/data/ci/svc-tool"] == [
        "password: as before, not shown",
        "path: nothing → secret/data/ci/svc-tool",
    ]
    assert said_["delete Vault secret secret/data/nexus/svc-tool"] == [
        "versions: the latest is deleted, earlier ones are kept"
    ]
    assert "delete metadata of Vault secret secret/data/nexus/svc-tool" not in said_


def test_a_secret_that_is_gone_is_not_told_as_moved(tmp_path: Path) -> None:
    found = reviewed(
        tmp_path, ("prefix: nexus}", "prefix: ci}"), live={"svc-tool": {"secret": {"holds": "none"}}}
    )
    assert [change.sentence for change in found.drift_access.losses] == [
        "jobs of orchestrator/* lose secret svc-tool (role nexus-ci)"
    ]


def test_what_only_up_will_know_of_an_account_is_said_and_nobody_loses_by_it(tmp_path: Path) -> None:
    lines = Engine(valid(tmp_path, GOOD), valid(tmp_path, edited((TOOL, f"{TOOL}    purge: true\n")))).lines()
    events = [json.loads(line) for line in lines]
    for event in events:
        metadata = event.get("resOutputsEvent", {}).get("metadata", {})
        if metadata.get("op") == "update":
            metadata["new"]["inputs"]["users"] = UNKNOWN
            metadata["diffs"] = ["users", "purge"]
    preview = read([json.dumps(event) for event in events if "resourcePreEvent" not in event])
    found = report_of(preview, "ciaccess", "local", AccessFacts.of(valid(tmp_path, GOOD)), None)
    assert said(found.changes) == {
        "update account svc-tool": ["purge: no → yes", "users: nothing → (known after up)"]
    }
    assert not found.access


def test_an_account_that_is_added_is_made_whole_and_one_that_is_removed_goes(tmp_path: Path) -> None:
    found = reviewed(tmp_path, ("svc-tool]", "svc-new]"), ("  svc-tool:\n", "  svc-new:\n"))
    new, old = (change for change in found.changes if change.noun == "account")
    assert (new.action, new.name, old.action, old.name) == ("create", "svc-new", "delete", "svc-tool")
    parts = said(new.parts)
    assert list(parts) == [
        "create Nexus user svc-new",
        "create Nexus role ci-svc-new",
        "create Nexus privilege ci-svc-new-raw-dev",
        "create Nexus privilege ci-svc-new-rpm-dev",
        "create Nexus content selector ci-svc-new-raw",
        "create Nexus content selector ci-svc-new-yum",
        "create Vault secret secret/data/nexus/svc-new",
        "create metadata of Vault secret secret/data/nexus/svc-new",
    ]
    assert "password: new, not shown" in parts["create Nexus user svc-new"]
    assert said(old.parts)["delete Vault secret secret/data/nexus/svc-tool"] == [
        "versions: the latest is deleted, earlier ones are kept"
    ]
    assert "delete metadata of Vault secret secret/data/nexus/svc-tool" not in said(old.parts)
    assert new.to_json()["parts"][0]["kind"] == "Nexus user"
    assert "svc-tool is no longer an account" in [change.sentence for change in found.access.losses]
    assert (found.counts.create, found.counts.delete) == (1, 1)


def test_an_account_that_goes_with_its_versions_says_so(tmp_path: Path) -> None:
    text = edited((TOOL, f"{TOOL}    purge: true\n"))
    found = reviewed(tmp_path, ("svc-tool]", "svc-new]"), ("  svc-tool:\n", "  svc-new:\n"), text=text)
    (old,) = (change for change in found.changes if (change.action, change.noun) == ("delete", "account"))
    parts = said(old.parts)
    assert parts["delete Vault secret secret/data/nexus/svc-tool"] == [
        "versions: all are deleted permanently"
    ]
    assert "delete metadata of Vault secret secret/data/nexus/svc-tool" in parts


def test_what_up_refuses_to_delete_because_it_is_not_ours_is_said_with_its_owner(tmp_path: Path) -> None:
    text = edited((TOOL, f"{TOOL}    purge: true\n"))
    live = {
        "svc-tool": {
            "metadata": {"stack": "other/prod"},
            "users": {"svc-tool": {"last_name": "(managed by other-team)"}},
            "role": {"description": "A role of somebody"},
        }
    }
    edits = (("svc-tool]", "svc-new]"), ("  svc-tool:\n", "  svc-new:\n"))
    found = reviewed(tmp_path, *edits, text=text, live=live)
    (old,) = (change for change in found.changes if (change.action, change.noun) == ("delete", "account"))
    refused = ": up refuses to delete what is not this stack's"
    assert said((old,))["delete account svc-tool"] == [f"owner: the secret is claimed by other/prod{refused}"]
    parts = said(old.parts)
    assert parts["delete Nexus user svc-tool"] == [f"owner: managed by other-team{refused}"]
    assert parts["delete Nexus role ci-svc-tool"] == [f"owner: managed by no owner{refused}"]


def test_an_account_that_may_be_taken_over_does_not_promise_a_new_password(tmp_path: Path) -> None:
    after = valid(tmp_path, edited((TOOL, f"{TOOL}    adopt: true\n")))
    preview = read(Engine(None, after).lines())
    found = report_of(preview, "ciaccess", "local", AccessFacts.of(after), None)
    passwords = {
        change.name: field.note
        for change in found.changes
        for part in change.parts
        for field in part.fields
        if part.noun == "Nexus user" and field.name == "password"
    }
    assert passwords["svc-tool"] == "kept where Nexus accepts the one in Vault, else new; not shown"
    assert passwords["svc-app"] == "new, not shown"
