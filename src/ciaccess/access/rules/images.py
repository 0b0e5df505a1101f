"""Images of jobs: no declared account may replace one.

An image by digest cannot be replaced. One by tag is served by a repository, and an account that pushes there pushes any name: docker's
pushes cannot be limited to a path.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ciaccess.access.model.checks_addresses import IMAGE
from ciaccess.access.reading.faults import display
from ciaccess.access.rules.lenient_view import Faults, LenientView, Rule

_ALLOWED = "an image with @sha256:<digest>, or of a repository that no account here pushes to"
_WRITES = re.compile(r"nx-repository-view-(?:docker|\*)-.+-(?:add|edit|\*)")
_MOST_NAMES = 3


def replaceable(view: LenientView) -> Faults:
    """No declared account can replace an image; a tag without digest is warned of."""
    pushers = _pushers(view)
    by = ", ".join(pushers[:_MOST_NAMES]) + (" and others" if len(pushers) > _MOST_NAMES else "")
    tags: list[str] = []
    for image in view["images"]:
        if "@sha256:" in image.text or not IMAGE.fullmatch(image.text):
            continue
        if pushers and _is_pushed_to(view, image.text):
            message = f"{display(image.text)} can be replaced by a push of {by}"
            yield image.fault(message, _ALLOWED, f"Add its digest: {image.text}@sha256:…")
        else:
            tags.append(image.name)
    if tags:
        message = f"tags without a digest can be moved: {', '.join(tags)}"
        remedy = "Add @sha256:… behind each tag"
        yield view["images"].warning(message, "tag@sha256:<digest>", remedy, key=True)


def _pushers(view: LenientView) -> list[str]:
    """Return the accounts that write images."""
    found = []
    for account in view.accounts:
        formats = {format_ for grant in ("push", "promote") for _, format_ in account[grant].formats()}
        if formats & {"docker", "*"} or any(map(_WRITES.fullmatch, view.further_privileges(account.name))):
            found.append(account.name)
    return found


def _is_pushed_to(view: LenientView, image: str) -> bool:
    """Tell whether an image comes from a repository that accounts push to.

    By its registry, or by the path below Nexus's host.
    """
    # As clients take it: a host in any case, a port with or without leading zeros.
    image = re.sub(r"^([^/]+):0+", r"\1:", image.lower())
    nexus = view["nexus"]
    registries = (nexus["push_registry"].text.lower(), nexus["pull_registry"].text.lower())
    if any(registry and image.startswith(f"{registry}/") for registry in registries):
        return True
    host, _, rest = image.partition("/")
    if host.removesuffix(":443") != urlsplit(nexus["url"].text.lower()).netloc.removesuffix(":443"):
        return False
    # Nexus takes no notice of case.
    held = {*view.repositories("docker").values(), view.formats["docker"]["group"].text}
    return rest.removeprefix("repository/").partition("/")[0] in map(str.lower, held)


RULES: tuple[Rule, ...] = (replaceable,)
