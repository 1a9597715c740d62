"""Two texts under one web address: one article, a part of one, or two."""

from __future__ import annotations

import pytest

from newsletter.store.sameness import Sameness, compare

LEAD = "The ferry to Port Aldis stays in harbour until Friday because its rudder is being mended by divers."
REST = (
    "Two buses run instead, every hour from the market, and the company refunds tickets bought before noon. "
    "Fishermen said that the damage was seen weeks ago, yet nobody had looked into it, while the mayor asked "
    "the owners to publish what inspectors wrote about the vessel last winter."
)
HEADLINE = "Ferry stays in harbour"
ARTICLE = f"{HEADLINE}\n\n{LEAD}\n\n{REST}"


@pytest.mark.parametrize("same_headline", [True, False])
def test_the_first_sentences_are_a_part(same_headline: bool) -> None:
    assert compare(f"{HEADLINE}\n\n{LEAD}", ARTICLE, same_headline=same_headline) is Sameness.PART


def test_a_cut_word_or_a_link_at_the_end_makes_no_difference() -> None:
    excerpt = f"{HEADLINE}\n\n{LEAD} Two buses run instead, every hour fr…"
    assert compare(excerpt, ARTICLE, same_headline=True) is Sameness.PART


def test_a_short_excerpt_that_ends_within_a_word_is_a_part() -> None:
    assert compare(f"{HEADLINE}\n\n{LEAD[:50]}…", ARTICLE, same_headline=True) is Sameness.PART


def test_a_part_with_another_number_is_no_part() -> None:
    """A lottery's results, a weather report or a rate of exchange: one headline, one page, every day."""
    earlier = f"{ARTICLE} The lots drawn are 4, 8, 15, 16 and 23."
    later = f"{HEADLINE}\n\n{LEAD} {REST[:200]} The lots drawn are 4, 8, 15, 16 and 42."
    assert compare(later, earlier, same_headline=True) is Sameness.VERSION


def test_a_correction_that_needs_a_word_less_is_a_version() -> None:
    corrected = ARTICLE.replace("every hour", "hourly").replace("weeks ago", "yesterday")
    assert compare(corrected, ARTICLE, same_headline=True) is Sameness.VERSION


def test_a_teaser_does_not_take_the_place_of_its_article() -> None:
    teaser = f"{HEADLINE}\n\nDivers at work: why the ferry to Port Aldis will not sail until Friday."
    assert compare(teaser, ARTICLE, same_headline=True) is Sameness.TEASER
    assert compare(ARTICLE, teaser, same_headline=True) is Sameness.VERSION


def test_words_of_a_long_text_in_another_order_are_another_text() -> None:
    """All news of a police station stands under one address."""
    earlier = (
        "Weekend in brief\n\nOn Saturday two cars met on Quay Street, which was closed for hours. A theft at "
        "the market was cleared up. Rovers drew 2 to 1 and United lost."
    )
    for text in (
        "Theft at Quay Street\n\nOn Saturday two cars were closed.",
        "United 2 Rovers 1",
        "Market closed for Saturday",
    ):
        assert compare(text, earlier, same_headline=False) is Sameness.DIFFERENT
    assert compare("Weekend in brief\n\nA theft at the market", earlier, same_headline=False) is Sameness.PART


def test_what_is_cut_where_it_stood_is_taken_back() -> None:
    cut = f"{HEADLINE}\n\n{LEAD}"
    assert compare(cut, ARTICLE, same_headline=True, is_edit=True) is Sameness.VERSION
    renamed = f"Ferry to sail again\n\n{LEAD}"
    assert compare(renamed, ARTICLE, same_headline=False, is_edit=True) is Sameness.VERSION


def test_another_article_where_one_stood_is_another() -> None:
    other = "Museum opens\n\nVisitors see ninety paintings by somebody from this coast."
    assert compare(other, ARTICLE, same_headline=False, is_edit=True) is Sameness.DIFFERENT


def test_a_text_is_a_version_of_itself() -> None:
    assert compare(ARTICLE, ARTICLE.upper(), same_headline=True) is Sameness.VERSION
