"""What the organisation's systems hold before ciaccess comes: Nexus's repositories, GitLab's groups and projects.

Names come from access.yaml; the registries' ports are those of the local stack. Idempotent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

from ciaccess.local_stack.places import credential_file

if TYPE_CHECKING:
    from ciaccess.access import Access
    from ciaccess.local_stack.places import Record

_ANSWER_SECONDS = 10
# Written once from uat on (facts/organisation.md).
_WRITE_POLICY = {"dev": "ALLOW", "uat": "ALLOW_ONCE", "prod": "ALLOW_ONCE"}
_GROUP_ORDER = ("prod", "uat", "dev")
# Projects of the organisation's pipelines, one of them outside the group for refusals to be seen.
PROJECTS = (
    "orchestrator/platform",
    "orchestrator/executor",
    "orchestrator/datastore",
    "orchestrator/bench",
    "orchestrator/fsdb",
    "orchestrator/ciaccess",
    "elsewhere/other",
)


def seed_nexus(access: Access, record: Record) -> None:
    """Create the repositories of access.yaml where they are missing; the first docker ones get the two connectors.

    Nexus serves nobody without credentials, as the organisation's does: a new one would.
    """
    session = requests.Session()
    session.auth = ("admin", credential_file("nexus-password").read_text(encoding="ascii"))
    rest = f"{record.url('nexus')}/service/rest/v1"
    session.put(
        f"{rest}/security/anonymous", json={"enabled": False}, timeout=_ANSWER_SECONDS
    ).raise_for_status()
    api = f"{rest}/repositories"
    there = {row["name"] for row in session.get(api, timeout=_ANSWER_SECONDS).json()}
    for kind, body in _repositories(access, record):
        if body["name"] not in there:
            session.post(f"{api}/{kind}", json=body, timeout=_ANSWER_SECONDS).raise_for_status()


def _repositories(access: Access, record: Record) -> list[tuple[str, dict[str, Any]]]:
    wanted: list[tuple[str, dict[str, Any]]] = []
    for format_, by_environment in access.nexus.repositories.items():
        names = by_environment.by_environment()
        for environment, name in names.items():
            body = _body(name)
            body["storage"]["writePolicy"] = _WRITE_POLICY[environment]
            if format_ == "docker":
                body["docker"] = _docker(record.ports["nexus_push"] if environment == "dev" else None)
            wanted.append((f"{format_}/hosted", body))
        if by_environment.group:
            body = _body(by_environment.group)
            body["group"] = {"memberNames": [names[key] for key in _GROUP_ORDER if key in names]}
            if format_ == "docker":
                body["docker"] = _docker(record.ports["nexus_pull"])
            wanted.append((f"{format_}/group", body))
    return wanted


def _body(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "online": True,
        "storage": {"blobStoreName": "default", "strictContentTypeValidation": False},
    }


def _docker(port: int | None) -> dict[str, Any]:
    attributes: dict[str, Any] = {"v1Enabled": False, "forceBasicAuth": True}
    return attributes if port is None else {**attributes, "httpPort": port}


def seed_gitlab(access: Access, record: Record) -> None:
    """Create the groups of access.yaml under their ids, and the organisation's projects."""
    groups: list[dict[str, Any]] = [
        {"path": path, "id": group.id} for path, group in access.gitlab.groups.items()
    ]
    named = {group["path"] for group in groups}
    groups += [{"path": path} for path in sorted({project.split("/")[0] for project in PROJECTS} - named)]
    answer = requests.post(
        f"{record.url('gitlab')}/simulator/seed",
        json={
            "groups": groups,
            "projects": [{"path": path, "protected_branches": ["main"]} for path in PROJECTS],
        },
        headers={"PRIVATE-TOKEN": credential_file("gitlab-token").read_text(encoding="ascii")},
        timeout=_ANSWER_SECONDS,
    )
    answer.raise_for_status()
