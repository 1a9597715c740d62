"""What a site lets programs fetch, by its robots.txt (RFC 9309)."""

from dataclasses import dataclass
from urllib.robotparser import RobotFileParser

#: What sites call us in their robots.txt.
ROBOT = "newsletter"
#: Octets of it that are read (RFC 9309, section 2.5, asks for 500 KiB at least).
_MOST_OCTETS = 512_000
_LONGEST_DELAY = 30.0


@dataclass(frozen=True, kw_only=True)
class Robots:
    """The rules of one site."""

    #: None: all of it, or none of it.
    rules: RobotFileParser | None
    allows_all: bool

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
            return cls(rules=None, allows_all=status is not None and 400 <= status < 500 and status != 429)
        rules = RobotFileParser()
        rules.parse(content[:_MOST_OCTETS].decode("utf-8", "replace").removeprefix("\ufeff").splitlines())
        return cls(rules=rules, allows_all=False)

    def allow(self, url: str) -> bool:
        """Return whether a page may be fetched."""
        return self.allows_all if self.rules is None else self.rules.can_fetch(ROBOT, url)

    @property
    def delay_seconds(self) -> float:
        """How long the site asks to be left alone between two pages, s; 0 if it does not say."""
        asked = self.rules.crawl_delay(ROBOT) if self.rules else None
        return min(float(asked or 0), _LONGEST_DELAY)
