"""A Nexus that others use too: what is provisioned there works, and after `destroy` it is as it was.

The simulator stands in for it; `make test-nexus` runs the same on the server of NEXUS_URL. A format that this
server does not have is left out, and listed as skipped.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from tests.support.project.project import STACK, Project
from tests.support.servers.nexus import start_nexus
from tests.support.servers.real_nexus import RealNexus

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMATS = ("raw", "yum", "pypi", "npm", "docker")
SCOPED = ("raw", "yum")
PREFIX = "ciaccess-test"
CHANGES = 7


@pytest.fixture(scope="module")
def nexus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealNexus]:
    if RealNexus.is_wanted():
        with RealNexus.borrowed() as real:
            yield real
        return
    process = start_nexus(tmp_path_factory.mktemp("nexus"), context_path="/nexus")
    process.add_user("somebody", "nx-anonymous")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in zip(
            ("URL", "USERNAME", "PASSWORD"), (process.url, *process.administrator()), strict=True
        ):
            patch.setenv(f"NEXUS_{name}", value)
        with RealNexus.borrowed() as foreign:
            yield foreign
    process.stop()


@pytest.fixture(scope="module")
def formats(nexus: RealNexus) -> list[str]:
    """The formats of which the server let us make a repository."""
    attributes: dict[str, dict[str, Any]] = {
        "docker": {"docker": {"v1Enabled": False, "forceBasicAuth": True}},
        "yum": {"yum": {"repodataDepth": 0}},
    }
    found = []
    for format_ in FORMATS:
        try:
            nexus.add_repository(format_, f"{PREFIX}-{format_}", **attributes.get(format_, {}))
        except RuntimeError:
            continue
        found.append(format_)
    return found


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, nexus: RealNexus, formats: list[str]
) -> Iterator[Project]:
    """A project whose Vault and GitLab are local and whose Nexus is the foreign one, provisioned."""
    username, password = nexus.administrator()
    project = Project(
        tmp_path_factory.mktemp("project"),
        {"NEXUS_URL": nexus.url, "NEXUS_USERNAME": username, "NEXUS_PASSWORD": password},
    )
    project.create()
    project.start()
    declare(project, formats)
    settings_file = project.folder / f"Pulumi.{STACK}.yaml"
    settings = YAML().load(settings_file)
    addresses = json.loads((project.local / "addresses.json").read_text(encoding="utf-8"))
    settings["config"]["ciaccess:addresses"] = {**addresses, "nexus": nexus.url}
    YAML().dump(settings, settings_file)
    project.up().succeeded()
    yield project
    project.pulumi("destroy", "--yes", "--skip-preview").succeeded()
    project.stop()


def declare(project: Project, formats: list[str]) -> None:
    """Write a YAML with an account for each format."""
    yaml = YAML()
    document: dict[str, Any] = yaml.load(project.access)
    document["nexus"]["repositories"] = {name: {"dev": f"{PREFIX}-{name}"} for name in formats}
    document["nexus"]["roles"] = {f"{PREFIX}-pull": {"description": "Pull", "pull": "all"}}
    document["accounts"] = {
        f"{PREFIX}-svc-{name}": {"purpose": f"Test of {name}", "push": [name]}
        | ({"path": "/team/"} if name in SCOPED else {"roles": [f"{PREFIX}-pull"]})
        for name in formats
    }
    document["vault"]["roles"]["nexus-ci"]["accounts"] = list(document["accounts"])
    document["gitlab"]["groups"] = {}
    document.pop("pipeline", None)
    yaml.dump(document, project.access)


def account(format_: str) -> str:
    return f"{PREFIX}-svc-{format_}"


@pytest.mark.parametrize("format_", FORMATS)
def test_an_account_logs_in_and_has_the_rights_of_its_format(
    project: Project, nexus: RealNexus, formats: list[str], format_: str
) -> None:
    if format_ not in formats:
        pytest.skip(f"this server has no {format_}")
    secret = project.secret(account(format_))
    assert nexus.ask("GET", "/service/rest/v1/status", (secret["username"], secret["password"])).ok
    role = nexus.rest("GET", f"/security/roles/ci-{account(format_)}")
    repository = f"{PREFIX}-{format_}"
    if format_ in SCOPED:
        assert role["privileges"] == [f"ci-{account(format_)}-{repository}"]
    else:
        view = f"nx-repository-view-{format_}-{repository}"
        assert set(role["privileges"]) == {f"{view}-{action}" for action in ("browse", "read", "edit", "add")}


def test_a_raw_upload_is_accepted_in_the_accounts_folder_and_refused_elsewhere(
    project: Project, nexus: RealNexus
) -> None:
    secret = project.secret(account("raw"))
    credentials = (secret["username"], secret["password"])
    there = f"/repository/{PREFIX}-raw"
    assert nexus.ask("PUT", f"{there}/team/a.txt", credentials, data=b"a").status_code == 201
    assert nexus.ask("GET", f"{there}/team/a.txt", credentials).content == b"a"
    assert nexus.ask("PUT", f"{there}/elsewhere/a.txt", credentials, data=b"a").status_code == 403
    assert nexus.ask("DELETE", f"{there}/team/a.txt", credentials).status_code == 403


def test_nothing_is_left_to_do_and_what_changes_by_hand_is_put_back(
    project: Project, nexus: RealNexus
) -> None:
    assert project.preview().code == 0
    role = nexus.rest("GET", f"/security/roles/ci-{account('raw')}")
    nexus.rest("PUT", f"/security/roles/{role['id']}", role | {"privileges": ["nx-search-read"]})
    changed = f"/service/rest/v1/security/users/{account('raw')}/change-password"
    assert nexus.ask("PUT", changed, data="by-hand", headers={"Content-Type": "text/plain"}).ok
    nexus.rest("DELETE", f"/security/privileges/ci-{account('raw')}-{PREFIX}-raw")
    assert project.preview().code == CHANGES
    project.up("--refresh").succeeded()
    assert project.preview().code == 0
    secret = project.secret(account("raw"))
    assert nexus.ask("GET", "/service/rest/v1/status", (secret["username"], secret["password"])).ok
