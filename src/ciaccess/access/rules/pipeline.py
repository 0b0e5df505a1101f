"""ciaccess's own pipeline: its names are unique, and no other role reads its credentials."""

from __future__ import annotations

from ciaccess.access.desired import pipeline_identities
from ciaccess.access.desired.rotation import second_user
from ciaccess.access.model.checks_claims import matches
from ciaccess.access.reading.faults import Fault, display
from ciaccess.access.rules.claims import is_guarded, values_of
from ciaccess.access.rules.lenient_view import Faults, LenientView, Node, Rule

_POLICIES = tuple(f"{role}-policy" for role in pipeline_identities.IDENTITIES)
_USERS = tuple(
    user
    for account in (pipeline_identities.READER, pipeline_identities.WRITER)
    for user in (account, second_user(account))
)
_NEXUS_ROLES = (pipeline_identities.NEXUS_READER, pipeline_identities.NEXUS_WRITER)
_JWT_ROLES = (*pipeline_identities.IDENTITIES, *_POLICIES)


def reserved_names(view: LenientView) -> Faults:
    """No account, role or policy has the name of one of the pipeline's."""
    if not view["pipeline"].mapping:
        return
    named = [(name.node, _USERS) for name in view.names]
    named += [(role, _NEXUS_ROLES) for role in view.nexus_roles]
    named += [(role, _JWT_ROLES) for role in view.jwt_roles]
    for node, names in named:
        if node.name.lower() in names:
            yield _reserved_name(node, node.name, key=True)
    for role in view.jwt_roles:
        if (policy := role["policy"]).text in _JWT_ROLES:
            yield _reserved_name(policy, policy.text, key=False)


def _reserved_name(node: Node, name: str, *, key: bool) -> Fault:
    message = f"{display(name)} is a name of the pipeline of ciaccess itself"
    return node.fault(message, "another name", "Rename it, or remove pipeline", key=key)


def transit(view: LenientView) -> Faults:
    """A transit engine is named for a key, and is not where the secrets are."""
    mount = view["pipeline"]["transit_mount"]
    if mount.text and not view["pipeline"]["transit_key"].text:
        message = "the mount of a transit engine does nothing without the key"
        yield mount.fault(message, "transit_mount beside transit_key", "Add transit_key", key=True)
    elif mount.text and mount.text == (view["vault"]["kv"]["mount"].text or "secret"):
        message = f"{display(mount.text)} is the mount of the secrets, vault.kv.mount"
        yield mount.fault(message, "the mount of a transit engine", "Name that engine's mount")


def other_identities(view: LenientView) -> Faults:
    """No role of the accounts admits jobs of any branch of ciaccess's project.

    Compares the claims on paths; a role that is bound by ids alone is not judged.
    """
    project = view["pipeline"]["project"]
    known = {"project_path": project.text, "namespace_path": project.text.rpartition("/")[0]}
    for role in view.jwt_roles if project.text else ():
        claims = role["bound_claims"]
        bound = [claim for claim in claims if claim.name in known]
        admits = all(any(matches(each, known[claim.name]) for each in values_of(claim)) for claim in bound)
        if role["accounts"].texts() and bound and admits and not is_guarded(claims):
            message = f"a job of any of its branches may log in with the JWT role {role.name} too, and read the secrets of its accounts"
            remedy = "Move it to a group of its own; until then, a push of a branch is enough to read these passwords"
            yield project.warning(message, "a project that no role of vault.roles admits", remedy)


RULES: tuple[Rule, ...] = (reserved_names, transit, other_identities)
