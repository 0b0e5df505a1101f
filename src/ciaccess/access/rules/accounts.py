"""Accounts: their grants and roles exist in Nexus, are neither empty nor excessive, and are used."""

from __future__ import annotations

import re

from ciaccess.access.model.checks import FORMATS
from ciaccess.access.model.models import Account, Repositories
from ciaccess.access.reading.faults import display
from ciaccess.access.rules.claims import is_guarded
from ciaccess.access.rules.lenient_view import BUILT_IN_ROLES, GRANTS, Faults, LenientView, Node, Rule
from ciaccess.access.rules.nexus import unknown_role

# Formats whose uploads name the folder: it is the path that Nexus compares. Images are under /v2/ and share their
# layers across paths; PyPI, npm and the others are uploaded to the repository's root.
_FORMATS_WITH_FOLDERS = ("maven2", "raw", "yum")
_WRITING = re.compile(r"nx-repository-(view|admin)-[^-]+-(?P<repository>.+)-(edit|add|delete|\*)")


def grants(view: LenientView) -> Faults:
    """An account has a grant, and each of its formats has the repositories for that grant."""
    declared = view.formats.mapping
    is_spelt, environments = declared.keys() <= set(FORMATS), Repositories.model_fields.keys()
    for account in view.accounts:
        is_known = isinstance(account.value, dict) and account.mapping.keys() <= Account.model_fields.keys()
        if is_known and not any(map(account.mapping.get, (*GRANTS, "roles"))):
            allowed, remedy = f"{', '.join(GRANTS)} or roles", "Add what it may do, or remove the account"
            yield account.fault("the account may do nothing", allowed, remedy, key=True)
        for grant in GRANTS:
            for node, format_ in account[grant].formats():
                if declared and is_spelt and format_ in FORMATS and format_ not in declared:
                    message = f"there are no repositories of the format {display(format_)}"
                    remedy = "Declare them under nexus.repositories, or remove it here"
                    yield node.fault(message, ", ".join(declared), remedy)
                elif isinstance(declared.get(format_), dict) and declared[format_].keys() <= environments:
                    yield from _repositories(view, node, grant, format_)


def _repositories(view: LenientView, node: Node, grant: str, format_: str) -> Faults:
    hosted = view.repositories(format_)
    where = f"nexus.repositories.{format_}"
    if grant == "push" and "dev" not in hosted:
        message = f"{format_} has no repository of the environment dev, the only one that is pushed to"
        yield node.fault(message, "formats with a dev repository", f"Add dev to {where}")
    if grant == "promote" and len(hosted) < 2:  # noqa: PLR2004 from one to another
        message = f"{format_} has {len(hosted)} environment, and promotion needs two"
        yield node.fault(message, "formats with two environments or more", f"Add uat or prod to {where}")
    elif grant == "promote":
        yield from _targets(node["to"], list(hosted)[1:], where)
    if grant == "pull" and format_ == "docker" and not view.formats[format_]["group"].text:
        message = "docker has no group repository, which is what the pull registry serves"
        yield node.fault(message, "formats that can be pulled", f"Add group to {where}")


def _targets(node: Node, possible: list[str], where: str) -> Faults:
    """A limited promotion goes somewhere, and where the format has a repository to promote to."""
    if node.value == []:
        remedy = "Name an environment, or remove to"
        yield node.fault("the promotion goes nowhere", ", ".join(possible), remedy)
    for target in node.texts():
        if target.text in ("uat", "prod") and target.text not in possible:
            message = (
                f"no environment before {target.text} has a repository, or {target.text} itself has none"
            )
            yield target.fault(message, ", ".join(possible), f"Add it to {where}, or remove it here")


