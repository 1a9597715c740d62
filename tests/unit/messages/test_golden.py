"""One edition as its reader gets it, to the last byte. After a change that is meant:

    pytest tests/unit/messages --update-golden

writes the files anew; look at the difference before you commit it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.messages.imprint import build_message
from newsletter.messages.mime import message_id
from newsletter.messages.render import personalise
from newsletter.model.editions import Edition
from newsletter.model.messages import Reader, Rendering

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.mark.parametrize("name", ["edition.html", "edition.txt", "edition.eml"])
def test_an_edition_looks_as_it_did(
    name: str, request: pytest.FixtureRequest, render: Callable[..., Rendering], reader: Reader
) -> None:
    rendering = render()
    bodies = personalise(rendering, reader)
    message = build_message(
        rendering,
        reader,
        message_id=message_id("5eed" * 8, reader.subscriber_id, "brief.example"),
        sender="news@brief.example",
    )
    contents = {
        "edition.html": bodies.html.encode("utf-8"),
        "edition.txt": bodies.text.encode("utf-8"),
        "edition.eml": message.content,
    }
    if request.config.getoption("--update-golden", default=False):
        (GOLDEN / name).write_bytes(contents[name])
    assert (GOLDEN / name).read_bytes() == contents[name]


@pytest.mark.parametrize("part", ["html", "txt"])
def test_an_edition_with_everything_in_it_looks_as_it_did(
    part: str,
    request: pytest.FixtureRequest,
    render: Callable[..., Rendering],
    reader: Reader,
    full_edition: Edition,
) -> None:
    bodies = personalise(render(full_edition), reader)
    content = (bodies.html if part == "html" else bodies.text).encode("utf-8")
    path = GOLDEN / f"full-edition.{part}"
    if request.config.getoption("--update-golden", default=False):
        path.write_bytes(content)
    assert path.read_bytes() == content
