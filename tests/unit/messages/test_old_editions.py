"""Editions that were frozen before stories went on, differed and stood in sections: still read and shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from newsletter.messages.checks import check_rendering
from newsletter.model.editions import Edition
from newsletter.model.messages import Rendering
from newsletter.store.codec import from_json

STORED = Path(__file__).parents[2] / "golden" / "edition-of-version-0.1.json"


def test_an_edition_of_the_first_version_is_read_and_shown(render: Callable[..., Rendering]) -> None:
    content = STORED.read_text("utf-8")
    assert not {"context", "section", "left_out_stories"} & set(json.loads(content)["stories"][0])
    edition = from_json(Edition, content)
    rendering = render(edition)
    assert check_rendering(rendering, edition) == []
    assert "+2 more articles" in rendering.text
    assert "Update\n" in rendering.text
