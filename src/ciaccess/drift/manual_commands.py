"""Commands for manual repairs; credentials come from the environment.

An undeclared object of Vault loses policies, and is kept.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from ciaccess.access import Access
from ciaccess.access.desired.ownership import owner_in
from ciaccess.access.policies.tokens import DEFAULT, FIELDS, named_policies, normalize_names
from ciaccess.drift.findings import plain
from ciaccess.drift.vault_holders import Holder


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


def without_policies(holder: Holder, names: frozenset[str]) -> str:
    """Return the command, "" where no field decides: a program chooses."""
    if holder.program:
        return ""
    if holder.is_token_role:
        return _limit_command(holder, names)
    named = {field: named_policies({field: holder.data.get(field)}) for field in FIELDS}
    changed: dict[str, object] = {
        field: [name for name in found if name not in names]
        for field, found in named.items()
        if not names.isdisjoint(found)
    }
    if DEFAULT in holder.policies & names:
        changed["token_no_default_policy"] = True
    if groups := holder.data.get("groups"):
        # A write of a user of LDAP or Okta without them takes them away.
        changed["groups"] = groups
    if "role_type" in holder.data:
        # A write of a JWT role takes what it does not name for its default.
        return write_json(holder.path, {name: plain(it) for name, it in holder.data.items() if it} | changed)
    return write_command(holder.path, changed)


def _limit_command(holder: Holder, names: frozenset[str]) -> str:
    """Return the command with which a token role refuses policies, and aliases that would give them."""
    allowed = normalize_names(holder.data.get("allowed_policies") or ())
    left = [name for name in allowed if name not in names]
    # Callers that name no policies get the list, or an error if one of it is refused. Without any list the limit is gone.
    is_limited = left or holder.data.get("allowed_policies_glob")
    changed: dict[str, object] = {"allowed_policies": left} if is_limited and left != allowed else {}
    limited = replace(holder, data={**holder.data, **changed})
    if refused := sorted(limited.requestable(names)):
        known = holder.data.get("disallowed_policies") or ()
        changed["disallowed_policies"] = normalize_names([*known, *refused])
    if DEFAULT in holder.policies & names:
        changed["token_no_default_policy"] = True
    if holder.chosen & names:
        changed["allowed_entity_aliases"] = []
    return write_command(holder.path, changed) if changed else ""


def write_json(path: str, fields: Mapping[str, Any]) -> str:
    """Return the command that writes fields with their types: only JSON can empty or remove one."""
    return f"printf '%s' {shlex.quote(json.dumps(fields))} | vault write {shlex.quote(path)} -"


def write_command(path: str, fields: Mapping[str, Any]) -> str:
    """Return the command that writes fields; a list is one text with commas to `vault write`."""
    words = [f"{name}={_text(value)}" for name, value in fields.items()]
    return " ".join(["vault write", shlex.quote(path), *map(shlex.quote, words)])


def _text(value: Any) -> str:
    if isinstance(value, list | frozenset):
        return ",".join(value if isinstance(value, list) else sorted(value))
    return str(value).lower() if isinstance(value, bool) else str(value)
