"""What is written about the project says what is there."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from newsletter.messages import letterpage, page
from newsletter.messages.marks import Marks

ROOT = Path(__file__).parents[2]


SHAPES = (
    page.Newsletter,
    page.Heading,
    page.StoryBlock,
    page.SourceLine,
    page.AlsoLine,
    page.Voice,
    page.Links,
    page.Page,
    Marks,
    letterpage.LetterList,
    letterpage.LetterLinks,
    letterpage.LetterPage,
)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_everything_that_a_template_sees_is_documented(shape: type) -> None:
    words = (ROOT / "docs" / "templates.md").read_text("utf-8")
    for field in fields(shape):
        assert f"`{field.name}`" in words, field.name


@pytest.mark.parametrize("document", ["README.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))])
def test_every_link_between_documents_leads_somewhere(document: str) -> None:
    path = ROOT / document
    for target in re.findall(r"\]\(([^)#]+)\)|src=\"([^\"]+)\"", path.read_text("utf-8")):
        place = target[0] or target[1]
        if "://" not in place:
            assert (path.parent / place).exists(), place


def test_every_error_is_drawn_in_the_tree() -> None:
    from newsletter import errors

    for name, value in vars(errors).items():
        if isinstance(value, type) and issubclass(value, errors.NewsletterError):
            assert name in (errors.__doc__ or ""), name
