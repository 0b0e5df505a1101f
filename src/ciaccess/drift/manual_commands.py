"""Commands for manual repairs in Nexus and GitLab; credentials come from the environment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from ciaccess.access.desired.ownership import owner_in

if TYPE_CHECKING:
    from ciaccess.access import Access


def delete_own(access: Access, kind: str, identity: str, text: str) -> str:
    """Return the command that deletes an object of Nexus's security, "" unless it is marked as ours."""
    if owner_in(text) != access.owner:
        return ""
    path = f"security/{kind}/{quote(identity, safe='')}"
    return _call_nexus(f"-X DELETE {_url(access, path)}")


def disable_anonymous_access(access: Access) -> str:
    """Return the command that switches anonymous access off."""
    body = """-X PUT -H 'Content-Type: application/json' -d '{"enabled": false}'"""
    return _call_nexus(f"{body} {_url(access, 'security/anonymous')}")


def activate_realms(access: Access, realms: list[str]) -> str:
    """Return the command that makes these the active realms."""
    body = f"-X PUT -H 'Content-Type: application/json' -d '{json.dumps(realms)}'"
    return _call_nexus(f"{body} {_url(access, 'security/realms/active')}")


def release_read_only(access: Access) -> str:
    """Return the command that ends Nexus's read-only mode."""
    return _call_nexus(f"-X POST {_url(access, 'read-only/release')}")


def delete_variable(url: str, owner: str, key: str, scope: str = "*") -> str:
    """Return the command that deletes a variable; `owner` is `groups/<id>` or `projects/<id>`."""
    place = f"{owner}/variables/{quote(key, safe='')}?filter[environment_scope]={quote(scope)}"
    return _call_gitlab(url, "DELETE", place)


def change_project(method: str, url: str, project: str, *below: str, **fields: object) -> str:
    """Return the command that changes a project, or what is below it."""
    place = "/".join(["projects", *(quote(name, safe="") for name in (project, *below))])
    query = "&".join(f"{name}={quote(str(value), safe='*')}" for name, value in fields.items())
    return _call_gitlab(url, method, f"{place}?{query}" if query else place)


def _call_gitlab(url: str, method: str, place: str) -> str:
    signed = (
        f"""printf 'header = "PRIVATE-TOKEN: %s"' {_from_environment("GITLAB_TOKEN")} | curl -fsS -g -K -"""
    )
    return f"{signed} -X {method} '{url}/api/v4/{place}'"


def _call_nexus(arguments: str) -> str:
    # printf is the shell's own, so that the password is on no command line.
    password = _from_environment("NEXUS_PASSWORD")
    signed = f"""printf 'user = "%s:%s"' "$NEXUS_USERNAME" {password} | curl -fsS -K -"""
    return f"{signed} {arguments}"


def _url(access: Access, path: str) -> str:
    return f"'{access.nexus.url}/service/rest/v1/{path}'"


def _from_environment(name: str) -> str:
    """Return the shell word of a credential, from a variable or the file in one."""
    return f'"${{{name}:-$(cat "${name}_FILE")}}"'
