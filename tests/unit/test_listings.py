"""What programs read: one JSON document, whatever it holds."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.cli.listings import write_json, write_rows
from newsletter.cli.standing import status_as_json
from newsletter.model.deliveries import Breaker, DeliveryState
from newsletter.model.editions import PublishedEdition
from newsletter.model.mailboxes import MailboxState
from newsletter.model.status import EditionStatus, SendingTrouble, Status
from newsletter.model.subscribers import SuppressionReason

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
EDITION = PublishedEdition(
    id=7, uid="u", list_name="daily", number=3, subject="S", created_at=NOW, slot_at=None, audience=5
)


@given(
    st.lists(
        st.dictionaries(st.text(), st.one_of(st.none(), st.text(), st.integers()), max_size=3), max_size=4
    )
)
def test_rows_written_one_by_one_are_one_document(rows: list[dict[str, object]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        written: list[str] = []
        patch.setattr(
            "newsletter.cli.listings.click.echo",
            lambda text, nl=True: written.append(text + ("\n" if nl else "")),
        )
        write_rows({"list": "daily", "since": NOW}, "rows", iter(rows))
    text = "".join(written)
    assert json.loads(text) == {"list": "daily", "since": "2026-11-23T06:00:00+00:00", "rows": rows}
    # A line for each row, for who reads it line by line.
    assert text.count("\n") == len(rows) + 2


def test_moments_are_in_utc_and_nothing_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    kolkata = timezone(timedelta(hours=5, minutes=30))
    write_json({"at": datetime(2026, 11, 23, 11, 30, tzinfo=kolkata), "file": Path("a/b"), "name": "Zoé"})
    out = capsys.readouterr().out
    assert "Zoé" in out
    assert json.loads(out) == {"at": "2026-11-23T06:00:00+00:00", "file": "a/b", "name": "Zoé"}
    with pytest.raises(TypeError, match="object has no place in a listing"):
        write_json([object()])


def test_trouble_is_listed_with_whom_it_holds_back(capsys: pytest.CaptureFixture[str]) -> None:
    breaker = Breaker(
        open_until=NOW, pause_seconds=60, reason="535 wrong password", permanent=True, opened_at=NOW
    )
    status = Status(
        place="sqlite:///newsletter.db",
        documents=0,
        refusals=(),
        troubles=(
            SendingTrouble(account="me@smtp", breaker=breaker),
            SendingTrouble(edition=EDITION, breaker=breaker),
        ),
        lists=(),
        left_over=(EditionStatus(edition=EDITION, counts={DeliveryState.QUEUED: 5}),),
        mailboxes=(MailboxState(name="m", since=NOW, next_at=NOW, failing_since=NOW, problem="gone"),),
        suppressions={SuppressionReason.BOUNCE: 2},
    )
    write_json(status_as_json(status, (), ()))
    shown = json.loads(capsys.readouterr().out)
    whole, single = shown["troubles"]
    assert (whole["account"], whole["list"], whole["edition"]) == ("me@smtp", None, None)
    assert (single["account"], single["list"], single["edition"]) == ("", "daily", 3)
    assert single["until"] == "2026-11-23T06:00:00+00:00"
    assert single["is_permanent"] is True
    assert shown["left_over"][0]["counts"]["queued"] == 5
    assert set(shown["left_over"][0]["counts"]) == {state.value for state in DeliveryState}
    assert shown["mailboxes"][0]["problem"] == "gone"
    assert shown["suppressed"] == {"bounce": 2}
