"""What a site lets programs fetch, by its robots.txt (RFC 9309).

Not by the standard library's parser: that takes the first rule that matches instead of the longest, knows no
"*" in paths, and takes "news" for our name.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

#: What sites call us in their robots.txt.
ROBOT = "newsletter"
#: Octets of it that are read (RFC 9309, section 2.5, asks for 500 KiB at least).
_MOST_OCTETS = 512_000
_LONGEST_DELAY = 30.0
_BEYOND_NAME = re.compile(r"[^a-z_-]")
_SECONDS = re.compile(r"\d{1,6}(?:\.\d{1,6})?")
#: What a path may hold besides letters and digits (RFC 3986); "%" so that nothing is escaped twice.
_UNESCAPED = "/?#[]@!$&'()*+,;=:-._~%"


@dataclass(frozen=True, kw_only=True)
class _Rule:
    path: str
    allows: bool

    def matches(self, path: str) -> bool:
        """Return whether a path is under the rule: "*" is anything, "$" at its end the end of the path."""
        first, *others = self.path.removesuffix("$").split("*")
        at = len(first) if path.startswith(first) else -1
        for piece in others[:-1]:
            at = _after(piece, path, at)
        last = others[-1] if others else ""
        if not self.path.endswith("$"):
            return _after(last, path, at) >= 0
        return 0 <= at <= len(path) - len(last) and path.endswith(last) and (bool(others) or at == len(path))


def _after(piece: str, path: str, at: int) -> int:
    """Return where a piece of a path ends that is looked for from a place on; -1 if it is not there."""
    found = path.find(piece, at) if at >= 0 else -1
    return found + len(piece) if found >= 0 else -1


@dataclass(frozen=True, kw_only=True)
class Robots:
    """The rules of one site for us."""

    rules: tuple[_Rule, ...] = ()
    #: Whether what no rule names may be fetched.
    allows_rest: bool = True
    #: How long the site asks to be left alone between two pages, s; 0 if it does not say.
    delay_seconds: float = 0.0

    @classmethod
    def read(cls, status: int | None, content: bytes) -> "Robots":
        """Read the rules.

        Args:
            status: Of the answer; None if there was none.
            content: Its body.

        Returns:
            Those of the body; without a file all is allowed, and if the site does not answer nothing is
            (RFC 9309, section 2.3.1).
        """
        if status != 200:
            return cls(allows_rest=status is not None and 400 <= status < 500 and status != 429)
        lines = content[:_MOST_OCTETS].decode("utf-8", "replace").removeprefix("\ufeff").splitlines()
        said = _said_to_us(lines)
        delays = [float(value) for name, value in said if name == "crawl-delay" and _SECONDS.fullmatch(value)]
        return cls(
            rules=tuple(
                _Rule(path=_escaped(path), allows=name == "allow")
                for name, path in said
                if name in {"allow", "disallow"} and path
            ),
            delay_seconds=min(max(delays, default=0.0), _LONGEST_DELAY),
        )

    def allow(self, url: str) -> bool:
        """Return whether a page may be fetched: the longest rule for it counts, and of two the kinder one."""
        parts = urlsplit(url)
        path = _escaped((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        found = [(len(rule.path), rule.allows) for rule in self.rules if rule.matches(path)]
        return max(found)[1] if found else self.allows_rest


def _said_to_us(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Return the fields of all groups for us; if there is none, those for everybody."""
    groups: dict[str, list[tuple[str, str]]] = {}
    names: list[str] = []
    is_in_group = True
    for name, value in _fields(lines):
        if name == "user-agent":
            names = [] if is_in_group else names
            is_in_group = False
            names.append("*" if value.startswith("*") else _BEYOND_NAME.split(value.lower())[0])
            groups.setdefault(names[-1], [])
            continue
        is_in_group = True
        for one in set(names):
            groups[one].append((name, value))
    return groups.get(ROBOT, groups.get("*", []))


def _fields(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, colon, value = line.partition("#")[0].partition(":")
        if colon and name.strip().lower() in {"user-agent", "allow", "disallow", "crawl-delay"}:
            yield name.strip().lower(), value.strip()


def _escaped(path: str) -> str:
    """Return a path with everything escaped that must be, and in one way (RFC 9309, section 2.2.2)."""
    escaped = quote(path, safe=_UNESCAPED, errors="replace")
    return re.sub(r"%[0-9a-f]{2}", lambda found: found[0].upper(), escaped, flags=re.IGNORECASE)
