"""Starts lives quickly: the imports are done once, then each life is a fork of this process.

Orders come as lines of JSON on standard input. Each is answered by two lines: the life's process id at once,
and its story when it has ended.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import statements
import templatecode
from crash.life import STAGES, Order, Steps, Story, live
from crash.returns import HARD, Returns
from crash.sink import Sink
from sqlalchemy import create_engine


def _warm_up() -> None:
    """Go through a life once, so that what is read or made only once is there."""
    with tempfile.TemporaryDirectory() as name, Sink() as sink:
        folder = Path(name)
        (folder / "in").mkdir()
        returns = Returns(folder / "returns", {"ada@example.org": HARD})
        sink.on_taken = returns.come_back
        (folder / "in" / "a.txt").write_text("Ferry runs again\n\nThe ferry to Port Aldis runs again.\n")
        live(
            Order(
                settings={
                    "database_url": f"sqlite:///{folder / 'store.db'}",
                    "folders": [str(folder / "in")],
                    "settle_seconds": 0,
                    "sender_address": "digest@news.example.org",
                    "smtp_host": "127.0.0.1",
                    "smtp_port": sink.port,
                    "smtp_security": "none",
                    "public_url": "https://news.example.org",
                    "secret_keys": ["a key of thirty-two characters, at least"],
                    "bounce_address": "returns@news.example.org",
                    "bounce_mailbox": str(returns.maildir),
                },
                readers=["ada@example.org"],
                stages=list(STAGES),
                now=datetime(2026, 11, 23, 6, tzinfo=UTC).isoformat(),
                kill_at=0,
            )
        )
    if find_spec("psycopg"):
        create_engine("postgresql+psycopg://").dispose()
    # What is there already is not looked at again in each life, which would copy its pages.
    gc.collect()
    gc.freeze()


def _be_born(order: Order, pipe: int) -> None:
    """Live, tell the story, and end; never returns."""

    def tell(story: Story) -> None:
        os.write(pipe, json.dumps(story).encode())

    def last_words(kind: str) -> None:
        tell({"killed_at": kind})

    steps = Steps(order["kill_at"], last_words)
    try:
        steps.watch()
        live(order)
        tell({"steps": steps.kinds.total(), "kinds": dict(steps.kinds)})
    except BaseException:  # noqa: BLE001 - whatever it is, it is told
        tell({"error": traceback.format_exc()})
    finally:
        os._exit(0)


def main() -> None:
    """Serve orders for lives until there are no more."""
    logging.getLogger("newsletter").addHandler(logging.NullHandler())
    statements.share()
    templatecode.share()
    _warm_up()
    print("ready", flush=True)
    for line in sys.stdin:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            _be_born(json.loads(line), writing)
        os.close(writing)
        print(pid, flush=True)
        with os.fdopen(reading, "rb") as story:
            told = story.read()
        os.waitpid(pid, 0)
        # A life that was killed from outside tells nothing.
        print(told.decode() or "{}", flush=True)


if __name__ == "__main__":
    main()
