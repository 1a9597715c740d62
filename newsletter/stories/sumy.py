"""sumy's algorithms behind our protocol; the only module that imports sumy."""

import importlib
import importlib.util
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from newsletter.errors import SummarizerError
from newsletter.stories.sentences import words

#: English names, as sumy and NLTK use them, of the languages that have stop words or a stemmer.
LANGUAGES: Mapping[str, str] = MappingProxyType(
    {
        "ar": "arabic", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
        "es": "spanish", "fi": "finnish", "fr": "french", "he": "hebrew", "hu": "hungarian",
        "it": "italian", "ja": "japanese", "ko": "korean", "nb": "norwegian", "nl": "dutch",
        "nn": "norwegian", "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian",
        "ru": "russian", "sk": "slovak", "sv": "swedish", "th": "thai", "uk": "ukrainian", "zh": "chinese",
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Cap:
    """How much of a document an algorithm reads: its first sentences, and the first words of each."""

    sentences: int
    #: Of all sentences together.
    words: int
    #: Of any one sentence.
    sentence_words: int = 200


@dataclass(frozen=True, kw_only=True)
class _Algorithm:
    module: str
    class_name: str
    cap: _Cap


#: CPU seconds of each at its cap, on news of 9,000 sentences and on the worst of nine odd texts (all words
#: different, each word twice, one word throughout): luhn .18 and .56, lexrank .32 and .88, textrank .11 and
#: .41, lsa .18 and .49, kl .43 and .62, sumbasic .17 and .23, reduction .18 and .59, edmundson .05 and .39.
#: A core half as fast stays below 2 s.
ALGORITHMS: Mapping[str, _Algorithm] = MappingProxyType(
    {
        "luhn": _Algorithm(module="luhn", class_name="LuhnSummarizer", cap=_Cap(sentences=600, words=12_000)),
        "lexrank": _Algorithm(
            module="lex_rank", class_name="LexRankSummarizer", cap=_Cap(sentences=250, words=7_000)
        ),
        "textrank": _Algorithm(
            module="text_rank", class_name="TextRankSummarizer", cap=_Cap(sentences=300, words=6_000)
        ),
        "lsa": _Algorithm(module="lsa", class_name="LsaSummarizer", cap=_Cap(sentences=250, words=6_000)),
        "kl": _Algorithm(module="kl", class_name="KLSummarizer", cap=_Cap(sentences=80, words=2_000)),
        "sumbasic": _Algorithm(
            module="sum_basic", class_name="SumBasicSummarizer", cap=_Cap(sentences=600, words=15_000)
        ),
        "reduction": _Algorithm(
            module="reduction", class_name="ReductionSummarizer", cap=_Cap(sentences=250, words=5_000)
        ),
        "edmundson": _Algorithm(
            module="edmundson", class_name="EdmundsonSummarizer", cap=_Cap(sentences=500, words=10_000)
        ),
    }
)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Sentence:
    """What sumy asks of a sentence; equal to itself only, so that repeated sentences keep their places."""

    position: int
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Paragraph:
    sentences: tuple[_Sentence, ...]


@dataclass(frozen=True, kw_only=True)
class _Text:
    """What sumy asks of a document."""

    sentences: tuple[_Sentence, ...]
    headings: tuple[_Sentence, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """All words, those of headings first, as sumy asks for them."""
        return tuple(word for sentence in (*self.headings, *self.sentences) for word in sentence.words)

    @property
    def paragraphs(self) -> tuple[_Paragraph, ...]:
        """All sentences as one paragraph, as sumy asks for them."""
        return (_Paragraph(sentences=self.sentences),)


@dataclass(frozen=True, kw_only=True)
class SumySummarizer:
    """One of sumy's algorithms."""

    #: A key of `ALGORITHMS`.
    name: str

    def rank(self, sentences: Sequence[str], *, language: str | None, headline: str) -> list[int]:
        """Rank sentences by the algorithm.

        Args:
            sentences: All sentences of a document; those beyond the algorithm's cap are not ranked.
            language: ISO 639-1 code for stop words and stemmer; None or a language that has none: without.
            headline: The document's headline; only `edmundson` reads it.

        Returns:
            Indices into `sentences`, best first; sentences that the algorithm rates alike in their order.
        """
        algorithm = ALGORITHMS[self.name]
        text = _read(sentences, headline, algorithm.cap)
        stopped = stop_words(language)
        content = {word.lower() for sentence in text.sentences for word in sentence.words} - stopped
        if not content:
            return [sentence.position for sentence in text.sentences]
        # Loading it takes a tenth of a second, which commands that summarise nothing need not wait for.
        import numpy as np

        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            engine = _engine(algorithm, stopped, content, _stemmer(language))
            try:
                return _ranked(engine, text)
            except np.linalg.LinAlgError:
                return []


def stop_words(language: str | None) -> frozenset[str]:
    """Return the stop words of a language in lower case.

    Args:
        language: ISO 639-1 code, with or without a region; None: unknown.

    Returns:
        The words; empty where sumy carries none.
    """
    return _stop_words_of(LANGUAGES.get(_base(language), ""))


def _base(language: str | None) -> str:
    return (language or "").replace("_", "-").partition("-")[0].lower()


@cache
def _stop_words_of(name: str) -> frozenset[str]:
    package = importlib.util.find_spec("sumy")
    if package is None or package.origin is None:
        raise SummarizerError("the package sumy is not installed; install this project's dependencies again")
    listed = Path(package.origin).parent / "data" / "stopwords" / f"{name}.txt"
    if not listed.is_file():
        return frozenset()
    lines = listed.read_text("utf-8").splitlines()
    return frozenset(line.strip().lower() for line in lines if line.strip())


def _stemmer(language: str | None) -> Callable[[str], str]:
    """Return a stemmer with a memory; one that only lowers where the language has none that works here."""
    stemmers = importlib.import_module("sumy.nlp.stemmers")
    try:
        stem: Callable[[str], str] = stemmers.Stemmer(LANGUAGES[_base(language)])
        stem("word")  # the Greek and Polish stemmers ask for their packages only now
    except (LookupError, ValueError):
        stem = stemmers.null_stemmer
    return cache(stem)


def _read(sentences: Sequence[str], headline: str, cap: _Cap) -> _Text:
    """Read as much of a document as the cap allows; always at least its first sentence."""
    read: list[_Sentence] = []
    left = cap.words
    for position, sentence in enumerate(sentences[: cap.sentences]):
        if left <= 0:
            break
        # A word has 40 characters at the most worth reading: nothing enormous is split into words.
        taken = words(sentence[: 40 * cap.sentence_words])[: min(left, cap.sentence_words)]
        left -= len(taken)
        read.append(_Sentence(position=position, words=tuple(taken)))
    heading = _Sentence(position=-1, words=tuple(words(headline[:1000])))
    return _Text(sentences=tuple(read), headings=(heading,))


def _engine(
    algorithm: _Algorithm, stopped: frozenset[str], content: set[str], stem: Callable[[str], str]
) -> Any:  # noqa: ANN401 - sumy is untyped
    """Make sumy's object for the algorithm."""
    made = getattr(importlib.import_module(f"sumy.summarizers.{algorithm.module}"), algorithm.class_name)
    if algorithm.class_name != "EdmundsonSummarizer":
        engine = made(stem)
        engine.stop_words = stopped
        return engine
    # Frequent words, headline and place; its cue words would have to be written for each language.
    engine = made(stem, cue_weight=0.0, key_weight=1.0, title_weight=1.0, location_weight=1.0)
    engine.bonus_words = content
    engine.null_words = stopped or {""}
    return engine


def _ranked(engine: Any, text: _Text) -> list[int]:  # noqa: ANN401 - sumy is untyped
    """Run the algorithm; sumy hands over what it rated through its `count` argument."""
    rated: list[tuple[float, int]] = []

    def take_all(infos: Sequence[Any]) -> Sequence[Any]:
        """Keep every rating; sumy is given nothing back."""
        for info in infos:
            rating = float(info.rating)
            # Sums over sets differ in their last digits from run to run: ties must not hang on those.
            known = float(f"{rating:.9g}") if math.isfinite(rating) else -math.inf
            rated.append((-known, info.sentence.position))
        return ()

    engine(text, take_all)
    return [position for _, position in sorted(rated)]
