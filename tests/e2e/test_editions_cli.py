"""The commands by which an operator sees the next edition, and decides about it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.__main__ import main

Result = subprocess.CompletedProcess[str]
Run = Callable[..., Result]

STORIES = {
    "Harbour reopens": "The harbour of Port Aldis opened again on Monday after nine weeks of repairs.",
    "Bank cuts its rate": "The Bank of Aldmere lowered its main rate by a quarter of a point on Thursday.",
}


@pytest.fixture
def newsletter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line in this process and in an operator's folder, with documents taken in."""
    (tmp_path / "in").mkdir()
    for headline, text in STORIES.items():
        (tmp_path / "in" / f"{headline}.txt").write_text(f"{headline}\n\n{text}\n")
    (tmp_path / ".env").write_text(
        "FOLDERS=in\nSETTLE_SECONDS=0\nTRANSPORT=file\nLIST_NAME=daily\nWEEKLY_SCHEDULE=off\n"
        "APPROVAL=required\nSENDER_ADDRESS=digest@news.example.org\nTIMEZONE=Asia/Kolkata\n"
        "PUBLIC_URL=https://news.example.org\nSECRET_KEYS=a key of this test alone\n"
    )

    def call(*arguments: str, code: int = 0) -> Result:
        monkeypatch.setattr(sys, "argv", ["newsletter", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, error = capsys.readouterr()
        assert (ended.value.code or 0) == code, out + error
        return Result(arguments, code, out, error)

    call("subscribers", "add", "ada@example.org")
    call("ingest")
    return call


def test_an_edition_is_seen_changed_approved_and_sent(newsletter: Run, tmp_path: Path) -> None:
    assert "newsletter editions propose" in newsletter("editions", "show", code=1).stderr
    assert "Nothing is proposed" in newsletter("editions", "list").stdout
    assert "waits for approval" in newsletter("editions", "propose").stdout
    shown = newsletter("editions", "show").stdout
    assert re.search(r"^1 +second +1 +", shown, re.MULTILINE)
    assert "story 1 rests on one source" in shown
    assert "newsletter editions approve --seen 1" in shown
    assert "waits for approval" in newsletter("status").stdout
    newsletter("editions", "move", "2", "--to", "1")
    headline = newsletter("editions", "headline", "1", "What the operator wrote").stdout
    assert "What the operator wrote (yours)" in headline
    assert "headline by the operator" in newsletter("explain", "1").stdout
    newsletter("editions", "drop", "2")
    assert "look at it again" in newsletter("editions", "approve", "--seen", "1", code=1).stderr
    assert "goes out at its slot" in newsletter("editions", "approve", "--seen", "4").stdout
    preview = newsletter("preview", "--text")
    assert preview.stdout.startswith("THE NEWS DIGEST\n")
    assert "What the operator wrote" in preview.stdout
    assert "version 5: approved" in preview.stderr
    sent = newsletter("send", "--yes").stdout
    assert "counts as your approval" in sent
    assert "1 accepted" in sent
    found = json.loads(newsletter("editions", "list", "--json").stdout)
    assert found["waiting"] == []
    assert [edition["edition"] for edition in found["published"]] == [1]


def test_what_waits_is_listed_for_programs(newsletter: Run) -> None:
    newsletter("editions", "propose")
    newsletter("editions", "hold")
    [waiting] = json.loads(newsletter("editions", "list", "--json").stdout)["waiting"]
    assert (waiting["outlook"], waiting["state"], waiting["version"]) == ("waits for approval", "held", 2)
    shown = json.loads(newsletter("editions", "show", "--json").stdout)
    assert {story["headline"] for story in shown["told"]} == set(STORIES)
    assert {check["kind"] for check in shown["checks"]} >= {"source"}
    assert "is left out" in newsletter("editions", "skip").stdout
    assert "Sending it by hand" in newsletter("send", "--dry-run").stdout


def test_a_renewed_edition_takes_in_what_came_later(newsletter: Run, tmp_path: Path) -> None:
    newsletter("editions", "propose")
    (tmp_path / "in" / "late.txt").write_text("Ferry runs again\n\nThe night ferry sailed again on Sunday.\n")
    newsletter("ingest")
    assert "1 document came later" in newsletter("editions", "show").stdout
    assert "Ferry runs again" not in newsletter("preview").stdout
    assert "is made anew" in newsletter("editions", "renew").stdout
    assert "Ferry runs again" in newsletter("preview").stdout


def test_a_preview_shows_another_moment_and_what_differs(newsletter: Run, tmp_path: Path) -> None:
    newsletter("send", "--yes")
    (tmp_path / "in" / "late.txt").write_text("Ferry runs again\n\nThe night ferry sailed again on Sunday.\n")
    newsletter("ingest")
    # Midnight comes 5:30 h earlier there.
    assert "Tuesday 24 November 2026" in newsletter("preview", "--at", "2026-11-24 01:00").stdout
    assert "Monday 23 November 2026" in newsletter("preview", "--at", "2026-11-23T18:00Z").stdout
    differs = newsletter("preview", "--diff", "1").stdout
    assert "+ 1. Ferry runs again" in differs
    assert differs.count("\n- ") == 2
    assert "is not a time" in newsletter("preview", "--at", "noon", code=1).stderr
    for far in ("9999-12-31T23:59Z", "0001-01-02"):
        assert "is too far away" in newsletter("preview", "--at", far, code=1).stderr
    assert "has no edition No. 7" in newsletter("preview", "--diff", "7", code=1).stderr
