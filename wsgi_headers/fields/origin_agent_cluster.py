"""Origin-Agent-Cluster: whether a browser keeps this origin apart from others of its site."""

from __future__ import annotations

from .. import _structured
from .._structured import Item, NotStructured
from ..errors import Problems
from ..typed_field import TypedField, unreadable


class OriginAgentCluster(TypedField):
    """Value of the Origin-Agent-Cluster response field.

    HTML 7.1.2. A structured Boolean (RFC 9651 3.3.6).

        ?1

    value   True asks for an agent cluster of the origin's own, False for one that the site shares

    Raises PolicyError for what is no bool: browsers ignore other values, `1` and `true` included.

    >>> OriginAgentCluster(True).serialize()
    '?1'
    """

    field_name = "Origin-Agent-Cluster"

    value: bool

    def __init__(self, value: bool) -> None:
        problems = Problems()
        if type(value) is not bool:
            code, where = "origin_agent_cluster.value", "OriginAgentCluster.value"
            problems.add(code, where, value, "is no bool", "True or False", "HTML 7.1.2")
        problems.raise_any()
        self._keep(value=value)

    def serialize(self) -> str:
        """Return the boolean."""
        return _structured.serialize_item(Item(self.value))

    @classmethod
    def parse(cls, text: str) -> OriginAgentCluster:
        """Return the field whose value is `text`. Raises PolicyError."""
        try:
            item = _structured.parse_item(text)
        except NotStructured as error:
            raise unreadable(cls, text, str(error), "RFC 9651 4.2.8") from None
        if not isinstance(item.value, bool) or item.parameters:
            raise unreadable(cls, text, "is no boolean alone, ?1 or ?0", "HTML 7.1.2")
        return cls(item.value)
