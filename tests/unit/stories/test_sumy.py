"""sumy behind our protocol: places, languages and caps."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from newsletter.stories.sumy import ALGORITHMS, LANGUAGES, SumySummarizer, stop_words

SENTENCES = [
    "Dogs slept on the quay.",
    "The council of Ardo approved the new harbour on Monday.",
    "Fishermen had asked for the harbour for ten years.",
    "The weather was mild.",
    "The council of Ardo approved the new harbour on Monday.",
    "The harbour will cost the council nine million.",
]


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_sentence_is_ranked_once(name: str) -> None:
    ranked = SumySummarizer(name=name).rank(SENTENCES, language="en", headline="Ardo gets a harbour")
    assert sorted(ranked) == list(range(len(SENTENCES)))
    # LexRank leaves a sentence that is like no other at its starting weight.
    assert ranked[0] != 0 or name == "lexrank"
    assert ranked.index(1) < ranked.index(4), "a repeated sentence stands behind its first place"


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("language", [*LANGUAGES, "xx", "EN_us", None])
def test_every_algorithm_takes_every_language(name: str, language: str | None) -> None:
    sentences = [
        *SENTENCES,
        "Λόγος και νερό στο λιμάνι.",
        "Woda i słowo w porcie.",
        "港口和水。",
        "ميناء وماء.",
    ]
    ranked = SumySummarizer(name=name).rank(sentences, language=language, headline="")
    assert sorted(ranked) == list(range(len(sentences)))


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("sentences", [[], [""], ["..."], ["the of and", "of the"], ["one"], ["A. B."] * 3])
def test_nothing_to_rate_is_ranked_by_place(name: str, sentences: list[str]) -> None:
    assert SumySummarizer(name=name).rank(sentences, language="en", headline="") == list(
        range(len(sentences))
    )


@pytest.mark.parametrize("name", ALGORITHMS)
def test_long_documents_are_read_up_to_the_cap(name: str) -> None:
    cap = ALGORITHMS[name].cap
    many = [f"Sentence {n} has word{n % 97} and word{n % 89} in it." for n in range(5000)]
    ranked = SumySummarizer(name=name).rank(many, language="en", headline="")
    assert len(ranked) <= cap.sentences
    assert max(ranked) < cap.sentences
    endless = ["word " * 50_000, "x" * 500_000, "字" * 50_000, "The end of it all."]
    assert sorted(SumySummarizer(name=name).rank(endless, language=None, headline="")) == [0, 1, 2, 3]


def test_stop_words_follow_the_language() -> None:
    assert "the" in stop_words("en")
    assert stop_words("en-GB") == stop_words("EN") == stop_words("en")
    assert "und" in stop_words("de")
    assert stop_words("da") == stop_words("xx") == stop_words(None) == frozenset()


@pytest.mark.sweep
def test_ranks_do_not_hang_on_the_hash_seed() -> None:
    code = (
        "from newsletter.stories.sumy import ALGORITHMS, SumySummarizer\n"
        "lines = [f'Line {n} of w{n % 7} and w{n % 5} near w{n % 3}.' for n in range(40)]\n"
        "print([SumySummarizer(name=n).rank(lines, language='en', headline='w1') for n in ALGORITHMS])"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True, check=True, text=True,
        ).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert len(runs) == 1


def test_sumy_is_imported_at_first_use_only() -> None:
    code = (
        "import sys, newsletter.stories.summarize, newsletter.stories.group\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('sumy', 'nltk')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"
