"""How durable a connection to SQLite is, asked of processes of their own: tests do not wait for the disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ASK = """
import sys
from newsletter.app import App
for number, named in enumerate(({}, {"sqlite_synchronous": "FULL"}, {"sqlite_synchronous": "NORMAL"})):
    app = App.isolated(database_url=f"sqlite:///{sys.argv[1]}/{number}.db", list_name="daily", **named)
    with app.store._database.reading() as connection:
        ask = connection.exec_driver_sql
        print(ask("PRAGMA synchronous").scalar(), ask("PRAGMA journal_mode").scalar())
    app.close()
"""


def test_what_the_setting_says_is_what_sqlite_does(tmp_path: Path) -> None:
    asked = subprocess.run(
        [sys.executable, "-c", ASK, str(tmp_path)], capture_output=True, text=True, check=True, timeout=120
    )
    assert asked.stdout == "2 wal\n2 wal\n1 wal\n"
