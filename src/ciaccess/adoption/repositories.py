"""Nexus's repositories by format and environment, as far as their names say which environment they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ciaccess.access.model.checks import FORMATS

if TYPE_CHECKING:
    from ciaccess.adoption.draft import Draft
    from ciaccess.adoption.world import World

ENVIRONMENTS = ("dev", "uat", "prod")
PATH = ("nexus", "repositories")


def describe(world: World, draft: Draft) -> dict[str, dict[str, str]]:
    """Return the repositories by format and environment, `group` among these; say which do not fit."""
    found: dict[str, dict[str, str]] = {}
    left_out: list[str] = []
    for name, repository in sorted(world.nexus.repositories.items()):
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
        text = f"no environment dev, uat or prod can be told from the names of {', '.join(sorted(left_out))}, or it has one"
        remedy = "They stay as they are; put what pipelines use in its place by hand"
        draft.remark("repository-left-out", PATH, text, remedy)
    return formats


def _environment(name: str) -> str | None:
    words = re.split(r"[-_.]", name.lower())
    return next((each for each in ENVIRONMENTS if each in words), None)
