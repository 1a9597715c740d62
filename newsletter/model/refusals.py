"""Refusals: what the operator can do about each."""

from collections.abc import Mapping
from types import MappingProxyType

from newsletter.model.documents import RefusalReason

#: One sentence for each reason.
REPAIRS: Mapping[RefusalReason, str] = MappingProxyType(
    {
        RefusalReason.EMPTY: "Nothing, unless it should hold text: then save it again.",
        RefusalReason.BINARY: "Save it as text, Markdown, HTML, PDF, JSON or mail.",
        RefusalReason.OVERSIZED: "Raise MAX_DOCUMENT_MEGABYTES, or cut it into parts.",
        RefusalReason.UNREADABLE: "Let the newsletter's own user read the file.",
        RefusalReason.OUTSIDE: "Put a copy in the folder instead of a link.",
        RefusalReason.NAME: "Rename the file.",
        RefusalReason.NOT_A_FILE: "Take it out of the folder.",
        RefusalReason.UNSUPPORTED: "Save it as text, Markdown, HTML, PDF, JSON or mail.",
        RefusalReason.ENCODING: "Save it as UTF-8.",
        RefusalReason.DAMAGED: "Get it again from where it came from.",
        RefusalReason.INCOMPLETE: "Add what is missing, then save it again.",
        RefusalReason.SCANNED: "Put it through text recognition first.",
        RefusalReason.LOCKED: "Save it without the password.",
        RefusalReason.ENDLESS: "Save its text as a plain file.",
        RefusalReason.NO_ARTICLE: "Nothing, unless the page has an article: then save its text as a file.",
        RefusalReason.NO_NEWS: "Nothing; if it is news, save its text as a file.",
        RefusalReason.ENCRYPTED: "Ask the sender to send it without encryption.",
        RefusalReason.SENDER: "If the sender is one of yours, add the address to MAIL_SENDERS.",
    }
)
