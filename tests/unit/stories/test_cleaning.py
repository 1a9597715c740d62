"""Sentences fit for a summary, out of pages as they come. Every text here was written for this test."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model.documents import ParsedDocument, Span
from newsletter.stories.sentences import CLOSE_READING_CHARACTERS
from newsletter.stories.text.cleaning import CleanSentence, clean_sentences


def parsed(*paragraphs: str, language: str | None = "en") -> ParsedDocument:
    text = "\n\n".join(paragraphs)
    spans, at = [], 0
    for paragraph in paragraphs:
        spans.append(Span(start=at, end=at + len(paragraph)))
        at += len(paragraph) + 2
    return ParsedDocument(
        headline="", text=text, paragraphs=tuple(spans), content_hash="0", language=language
    )


def told(*paragraphs: str, language: str | None = "en") -> list[str]:
    document = parsed(*paragraphs, language=language)
    return [sentence.of(document.text) for sentence in clean_sentences(document)]


HEADER = "By . Ina Holt . PUBLISHED: . 11:05 EST, 3 May 2031 . | . UPDATED: . 09:15 EST, 4 May 2031 . "


@pytest.mark.parametrize(
    "header",
    [
        HEADER,
        "By. Ina Holt. and Ole Berg. PUBLISHED:. 11:05 EST, 3 May 2031. |. UPDATED:. 09:15 EST, 4 May 2031. ",
        "By. Daily Post Reporter. Last updated at 1:25 AM on 3rd August 2031. ",
        "By. Ina Holt, Press Association. ",
        "By. Ina Holt. Follow @@ina_holt. ",
        "UPDATED:. 13:47 EST, 4 January 2031. ",
        "3 May 2031 Last updated at 08:03 BST ",
        "Media playback is not supported on this device ",
    ],
)
def test_headers_of_pages_are_dropped(header: str) -> None:
    assert told(f"{header}The quay has sunk by two inches. Boats are safe.") == [
        "The quay has sunk by two inches.",
        "Boats are safe.",
    ]


def test_a_header_in_the_middle_parts_what_stands_around_it() -> None:
    text = f"A man in a red hat feeds the seals {HEADER}The seals of Port Aldis are hungry."
    assert told(text) == ["A man in a red hat feeds the seals", "The seals of Port Aldis are hungry."]


@pytest.mark.parametrize(
    "note",
    [
        "Scroll down for video.",
        "SCROLL DOWN FOR VIDEO.",
        "VIDEO Scroll down to see the seals being fed.",
        "Read more: Why the quay is sinking.",
        "READ MORE: The quay, in pictures.",
        "Read also: What the mayor knew.",
        "More from Port Aldis:",
        "Opinion: Let it sink.",
        "Click here for the full report.",
        "If you want to help, click here.",
        "Follow us on Facebook.",
        "Follow Ina Holt on Twitter.",
        "Share your photos of the quay with us.",
        "Share this article",
        "Subscribe to our newsletter.",
        "Sign up for the morning briefing.",
        "E-mail to a friend.",
        "Do you have a story for us? E-mail news@example.org.",
        "Got a news tip? Call 555 0100.",
        "The Post's Ina Holt contributed to this report.",
        "Reporting by Ina Holt; Editing by Ole Berg",
        "(Reporting by Ina Holt in Port Aldis)",
        "©2031 The Port Post.",
        "© Ina Holt, founder of the Seal Trust",
        "(c) 2031 The Port Post",
        "To see the path of the seals, CLICK HERE",
        "For more news of seals, you can sign up for our weekly newsletter here.",
        "Copyright 2031 The Port Post.",
        "All rights reserved.",
        "Editor's Note: Ina Holt is a diver and writes on harbours.",
        "The opinions expressed in this commentary are solely those of Ina Holt.",
        "Photo: Ole Berg.",
        "Image caption: The quay at dusk.",
        "Picture by Ole Berg.",
        "Source: Harbour Board.",
        "By Ina Holt, Port Post",
        "Last updated at 3:31 PM on 19th July 2031.",
        "This story has been updated.",
        "This is a breaking news story.",
        "Lesen Sie auch: Der Hafen sinkt.",
        "Читайте также: Причал тонет.",
        "(Reuters)",
        "Why quays sink, in seven charts .",
        "FILE - In this May 3, 2031, file photo, seals lie on the quay.",
        "In this photo taken on Monday, seals lie on the quay.",
        "Pictured with her dog, Ina Holt wears a red hat.",
        "READ | Why the quay is sinking",
        'Read more: Holt on "Quays of the Old World" and on other books that she has never written',
        "To contact the reporter on this story: Ina Holt at holt@example.org",
    ],
)
def test_what_serves_the_page_is_dropped(note: str) -> None:
    text = ["The quay has sunk by two inches, the board said.", note, "Boats are safe for now, it added."]
    assert told(*text) == [text[0], text[2]]


@pytest.mark.parametrize(
    "sentence",
    [
        "Read literally, the law bans boats.",
        "Reading scores rose in all schools.",
        "Watching the seals is free.",
        "More people than ever fish here.",
        "Share prices fell by a tenth.",
        "Sources close to the mayor deny it.",
        "Photos of the quay show cracks a foot wide.",
        "Pictures of seals sell well.",
        "Above all, the board wants time.",
        "Left alone, the quay will sink.",
        "Updated figures show that 14 boats were lost.",
        "By Monday the quay had sunk.",
        "By Ina Holt's count, forty seals are left.",
        "Sign language is taught here.",
        "Follow-up checks found nothing.",
        "The boy contributed to the family's income.",
        "Video from the scene showed smoke.",
        "Opinion is divided in the town.",
        "The views of the board have not changed.",
        "For help they had to walk nine miles.",
        "Have a good look at the quay, she said.",
        "Related costs came to $4m.",
        "Contact with the boat was lost at noon.",
        "Tell them, the crowd shouted.",
        "See?",
        '"Follow us," the diver told the crew.',
        '"Like me, she was a diver," he said.',
        "In this town, photos of seals are everywhere.",
        "Follow me, said the diver, and they did.",
        "It joined with the Seal Trust (left-leaning) in May.",
        "The Left (right after the vote) walked out.",
        "He said on Monday that he would stay.",
        "The quay is sinking, he said on Monday.",
        "An aide to Ms. Holt said approx. 40 boats sank.",
        "Tickets, e.g. for seals, cost $5 etc. at the gate.",
    ],
)
def test_news_is_left_as_it_is(sentence: str) -> None:
    assert told(sentence) == [sentence]


@pytest.mark.parametrize(
    "tag",
    [
        "(CNN)",
        "(CNN) -- ",
        "LONDON (Reuters) - ",
        "Mogadishu, Somalia (CNN) -- ",
        "Los Angeles (CNN)",
        "KYIV, 3 May (Ukrinform) — ",
        "NEW DELHI, Jul 28 (PTI) ",
        "BERLIN — ",
        "NAIROBI, Kenya, May 3 – ",
        "BERLIN (dpa/lnw) - ",
        "Dec 17 (Reuters) - ",
        "Chao Hu, Anhui, China (CNN)",
        "ALDIS, Calif.  (CNN)  -- ",
        "PORT ALDIS (Northline Wire) -- ",
    ],
)
def test_tags_before_the_news_are_cut(tag: str) -> None:
    assert told(f"{tag}The quay has sunk.") == ["The quay has sunk."]
    assert told(f'{tag}"It sank," he said.') == ['"It sank," he said.']


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The quay has sunk (Reuters).", "The quay has sunk."),
        ("The quay has sunk. - AFP", "The quay has sunk."),
        ("Mayor Ina Holt (pictured) has left.", "Mayor Ina Holt has left."),
        ("Mayor Ina Holt (pictured, right) has left.", "Mayor Ina Holt has left."),
        ("It shows Ina Holt (left).", "It shows Ina Holt."),
        ("Ina Holt (above, left), 40, has left.", "Ina Holt, 40, has left."),
        ("The quay (file photo) has sunk.", "The quay has sunk."),
        ("Ole Berg (left, with his wife) has left.", "Ole Berg has left."),
        ("Ole Berg, pictured left, has left.", "Ole Berg has left."),
        ("Ole Berg, 40, pictured left, has left.", "Ole Berg, 40, has left."),
        ("(Pictured) The quay has sunk.", "The quay has sunk."),
    ],
)
def test_asides_and_agencies_are_cut(sentence: str, expected: str) -> None:
    assert told(sentence) == [expected]


@pytest.mark.parametrize(
    "note",
    [
        "Source: Harbour Board 2031 ",
        "Read: Why the quay is sinking, says expert",
        "Read more about this and other stories from across Port Aldis ",
    ],
)
def test_news_glued_to_a_note_is_kept(note: str) -> None:
    assert told(f"{note}The board has known of the cracks since May.") == [
        "The board has known of the cracks since May."
    ]


def test_speech_glued_to_a_note_is_kept() -> None:
    speech = '"I saw the quay sink into the sea," Holt told the board.'
    assert told(f"More from Port Aldis: Why quays sink {speech}") == [speech]


def test_lines_that_are_not_wrapped_are_sentences_of_their_own() -> None:
    text = (
        'The quay has sunk.\nRelated: Why quays sink\n"It is over," Holt said.\nSeals in danger\nBoats left.'
    )
    assert told(text) == [
        "The quay has sunk.",
        '"It is over," Holt said.',
        "Seals in danger",
        "Boats left.",
    ]
    assert told("The quay\nhas sunk by\ntwo inches. Boats\nleft.") == [
        "The quay\nhas sunk by\ntwo inches.",
        "Boats\nleft.",
    ]


def test_a_long_sentence_is_kept_though_its_stop_stands_apart() -> None:
    sentence = "Ina Holt told the board in May that the quay would sink within a year or two."
    link = "Why quays sink ."
    lost = "The board answered her letter of May in a long message that anyone may read here: ."
    assert told(
        f"The quay has sunk. {sentence[:-1]} . {link} {lost} Boats left. Seals stayed. Nobody came."
    ) == [
        "The quay has sunk.",
        sentence,
        "Boats left.",
        "Seals stayed.",
        "Nobody came.",
    ]


def test_only_the_first_million_characters_are_told() -> None:
    text = ("The quay has sunk" + " and sunk again" * 60 + ". ") * 1_200
    found = clean_sentences(parsed(text))
    assert 1_000 < len(found) < 1_100
    assert found[-1].span.end <= CLOSE_READING_CHARACTERS


def test_an_aside_in_place_of_a_stop_parts_two_sentences() -> None:
    assert told("The quay at Port Aldis (pictured) It is not clear why it sank.") == [
        "The quay at Port Aldis",
        "It is not clear why it sank.",
    ]


@pytest.mark.parametrize(
    ("wrapped", "expected"),
    [
        ("A woman who. claims to feed seals has left.", ["A woman who claims to feed seals has left."]),
        ("A woman who . claims to feed seals has left.", ["A woman who claims to feed seals has left."]),
        ("Ole Berg, 61,. from Port Aldis, has left.", ["Ole Berg, 61, from Port Aldis, has left."]),
        ("On May 8,. 2031, it. sank.", ["On May 8, 2031, it sank."]),
        (
            "It was a. terrible night in the. Port of Aldis.",
            ["It was a terrible night in the Port of Aldis."],
        ),
        ("He can't. swim, he. said, and I. do.", ["He can't swim, he said, and I do."]),
        ("He left at 5 a.m. on a. boat.", ["He left at 5 a.m. on a boat."]),
        ("It was. late. The boat. had left.", ["It was late.", "The boat had left."]),
        (
            "He met. the son of. Ole Berg in. Oslo, and. then. left.",
            ["He met the son of Ole Berg in Oslo, and then left."],
        ),
        (
            "He can. not say what it is made of. It is. old.",
            ["He can not say what it is made of.", "It is old."],
        ),
        ("She died. on May. 28, 2031, at a. club.", ["She died on May 28, 2031, at a club."]),
        ("We moved. in. Then she. left.", ["We moved in.", "Then she left."]),
        ("It sank at 3 a. m. on Monday.", ["It sank at 3 a. m. on Monday."]),
        (
            "See www. quay. example. org / seals or quay. com.",
            ["See www. quay. example. org / seals or quay. com."],
        ),
    ],
)
def test_wrapped_lines_are_joined(wrapped: str, expected: list[str]) -> None:
    assert told(wrapped) == expected


def test_stops_before_small_letters_stay_in_languages_full_of_abbreviations() -> None:
    sentence = "Die Abt. für Hafenbau gem. dem Gesetz schweigt."
    assert told(sentence, language="de") == [sentence]


def test_captions_with_their_mood_are_dropped_where_a_page_prints_them() -> None:
    captions = "Sinking: The quay on Monday. Hungry: Seals wait for fish."
    assert told(f"{HEADER}The quay has sunk. {captions} Boats are safe.") == [
        "The quay has sunk.",
        "Boats are safe.",
    ]
    assert told(f"The quay has sunk. {captions}")[1:] == [
        "Sinking: The quay on Monday.",
        "Hungry: Seals wait for fish.",
    ]
    interview = "Holt: The quay has sunk. Berg: Why is that so? Holt: The sand moved. Berg: Who knew it?"
    assert len(told(f"{HEADER}{interview}")) == 4
    assert told("In the lead: Ole Berg (right) swims past a seal. The race was short.") == [
        "The race was short."
    ]


def test_a_text_whose_stops_all_stand_apart_is_kept() -> None:
    assert told("The quay has sunk . Boats are safe .") == ["The quay has sunk.", "Boats are safe."]


def test_marks_without_a_word_are_dropped() -> None:
    assert told("The quay has sunk.", "-" * 400, "* * *", "_") == ["The quay has sunk."]


def test_cuts_lie_inside_and_are_recorded() -> None:
    document = parsed("PORT ALDIS (AP) — Mayor Ina Holt (pictured) left the. town.")
    assert clean_sentences(document) == [
        CleanSentence(span=Span(start=18, end=59), cuts=(Span(start=32, end=43), Span(start=52, end=53)))
    ]


PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                HEADER,
                "By. Ina Holt. ",
                "(CNN)",
                "(pictured)",
                " (left, right)",
                ", pictured left,",
                "- AFP",
                "(Reuters)",
                "Scroll down for video ",
                "Last updated at 1:25 AM",
                "the. The",
                "a. b",
                "Odd: The",
                ". ",
                " .",
                ",. 1",
                "\n",
                "\u2029",
                "\u00a0",
                "May. 3",
            ]
        ),
        st.text(max_size=8),
    ),
    max_size=14,
)


@given(
    paragraphs=st.lists(PIECES.map("".join), min_size=1, max_size=3),
    language=st.sampled_from([None, "en", "de"]),
)
def test_what_is_told_is_the_span_less_its_cuts(paragraphs: list[str], language: str | None) -> None:
    document = parsed(*paragraphs, language=language)
    text = document.text
    found = clean_sentences(document)
    for one, other in pairwise(found):
        assert one.span.end <= other.span.start
    for sentence in found:
        kept = list(range(sentence.span.start, sentence.span.end))
        at = sentence.span.start
        for cut in sentence.cuts:
            assert at < cut.start < cut.end < sentence.span.end
            kept = [index for index in kept if not cut.start <= index < cut.end]
            at = cut.end
        assert sentence.of(text) == "".join(text[index] for index in kept)
        assert sentence.of(text).strip() == sentence.of(text)
        assert any(letter.isalnum() for letter in sentence.of(text))


@pytest.mark.parametrize(
    "piece",
    [
        "By. A. ",
        "A, ",
        "(A ",
        "(left, ",
        ", pictured",
        "Follow @",
        "a. ",
        "the. The ",
        "Ab: C ",
        "UPDATED: ",
        "( left)",
    ],
)
def test_endless_repetition_ends(piece: str) -> None:
    assert isinstance(clean_sentences(parsed(piece * 5_000)), list)
