"""Where a sentence stands in its document."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from newsletter.archive.tracing import paragraphs
from newsletter.model.archive import Paragraph
from newsletter.model.documents import Span
from newsletter.model.stories import SummarySentence

HEADLINE = "Bridge shut"
TEXT = f"{HEADLINE}\n\nHARROWBY — The bridge (pictured) was shut. It is old.\n\nMore is to come."


def sentence(text: str, words: str, *cuts: str) -> SummarySentence:
    start = text.index(words)
    places = [text.index(cut) for cut in cuts]
    return SummarySentence(
        text=words,
        span=Span(start=start, end=start + len(words)),
        cuts=tuple(Span(start=at, end=at + len(cut)) for at, cut in zip(places, cuts, strict=True)),
    )


def shown(paragraph: Paragraph) -> str:
    """What a visitor sees, marks in brackets."""
    return "".join(f"[{one.text}]" if one.is_marked else one.text for one in paragraph.pieces)


def test_the_sentence_is_marked_in_its_paragraph() -> None:
    made = list(paragraphs(TEXT, sentence(TEXT, "It is old."), headline=HEADLINE))
    assert [shown(one) for one in made] == [
        "HARROWBY — The bridge (pictured) was shut. [It is old.]",
        "More is to come.",
    ]
    assert [one.is_first for one in made] == [True, False]


def test_what_was_cut_is_not_marked() -> None:
    told = sentence(TEXT, "The bridge (pictured) was shut.", "(pictured) ")
    (first, _) = paragraphs(TEXT, told, headline=HEADLINE)
    assert shown(first) == "HARROWBY — [The bridge ](pictured) [was shut.] It is old."


def test_a_sentence_over_two_paragraphs_is_marked_in_both_and_begins_in_one() -> None:
    told = sentence(TEXT, "It is old.\n\nMore is")
    made = list(paragraphs(TEXT, told, headline=HEADLINE))
    assert [shown(one) for one in made][-1] == "[More is] to come."
    assert [one.is_first for one in made] == [True, False]


def test_the_headline_is_shown_where_it_is_what_was_told() -> None:
    first = next(iter(paragraphs(TEXT, sentence(TEXT, HEADLINE), headline=HEADLINE)))
    assert shown(first) == f"[{HEADLINE}]"


def test_of_a_long_document_the_surroundings_are_shown() -> None:
    text = "Long before. " * 5000 + "\n\nHere it is.\n\n" + "Long after. " * 5000
    made = list(paragraphs(text, sentence(text, "Here it is.")))
    assert [shown(one) for one in made][1] == "[Here it is.]"
    assert shown(made[0]).startswith("…")
    assert shown(made[-1]).endswith("…")
    assert sum(len(shown(one)) for one in made) < 17_000


def test_what_reorders_or_is_not_seen_is_left_out() -> None:
    text = "A\u202eb \x07 here\u2066 it is. C"
    (only,) = paragraphs(text, sentence(text, "here\u2066 it is."))
    assert shown(only) == "Ab [here it is.] C"


@given(
    text=st.text(st.sampled_from("ab .\n\u202e\x00é"), max_size=80),
    ends=st.tuples(st.integers(-5, 90), st.integers(-5, 90)),
    cut=st.tuples(st.integers(0, 90), st.integers(0, 90)),
)
def test_any_span_of_any_text_gives_a_page(text: str, ends: tuple[int, int], cut: tuple[int, int]) -> None:
    start, end = sorted(ends)
    told = SummarySentence(
        text="x", span=Span(start=start, end=end), cuts=(Span(start=min(cut), end=max(cut)),)
    )
    made = list(paragraphs(text, told))
    words = "".join(piece.text for one in made for piece in one.pieces)
    kept = "".join(ch for ch in text if ch in "ab.é")
    assert "".join(words.split()).replace("…", "") == kept
    assert sum(one.is_first for one in made) <= 1
