"""The section `nexus.repositories`: repositories by format and by the environment in their names."""

from __future__ import annotations

import re

from ciaccess.access.model.checks import FORMATS
from ciaccess.adoption.draft import Draft
from ciaccess.adoption.inventory import Inventory

ENVIRONMENTS = ("dev", "uat", "prod")
PATH = ("nexus", "repositories")


def describe(inventory: Inventory, draft: Draft) -> dict[str, dict[str, str]]:
    """Return the repositories by format and environment or `group`; remark on the others."""
    found: dict[str, dict[str, str]] = {}
    left_out: list[str] = []
    for name, repository in sorted(inventory.nexus.repositories.items()):
        place = "group" if repository.type == "group" else _environment(name)
        places = found.setdefault(repository.format, {})
        if repository.format in FORMATS and repository.type != "proxy" and place and place not in places:
            places[place] = name
        else:
            left_out.append(name)
    formats = {
        format_: {place: places[place] for place in (*ENVIRONMENTS, "group") if place in places}
        for format_, places in found.items()
        if places.keys() & set(ENVIRONMENTS)
    }
    left_out += [
        name for format_, places in found.items() if format_ not in formats for name in places.values()
    ]
    if left_out:
        text = (
            f"{', '.join(sorted(left_out))}: the name has no environment (dev, uat, prod), the environment has a repository "
            "already, or the type is not supported"
        )
        remedy = "They are left alone; add those that pipelines use"
        draft.remark("repository-left-out", PATH, text, remedy)
    return formats


def _environment(name: str) -> str | None:
    words = re.split(r"[-_.]", name.lower())
    return next((each for each in ENVIRONMENTS if each in words), None)