def jwt_roles(view: LenientView) -> Faults:
    """The JWT role of the templates may read the account's secret, and is named where several may."""
    for account in view.accounts:
        chosen, readers = account["jwt_role"], list(dict.fromkeys(view.readers.get(account.name, ())))
        if chosen.text and chosen.text not in readers:
            message = f"the JWT role {display(chosen.text)} may not read the secret of {account.name}"
            remedy = f"Add {account.name} to its accounts, or remove jwt_role"
            yield chosen.fault(message, ", ".join(readers) or "none: no role names it", remedy)
        elif len(readers) > 1 and not chosen.text:
            message = f"the JWT roles {', '.join(readers)} may read its secret, and the templates log in by {readers[0]}"
            remedy = "Name the one that pipelines have to use"
            yield account.warning(message, "jwt_role: one of them", remedy, key=True)


def roles(view: LenientView) -> Faults:
    """An account's further roles exist."""
    for account in view.accounts:
        for role in account["roles"].texts():
            if role.text not in view.nexus_roles.mapping and role.text not in BUILT_IN_ROLES:
                yield unknown_role(view, role)


def paths(view: LenientView) -> Faults:
    """A path limits a push, and only for formats with uploads in folders."""
    for account in view.accounts:
        path, push = account["path"], account["push"]
        if not path.text:
            continue
        if not push.value:
            message = "a path limits what is pushed, and the account pushes nothing"
            yield path.fault(message, "path beside push", "Add push, or remove path", key=True)
        for format_ in push.texts():
            if format_.text not in _FORMATS_WITH_FOLDERS:
                message = (
                    f"a push of {format_.text} cannot be limited to a path: its uploads are not in folders"
                )
                allowed = f"{', '.join(_FORMATS_WITH_FOLDERS)} beside path"
                yield format_.fault(message, allowed, f"Give {format_.text} to an account without path")


def separation(view: LenientView) -> Faults:
    """Who pushes to dev does not promote: artifacts reach uat and prod by way of another account."""
    for account in view.accounts:
        if account["push"].value and account["promote"].value:
            message = "the account may push to dev and promote to prod by itself"
            remedy = "Leave promotion to an account of its own"
            yield account["promote"].warning(message, "push or promote", remedy, key=True)


def unread_secrets(view: LenientView) -> Faults:
    """What pushes or promotes is a pipeline, and a pipeline reads its secret by a JWT role."""
    # While a role names an account that does not exist, one that no role names may be meant.
    is_spelt = view.readers.keys() <= view.accounts.mapping.keys()
    for account in view.accounts if is_spelt else ():
        works = account["push"].value or account["promote"].value
        if works and account.name not in view.readers and not view.beyond_repositories(account.name):
            message = "no JWT role may read the account's secret, so no pipeline can use it"
            remedy = "Add it to the accounts of a role under vault.roles"
            yield account.warning(message, "accounts of a role", remedy, key=True)


def releases_guarded(view: LenientView) -> Faults:
    """What writes uat or prod is read by jobs of protected refs or environments only."""
    is_strict = view["strict"].value is True
    for role in view.jwt_roles:
        claims = role["bound_claims"]
        if not claims.mapping or is_guarded(claims):
            continue
        for account in role["accounts"].texts():
            if way := _writes_releases(view, account.text, is_strict=is_strict):
                message = f"{account.text} writes to uat or prod by {way}, and a job of any branch may read its secret by this role"
                allowed = 'a role bound to ref_protected: "true" or environment_protected: "true"'
                remedy = 'Give it a role of its own with ref_protected: "true"'
                report = account.fault if is_strict else account.warning
                yield report(message, allowed, remedy)


def _writes_releases(view: LenientView, account: str, *, is_strict: bool) -> str:
    """Return the grant or role by which an account may write to uat or prod, "" for none."""
    if view.accounts[account]["promote"].value:
        return "promote"
    for privilege, role in view.further_privileges(account).items():
        match = _WRITING.fullmatch(privilege)
        if match and (match["repository"] == "*" or match["repository"] in view.release_repositories):
            return f"its role {role}"
        is_known = privilege.startswith("nx-repository-view-")
        if is_strict and privilege in view.writing_privileges and not is_known:
            return f"its role {role} if Nexus's privilege {privilege} does (where it only reads: nexus.read_privileges)"
    return ""


RULES: tuple[Rule, ...] = (grants, roles, jwt_roles, paths, separation, unread_secrets, releases_guarded)
