"""A Nexus content selector: paths of a format as a CSEL expression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ciaccess.clients.nexus import ContentSelector
from ciaccess.engine import resource_types
from ciaccess.provider.kinds.fields import Field, Rule, Values, at_most
from ciaccess.provider.kinds.nexus import MOST_DESCRIPTION_CHARACTERS, NAME, NexusKind
from ciaccess.provider.kinds.objects import ADOPT

if TYPE_CHECKING:
    from ciaccess.clients.nexus import Collection

_EXPRESSION = Rule(
    'a CSEL expression, such as format == "raw" and path =^ "/a/"', lambda value: bool(value.strip())
)


class NexusContentSelector(NexusKind[ContentSelector]):
    """Nexus checks the expression, and refuses to delete a selector that a privilege uses."""

    token = resource_types.SELECTOR
    noun = "content selector"
    item = ContentSelector
    fields = (
        Field("name", rule=NAME, identifies=True, about="The selector's name"),
        Field(
            "description",
            default="",
            rule=at_most(MOST_DESCRIPTION_CHARACTERS),
            about="What it is for, with the owner marker",
        ),
        Field("expression", rule=_EXPRESSION, about="The expression in CSEL"),
        ADOPT,
    )

    def objects(self, address: Values) -> Collection[ContentSelector]:
        """Return Nexus's content selectors."""
        del address
        return self._systems.nexus().content_selectors
