"""Reading a server's replies from bytes that come in any pieces and may be anything."""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from newsletter.model.deliveries import Reply, SendPhase

#: Longest reply line that is read on, in octets; RFC 5321 section 4.5.3.1.5 allows 512.
MAX_LINE = 8192
#: Longest reply over all its lines, in octets.
MAX_REPLY = 65536
#: Most of a server's words that are kept, in characters.
_MAX_WORDS = 500

_CODE = re.compile(rb"[2-5][0-9][0-9](?![0-9])")
_ENHANCED = re.compile(r"([245])\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})(?![\d.])")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One complete reply of a server."""

    #: Reply code, 200 to 599; that of the last line where they differ.
    code: int
    #: The words of all lines as one line.
    text: str
    #: Enhanced status code of the first line; empty where none came.
    enhanced: str

    @cached_property
    def to_content(self) -> str:
        """The reply to a content, as `Reply` tells it in one line."""
        return str(Reply(phase=SendPhase.CONTENT, code=self.code, text=self.text))


class ReplyParser:
    """Makes replies of octets (RFC 5321 section 4.2); a line may end in a bare LF.

    Attributes:
        fault: What is wrong with the stream, once something is; nothing is read any more then.
    """

    def __init__(self) -> None:
        self.fault = ""
        self._rest = bytearray()
        self._lines: list[bytes] = []
        self._size = 0

    def feed(self, octets: bytes) -> list[Answer]:
        """Take what has come in and return the replies that are complete now."""
        if not self._rest and not self._lines and not self.fault:
            usual = _usual(octets)
            if usual is not None:
                return usual
        answers: list[Answer] = []
        if self.fault:
            return answers
        self._rest += octets
        start = 0
        while not self.fault and (end := self._rest.find(b"\n", start)) >= 0:
            answer = self._line(bytes(self._rest[start:end]))
            start = end + 1
            if answer is not None:
                answers.append(answer)
        del self._rest[:start]
        if len(self._rest) > MAX_LINE:
            self.fault = "the reply's line has no end"
        return answers

    def _line(self, line: bytes) -> Answer | None:
        """Take one line; return the reply that it ends."""
        self._size += len(line)
        if len(line) > MAX_LINE or self._size > MAX_REPLY:
            self.fault = "the reply is too long"
            return None
        if not _CODE.match(line):
            self.fault = f"not a reply of SMTP: {plain(line[:80].decode('utf-8', 'replace'))}"
            return None
        self._lines.append(line)
        if line[3:4] == b"-":
            return None
        lines, self._lines, self._size = self._lines, [], 0
        return _answer(tuple(lines))


def plain(text: str) -> str:
    """Return a server's words as one short line that any store and terminal can take."""
    if text.isascii() and text.isprintable() and len(text) <= _MAX_WORDS and "  " not in text:
        return text.strip()
    readable = text.encode("utf-8", "replace").decode("utf-8")
    words = " ".join("".join(char if char.isprintable() else " " for char in readable).split())
    return words if len(words) <= _MAX_WORDS else words[: _MAX_WORDS - 1] + "…"


def enhanced_code(text: str) -> str:
    """Return the enhanced status code that a reply's text begins with (RFC 2034), or an empty string."""
    found = _ENHANCED.match(text)
    return found.group() if found else ""


def _usual(octets: bytes) -> list[Answer] | None:
    """Return the replies in octets that hold whole ones, of a line each; None if there is more to it."""
    if not octets.endswith(b"\n") or len(octets) > MAX_LINE:
        return None
    line, _, rest = octets.partition(b"\n")
    first, others = _one_line(line), _one_line_each(rest)
    return None if first is None or others is None else [first, *others]


@lru_cache(maxsize=32)
def _one_line_each(octets: bytes) -> tuple[Answer, ...] | None:
    """Return replies of a line each. Those that follow the first are mostly the same: to an envelope."""
    answers = [_one_line(line) for line in octets.split(b"\n")[:-1]]
    return None if None in answers else tuple(answers)  # type: ignore[arg-type]


@lru_cache(maxsize=32)
def _one_line(line: bytes) -> Answer | None:
    """Return the reply that a line is; None if it is none by itself. Most are the same each time."""
    return None if line[3:4] == b"-" or not _CODE.match(line) else _answer((line,))


@lru_cache(maxsize=32)
def _answer(lines: tuple[bytes, ...]) -> Answer:
    """Read a reply; most are the same each time."""
    words = [plain(line[4:].decode("utf-8", "replace")) for line in lines]
    enhanced = enhanced_code(words[0])
    # Each line repeats the enhanced code (RFC 2034 section 4); once is enough to read.
    later = [line.removeprefix(enhanced).lstrip() for line in words[1:]] if enhanced else words[1:]
    return Answer(code=int(lines[-1][:3]), text=plain(" ".join([words[0], *later])), enhanced=enhanced)
