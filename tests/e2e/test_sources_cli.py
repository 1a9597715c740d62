"""`newsletter sources` as an operator meets it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from e2e.commands import Commands
from feedserver import Reply, serving

RSS = "<rss version='2.0'><channel><title>Harbour News</title>{}</channel></rss>"
ITEM = (
    "<item><guid>{0}</guid><title>{1}</title><pubDate>{2}</pubDate>"
    "<description>{1} at last.</description></item>"
)


def feed(*titles: str) -> Reply:
    items = "".join(ITEM.format(title, title, format_datetime(datetime.now(UTC))) for title in titles)
    return Reply(body=RSS.format(items).encode(), headers={"Content-Type": "text/xml"})


async def test_a_feed_from_add_to_remove(tmp_path: Path, commands: Commands) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / ".env").write_text("FOLDERS=in\nFETCH_ALLOWED_HOSTS=127.0.0.1\n")

    async def newsletter(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        result = await asyncio.to_thread(
            commands.run_for_text, *arguments, folder=tmp_path, environment=dict(os.environ)
        )
        assert result.returncode == code, result.stdout + result.stderr
        assert "Traceback" not in result.stderr
        return result

    async with serving() as server:
        server.replies["/feed"] = feed("Bridge opens")
        url = server.url("/feed")
        assert "There is no source" in (await newsletter("sources", "list")).stdout
        added = await newsletter("sources", "add", url)
        assert "Harbour News" in added.stdout
        assert "- Bridge opens" in added.stdout
        assert "a source already" in (await newsletter("sources", "add", url, code=1)).stderr
        refused = await newsletter("sources", "add", "http://10.0.0.1/", "http://user:pw@a.example/", code=1)
        assert "not public" in refused.stderr
        assert "pw" not in refused.stderr

        server.replies["/feed"] = feed("Bridge opens", "Ferry runs")
        assert "Ferry" not in (await newsletter("ingest")).stdout  # it is not due
        assert "- Ferry runs" in (await newsletter("sources", "check", url)).stdout
        server.replies["/feed"] = Reply(status=500)
        assert "answers 500" in (await newsletter("sources", "check", code=1)).stdout
        (row,) = json.loads((await newsletter("sources", "list", "--json")).stdout)
        assert (row["url"], row["failures"]) == (url, 1)
        assert "the server" in (await newsletter("sources", "list")).stdout
        assert "2 documents" in (await newsletter("status")).stdout

        (tmp_path / "all.opml").write_text((await newsletter("sources", "export")).stdout)
        assert "documents stay" in (await newsletter("sources", "remove", url)).stdout
        assert "is no source" in (await newsletter("sources", "remove", url, code=1)).stderr
        assert "1 source added" in (await newsletter("sources", "import", "all.opml")).stdout
        server.replies["/feed"] = feed("Bridge opens", "Ferry runs", "School closes")
        assert not (await newsletter("ingest", "--no-fetch")).stdout.count("School")
        fetched = (await newsletter("ingest")).stdout
        assert "School closes" in fetched
        assert "Ferry" not in fetched
        assert "cannot be read" in (await newsletter("sources", "import", "none.opml", code=1)).stderr
