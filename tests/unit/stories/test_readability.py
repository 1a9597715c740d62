"""Each defect on sentences that have it and on sentences that look as if."""

from __future__ import annotations

import pytest

from newsletter.stories.text import readability


@pytest.mark.parametrize(
    "sentence",
    [
        "He said nothing.",
        "“It was late,” she said.",
        "But the army refused.",
        "However, rain fell.",
        "This is new.",
        "In addition, taxes rose.",
        "Their house burned.",
        "And yet it moves.",
        "Aber er kam nicht.",
        "Davon entfallen zwei Drittel auf die Stadt.",
        "Parmi eux, deux enfants.",
        "Mais il pleut.",
        "Pero no vino nadie.",
        "Он ушёл.",
        "It's late.",
        "The latter won.",
        "“We had no choice,” he told reporters.",
        '"Nobody asked us!" said she.',
        "„Wir warten“, sagte er.",
    ],
)
def test_dangling_openers(sentence: str) -> None:
    assert readability.opens_dangling(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Helsinki is cold.",
        "Italy won.",
        "Butter is dear.",
        "Thistles grow here.",
        "The army refused.",
        "Andorra voted.",
        "“We had no choice,” Mayor Ruiz told reporters.",
        "“Hedges” and “shells” are words of the trade.",
    ],
)
def test_openers_that_stand_alone(sentence: str) -> None:
    assert not readability.opens_dangling(sentence)


@pytest.mark.parametrize(
    "line",
    [
        "Read more: our guide to the vote",
        "Photo: Ana Ruiz",
        "The bridge (pictured) is closed.",
        "Sign up for our letter.",
        "Subscribe now to read on.",
        "Advertisement",
        "© Ardo Post 2031",
        "All rights reserved.",
        "Click here for maps.",
        "Follow us on Twitter.",
        "Image: a street in Ardo",
        "Scroll down for video",
        "Copyright 2031 Ardo Post.",
        "The minister (left) with his wife.",
        "Ana Ruiz contributed to this report.",
        "By",
        "Below , the harbour on Monday morning, before the storm.",
        "The harbour on Monday morning, before the storm (R).",
        "Learn more about the vote from our reporters in Ardo.",
        "Send us your stories from the harbour today.",
        "Ana Ruiz, second left, and Peter Holm, second right, put up the money.",
        "Mr Holm and his friend Jan Ruiz, right, spent many nights in the harbour.",
    ],
)
def test_boilerplate_and_captions(line: str) -> None:
    assert readability.is_boilerplate(line)


@pytest.mark.parametrize(
    "sentence",
    [
        "Residents read the notice with more care than usual.",
        "The photo shows a man with a gun, police said.",
        "Voters signed up in great numbers.",
        "The advert cost two million.",
        "He turned right and left the road.",
        "Complaints came from neighbours left, right and centre.",
        "Voters turned to a nationalist, far right party.",
        "Rights groups want all reserved seats scrapped.",
        "The image of the party suffered.",
        "The court ruled that copyright law had been broken.",
    ],
)
def test_news_about_such_things_is_news(sentence: str) -> None:
    assert not readability.is_boilerplate(sentence)


def test_length_question_and_end_mark() -> None:
    assert readability.is_fragment("Four words are few.")
    assert not readability.is_fragment("Five words are not few.")
    assert readability.is_overlong("word " * 46)
    assert not readability.is_overlong("word " * 45)
    assert readability.is_question("Why now?”")
    assert readability.is_question("为什么？")
    assert not readability.is_question("“Why now?” she asked.")
    assert readability.lacks_end_mark("A heading")
    assert not readability.lacks_end_mark("“The end.”")
    assert not readability.lacks_end_mark("完。")


@pytest.mark.parametrize("sentence", ["“One is open.", 'He said: "no.', "closed.” He left.", "« Je pars."])
def test_half_quotations(sentence: str) -> None:
    assert readability.has_half_quotation(sentence)


@pytest.mark.parametrize(
    "sentence", ["“One.”", 'He said "no."', "« Je pars. »", "„Nein“, sagte er.", "The workers’ day."]
)
def test_whole_quotations(sentence: str) -> None:
    assert not readability.has_half_quotation(sentence)


def test_nearly_same() -> None:
    stopped = frozenset({"the", "a", "on", "over"})
    one = readability.content_words("The mayor opened the new bridge over the Tarn on Monday.", stopped)
    other = readability.content_words("On Monday the mayor opens a new bridge.", stopped)
    third = readability.content_words("The mayor resigned on Friday over a scandal.", stopped)
    assert readability.nearly_same(one, other)
    assert not readability.nearly_same(one, third)
    assert not readability.nearly_same(one, frozenset())
    assert readability.content_words("the on a", stopped) == {"the", "on", "a"}


def test_surnames() -> None:
    sentences = ["Engineer Tomas Brill left.", "Brill’s brother stayed.", "Ana K. Ruiz came."]
    assert readability.surnames_introduced(sentences)["Brill"] == 0
    assert readability.surnames_introduced(sentences)["Ruiz"] == 2
    assert "Brill" in readability.surnames_in(sentences[1])
    assert readability.full_names_in(sentences[1]) == frozenset()


def test_a_title_or_the_first_word_is_no_first_name() -> None:
    sentences = ["Mr Brill left Ardo.", "When Ruiz came, José Ortéz had gone.", "Mayor Ruiz stayed."]
    assert readability.surnames_introduced(sentences) == {"Ortéz": 1, "Ruiz": 2}
    assert readability.full_names_in(sentences[0]) == frozenset()
    assert readability.full_names_in(sentences[2]) == {"Ruiz"}


def test_labels() -> None:
    assert readability.opens_with_label("Last farewell: Ana Ruiz leaves the town hall on Monday.")
    assert readability.opens_with_label("Chances of a thaw: 6/10 The ice is a metre thick.")
    assert not readability.opens_with_label("The mayor said: Nobody will be left behind.")
    assert not readability.opens_with_label("The town has two mayors: one for each bank.")
