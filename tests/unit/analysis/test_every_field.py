"""No edit of access.yaml is reported as no difference: a case for every field that the models have."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, get_args

import pytest

from ciaccess.access.desired.former_names import expand_former_accounts
from ciaccess.access.model.checks_dates import today
from ciaccess.access.model.models import Access, Section
from ciaccess.analysis.difference import difference
from ciaccess.analysis.facts import AccessFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ciaccess.analysis.changes import Difference

TODAY, LATER = today().isoformat(), (today() + timedelta(days=30)).isoformat()
PEM = "-----BEGIN {0}-----\n{1}\n-----END {0}-----"
# What changes no access, and why.
WITHOUT_EFFECT = {
    "Access.version": "there is one",
    "Account.purpose": "a text for people",
    "NamedRole.description": "a text for people",
    "Variable.description": "a text for people",
    "Rotation.count": "another password for the same jobs; preview lists it",
    "Rotation.date": ((today() - timedelta(days=1)).isoformat(), TODAY),
}
# Two values of each field.
VALUES: dict[str, tuple[Any, Any]] = {
    "Access.version": (1, 1),
    "Access.owner": ("ciaccess", "another"),
    "Access.adopt": (False, True),
    "Access.strict": (True, False),
    "Vault.address": ("https://vault.example", "https://other.example"),
    "Vault.namespace": ("admin", "team"),
    "Vault.adopt": (None, True),
    "Kv.mount": ("secret", "kv"),
    "Kv.prefix": ("nexus", "ci"),
    "Kv.manage": (False, True),
    "JwtBackend.mount": ("jwt", "gitlab"),
    "JwtBackend.issuer": ("https://gitlab.example", "https://evil.example"),
    "JwtBackend.discovery_url": ("https://gitlab.example", "https://evil.example"),
    "JwtBackend.jwks_url": ("https://gitlab.example/keys", "https://evil.example/keys"),
    "JwtBackend.public_keys": ([PEM.format("PUBLIC KEY", "aa")], [PEM.format("PUBLIC KEY", "bb")]),
    "JwtBackend.oidc_discovery_ca_pem": ("", PEM.format("CERTIFICATE", "aa")),
    "JwtBackend.jwks_ca_pem": ("", PEM.format("CERTIFICATE", "aa")),
    "JwtRole.policy": ("nexus-read-policy", "default"),
    "JwtRole.bound_audiences": (["https://gitlab.example"], ["vault"]),
    "JwtRole.bound_claims": ({"namespace_path": ["a"]}, {"namespace_path": ["b"]}),
    "JwtRole.user_claim": ("project_id", "user_login"),
    "JwtRole.token_ttl": (600, 601),
    "JwtRole.token_max_ttl": (1200, 1800),
    "JwtRole.token_type": ("service", "batch"),
    "JwtRole.token_explicit_max_ttl": (3000, 3600),
    "JwtRole.token_num_uses": (2, 3),
    "JwtRole.token_no_default_policy": (True, False),
    "JwtRole.token_bound_cidrs": (["10.0.0.0/8"], ["0.0.0.0/0"]),
    "JwtRole.bound_subject": ("a", "b"),
    "JwtRole.accounts": (["svc-x"], []),
    "Nexus.url": ("https://nexus.example", "https://evil.example"),
    "Nexus.push_registry": ("nexus.example:8443", "evil.example:8443"),
    "Nexus.pull_registry": ("nexus.example:8444", "evil.example:8444"),
    "Nexus.email_domain": ("ci.invalid", "evil.example"),
    "Nexus.repository_privileges": (["some-read"], ["some-write"]),
    "Nexus.read_privileges": (["some-read"], ["other-read"]),
    "Nexus.adopt": (None, True),
    "Repositories.dev": ("raw-dev", "raw-dev2"),
    "Repositories.uat": ("raw-uat", "raw-uat2"),
    "Repositories.prod": ("raw-prod", "raw-prod2"),
    "Repositories.group": ("raw-all", "raw-all2"),
    "NamedRole.description": ("One", "Other"),
    "NamedRole.pull": (["docker"], ["raw"]),
    "NamedRole.privileges": (["nx-repository-view-npm-npm-dev-read"], ["nx-repository-view-npm-npm-dev-edit"]),
    "NamedRole.roles": (["one"], ["other"]),
    "GitLab.url": ("https://gitlab.example", "https://evil.example"),
    "Group.id": (9, 10),
    "Variable.value": ("https://vault.example", "https://evil.example"),
    "Variable.environment_scope": ("*", "prod"),
    "Variable.protected": (True, False),
    "Variable.masked": (True, False),
    "Variable.raw": (True, False),
    "Variable.variable_type": ("env_var", "file"),
    "Variable.description": ("One", "Other"),
    "Variable.adopt": (None, True),
    "Account.purpose": ("One", "Other"),
    "Account.push": (["raw"], []),
    "Account.pull": (["raw"], []),
    "Account.path": ("/one/", "/other/"),
    "Account.roles": (["one"], ["other"]),
    "Account.jwt_role": ("nexus-ci", "other"),
    "Account.purge": (False, True),
    "Account.adopt": (None, True),
    "Promotion.to": (["uat"], ["uat", "prod"]),
    "Rotation.count": (1, 2),
    "Rotation.date": ((today() - timedelta(days=1)).isoformat(), TODAY),
    "Rotation.strategy": ("alternate", "in-place"),
    "Rotation.max_age": ("90d", "300d"),
    "Former.until": (TODAY, LATER),
    "Former.purge": (False, True),
    "Pipeline.project": ("a/ciaccess", "b/ciaccess"),
    "Pipeline.branch": ("main", "other"),
    "Pipeline.audience": ("vault", "other"),
    "Pipeline.project_id": (1, 2),
    "Pipeline.environment": ("prod", "other"),
    "Pipeline.environment_protected": (True, False),
    "Pipeline.ci_config_ref_uri": ("gitlab.example/a/b//c.yml@refs/heads/main", "gitlab.example/a/b//d.yml@refs/heads/main"),
    "Pipeline.secrets": ("ciaccess", "other"),
    "Pipeline.transit_key": ("one", "other"),
    "Pipeline.transit_mount": ("transit", "other"),
    **{f"Images.{name}": ("docker.io/a:1", "docker.io/b:1") for name in ("ciaccess", "curl", "docker", "glab", "kaniko")},
    **{f"Images.{name}": ("docker.io/a:1", "docker.io/b:1") for name in ("maven", "node", "python", "skopeo")},
}  # fmt: skip
# The entry of each mapping of sections.
ENTRIES = {
    "Vault.roles": "nexus-ci",
    "Nexus.repositories": "raw",
    "Nexus.roles": "extra",
    "GitLab.groups": "group",
    "Group.variables": "VAULT_ADDR",
    "Access.accounts": "svc-x",
    "Account.formerly": "svc-former",
    "Account.promote": "raw",
}


def section_in(annotation: Any) -> type[Section] | None:
    """Return the section that a field's type holds, itself or in a mapping."""
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, Section) else None
    return next(filter(None, map(section_in, get_args(annotation))), None)


