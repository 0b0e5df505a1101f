"""The OIDC issuer: discovery, keys, and id_tokens with the claims that GitLab gives a job.

Claims, their types and their names follow GitLab's source (≥ 17): ids are strings but for runner_id, which is a
number; ref_protected is the string "true" or "false". A merge request's pipeline runs on its source branch's
ref, and counts as unprotected. Beside good tokens it mints the bad ones that tests need.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from simulators.gitlab.answers import Answer, bad_parameter, not_found
from simulators.gitlab.namespaces import ROLES, find_project, member_role_in_project
from simulators.gitlab.signing import ALGORITHM

if TYPE_CHECKING:
    from simulators.gitlab.call import Call
    from simulators.gitlab.store import Row

_NOT_BEFORE_SECONDS = 5  # nbf lies this much before iat, for clocks that disagree
_DEFAULT_SECONDS = 300
_REF_TYPES = ("branch", "tag", "merge_request")
_TIERS = {  # GitLab guesses an environment's tier from its name
    "production": ("prod", "live"),
    "staging": ("stag", "uat", "preprod", "pre-prod"),
    "testing": ("test", "qa"),
    "development": ("dev", "review", "trunk"),
}


def discovery(call: Call) -> Answer:
    """Answer the OpenID provider configuration."""
    url = call.settings.external_url
    return Answer(
        200,
        {
            "issuer": url,
            "authorization_endpoint": f"{url}/oauth/authorize",
            "token_endpoint": f"{url}/oauth/token",
            "revocation_endpoint": f"{url}/oauth/revoke",
            "introspection_endpoint": f"{url}/oauth/introspect",
            "userinfo_endpoint": f"{url}/oauth/userinfo",
            "jwks_uri": f"{url}/oauth/discovery/keys",
            "scopes_supported": ["api", "read_api", "read_user", "openid", "profile", "email"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "claim_types_supported": ["normal"],
            "claims_supported": ["iss", "sub", "aud", "exp", "iat"],
            "code_challenge_methods_supported": ["plain", "S256"],
        },
    )


def keys(call: Call) -> Answer:
    """Answer the keys that verify id_tokens."""
    return Answer(200, {"keys": [call.key.published]})


def mint(call: Call) -> Answer:
    """Answer `{id_token, claims}` for a job of `project` on `ref` with `audience` (text or list).

    Optional: ref_type (branch, tag, merge_request), pipeline_source, environment, user (a username),
    expires_in_seconds, issued_at_offset_seconds (negative: in the past), overrides (null takes a claim
    away), signed_by_other_key, algorithm_none.
    """
    parameters = call.parameters
    parameters.require("project", "ref", "audience")
    claims = _claims(call)
    overrides = parameters.value("overrides", {})
    if not isinstance(overrides, dict):
        raise bad_parameter("overrides is invalid")
    claims |= overrides
    claims = {name: value for name, value in claims.items() if overrides.get(name, value) is not None}
    if parameters.flag("algorithm_none"):
        token = call.key.leave_unsigned(claims)
    elif parameters.flag("signed_by_other_key"):
        token = call.key.impostor().sign(claims)
    else:
        token = call.key.sign(claims)
    return Answer(201, {"id_token": token, "claims": claims})


def _claims(call: Call) -> dict[str, Any]:
    parameters = call.parameters
    project = find_project(call, parameters.text("project"))
    ref = parameters.text("ref")
    kind = parameters.choice("ref_type", _REF_TYPES, "branch")
    ref_type = "tag" if kind == "tag" else "branch"
    ref_path = f"refs/{'tags' if kind == 'tag' else 'heads'}/{ref}"
    source = "merge_request_event" if kind == "merge_request" else "push"
    sha = hashlib.sha256(f"{project['id']} {ref_path}".encode()).hexdigest()[:40]
    host = urlsplit(call.settings.external_url).netloc
    namespace = call.store.row("SELECT * FROM groups WHERE id = ?", project["group_id"])
    place = {
        "project_id": str(project["id"]),
        "project_path": project["full_path"],
        "namespace_id": str(namespace["id"]),
        "namespace_path": namespace["full_path"],
    }
    return {
        **_times(call),
        "jti": str(uuid.uuid4()),
        "iss": call.settings.external_url,
        "sub": f"project_path:{project['full_path']}:ref_type:{ref_type}:ref:{ref}",
        "aud": parameters.value("audience"),
        **place,
        **{f"job_{name}": value for name, value in place.items()},
        **_user_claims(call, project),
        "pipeline_id": str(call.store.next("pipeline")),
        "pipeline_source": parameters.text("pipeline_source", source),
        "job_id": str(call.store.next("job")),
        "ref": ref,
        "ref_type": ref_type,
        "ref_path": ref_path,
        "ref_protected": str(kind != "merge_request" and is_protected(call, project, kind, ref)).lower(),
        **_environment_claims(parameters.text("environment")),
        "runner_id": 1,
        "runner_environment": "self-hosted",
        "sha": sha,
        "project_visibility": project["visibility"],
        "ci_config_ref_uri": f"{host}/{project['full_path']}//.gitlab-ci.yml@{ref_path}",
        "ci_config_sha": sha,
    }


def is_protected(call: Call, project: Row, kind: str, ref: str) -> bool:
    """Tell whether a rule of the project, perhaps with wildcards, protects this branch or tag."""
    rules = call.store.all(
        "SELECT name FROM protected_refs WHERE project_id = ? AND kind = ?", project["id"], kind
    )
    return any(fnmatchcase(ref, rule["name"].replace("[", "[[]").replace("?", "[?]")) for rule in rules)


def _times(call: Call) -> dict[str, int]:
    offset = call.parameters.text("issued_at_offset_seconds", "0")
    if not offset.removeprefix("-").isdecimal():
        raise bad_parameter("issued_at_offset_seconds is invalid")
    issued = int(time.time()) + int(offset)
    lifetime = call.parameters.number("expires_in_seconds", _DEFAULT_SECONDS)
    return {"iat": issued, "nbf": issued - _NOT_BEFORE_SECONDS, "exp": issued + lifetime}


def _user_claims(call: Call, project: Row) -> dict[str, Any]:
    user = call.signed_in().user
    if name := call.parameters.text("user"):
        found = call.store.one("SELECT * FROM users WHERE username = ?", name)
        if found is None:
            raise not_found("User")
        user = found
    level = member_role_in_project(call.store, user["id"], project)
    return {
        "user_id": str(user["id"]),
        "user_login": user["username"],
        "user_email": user["email"],
        "user_access_level": {number: role for role, number in ROLES.items()}.get(level),
    }


def _environment_claims(environment: str) -> dict[str, str]:
    if not environment:
        return {}
    starts = environment.lower()
    tier = next((tier for tier, marks in _TIERS.items() if any(mark in starts for mark in marks)), "other")
    return {
        "environment": environment,
        "environment_protected": "false",
        "deployment_tier": tier,
        "environment_action": "start",
    }
