"""Vault policies as text: what a JWT role's holder may do at which path of the API.

Owns the paths of ciaccess's own jobs (docs/adr/0018): a preview reads what a refresh reads, a drift check also what `drift/`
reads besides the state, and an apply writes what `pulumi up` writes, except for these identities. Paths are complete where
the names are known. `+` is one segment, for a name that may be new in a merge request or foreign: an account's secret, a
policy or role that must not exist yet, roles at other auth mounts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ciaccess.access.desired import pipeline_identities
from ciaccess.access.model.models import Access
from ciaccess.access.policies import coverage

Rules = dict[str, tuple[str, ...]]
_READ, _LIST, _READ_AND_LIST = ("read",), ("list",), ("list", "read")
_WRITE = ("create", "read", "update", "delete")
# A mount's name may have slashes, for each of which a rule is needed; deeper ones are not readable.
_MOST_SEGMENTS_OF_A_MOUNT = 3


def policy_text(role: str, rules: Rules, owner: str) -> str:
    """Return the text of a policy; `rules` are capabilities by path, `owner` is for its marker."""
    text = f"# What the JWT role {role} may do. Managed by {owner}: edit access.yaml instead.\n"
    for path, capabilities in sorted(rules.items()):
        words = ", ".join(f'"{word}"' for word in capabilities)
        text += f'path "{path}" {{\n  capabilities = [{words}]\n}}\n'
    return text


def read_rules(paths: Iterable[str]) -> Rules:
    """Return rules that allow to read these paths."""
    return dict.fromkeys(paths, _READ)


def own_rules(access: Access, role: str, policies: Iterable[str]) -> Rules:
    """Return the rules of an own JWT role; `policies` are the policies of the YAML's roles."""
    more = {
        pipeline_identities.PREVIEW: {},
        pipeline_identities.DRIFT: _drift(access),
        pipeline_identities.APPLY: _apply(access, policies),
    }
    return {
        **read_rules(_refresh(access)),
        **read_rules(_own_secrets(access, role)),
        **_transit(access),
        **more[role],
    }


def _refresh(access: Access) -> Iterator[str]:
    """Return what the engine reads, and what must be vacant before something is added."""
    kv, jwt = access.vault.kv, access.vault.jwt.mount
    yield from (f"auth/{jwt}/config", f"auth/{jwt}/role/+", "sys/policies/acl/+")
    yield from (f"sys/mounts/auth/{jwt}", f"sys/mounts/auth/{jwt}/tune")
    # pulumi-vault built from the modules of 2022 (docs/adr/0003) looks the backend up in the list of them.
    yield "sys/auth"
    yield f"{kv.mount}/metadata/{kv.prefix}/+"
    yield from _own_metadata(access)
    if kv.manage:
        yield f"sys/mounts/{kv.mount}"


def _own_secrets(access: Access, role: str) -> Iterator[str]:
    # A preview logs in as its own account; a drift check and an apply read every account's secret.
    accounts = [pipeline_identities.READER]
    if role != pipeline_identities.PREVIEW:
        accounts = list(pipeline_identities.own_accounts(access))
        yield f"{access.vault.kv.mount}/data/{access.vault.kv.prefix}/+"
    secrets = pipeline_identities.IDENTITIES[role].secrets.values()
    for name in (*accounts, *secrets, pipeline_identities.TRUST_ANCHORS):
        yield pipeline_identities.own_secret_path(access, name)


def _transit(access: Access) -> Rules:
    """Return the rule that decrypts the state; only a person who sets the key encrypts with it."""
    pipeline = access.pipeline
    if pipeline is None or pipeline.transit_key is None:
        return {}
    return {f"{pipeline.transit_mount}/decrypt/{pipeline.transit_key}": ("update",)}


def _own_metadata(access: Access) -> Iterator[str]:
    for name in pipeline_identities.own_accounts(access):
        yield f"{access.vault.kv.mount}/metadata/{pipeline_identities.own_folder(access)}/{name}"


def _drift(access: Access) -> Rules:
    kv = access.vault.kv
    read = [
        "sys/mounts",
        f"sys/mounts/{kv.mount}",
        f"{kv.mount}/config",
        f"{kv.mount}/metadata/{kv.prefix}/+",
    ]
    listed = [f"{kv.mount}/metadata/{kv.prefix}/", "sys/policies/acl/", *coverage.OTHER_LISTS]
    return {
        **read_rules(_settings()),
        **read_rules([*read, *_own_metadata(access)]),
        **dict.fromkeys(listed, _LIST),
        **dict.fromkeys(_holders(access), _READ_AND_LIST),
    }


def _settings() -> Iterator[str]:
    for depth in range(1, _MOST_SEGMENTS_OF_A_MOUNT + 1):
        yield from (f"auth/{'+/' * depth}{part}" for part in sorted(set(coverage.SETTINGS.values())))


def _holders(access: Access) -> Iterator[str]:
    """Return what gets policies, read and listed by one rule: + matches nothing, too."""
    # What a refresh reads by a closer rule, which would hide the others.
    yield f"auth/{access.vault.jwt.mount}/role/+"
    yield from ("identity/group/id/+", "identity/entity/id/+")
    for depth in range(1, _MOST_SEGMENTS_OF_A_MOUNT + 1):
        yield from (f"auth/{'+/' * depth}{part}/+" for part in coverage.parts())


def _apply(access: Access, policies: Iterable[str]) -> Rules:
    kv, jwt = access.vault.kv, access.vault.jwt.mount
    written = [f"{kv.mount}/data/{kv.prefix}/+", *(f"sys/policies/acl/{name}" for name in policies)]
    written += [f"auth/{jwt}/role/{name}" for name in access.vault.roles]
    # To delete metadata is to destroy every version of a secret.
    kept = dict.fromkeys((f"auth/{jwt}/config", f"{kv.mount}/metadata/{kv.prefix}/+"), _WRITE[:-1])
    rules = {**dict.fromkeys(written, _WRITE), **kept}
    # Of a secret that was deleted by hand: so its password stays.
    rules[f"{kv.mount}/undelete/{kv.prefix}/+"] = ("update",)
    return rules | ({f"sys/mounts/{kv.mount}/tune": ("read", "update")} if kv.manage else {})
