"""What the fields of a mail's header say about its news: subject and sender."""

import re

from newsletter.sources.formats.mime import Part
from newsletter.sources.mailtext import REPLY_MARKS

_FORWARD = re.compile(r"(?:.{0,60}?[\]*:] ?)?(?:Fwd?|WG|TR|RV|I|PD|VB|Doorst) ?: ", re.IGNORECASE)
#: What mail gateways put before any subject.
_GATEWAY = re.compile(
    r"(?:\[(?:ext|extern(?:al|e|o)?|caution|warning|bulk)\b[^\]]{0,20}\]|(?:ext|external) ?:)", re.IGNORECASE
)
_MARK = re.compile(r"[\[(]([^\[\]()]{1,60})[\])]")
_NUMBER = re.compile(r"[ :#-]*\d*$")
_LETTERS = re.compile(r"[\W_]+")
_LONGEST_NAME = 120
_VIA = re.compile(r" (?:via|through|über|par) .{1,80}$", re.IGNORECASE)
_COMMENT = re.compile(r"\([^()]{0,998}\)")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.){0,998}"')
_ADDRESS = re.compile(r"[^\s<>()\",;:@]{1,200}@[^\s<>()\",;:@]{1,255}")


def bare_subject(mail: Part) -> str:
    """Return a mail's subject without the marks of answers, forwards, gateways and the list's own name."""
    subject = mail.first("subject")
    while True:
        rest = subject
        if marks := REPLY_MARKS.match(rest):
            rest = rest[marks.end() :]
        elif gateway := _GATEWAY.match(rest):
            rest = rest[gateway.end() :]
        elif (mark := _MARK.match(rest)) and _names_list(mark[1], mail):
            rest = rest[mark.end() :]
        rest = rest.strip()
        if rest == subject or not rest:
            return subject
        subject = rest


def is_forward(subject: str) -> bool:
    """Tell whether a subject says that the mail forwards another one."""
    return bool(_FORWARD.match(subject))


def sender_name(mail: Part) -> str | None:
    """Return the name that a mail's sender goes by, else that of its list (RFC 2919); None for none."""
    return _name(mail.first("from")) or _name(mail.first("list-id"))


def address_of(field: str) -> str:
    """Return the mail address in a field as it was sent, in small letters; "" if there is none.

    What stands in comments, in quotes and beside the angle brackets (RFC 5322 section 3.4) is a name, which
    anybody may choose, an address of somebody else included.
    """
    bare = _QUOTED.sub(" ", _COMMENT.sub(" ", field[:2_000]))
    found = _ADDRESS.findall(bare.rpartition("<")[2].partition(">")[0]) or _ADDRESS.findall(bare)
    return found[0].lower() if found else ""


def _name(field: str) -> str | None:
    phrase, bracket, _ = field.rpartition("<")
    if not bracket:
        # RFC 822's older form: an address with the name in a comment.
        comment = re.search(r"\(([^()]{1,120})\)", field)
        phrase = comment[1] if comment else ""
    name = " ".join(_VIA.sub("", phrase.replace("\\", "").strip().strip("\"'").strip()).split()).strip("\"'")
    return name if 1 < len(name) <= _LONGEST_NAME and "@" not in name and _LETTERS.sub("", name) else None


def _names_list(mark: str, mail: Part) -> bool:
    """Tell whether a word in brackets is the name of the list that a mail came through."""
    word = _squeezed(_NUMBER.sub("", mark))
    # Of an identifier as services make them up any few letters would be found.
    known = mail.first("list-id"), mail.first("list-post"), mail.first("from")
    return len(word) > 1 and any(word in _squeezed(value) for value in known)


def _squeezed(value: str) -> str:
    return _LETTERS.sub("", value).casefold()
