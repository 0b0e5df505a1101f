"""Settings that give no access by themselves, but that a reviewer must see.

They decide what jobs run in, where their clients send credentials (variables of groups), and what `up` takes over or destroys.
Every field of access.yaml is one of them, unless `_SHOWN_ELSEWHERE` or `_WITHOUT_EFFECT` names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from typing import Any

from ciaccess.access.desired.former_names import FormerAccount
from ciaccess.access.desired.trust_anchors import ChangedAnchor, changed_anchors
from ciaccess.access.model import models

_LONGEST = 200
# Trust anchors, and what gains and losses report.
_SHOWN_ELSEWHERE: dict[type[models.Section], tuple[str, ...]] = {
    models.Access: ("version",),
    models.Vault: ("address", "namespace", "jwt"),
    models.Kv: ("mount", "prefix"),
    models.JwtRole: tuple({*models.JwtRole.model_fields} - {"policy", "user_claim"}),
    models.Nexus: ("url", "push_registry", "pull_registry", "roles"),
    models.GitLab: ("url",),
    models.Account: ("push", "pull", "promote", "path", "roles"),
    models.Pipeline: tuple({*models.Pipeline.model_fields} - {"rotation"}),
}
# Texts for people, and the rotation of a password, which gives and takes no access.
_WITHOUT_EFFECT: dict[type[models.Section], tuple[str, ...]] = {
    models.Account: ("purpose",),
    models.Rotation: ("count", "date"),
}
# What is reported as lost when the whole entry goes.
_ENTRIES = ("accounts.", "vault.roles.")


def other_settings(access: models.Access) -> dict[str, str]:
    """Return these settings by field; one that has its default is ""."""
    return dict(_settings(access, ""))


def changed_settings(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[ChangedAnchor, ...]:
    """Return the settings that differ; those of a removed account or JWT role are left out."""
    return tuple(
        each
        for each in changed_anchors(before, after)
        if each.field in after or not each.field.startswith(_ENTRIES)
    )


def _settings(section: models.Section, prefix: str) -> Iterator[tuple[str, str]]:
    for name, default in _fields(type(section)):
        here, value = f"{prefix}{name}", getattr(section, name)
        if isinstance(value, models.Section):
            yield from _settings(value, f"{here}.")
        elif isinstance(value, dict):
            for key, entry in value.items():
                if isinstance(entry, models.Variable):
                    yield f"{here}.{key}", _variable(entry)
                elif not isinstance(entry, FormerAccount):  # it is in its successor's entry
                    yield from _settings(entry, f"{here}.{key}.")
        else:
            yield here, "" if value in (None, "", [], default) else _text(value)


@cache
def _fields(section: type[models.Section]) -> tuple[tuple[str, Any], ...]:
    """Return the fields of a section that are such settings, with their defaults."""
    left_out = (*_SHOWN_ELSEWHERE.get(section, ()), *_WITHOUT_EFFECT.get(section, ()))
    return tuple(
        (name, field.default) for name, field in section.model_fields.items() if name not in left_out
    )


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(sorted(map(str, value)))
    return value if isinstance(value, str) else str(value).lower()


def _variable(variable: models.Variable) -> str:
    """Return a variable's value, unless it is masked, with what differs from the usual flags."""
    digest = sha256(variable.value.encode()).hexdigest()[:8]
    value = variable.value or "empty"
    if variable.masked:
        value = f"a masked value with the digest {digest}"
    elif len(value) > _LONGEST:
        value = f"{value[:_LONGEST]}… ({len(value)} characters with the digest {digest})"
    flags = variable.model_dump(exclude={"value", "description", "masked"}, exclude_defaults=True)
    return ", ".join([value, *(f"{name}: {str(flag).lower()}" for name, flag in flags.items())])
