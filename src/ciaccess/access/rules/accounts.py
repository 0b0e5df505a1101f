"""Accounts: their grants and roles exist in Nexus, are neither empty nor excessive, and are used."""

from __future__ import annotations

import re
from typing import Literal

from ciaccess.access.model.checks import FORMATS
from ciaccess.access.model.models import Account, Repositories
from ciaccess.access.reading.document import YamlPath
from ciaccess.access.reading.faults import display
from ciaccess.access.rules.claims import is_guarded
from ciaccess.access.rules.lenient_view import BUILT_IN_ROLES, GRANTS, Faults, LenientView, Rule
from ciaccess.access.rules.nexus import unknown_role

# Formats whose uploads name the folder: it is the path that Nexus compares. Images are under /v2/ and share their
# layers across paths; PyPI, npm and the others are uploaded to the repository's root.
_FORMATS_WITH_FOLDERS = ("maven2", "raw", "yum")
_WRITING = re.compile(r"nx-repository-(view|admin)-[^-]+-(?P<repository>.+)-(edit|add|delete|\*)")


def grants(view: LenientView) -> Faults:
    """An account has a grant, and each of its formats has the repositories for that grant."""
    formats = view.mapping("nexus", "repositories")
    is_spelt, environments = formats.keys() <= set(FORMATS), Repositories.model_fields.keys()
    for account, declared in view.mapping("accounts").items():
        known = isinstance(declared, dict) and declared.keys() <= Account.model_fields.keys()
        if known and not any(map(declared.get, (*GRANTS, "roles"))):
            remedy = "Add what it may do, or remove the account"
            allowed = f"{', '.join(GRANTS)} or roles"
            yield view.fault(("accounts", account), "the account may do nothing", allowed, remedy, key=True)
        for grant in GRANTS:
            for path, format_ in view.grant(account, grant):
                if formats and is_spelt and format_ in FORMATS and format_ not in formats:
                    message = f"there are no repositories of the format {display(format_)}"
                    remedy = "Declare them under nexus.repositories, or remove it here"
                    yield view.fault(path, message, ", ".join(formats), remedy)
                elif isinstance(formats.get(format_), dict) and formats[format_].keys() <= environments:
                    yield from _repositories(view, path, grant, format_)


def _repositories(view: LenientView, path: YamlPath, grant: str, format_: str) -> Faults:
    hosted = view.repositories(format_)
    where = f"nexus.repositories.{format_}"
    if grant == "push" and "dev" not in hosted:
        message = f"{format_} has no repository of the environment dev, the only one that is pushed to"
        yield view.fault(path, message, "formats with a dev repository", f"Add dev to {where}")
    if grant == "promote" and len(hosted) < 2:  # noqa: PLR2004 from one to another
        message = f"{format_} has {len(hosted)} environment, and promotion needs two"
        allowed = "formats with two environments or more"
        yield view.fault(path, message, allowed, f"Add uat or prod to {where}")
    elif grant == "promote":
        yield from _targets(view, (*path, "to"), list(hosted)[1:], where)
    if grant == "pull" and format_ == "docker" and not view.text("nexus", "repositories", format_, "group"):
        message = "docker has no group repository, which is what the pull registry serves"
        yield view.fault(path, message, "formats that can be pulled", f"Add group to {where}")


def _targets(view: LenientView, path: YamlPath, possible: list[str], where: str) -> Faults:
    """A limited promotion goes somewhere, and where the format has a repository to promote to."""
    if view.value(*path) == []:
        message = "the promotion goes nowhere"
        yield view.fault(path, message, ", ".join(possible), "Name an environment, or remove to")
    for here, target in view.texts(*path):
        if target in ("uat", "prod") and target not in possible:
            message = f"no environment before {target} has a repository, or {target} itself has none"
            yield view.fault(here, message, ", ".join(possible), f"Add it to {where}, or remove it here")


def jwt_roles(view: LenientView) -> Faults:
    """The JWT role of the templates may read the account's secret, and is named where several may."""
    for account in view.mapping("accounts"):
        path: YamlPath = ("accounts", account, "jwt_role")
        chosen, readers = view.text(*path), list(dict.fromkeys(view.readers.get(account, ())))
        if chosen and chosen not in readers:
            message = f"the JWT role {display(chosen)} may not read the secret of {account}"
            remedy = f"Add {account} to its accounts, or remove jwt_role"
            yield view.fault(path, message, ", ".join(readers) or "none: no role names it", remedy)
        elif len(readers) > 1 and not chosen:
            message = f"the JWT roles {', '.join(readers)} may read its secret, and the templates log in by {readers[0]}"
            remedy = "Name the one that pipelines have to use"
            where: YamlPath = ("accounts", account)
            yield view.fault(where, message, "jwt_role: one of them", remedy, key=True, severity="warning")


