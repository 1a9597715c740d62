from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from newsroom import make_summary

from newsletter.editions.subject import compose_preheader, compose_subject
from newsletter.model.stories import StoryLabel

LEAD = make_summary("The harbour opened on Monday.")


def test_the_subject_is_the_top_two_headlines() -> None:
    assert compose_subject(["Harbour reopens", "Rates held", "More"]) == "Harbour reopens; Rates held"
    assert compose_subject(["Harbour reopens"]) == "Harbour reopens"


def test_a_second_headline_is_cut_at_a_word_or_left_to_the_preheader() -> None:
    first = "Nine harbours agree to share one storm forecast"
    second = "Central bank holds its rate at 3.25% for a fourth time"
    assert compose_subject([first, second]) == f"{first}; Central bank holds its rate…"
    assert compose_preheader([first, second, "C three"], LEAD) == "Also: C three"
    longer = f"{first} from January on"
    assert compose_subject([longer, second]) == longer
    assert compose_preheader([longer, second, "C three"], LEAD) == f"Also: {second}; C three"
    assert compose_subject([longer, "Rates"]) == f"{longer}; Rates"


def test_an_endless_headline_is_cut_at_a_word() -> None:
    long = "A very long headline about the harbour and its many gates that goes on and on for ever"
    subject = compose_subject([long, "Rates held"])
    assert subject == "A very long headline about the harbour and its many gates that goes on and on…"


def test_an_update_in_front_says_so() -> None:
    subject = compose_subject(["Harbour reopens", "Rates held"], label=StoryLabel.UPDATE)
    assert subject == "Update: Harbour reopens; Rates held"


def test_the_preheader_goes_on_where_the_subject_ends() -> None:
    assert compose_preheader(["A one", "B two", "C three", "D four", "E five", "F six"], LEAD) == (
        "Also: C three; D four; E five"
    )
    assert compose_preheader(["A one", "B two"], LEAD) == "The harbour opened on Monday."
    assert compose_preheader(["A one"], make_summary("A b.", rewrite="B a.")) == "B a."
    assert compose_preheader(["A one"], make_summary("A one")) == ""


def test_a_semicolon_in_a_headline_does_not_hide_the_second() -> None:
    first = "A headline with a semicolon; it is so long that no second one will ever fit beside it"
    assert compose_preheader([first, "B two", "C three"], LEAD) == "Also: B two; C three"


@given(
    st.lists(st.text("abcé 港;", min_size=1, max_size=120).filter(str.strip), min_size=1, max_size=6),
    st.sampled_from(StoryLabel),
)
def test_subject_and_preheader_are_short_and_never_say_the_same(
    headlines: list[str], label: StoryLabel
) -> None:
    subject = compose_subject(headlines, label=label)
    assert 0 < len(subject) <= 78
    assert "\n" not in subject
    preheader = compose_preheader(headlines, LEAD, label=label)
    assert 0 < len(preheader) <= 140
