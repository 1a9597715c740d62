"""Which language a text is in."""

from collections.abc import Sequence
from functools import lru_cache
from threading import Lock
from typing import Protocol

#: ISO 639-1 codes of the languages told apart: those that summaries know, and their look-alikes, so that
#: Bulgarian is not taken for Russian or Catalan for Spanish.
_LANGUAGES = tuple(
    "ar zh cs en fr de el he it ja ko pl pt sk es sv th uk ru da nl fi no ro hu tr fa hi "  # noqa: SIM905
    "be bg ca et hr id is lt lv mk sl sr ur vi".split(" ")
)
#: Letters and characters looked at, from the start of the text.
_SAMPLE_CHARACTERS = 4_000
_FEWEST_LETTERS = 20
_LEAST_CONFIDENCE = 0.6

#: Threads that ask at once would each load the model.
_loading = Lock()


class _Identifier(Protocol):
    def set_languages(self, langs: Sequence[str]) -> None:
        """Let only these languages be told, ISO 639-1 codes."""

    def classify(self, instance: str) -> tuple[str, float]:
        """Return the likeliest language of a text, and its score."""


@lru_cache(maxsize=1)
def _identifier() -> _Identifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier: _Identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_LANGUAGES)
    return identifier


def detect_language(text: str) -> str | None:
    """Return the ISO 639-1 code of the language that the start of `text` is in.

    The model is loaded at the first call, which takes about a second.

    Returns:
        None for fewer than 20 letters, or where two languages are almost as likely.
    """
    sample = text[:_SAMPLE_CHARACTERS]
    if sum(char.isalpha() for char in sample) < _FEWEST_LETTERS:
        return None
    with _loading:
        identifier = _identifier()
    language, confidence = identifier.classify(sample)
    return language if confidence >= _LEAST_CONFIDENCE else None
