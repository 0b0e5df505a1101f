"""ciaccess's own pipeline: its names are unique, and no other role reads its credentials."""

from __future__ import annotations

from ciaccess.access.desired import pipeline_identities
from ciaccess.access.desired.rotation import second_user
from ciaccess.access.model.checks_claims import matches
from ciaccess.access.reading.document import YamlPath
from ciaccess.access.reading.faults import Fault, display
from ciaccess.access.rules.claims import is_guarded, values_of
from ciaccess.access.rules.lenient_view import Faults, LenientView, Rule

_POLICIES = tuple(f"{role}-policy" for role in pipeline_identities.IDENTITIES)
_USERS = tuple(
    user
    for account in (pipeline_identities.READER, pipeline_identities.WRITER)
    for user in (account, second_user(account))
)
_TAKEN: dict[YamlPath, tuple[str, ...]] = {
    ("nexus", "roles"): (pipeline_identities.NEXUS_READER, pipeline_identities.NEXUS_WRITER),
    ("vault", "roles"): (*pipeline_identities.IDENTITIES, *_POLICIES),
}


def reserved_names(view: LenientView) -> Faults:
    """No account, role or policy has the name of one of the pipeline's."""
    if not view.mapping("pipeline"):
        return
    for name in view.names:
        if name.text.lower() in _USERS:
            yield _reserved_name(view, name.path, name.text, key=True)
    for section, names in _TAKEN.items():
        for each in view.mapping(*section):
            if each.lower() in names:
                yield _reserved_name(view, (*section, each), each, key=True)
    for role in view.mapping("vault", "roles"):
        path: YamlPath = ("vault", "roles", role, "policy")
        if view.text(*path) in (*pipeline_identities.IDENTITIES, *_POLICIES):
            yield _reserved_name(view, path, view.text(*path), key=False)


def _reserved_name(view: LenientView, path: YamlPath, name: str, *, key: bool) -> Fault:
    message = f"{display(name)} is a name of the pipeline of ciaccess itself"
    return view.fault(path, message, "another name", "Rename it, or remove pipeline", key=key)


def transit(view: LenientView) -> Faults:
    """A transit engine is named for a key, and is not where the secrets are."""
    path: YamlPath = ("pipeline", "transit_mount")
    mount = view.text(*path)
    if mount and not view.text("pipeline", "transit_key"):
        message = "the mount of a transit engine does nothing without the key"
        yield view.fault(path, message, "transit_mount beside transit_key", "Add transit_key", key=True)
    elif mount and mount == (view.text("vault", "kv", "mount") or "secret"):
        message = f"{display(mount)} is the mount of the secrets, vault.kv.mount"
        yield view.fault(path, message, "the mount of a transit engine", "Name that engine's mount")


def other_identities(view: LenientView) -> Faults:
    """No role of the accounts admits jobs of any branch of ciaccess's project.

    Compares the claims on paths; a role that is bound by ids alone is not judged.
    """
    project = view.text("pipeline", "project")
    known = {"project_path": project, "namespace_path": project.rpartition("/")[0]}
    for role in view.mapping("vault", "roles") if project else ():
        claims = view.mapping("vault", "roles", role, "bound_claims")
        accounts = view.texts("vault", "roles", role, "accounts")
        bound = [claim for claim in known if claim in claims]
        admits = all(any(matches(each, known[claim]) for each in values_of(claims, claim)) for claim in bound)
        if accounts and bound and admits and not is_guarded(claims):
            message = f"a job of any of its branches may log in with the JWT role {role} too, and read the secrets of its accounts"
            remedy = "Move it to a group of its own; until then, a push of a branch is enough to read these passwords"
            allowed = "a project that no role of vault.roles admits"
            yield view.fault(("pipeline", "project"), message, allowed, remedy, severity="warning")


RULES: tuple[Rule, ...] = (reserved_names, transit, other_identities)
