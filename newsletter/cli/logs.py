"""Logs on standard error: lines for a person on a terminal, JSON lines elsewhere; never a secret in them."""

import json
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime


class _NoSecrets(logging.Formatter):
    """Blanks out what must not be read, in messages and tracebacks alike."""

    def __init__(self, inner: logging.Formatter, secrets: Sequence[str]) -> None:
        super().__init__()
        self._inner = inner
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record with asterisks in the place of secrets."""
        line = self._inner.format(record)
        for secret in self._secrets:
            line = line.replace(secret, "********")
        return line


class _JsonLines(logging.Formatter):
    """One JSON object in each line: time (UTC), level, logger, message, and the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line of JSON."""
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def configure(*, level: str, form: str, secrets: Sequence[str]) -> None:
    """Send logs to standard error.

    Args:
        level: DEBUG, INFO, WARNING or ERROR.
        form: "text", "json", or "auto": text on a terminal, JSON lines elsewhere.
        secrets: Strings that must not appear.
    """
    if form == "json" or (form == "auto" and not sys.stderr.isatty()):
        inner: logging.Formatter = _JsonLines()
    else:
        inner = logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_NoSecrets(inner, secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Libraries tell every wake-up, table and start; that is news only while something is being looked for.
    for library in ("apscheduler", "alembic", "uvicorn"):
        logging.getLogger(library).setLevel(logging.DEBUG if level == "DEBUG" else logging.WARNING)
