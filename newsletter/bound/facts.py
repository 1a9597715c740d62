"""What an examination knows of the store before it begins."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from newsletter.model.messages import Rendering
from newsletter.store.condition import Condition


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the store shows."""

    condition: Condition
    #: The latest edition of each list that has one.
    renderings: Mapping[str, Rendering] = field(default_factory=dict)
    #: When the newest of them was made, UTC.
    newest: datetime | None = None
