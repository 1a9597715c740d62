"""What a sender reads of an edition by hand is what pydantic wrote."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from newsletter.model.messages import ListHeaders
from newsletter.store.codec import from_json, to_json
from newsletter.store.editions import read_headers

_TIMES = st.datetimes(min_value=datetime(1990, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - as it asks for

HEADERS = ListHeaders(
    list_name="daily",
    list_title="Daily",
    sender_address="digest@news.example.org",
    sender_name="",
    reply_to="",
    unsubscribe_address="leave@news.example.org",
    date=datetime(2026, 11, 23, 6, tzinfo=UTC),
    time_zone="Europe/Berlin",
)


@given(
    headers=st.builds(
        ListHeaders, **{name: st.text() for name in ListHeaders.__annotations__} | {"date": _TIMES}
    )
)
def test_headers_are_read_as_they_were_written(headers: ListHeaders) -> None:
    read = read_headers(to_json(headers))
    assert read == headers == from_json(ListHeaders, to_json(headers))
    assert read.date.utcoffset() == timedelta(0)


def test_headers_of_other_releases_are_read() -> None:
    values = json.loads(to_json(HEADERS))
    del values["time_zone"]
    content = json.dumps(values | {"colour": "blue"})
    assert read_headers(content) == from_json(ListHeaders, content)
    assert read_headers(content).time_zone == "UTC"