def roles(view: LenientView) -> Faults:
    """An account's further roles exist."""
    declared = view.mapping("nexus", "roles")
    for account in view.mapping("accounts"):
        for path, role in view.texts("accounts", account, "roles"):
            if role not in declared and role not in BUILT_IN_ROLES:
                yield unknown_role(view, path, role)


def paths(view: LenientView) -> Faults:
    """A path limits a push, and only for formats with uploads in folders."""
    for account, declared in view.mapping("accounts").items():
        path: YamlPath = ("accounts", account, "path")
        if not view.text(*path):
            continue
        if isinstance(declared, dict) and not declared.get("push"):
            message = "a path limits what is pushed, and the account pushes nothing"
            yield view.fault(path, message, "path beside push", "Add push, or remove path", key=True)
        for here, format_ in view.texts("accounts", account, "push"):
            if format_ not in _FORMATS_WITH_FOLDERS:
                message = f"a push of {format_} cannot be limited to a path: its uploads are not in folders"
                allowed = f"{', '.join(_FORMATS_WITH_FOLDERS)} beside path"
                remedy = f"Give {format_} to an account without path"
                yield view.fault(here, message, allowed, remedy)


def separation(view: LenientView) -> Faults:
    """Who pushes to dev does not promote: artifacts reach uat and prod by way of another account."""
    for account, declared in view.mapping("accounts").items():
        if isinstance(declared, dict) and declared.get("push") and declared.get("promote"):
            message = "the account may push to dev and promote to prod by itself"
            remedy = "Leave promotion to an account of its own"
            path: YamlPath = ("accounts", account, "promote")
            yield view.fault(path, message, "push or promote", remedy, key=True, severity="warning")


def unread_secrets(view: LenientView) -> Faults:
    """What pushes or promotes is a pipeline, and a pipeline reads its secret by a JWT role."""
    # While a role names an account that does not exist, one that no role names may be meant.
    is_spelt = view.readers.keys() <= view.mapping("accounts").keys()
    for account, declared in view.mapping("accounts").items() if is_spelt else ():
        works = isinstance(declared, dict) and (declared.get("push") or declared.get("promote"))
        if works and account not in view.readers and not view.beyond_repositories(account):
            message = "no JWT role may read the account's secret, so no pipeline can use it"
            remedy = "Add it to the accounts of a role under vault.roles"
            yield view.fault(
                ("accounts", account), message, "accounts of a role", remedy, key=True, severity="warning"
            )


def releases_guarded(view: LenientView) -> Faults:
    """What writes uat or prod is read by jobs of protected refs or environments only."""
    severity: Literal["error", "warning"] = "error" if view.value("strict") is True else "warning"
    for role in view.mapping("vault", "roles"):
        claims = view.mapping("vault", "roles", role, "bound_claims")
        if not claims or is_guarded(claims):
            continue
        for path, account in view.texts("vault", "roles", role, "accounts"):
            if way := _writes_releases(view, account):
                message = f"{account} writes to uat or prod by {way}, and a job of any branch may read its secret by this role"
                allowed = 'a role bound to ref_protected: "true" or environment_protected: "true"'
                remedy = 'Give it a role of its own with ref_protected: "true"'
                yield view.fault(path, message, allowed, remedy, severity=severity)


def _writes_releases(view: LenientView, account: str) -> str:
    """Return the grant or role by which an account may write to uat or prod, "" for none."""
    if view.value("accounts", account, "promote"):
        return "promote"
    for privilege, role in view.further_privileges(account).items():
        match = _WRITING.fullmatch(privilege)
        if match and (match["repository"] == "*" or match["repository"] in view.release_repositories):
            return f"its role {role}"
        is_known = privilege.startswith("nx-repository-view-")
        if view.value("strict") is True and privilege in view.writing_privileges and not is_known:
            return f"its role {role} if Nexus's privilege {privilege} does (where it only reads: nexus.read_privileges)"
    return ""


RULES: tuple[Rule, ...] = (grants, roles, jwt_roles, paths, separation, unread_secrets, releases_guarded)