def fields(
    section: type[Section] = Access, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Return the path of every field, and its name in the tables above."""
    for name, field in section.model_fields.items():
        known, here = f"{section.__name__}.{name}", (*path, name)
        inner = section_in(field.annotation)
        if inner is None:
            yield here, known
        elif known in ENTRIES:
            yield from fields(inner, (*here, ENTRIES[known]))
        else:
            yield from fields(inner, here)


def document() -> dict[str, Any]:
    """Return a document with the first value of every field."""
    found: dict[str, Any] = {}
    for path, known in fields():
        place = found
        for step in path[:-1]:
            place = place.setdefault(step, {})
        place[path[-1]] = VALUES[known][0]
    return found


def compared(path: tuple[str, ...], value: Any) -> Difference:
    """Return the difference that one edit makes; None removes an entry."""
    before, after = document(), document()
    place = after
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return difference(facts(before), facts(after))


def facts(declared: dict[str, Any]) -> AccessFacts:
    return AccessFacts.of(expand_former_accounts(Access.model_validate(declared), today()))


CASES = list(fields())


def test_every_field_has_two_values_here() -> None:
    assert {known for _, known in CASES} == set(VALUES)


@pytest.mark.parametrize(("path", "known"), CASES, ids=[".".join(path) for path, _ in CASES])
def test_an_edit_of_any_field_is_reported_unless_it_is_known_to_change_nothing(
    path: tuple[str, ...], known: str
) -> None:
    found = compared(path, VALUES[known][1])
    assert bool(found) is (known not in WITHOUT_EFFECT), found.to_json()


# Without what validate refuses: repositories that an account uses.
REMOVABLE = sorted(
    {
        path[:end]
        for path, _ in CASES
        for end in range(2, len(path))
        if path[end - 1] in ENTRIES.values() and path[end - 2] != "repositories"
    }
)


@pytest.mark.parametrize("path", REMOVABLE, ids=".".join)
def test_an_entry_that_goes_is_reported(path: tuple[str, ...]) -> None:
    assert compared(path, None)
