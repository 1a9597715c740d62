"""Logs on standard error: lines for a person on a terminal, JSON lines elsewhere; never a secret in them."""

import json
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime


class _NoSecrets(logging.Filter):
    """Blanks out what must not be read, wherever it stands in a message."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__()
        self._secrets = [secret for secret in secrets if secret]

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        for secret in self._secrets:
            message = message.replace(secret, "********")
        record.msg, record.args = message, None
        return True


class _JsonLines(logging.Formatter):
    """One JSON object in each line: time (UTC), level, logger, message, and the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
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
    handler = logging.StreamHandler(sys.stderr)
    if form == "json" or (form == "auto" and not sys.stderr.isatty()):
        handler.setFormatter(_JsonLines())
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S"))
    handler.addFilter(_NoSecrets(secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Libraries tell every wake-up and every table; that is news only while something is being looked for.
    for library in ("apscheduler", "alembic"):
        logging.getLogger(library).setLevel(logging.DEBUG if level == "DEBUG" else logging.WARNING)
