"""A Nexus content selector: paths of a format as a CSEL expression."""

from __future__ import annotations

from ciaccess.clients.nexus import ContentSelector
from ciaccess.engine import resource_types
from ciaccess.provider.kinds.fields import Field, Rule
from ciaccess.provider.kinds.nexus import DESCRIPTION, NAME, NexusKind
from ciaccess.provider.kinds.objects import ADOPT

_EXPRESSION = Rule(
    'a CSEL expression, such as format == "raw" and path =^ "/a/"', lambda value: bool(value.strip())
)


class NexusContentSelector(NexusKind[ContentSelector]):
    """Nexus checks the expression, and refuses to delete a selector that a privilege uses."""

    token = resource_types.SELECTOR
    noun = "content selector"
    item = ContentSelector
    collection = "content_selectors"
    fields = (
        Field("name", rule=NAME, identifies=True, about="The selector's name"),
        DESCRIPTION,
        Field("expression", rule=_EXPRESSION, about="The expression in CSEL"),
        ADOPT,
    )
