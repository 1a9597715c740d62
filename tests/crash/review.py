"""Kill a life while an edition is proposed, changed, approved and published, resume it, and look at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from crash.week import READERS, WeekLab

_BANK = "Bank cuts its rate\n\nThe Bank of Aldmere lowered its rate by a quarter of a point on Thursday.\n"

#: What there is in the end, each once.
_EXPECTED = {
    "editions": ("SELECT count(*) FROM editions", 1),
    "published runs": ("SELECT count(*) FROM runs WHERE outcome = 'published'", 1),
    "other runs": ("SELECT count(*) FROM runs WHERE outcome <> 'published'", 0),
    "published proposals": ("SELECT count(*) FROM proposals WHERE state = 'published'", 1),
    "other proposals": ("SELECT count(*) FROM proposals WHERE state <> 'published'", 0),
    "documents told or dropped": ("SELECT count(*) FROM edition_documents", 2),
    "stories told": ("SELECT count(*) FROM archived_stories", 1),
    "deliveries": ("SELECT count(*) FROM deliveries", len(READERS) - 1),
    "drops on record": ("SELECT count(*) FROM audit WHERE action = 'drop story'", 1),
    "approvals on record": ("SELECT count(*) FROM audit WHERE action = 'approve edition'", 1),
}


class ReviewLab(WeekLab):
    """A fork server and a database, and an edition that needs approval."""

    stages = ("import", "ingest", "propose", "review", "slot")
    settings: ClassVar[dict[str, object]] = {"approval": "required", "schedule": "0 7 * * *"}

    def _renew(self) -> None:
        super()._renew()
        (self._documents / "bank.txt").write_text(_BANK)

    def _broken(self) -> Iterator[str]:
        for what, (query, expected) in _EXPECTED.items():
            [(count,)] = self._select(query)
            if count != expected:
                yield f"{count} {what} instead of {expected}"
