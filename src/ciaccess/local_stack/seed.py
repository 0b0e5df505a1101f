"""The organisation's objects before ciaccess: Nexus's repositories, GitLab's groups, projects.

Names come from access.yaml; the registries' ports are those of the local stack. Idempotent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

from ciaccess.local_stack.places import Record, read_credential

if TYPE_CHECKING:
    from ciaccess.access import Access

_ANSWER_SECONDS = 10
# Written once from uat on (facts/organisation.md).
_WRITE_POLICY = {"dev": "ALLOW", "uat": "ALLOW_ONCE", "prod": "ALLOW_ONCE"}
_GROUP_ORDER = ("prod", "uat", "dev")
# Where a format is called otherwise in the path of the repositories' API, and the sections that it must have.
_RECIPES = {"maven2": "maven"}
_SECTIONS: dict[str, dict[str, Any]] = {
    "maven2": {"maven": {"versionPolicy": "MIXED", "layoutPolicy": "STRICT", "contentDisposition": "INLINE"}},
    "apt": {
        "apt": {"distribution": "stable", "flat": False},
        "aptSigning": {"keypair": "of no use", "passphrase": ""},
    },
}
# Of these Nexus has no hosted repositories, in some editions or versions at least: docs/formats.md.
_PROXY_ONLY = ("cocoapods", "composer", "conan", "conda", "go", "huggingface", "p2", "terraform")
_PROXY = {
    "proxy": {"remoteUrl": "http://127.0.0.1:9/", "contentMaxAge": 1440, "metadataMaxAge": 1440},
    "negativeCache": {"enabled": True, "timeToLive": 1440},
    "httpClient": {"blocked": True, "autoBlock": True},
}
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
    """Create missing repositories of access.yaml; the first docker ones get the two connectors.

    Anonymous access is disabled, as in the organisation's Nexus: a new one has it enabled.
    """
    session = requests.Session()
    session.auth = ("admin", read_credential("nexus-password"))
    rest = f"{record.url('nexus')}/service/rest/v1"
    session.put(
        f"{rest}/security/anonymous",
        json={"enabled": False, "userId": "anonymous", "realmName": "NexusAuthorizingRealm"},
        timeout=_ANSWER_SECONDS,
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
            body = _body(format_, name)
            body["storage"]["writePolicy"] = _WRITE_POLICY[environment]
            if format_ == "docker":
                body["docker"] = _docker(record.ports["nexus_push"] if environment == "dev" else None)
            type_ = "proxy" if format_ in _PROXY_ONLY else "hosted"
            wanted.append((_path(format_, type_), body | (_PROXY if type_ == "proxy" else {})))
        if by_environment.group:
            body = _body(format_, by_environment.group)
            body["group"] = {"memberNames": [names[key] for key in _GROUP_ORDER if key in names]}
            if format_ == "docker":
                body["docker"] = _docker(record.ports["nexus_pull"])
            wanted.append((_path(format_, "group"), body))
    return wanted


def _path(format_: str, type_: str) -> str:
    return f"{_RECIPES.get(format_, format_)}/{type_}"


def _body(format_: str, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "online": True,
        "storage": {"blobStoreName": "default", "strictContentTypeValidation": False},
        **_SECTIONS.get(format_, {}),
    }


def _docker(port: int | None) -> dict[str, Any]:
    attributes: dict[str, Any] = {"v1Enabled": False, "forceBasicAuth": True}
    return attributes if port is None else {**attributes, "httpPort": port}


def _project(access: Access, path: str) -> dict[str, Any]:
    """Return a project; ciaccess's own one guarded as docs/own-pipeline.md has it."""
    if access.pipeline is None or access.pipeline.project != path:
        return {"path": path, "protected_branches": ["main"]}
    branch = access.pipeline.branch
    settings = {
        "ci_pipeline_variables_minimum_override_role": "no_one_allowed",
        f"branch {branch}": {"push_access_level": 0},
    }
    return {"path": path, "protected_branches": [branch], "protected_tags": ["*"], "settings": settings}


def seed_gitlab(access: Access, record: Record) -> None:
    """Create the groups of access.yaml under their ids, and the organisation's projects."""
    groups: list[dict[str, Any]] = [
        {"path": path, "id": group.id} for path, group in access.gitlab.groups.items()
    ]
    named = {group["path"] for group in groups}
    groups += [{"path": path} for path in sorted({project.split("/")[0] for project in PROJECTS} - named)]
    answer = requests.post(
        f"{record.url('gitlab')}/simulator/seed",
        json={"groups": groups, "projects": [_project(access, path) for path in PROJECTS]},
        headers={"PRIVATE-TOKEN": read_credential("gitlab-token")},
        timeout=_ANSWER_SECONDS,
    )
    answer.raise_for_status()
