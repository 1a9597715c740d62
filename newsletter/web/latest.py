"""The latest edition in a few lines, for visitors who wonder what they would get."""

from dataclasses import dataclass

from newsletter.errors import ArchiveNotFoundError
from newsletter.model.voices import Voice, voice_of
from newsletter.web.desk import Desk

#: Headlines that are shown.
_SHOWN = 4


@dataclass(frozen=True, kw_only=True)
class Latest:
    """The latest edition of the first list whose archive is public."""

    number: int
    date: str
    url: str
    #: Each with its language and direction.
    headlines: tuple[tuple[str, Voice], ...]
    #: Of the edition, beside the page's.
    voice: Voice


def latest_of(desk: Desk) -> Latest | None:
    """Return the latest edition that anybody may read, or None if there is none.

    Raises:
        StoreError: The store cannot be read.
    """
    for mailing_list in desk.site.public_lists:
        try:
            line = desk.app.archive.latest(mailing_list.name)
            edition = desk.app.archive.edition(line.list_name, line.number) if line else None
        except ArchiveNotFoundError:
            continue
        if edition is None:
            continue
        return Latest(
            number=edition.number,
            date=edition.date_words,
            url=f"{desk.site.base}/archive/{edition.list_name}/{edition.number}",
            headlines=tuple((story.headline, story.voice) for story in edition.stories[:_SHOWN]),
            voice=voice_of("", edition.language),
        )
    return None
