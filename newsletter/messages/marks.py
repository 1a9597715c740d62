"""Marks: what stands in a rendering where a reader's own values go."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from newsletter.messages.addresses import mailto, web_link
from newsletter.messages.text import clean
from newsletter.model.dates import date_words, local_day
from newsletter.model.messages import Reader, Rendering

ADDRESS, SINCE, UNSUBSCRIBE, PREFERENCES = "address", "since", "unsubscribe", "preferences"


@dataclass(frozen=True, kw_only=True)
class Marks:
    """The marks of one rendering, as a template's `reader`.

    The addresses are shaped as URLs (RFC 2606 keeps `.invalid` free) so that they pass wherever links pass.
    """

    address: str
    since: str
    unsubscribe: str
    #: None where readers have no page for their choices.
    preferences: str | None

    @classmethod
    def made_of(cls, token: str, *, has_preferences: bool) -> "Marks":
        """Make the marks that hold a token of hexadecimal digits."""
        return cls(
            address=f"{token}-{ADDRESS}",
            since=f"{token}-{SINCE}",
            unsubscribe=f"https://{token}.invalid/{UNSUBSCRIBE}",
            preferences=f"https://{token}.invalid/{PREFERENCES}" if has_preferences else None,
        )


@lru_cache(maxsize=16)
def mark_pattern(token: str) -> re.Pattern[str]:
    """Return a pattern whose only group is the name of the mark that it matches."""
    names = "|".join((ADDRESS, SINCE, UNSUBSCRIBE, PREFERENCES))
    return re.compile(rf"(?:https://{re.escape(token)}\.invalid/|{re.escape(token)}-)({names})")


def split_at_marks(part: str, token: str) -> list[str]:
    """Return a part's pieces in order: text and name of a mark by turns, text first and last."""
    return mark_pattern(token).split(part)


def reader_values(rendering: Rendering, reader: Reader) -> Mapping[str, str]:
    """Return what stands for each mark, by its name, cleaned.

    Raises:
        MessageRefusedError: A link of the reader cannot be pressed, or the editor's address is none.
    """
    headers = rendering.headers
    values = {
        ADDRESS: clean(reader.address),
        SINCE: date_words(local_day(reader.since, headers.time_zone)),
        UNSUBSCRIBE: web_link(reader.unsubscribe_url, mail=True),
    }
    if reader.preferences_url is not None:
        values[PREFERENCES] = web_link(reader.preferences_url)
    else:
        # The pages were taken down after the edition was rendered: the editor answers for them.
        editor = headers.reply_to or headers.sender_address
        values[PREFERENCES] = mailto(editor, subject=f"preferences {headers.list_name}")
    return MappingProxyType(values)
