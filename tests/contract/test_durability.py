"""How durable a connection to SQLite is, asked of processes of their own: tests do not wait for the disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ASK = """
import sys
from newsletter.app import App
named = {"sqlite_synchronous": sys.argv[2]} if sys.argv[2] else {}
app = App.isolated(database_url=sys.argv[1], list_name="daily", **named)
with app.store._database.reading() as connection:
    ask = connection.exec_driver_sql
    print(ask("PRAGMA synchronous").scalar(), ask("PRAGMA journal_mode").scalar())
app.close()
"""


@pytest.mark.parametrize(("setting", "level"), [("", 2), ("FULL", 2), ("NORMAL", 1)])
def test_what_the_setting_says_is_what_sqlite_does(tmp_path: Path, setting: str, level: int) -> None:
    asked = subprocess.run(
        [sys.executable, "-c", ASK, f"sqlite:///{tmp_path / 'store.db'}", setting],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert asked.stdout == f"{level} wal\n"
